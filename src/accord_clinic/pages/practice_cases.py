"""A practice case as its learner meets it: a scene with a guess, the check-in with choices, at the end the truth.

What the client answers comes from `accord.case_rule`; here it is put beside what the learner guessed, saw and chose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.utils.translation import gettext as _

from accord.cards import Card, cards
from accord.case_rule import EASED, SHOWS, Played, by_chance, got_better, play, scale_values, seen
from accord.lessons import SCALES, InventedCourse
from accord.practice_cases import STOPS, PracticeCase, Scene, Way
from accord.records import RATERS
from accord.signals import CHECK_IN
from accord_clinic.charts import StrainSpan
from accord_clinic.forms.practice_cases import Learner, guess_field
from accord_clinic.pages.answers import SessionAnswers, WordedAnswers
from accord_clinic.pages.lessons import course_picture
from accord_clinic.pages.pictures import Picture, span
from accord_clinic.questionnaires.answer_words import wording
from accord_clinic.questionnaires.shelf import shelf


@dataclass(frozen=True, slots=True)
class ChoiceToTick:
    """One thing to tick, and whether it is ticked."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class GuessQuestion:
    """A question of the check-in whose answer is to be guessed."""

    field: str
    text: str
    choices: tuple[ChoiceToTick, ...]


@dataclass(frozen=True, slots=True)
class GuessPage:
    """The scene of a session, the client's line to answer, and the questions to guess."""

    number: int
    scene: Scene
    checklist: tuple[str, ...]
    questions: tuple[GuessQuestion, ...]


@dataclass(frozen=True, slots=True)
class Guessed:
    """A guess beside the answer, in words."""

    name: str
    guess: str
    answer: str
    apart: int | None


@dataclass(frozen=True, slots=True)
class LookPage:
    """The check-in as it came, the course so far, and what can be seen and done."""

    number: int
    scene: Scene
    guessed: tuple[Guessed, ...]
    picture: Picture
    answers: SessionAnswers
    sees: tuple[ChoiceToTick, ...]
    ways: tuple[ChoiceToTick, ...]


@dataclass(frozen=True, slots=True)
class DoneWay:
    """What was chosen, what it did by the rule, why, and the card that says more."""

    text: str
    verdict: str
    reason: str
    card: Card | None


@dataclass(frozen=True, slots=True)
class StopReview:
    """One stop, looked at from the end. `sees`: what was ticked or true, and which of the two."""

    number: int
    guessed: tuple[Guessed, ...]
    sees: tuple[tuple[str, str], ...]
    done: tuple[DoneWay, ...]
    also: tuple[str, ...]
    point: str


@dataclass(frozen=True, slots=True)
class EndPage:
    """The whole course with the truth drawn in, and three points for supervision."""

    headline: str
    ending: str
    picture: Picture
    by_chance: tuple[int, ...]
    depths: tuple[tuple[int, str, str], ...]
    reviews: tuple[StopReview, ...]


def sees_words(case: PracticeCase) -> dict[str, str]:
    """What can be seen, in words."""
    name = case.client
    return {
        "open": _("{name} says that something felt off.").format(name=name),
        "hidden": _("Something may be off that {name} does not say.").format(name=name),
        "mending": _("It is getting better."),
        "chance": _("Nothing is wrong. These changes can be chance."),
        "overread": case.overread,
    }


def guess_page(case: PracticeCase, given: Learner, stop: int) -> GuessPage:
    """What happens in the session, before its check-in is open."""
    latest = play(case, given.ways[:stop])[-1]
    words = wording(shelf().instruments[CHECK_IN])
    questions = []
    for item, guess in given.guesses[stop].items():
        labels = words.labels(item, "client")
        choices = tuple(ChoiceToTick(str(n), _named(label, case), guess == n) for n, label in enumerate(labels))
        text = _named(words.text(item, "client"), case)
        questions.append(GuessQuestion(guess_field(stop, item), text, choices))
    of = case.stops[stop]
    return GuessPage(latest.number, of.scene(latest.is_strained), of.checklist, tuple(questions))


def look_page(case: PracticeCase, given: Learner, stop: int) -> LookPage:
    """The check-in of the session, open."""
    sessions = play(case, given.ways[:stop])
    latest = sessions[-1]
    scene = case.stops[stop].scene(latest.is_strained)
    return LookPage(
        latest.number,
        scene,
        _guessed(case, given, stop, latest),
        course_picture(_course(case, sessions), _reported(sessions)),
        _answers(case, latest, scene),
        tuple(ChoiceToTick(key, text, key in given.sees[stop]) for key, text in sees_words(case).items()),
        tuple(ChoiceToTick(way.id, way.text, way.id in given.ways[stop]) for way in case.stops[stop].ways),
    )


def end_page(case: PracticeCase, given: Learner, language: str) -> EndPage:
    """The whole course, and each stop again with what was true."""
    sessions, waited = play(case, given.ways), play(case, [()] * STOPS)
    last = sessions[-1]
    course = _course(case, sessions)
    own = [[value or 0.0 for value in course.scores[f"client_{scale}"]] for scale in SCALES]
    return EndPage(
        _headline(case, sessions),
        case.ending_strained if last.is_strained else case.ending_eased,
        course_picture(course, _truth(sessions)),
        by_chance(sessions, own),
        tuple(
            (ours.number, _depth(ours), _depth(theirs))
            for ours, theirs in zip(sessions, waited, strict=True)
            if ours.depth or theirs.depth
        ),
        tuple(_review(case, given, stop, sessions, language) for stop in range(STOPS)),
    )


def _review(case: PracticeCase, given: Learner, stop: int, sessions: Sequence[Played], language: str) -> StopReview:
    until = case.first_stop + stop
    at, following = sessions[until - 1], sessions[until]
    true, ticked = seen(sessions[:until], case), set(given.sees[stop])
    words = sees_words(case)
    sees = [(words[key], _seen_verdict(key in ticked, key in true)) for key in words if key in ticked or key in true]
    deck = {card.id: card for card in cards(language=language)}
    done = [_done(way, at, deck) for way in following.applied]
    fits = ("asks", "mends") if at.is_strained else ("asks", "waits")
    ways = [way for way in case.stops[stop].ways if way not in following.applied]
    also = [way.text for way in ways if way.effect_at(at.is_strained) in fits]
    of = case.stops[stop]
    return StopReview(
        at.number, _guessed(case, given, stop, at), tuple(sees), tuple(done), tuple(also),
        of.met if got_better(at, following) else of.missed,
    )  # fmt: skip


def _done(way: Way, at: Played, deck: dict[str, Card]) -> DoneWay:
    effect = way.effect_at(at.is_strained)
    verdict = {
        "asks": _("Made it easier to say"),
        "mends": _("Put something right"),
        "waits": _("Left it as it was"),
        "hurts": _("Made it harder"),
    }[effect]
    if not at.is_strained and effect != "hurts":
        verdict = _("Did no harm")
    return DoneWay(way.text, verdict, way.reason_at(at.is_strained), deck.get(way.card))


def _seen_verdict(ticked: bool, true: bool) -> str:
    if ticked:
        return _("you saw it") if true else _("not so")
    return _("missed")


def _headline(case: PracticeCase, sessions: Sequence[Played]) -> str:
    was = any(played.is_strained for played in sessions)
    if sessions[-1].is_strained:
        if not case.onset:
            return _("A strain came up that was not there before")
        eased = max(played.depth for played in sessions) - sessions[-1].depth >= EASED
        return _("The strain got smaller, and is still there") if eased else _("The strain is still there")
    return _("The strain is over") if was else _("There was no strain, and none came up")


def _reported(sessions: Sequence[Played]) -> list[StrainSpan]:
    """The strain as far as the client has said so: what a page of this course would show."""
    felt = [played.number for played in sessions if played.client["t1"]]
    if not felt:
        return []
    talked = [played.number for played in sessions if played.talked and played.number >= felt[0]]
    after = [played.number for played in sessions if played.number > felt[-1]]
    return [span(felt[0], talked[0] if talked else None, after[0] if after else None, "client")]


def _truth(sessions: Sequence[Played]) -> list[StrainSpan]:
    """What was really there, as a strain on the track of the picture."""
    strained = [played.number for played in sessions if played.is_strained]
    if not strained:
        return []
    after = [played.number for played in sessions if played.number > strained[-1]]
    talked = [played.number for played in sessions if played.talked and played.number >= strained[0]]
    label = _("what was really there")
    return [StrainSpan(strained[0], talked[0] if talked else None, after[0] if after else None, "signal", label)]


def _depth(played: Played) -> str:
    """How deep a strain was, as words: the number of the rule says little to a reader."""
    if played.depth < SHOWS:
        return _("none")
    return _("small") if played.depth < SHOWS + 1 else _("large") if played.depth < SHOWS + 2 else _("very large")


def _guessed(case: PracticeCase, given: Learner, stop: int, latest: Played) -> tuple[Guessed, ...]:
    words = wording(shelf().instruments[CHECK_IN])
    rows = []
    for item, guess in given.guesses[stop].items():
        labels = [_named(label, case) for label in words.labels(item, "client")]
        answer = latest.client[item]
        assert isinstance(answer, int)
        apart = None if guess is None else abs(guess - answer)
        named = _named(words.shared_item(item), case)
        rows.append(Guessed(named, "" if guess is None else labels[guess], labels[answer], apart))
    return tuple(rows)


def _answers(case: PracticeCase, played: Played, scene: Scene) -> SessionAnswers:
    """The check-in as a talk sheet shows it."""
    latest: Any = {
        (side, CHECK_IN): SimpleNamespace(
            pk=side, side=side, instrument=CHECK_IN, version=shelf().instruments[CHECK_IN].version,
            answers=getattr(played, side),
        )
        for side in RATERS
    }  # fmt: skip
    written: Any = SimpleNamespace(side="client", words=scene.words, item="o2", response_id="client")
    names = {"client": case.client, "therapist": case.therapist}
    return WordedAnswers(names, latest).answers([written] if scene.words else [])


def _course(case: PracticeCase, sessions: Sequence[Played]) -> InventedCourse:
    """The sessions so far as a course to draw."""
    return InventedCourse(case.client, case.therapist, scale_values(sessions), (), case.where[: len(sessions)])


def _named(text: str, case: PracticeCase) -> str:
    for name, value in {"session": _("the session"), "client": case.client, "therapist": case.therapist}.items():
        text = text.replace(f"{{{name}}}", value)
    return text
