"""A practice case is played page by page, in both languages; what was given is carried along and stored nowhere."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape
from tests.clinic.test_german import ENGLISH, words_of
from tests.clinic.test_reading_grade import too_hard

from accord.practice_cases import practice_case, practice_cases

pytestmark = pytest.mark.same_on_postgresql(reason="a case is played without a row")

PLAYED: dict[tuple[str, str], list[str]] = {}
"""The pages of a case that was played; nothing is stored of it, so they are the same each time."""
SLUGS = [case.slug for case in practice_cases()]
FIELD = re.compile(r'<input type="(hidden|radio|checkbox)" name="([\w-]+)" value="([^"]*)"')


@pytest.fixture
def ben_posts(people, as_member):
    """Ben's browser: a page of a case after a form was sent."""
    browser = as_member(people.ben)
    return lambda slug, language, given: browser.post(f"/learn/cases/{slug}/?in={language}", given).content.decode()


def carried(page: str) -> dict[str, list[str]]:
    """What the form of a page sends if nothing is chosen."""
    fields: dict[str, list[str]] = {}
    for kind, name, value in FIELD.findall(page):
        if kind == "hidden" and name != "csrfmiddlewaretoken":
            fields.setdefault(name, []).append(value)
    return fields


def choose(page: str, how) -> dict[str, list[str]]:
    """What it sends with something chosen: `how` gets the name of a field and the values it can have."""
    fields = carried(page)
    open_fields: dict[str, list[str]] = {}
    for kind, name, value in FIELD.findall(page):
        if kind != "hidden":
            open_fields.setdefault(name, []).append(value)
    return fields | {name: how(name, values) for name, values in open_fields.items()}


def play(ben_posts, slug, language="en", how=lambda name, values: values[:1]):
    """All pages of a case, the last one the end."""
    pages = [ben_posts(slug, language, {"page": "1"})]
    while 'name="page"' in pages[-1]:
        pages.append(ben_posts(slug, language, choose(pages[-1], how)))
    return pages


@pytest.fixture(scope="module", params=[(slug, language) for slug in SLUGS for language in ("en", "de")], ids="-".join)
def case_in(request):
    """Each case in each language. Its tests follow each other, so that a case is played once for all of them."""
    return request.param


@pytest.fixture
def pages(ben_posts, case_in):
    """What comes when always the first way is chosen."""
    if case_in not in PLAYED:
        PLAYED[case_in] = play(ben_posts, *case_in)
    return PLAYED[case_in]


def test_a_case_is_played_to_its_end(case_in, pages):
    case = practice_case(*case_in)
    assert len(pages) == 7
    assert escape(case.stops[0].eased.line) in pages[0]
    end = pages[-1]
    assert any(escape(text) in end for text in (case.ending_strained, case.ending_eased))
    assert all(escape(text) in end for text in case.truth)
    for stop in case.stops:
        assert escape(stop.met) in end or escape(stop.missed) in end
        assert escape(stop.ways[0].text) in end
    assert end.count('class="course-svg"') == 2


@pytest.mark.parametrize("case_in", [(slug, "de") for slug in SLUGS], indirect=True, ids=SLUGS)
def test_no_page_of_a_case_leaves_english_in_german(pages):
    allowed = r"Clinical Psychology|[A-Z]\w+ et al\. \d{4},[^;:]*|\bwill\b|\bAlex\b"
    for number, page in enumerate(pages):
        main = re.sub(r'<p class="muted">Quellen:.*?</p>', "", page.partition("<main")[2], flags=re.S)
        assert not ENGLISH.search(re.sub(allowed, "", words_of(main))), number


def test_its_pages_read_easily(ben_posts, case_in, pages):
    for played in (pages, play(ben_posts, *case_in, how=lambda name, values: values[-1:])):
        hard = too_hard({f"{case_in[0]} {n}": page for n, page in enumerate(played)}, {"en": 9.0, "de": 8.0})
        assert not hard, "\n".join(hard)


def test_what_the_learner_does_changes_the_course(ben_posts):
    def ask_and_own(name, values):
        return [v for v in values if v in ("ask", "easier", "own", "choose")] if name.startswith("way") else values[:1]

    def wait(name, values):
        return []

    assert "The strain is over" in play(ben_posts, "milan", how=ask_and_own)[-1]
    waited = play(ben_posts, "milan", how=wait)[-1]
    assert "The strain is still there" in waited
    assert "You chose nothing" in waited
    assert escape("Something may be off that Milan does not say.") + " <strong>missed</strong>" in waited


def test_asking_too_much_makes_a_strain_where_none_was(ben_posts):
    def press(name, values):
        return [v for v in values if v in ("wrong", "insist", "scores", "hidden")]

    end = play(ben_posts, "deniz", how=press)[-1]
    assert "A strain came up that was not there before" in end
    assert "<strong>not so</strong>" in end
    calm = play(ben_posts, "deniz", how=lambda name, values: [v for v in values if v == "chance"])[-1]
    assert "There was no strain, and none came up" in calm
    assert "A score was lower in session 5" in calm


def test_more_than_two_ways_are_sent_back(ben_posts):
    look = play(ben_posts, "milan")[1]
    sent = ben_posts("milan", "en", choose(look, lambda name, values: values))
    assert "Choose up to 2." in sent
    assert sent.count(" checked") >= 4


def test_nothing_is_stored_and_own_words_are_not_sent(ben_posts):
    with CaptureQueriesContext(connection) as asked:
        pages = play(ben_posts, "rosa")
    writes = [query["sql"] for query in asked if re.match("INSERT|UPDATE|DELETE", query["sql"])]
    assert not [sql for sql in writes if "session" not in sql]
    assert all("name=" not in field for field in re.findall(r"<textarea[^>]*>", pages[0]))


@pytest.mark.parametrize("page", ["", "x", "99", "-1", "²", "0"])
def test_a_broken_form_shows_a_page(ben_posts, page):
    assert "Rosa" in ben_posts("rosa", "en", {"page": page, "guess-0-t1": "9", "see-0": "?", "way-0": "none"})


def test_a_case_that_is_not_there(people, as_member):
    assert as_member(people.ben).get("/learn/cases/nobody/").status_code == 404
