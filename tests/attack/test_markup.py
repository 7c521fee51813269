"""Somebody whose name, goal, answer or note is markup, a template or a format: it is shown as it was written, as text.

The pages are walked as everybody, with each text that anybody can leave replaced by words that would act if anything
took them for more than words.
"""

import re
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from django.db import models, transaction
from tests.clinic.people import a_held_session, answers
from tests.clinic.phone import Phone
from tests.clinic.test_attacks import FITTING, every_field, posts
from tests.clinic.test_canary import everything
from tests.clinic.test_every_url import ROWS, address, world  # noqa: F401

from accord_clinic.models import (
    BreakGlass,
    Client,
    ClosedDays,
    Comment,
    Correction,
    Dyad,
    Member,
    Practice,
    PrivateLine,
    Reaction,
    Session,
    Share,
    StrainMove,
    Suggestion,
    Wording,
)

pytestmark = pytest.mark.same_on_postgresql(reason="templates escape what they get, wherever it was kept")

EVIL = "\"'><script>kolibri()</script>{client}{id}{{ settings.SECRET_KEY }}%(name)s${x}"


class Acting(HTMLParser):
    """What of a page is markup and should be words: a script of theirs, or an attribute out of its quotes."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[str] = []
        self.script = False

    def handle_starttag(self, tag, attrs):
        self.script = tag == "script" and dict(attrs).get("type") != "application/json"  # read as data alone
        self.acts += [f"<{tag} {name}" for name, _value in attrs if not re.fullmatch(r"[a-zA-Z][\w:.-]*", name)]

    def handle_data(self, data):
        if self.script and "kolibri" in data:
            self.acts.append(data)
        self.script = False


def acting(page: str) -> list[str]:
    """What acts on a page; also what was escaped twice, which shows what nobody wrote."""
    parser = Acting()
    parser.feed(page)
    return parser.acts + (["escaped twice"] if "&amp;lt;script" in page else [])


TEXTS = {
    Client: ("name",), Member: ("name",), Practice: ("name", "crisis_text", "elsewhere_text", "outside_reader_duty"),
    Wording: ("words",), Comment: ("words",), PrivateLine: ("words",), Reaction: ("words",),
    Correction: ("words", "answer"), StrainMove: ("step",), Dyad: ("note", "ending_reason"), BreakGlass: ("why",),
    ClosedDays: ("name",), Suggestion: ("why",), Session: ("waived_why",), Share: (),
}  # fmt: skip


def poison(model: type[models.Model], column: str) -> None:
    most = model._meta.get_field(column).max_length
    model.objects.update(**{column: EVIL[:most] if most else EVIL})


@pytest.fixture
def poisoned(world):  # noqa: F811
    dyad = world.people.dyad
    a_held_session(dyad, client=answers("client", t1=2, words="x"), therapist=answers("therapist", words="x"))
    Dyad.objects.filter(pk=dyad.pk).update(note="x", ending_reason="x")
    for model, columns in TEXTS.items():
        for column in columns:
            poison(model, column)
    return world


@pytest.mark.same_on_postgresql(reason="the pages are made from the same rows")
@pytest.mark.parametrize("who", ["ben", "cy", "ada", "ana"])
def test_what_somebody_wrote_acts_on_no_page(poisoned, who):
    shown, wrong = 0, []
    for where, response in everything(poisoned, who):
        if response.status_code >= 500:
            wrong.append(f"{where}: {response.status_code}")
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = response.content.decode()
        shown += "kolibri()" in page
        if acts := acting(page):
            wrong.append(f"{where}: {acts}")
    assert wrong == []
    assert shown > 5, "the words are on pages at all"


def test_nor_on_the_page_of_a_link(poisoned):
    session = a_held_session(poisoned.people.dyad)
    phone = Phone(session)
    for page in (phone.browser.get(f"/c/{phone.token}"), phone.open()):
        text = page.content.decode()
        assert "&lt;script&gt;kolibri()" in text
        assert acting(text) == []
        assert "{{ settings" in text, "nothing inside a name is filled in"
        assert "{client}{id}" in text


def test_nor_on_the_page_that_a_form_shows_again(world):  # noqa: F811
    """Every field of every form, sent as markup: what comes back, at once or on the page it leads to, is words."""
    names = every_field(world)
    back, wrong = 0, []
    for route, who in posts():
        for fit in ({}, FITTING):
            posted = urlencode(dict.fromkeys(names, EVIL) | fit)
            undo = transaction.savepoint()
            browser = world.asking
            browser.cookies = world.browsers[who].cookies.copy()
            where = address(route, world.things.get(ROWS[route].at, ""))
            response = browser.post(where, posted, "application/x-www-form-urlencoded")
            pages = [response]
            if response.headers.get("Location", "").startswith("/"):
                pages.append(browser.get(response.headers["Location"]))
            transaction.savepoint_rollback(undo)
            for page in pages:
                if page.headers.get("Content-Type", "").startswith("text/html"):
                    text = page.content.decode()
                    back += "kolibri()" in text
                    wrong += [f"/{route} as {who}: {act}" for act in acting(text)]
                if "\n" in page.headers.get("Location", "") or "kolibri" in page.headers.get("Location", ""):
                    wrong.append(f"/{route} as {who} leads to {page.headers['Location']}")
    assert wrong == []
    assert back > 10, "some of it comes back at all"


def test_the_search_finds_what_acts():
    assert acting(f"<p>{EVIL}</p>")
    assert acting(f'<p title="{EVIL}">x</p>')
    assert acting("<p>&amp;lt;script&amp;gt;</p>")
    assert not acting("<p title='&lt;script&gt;'>&lt;script&gt;kolibri()</p>")
