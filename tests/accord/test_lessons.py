"""Lessons, *Why?* texts and pages for clients: each says enough, in plain words, in both languages."""

import re

import pytest
from reading_grade import grade

from accord.cards import cards, occasions
from accord.instruments import catalogue
from accord.lessons import (
    client_pages,
    courses,
    frequent_questions,
    glossary,
    lesson_of,
    lessons,
    misconceptions,
    whys,
)
from accord.signals import CHECK_IN, DETECTORS

LANGUAGES = ("en", "de")
STAFF, CLIENT, GERMAN = 9, 6, 8
OURS = ("accord-wider-look", "accord-starting-path", "accord-asking-again")
SLUGS = {lesson.slug for lesson in lessons()}
TITLES = {
    "what-it-is", "how-it-is-built", "listening", "goals-and-plan", "feedback", "strains-and-repair", "barriers",
    "across-therapies",
}  # fmt: skip


def sentences(*texts: str) -> list[str]:
    return [part for text in texts for part in re.split(r"(?<=[.?!])[”“\"]?\s+", text) if re.search(r"\w", part)]


def most(language: str, staff: bool = True) -> int:
    return GERMAN if language == "de" else STAFF if staff else CLIENT


def everything(language: str):
    """Each lesson, page and list with the pieces of its text, by what it is called, for staff or clients."""
    for lesson in lessons(language):
        asked = [t for q in lesson.questions for t in (q.ask, *(x for a in q.answers for x in (a.text, a.reason)))]
        yield f"{language} lesson {lesson.slug}", lesson.reading(), True
        yield f"{language} questions {lesson.slug}", asked, True
    for name, page in (
        ("misconceptions", misconceptions(language)),
        ("frequent questions", frequent_questions(language)),
        ("glossary", glossary(language)),
    ):
        yield f"{language} {name}", [page.title, page.lead, *(f"{e.name} {e.text}" for e in page.entries)], True
    for page in client_pages(language):
        yield f"{language} client {page.slug}", page.reading(), False
    for (part, key), why in whys(language).items():
        yield f"{language} why {part}.{key}", [why.text, why.sure], True
        if why.client:
            yield f"{language} why for clients {key}", [why.client], False


TEXTS = {language: [*everything(language)] for language in LANGUAGES}
in_each_language = pytest.mark.parametrize("language", LANGUAGES)


@in_each_language
def test_everything_reads_easily(language) -> None:
    for name, texts, staff in TEXTS[language]:
        assert grade(sentences(*texts), language) <= most(language, staff), name


@in_each_language
def test_no_sentence_is_too_long(language) -> None:
    for name, texts, staff in TEXTS[language]:
        longest = max(sentences(*texts), key=lambda sentence: len(sentence.split()))
        assert len(longest.split()) <= (25 if staff else 20), (name, longest)


@in_each_language
def test_no_pronoun_is_guessed(language) -> None:
    for name, texts, _staff in TEXTS[language]:
        pronouns = re.findall(r"\b(he|she|him|her|his|hers|himself|herself)\b", " ".join(texts).lower())
        assert not pronouns, name


def test_there_are_eight_lessons_and_five_pages_for_clients() -> None:
    assert SLUGS == TITLES
    for language in LANGUAGES:
        assert [lesson.slug for lesson in lessons(language)] == [lesson.slug for lesson in lessons()]
        assert len(client_pages(language)) == 5
        assert len(misconceptions(language).entries) == 10
        assert len(frequent_questions(language).entries) == 10


def test_each_lesson_has_three_questions_with_a_good_answer_and_a_reason_for_each() -> None:
    for lesson in lessons():
        assert len(lesson.questions) == 3
        for question in lesson.questions:
            verdicts = [answer.verdict for answer in question.answers]
            assert len(verdicts) == 3
            assert "good" in verdicts
            assert len(set(verdicts)) > 1, "a question in which everything is right teaches nothing"
            assert all(len(answer.reason.split()) >= 3 for answer in question.answers)


def test_both_languages_say_the_same_in_the_same_places() -> None:
    for english, german in zip(lessons(), lessons("de"), strict=True):
        assert [len(s.text) for s in english.sections] == [len(s.text) for s in german.sections]
        assert [len(s.points) for s in english.sections] == [len(s.points) for s in german.sections]
        for ours, theirs in zip(english.questions, german.questions, strict=True):
            assert [a.verdict for a in ours.answers] == [a.verdict for a in theirs.answers]
        assert english.title != german.title
    assert whys().keys() == whys("de").keys()
    for key, why in whys().items():
        assert (why.lesson, bool(why.client)) == (whys("de")[key].lesson, bool(whys("de")[key].client))
    numbers = re.compile(r"\d+(?:[.,]\d+)*")
    for ours, theirs in zip(misconceptions().entries, misconceptions("de").entries, strict=True):
        assert ours.lesson == theirs.lesson
        assert [n.lstrip("0.,") for n in numbers.findall(ours.text)] == [
            n.lstrip("0.,") for n in numbers.findall(theirs.text)
        ]


def test_each_signal_scale_and_question_has_a_why_that_leads_to_a_lesson() -> None:
    check_in = catalogue().get(CHECK_IN)
    ours = [item for name in (CHECK_IN, *OURS) for item in catalogue().get(name).items]
    asked = {("questions", item.id) for item in ours}
    scales = {("scales", scale.name) for scale in check_in.scales}
    signals = {("signals", detector.kind) for detector in DETECTORS}
    assert signals | scales | asked <= whys().keys()
    assert {why.lesson for why in whys().values()} <= SLUGS
    for item in ours:
        if "client" in item.raters:
            assert whys()["questions", item.id].client, f"say it for clients, too: {item.id}"


def test_each_card_and_misconception_leads_to_a_lesson() -> None:
    for card in cards():
        assert lesson_of(card.signals[0]) in SLUGS
    assert {lesson_of(kind) for kind in occasions()} <= SLUGS
    assert {entry.lesson for entry in misconceptions().entries} <= SLUGS


def test_each_lesson_has_an_invented_course() -> None:
    assert set(courses()) == SLUGS
    for course in courses().values():
        lengths = {len(values) for values in course.scores.values()}
        assert len(lengths) == 1
        assert len(course.scores) == 4
        assert not course.where or len(course.where) in lengths
