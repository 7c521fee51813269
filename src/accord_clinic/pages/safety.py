"""A safety answer in the words in which it was given, and what was done about it; the list of the safety contact.

A new kind of thing that can be done gets its words in `done_words`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accord_clinic.questionnaires.answer_words import in_words, question
from accord_clinic.words import phrases

if TYPE_CHECKING:
    from accord_clinic.records.safety import Look, SafetyAnswer, SafetyNotice


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody did, and when."""

    name: str
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class WordedAnswer:
    """A question and its answer as they were worded, and when it was sent."""

    question: str
    answer: str
    sent: datetime


@dataclass(frozen=True, slots=True)
class SafetyPage:
    """The page of one safety answer. `records`: this reader can say what was done."""

    session: str
    client: str
    therapist: str
    start: datetime
    answers: tuple[WordedAnswer, ...]
    done: tuple[Done, ...]
    open: bool
    records: bool


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice on the list of the safety contact."""

    notice: SafetyNotice
    done: tuple[Done, ...]


def safety_page(row: SafetyAnswer) -> SafetyPage:
    """The page for whoever may read this answer; ask `queries.safety.safety_answer` first."""
    dyad = row.session.dyad
    names = {"session": phrases.session_on(row.session.start), "client": dyad.client.called}
    names["therapist"] = dyad.therapist.name
    answers = (
        WordedAnswer(
            question(given.response, given.item, names),
            in_words(given.response, given.item, given.value) or str(given.value),
            given.response.sent_at,
        )
        for given in row.answers
    )
    return SafetyPage(
        session=row.session.uid,
        client=dyad.client.called,
        therapist=dyad.therapist.name,
        start=row.session.start,
        answers=tuple(answers),
        done=tuple(map(_done, row.looks)),
        open=row.open,
        records=row.may_record,
    )


def notices_page(notices: Iterable[SafetyNotice]) -> tuple[NoticeLine, ...]:
    """The list of the safety contact."""
    return tuple(NoticeLine(notice, tuple(map(_done, notice.looks))) for notice in notices)


def _done(look: Look) -> Done:
    return Done(look.name, look.at, done_words(look.done, look.to))


def done_words(done: str, to: str) -> str:
    """What was done, as a line says it after a name."""
    if done == "passed_on" and to:
        return _("passed it on to {name}").format(name=to)
    return {
        "spoke": _("spoke with the client"),
        "assessment": _("wrote an assessment in the care record"),
        "passed_on": _("passed it on"),
        "looked": _("looked at it; nothing more was recorded"),
    }[done]
