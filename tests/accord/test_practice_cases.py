"""Practice cases: the rule does what it says, each case can end well and badly, and their words are plain."""

import re
from itertools import combinations, pairwise, product

import pytest
from reading_grade import grade
from test_lessons import LANGUAGES, most, sentences

from accord.cards import cards
from accord.case_pages import case_pages, file_of
from accord.case_rule import MENDED, SEES, SHOWS, by_chance, play, record, seen
from accord.cli import main
from accord.course import course
from accord.errors import BadGuidance
from accord.instruments import catalogue
from accord.practice_cases import MOST_WAYS, STOPS, _read, practice_case, practice_cases

CASES = {case.slug: case for case in practice_cases()}
each = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
in_each_language = pytest.mark.parametrize(
    "case", [c for language in LANGUAGES for c in practice_cases(language)],
    ids=[f"{language} {c.slug}" for language in LANGUAGES for c in practice_cases(language)],
)  # fmt: skip


def ways(case, *effects):
    return [[w.id for w in stop.ways if w.effect in effects] for stop in case.stops]


@each
def test_the_same_choices_give_the_same_answers(case):
    assert play(case, ways(case, "asks")) == play(case, ways(case, "asks"))


@each
def test_asking_and_mending_end_it_and_pressing_does_not(case):
    assert play(case, ways(case, "asks", "mends"))[-1].depth < SHOWS
    assert play(case, ways(case, "hurts"))[-1].depth >= SHOWS


@each
def test_waiting_ends_no_strain_and_makes_none(case):
    waited = play(case, [[]] * STOPS)
    assert (waited[-1].depth >= SHOWS) == bool(case.onset)


@each
def test_more_than_one_way_leads_to_a_good_end(case):
    choices = [[*combinations([w.id for w in stop.ways], MOST_WAYS)] for stop in case.stops]
    good = {chosen for chosen in product(*choices) if play(case, chosen)[-1].depth < SHOWS}
    assert len(good) >= 5
    assert len(good) < len([*product(*choices)]), "with everything right there is nothing to learn"


@each
def test_earlier_answers_do_not_depend_on_later_choices(case):
    whole = play(case, ways(case, "hurts"))
    for stops in range(STOPS):
        part = play(case, ways(case, "hurts")[:stops])
        assert part == whole[: len(part)]


def test_mending_does_more_once_it_is_said():
    milan = CASES["milan"]
    guessed, asked = play(milan, [["easier"]]), play(milan, [["ask"], ["own"]])
    assert guessed[-1].depth == milan.depth - 0.5
    assert asked[-1].depth == max(0, milan.depth - 0.5 + MENDED)


def test_what_is_hidden_lowers_no_answer_of_somebody_who_fears_to_say_it():
    tove = CASES["tove"]
    before, asked = play(tove, []), play(tove, [["decide"]])
    assert before[-1].client["b4"] == 4
    assert before[-1].client["v1"] < 2
    assert asked[-1].client["b4"] < before[-1].client["b4"]
    assert seen(before, tove) == {"hidden"}
    assert "open" in seen(asked, tove)


def test_a_low_answer_without_a_strain_is_chance():
    deniz = CASES["deniz"]
    played = play(deniz, [])
    assert seen(played, deniz) == {"chance"}
    assert by_chance(played, [[90, 90, 90, 90, 70]]) == (5,)
    assert by_chance(play(CASES["milan"], []), [[90, 90, 90, 90, 70]]) == ()


@each
def test_it_is_a_course_like_any_other(case):
    made = course(record(play(case, [[]] * STOPS), case), catalogue().instruments, {})
    reported = {signal.kind for signal in made.signals}
    assert ("strain_reported" in reported) == (case.slug in ("rosa", "kai", "lior"))
    assert len(made.values("client", "accord-check-in", "connection")) == case.sessions


@in_each_language
def test_it_reads_easily(case):
    language = "de" if case in practice_cases("de") else "en"
    assert grade(sentences(*case.reading()), language) <= most(language)
    longest = max(sentences(*case.reading()), key=lambda sentence: len(sentence.split()))
    assert len(longest.split()) <= 25, longest


@in_each_language
def test_no_pronoun_is_guessed(case):
    text = " ".join(case.reading()).lower()
    assert not re.search(r"\b(he|she|him|her|his|hers|himself|herself)\b", text)


@each
def test_its_cards_are_there_and_each_way_has_a_reason(case):
    deck = {card.id for card in cards()}
    for stop in case.stops:
        assert {way.card for way in stop.ways} - {""} <= deck
        assert len(stop.ways) == 4
        assert any(way.card for way in stop.ways if way.effect in ("asks", "mends"))
        assert all(len(way.reason.split()) >= 5 for way in stop.ways)
    assert "overread" in SEES


@in_each_language
def test_a_way_that_does_no_harm_any_more_has_a_reason_of_its_own(case):
    pairs = [[*combinations([w.id for w in stop.ways], MOST_WAYS)] for stop in case.stops]
    for chosen in product(*pairs):
        sessions = play(case, chosen)
        for before, after in pairwise(sessions):
            for way in after.applied:
                if way.effect == "hurts" != way.effect_at(before.is_strained):
                    assert way.reason_at(before.is_strained) != way.reason, way.id


def test_who_teaches_a_case_without_a_strain_reads_what_is_true_of_it():
    page = case_pages(CASES["deniz"])["teacher.html"]
    assert "Makes it easier to say." not in page
    assert "Nothing is wrong between you" in page
    assert "Makes it easier to say." in case_pages(CASES["milan"])["teacher.html"]


def test_there_are_ten_cases_over_approaches_and_settings():
    assert len(CASES) == 10
    assert len({case.approach for case in CASES.values()}) >= 8
    assert {way for case in CASES.values() for way in case.where} == {"room", "video", "phone", "text"}


def test_both_languages_have_the_same_cases():
    for english, german in zip(practice_cases(), practice_cases("de"), strict=True):
        assert (english.slug, english.client, english.therapist) == (german.slug, german.client, german.therapist)
        assert english.title != german.title
        for ours, theirs in zip(english.stops, german.stops, strict=True):
            assert [way.id for way in ours.ways] == [way.id for way in theirs.ways]
            assert len(ours.checklist) == len(theirs.checklist)
            assert bool(ours.strained.words) == bool(theirs.strained.words)


def test_a_case_whose_words_do_not_fit_says_so(tmp_path):
    words = tmp_path / "1-milan.toml"
    text = next(path for path in (_folder()).glob("*-milan.toml")).read_text(encoding="utf-8")
    words.write_text(text.replace("[stops.ways.ask]", "[stops.ways.asking]", 1), encoding="utf-8")
    with pytest.raises(BadGuidance, match="asking"):
        _read(words)


def _folder():
    from accord.lessons import FOLDER

    return FOLDER / "en" / "cases"


@pytest.mark.parametrize("language", LANGUAGES)
@each
def test_a_case_becomes_a_folder_in_which_each_link_leads_somewhere(case, language):
    pages = case_pages(practice_case(case.slug, language), language)
    for name, page in pages.items():
        assert f'<html lang="{language}">' in page
        assert language == "en" or "Connection" not in page
        assert "{" not in page.partition("</style>")[2], name
        assert "http" not in page.partition("</style>")[2].replace("https://", ""), name
        for to in re.findall(r'href="([^"]+)"', page):
            assert to in pages, f"{name} leads to {to}"
    assert {name for name in pages if name.startswith("end-")} == {
        file_of(chosen) for chosen in product(*[[way.id for way in stop.ways] for stop in case.stops])
    }


def test_learn_lists_the_cases_and_writes_one(tmp_path, capsys):
    assert main(["learn"]) == 0
    listed = capsys.readouterr().out
    assert all(case.title in listed for case in CASES.values())
    assert main(["learn", "rosa", "--language", "de", "--out", str(tmp_path / "rosa")]) == 0
    assert "87 pages" in capsys.readouterr().out
    assert "Sie wollten anrufen" in (tmp_path / "rosa" / "step-1.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("typed", [["nobody", "--out", "x"], ["rosa"], ["rosa", "--out", "/dev/null/x"]])
def test_learn_says_what_is_wrong(typed, capsys):
    assert main(["learn", *typed]) == 2
    assert capsys.readouterr().err.startswith("accord: ")
