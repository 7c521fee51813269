"""The last sheet, which looks back on a course of care: goals, what felt off, what helped, what changed. For both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.pages.outcomes import OutcomeChange, outcome_changes
from accord_clinic.records.agreements import Shown
from accord_clinic.records.attainment import LEVELS, level_words
from accord_clinic.records.looking_back import LookingBackRows
from accord_clinic.words.strains import strain_state

if TYPE_CHECKING:
    from accord_clinic.models import Dyad, FollowUp


@dataclass(frozen=True)
class GoalBack:
    """A goal in its last words, and what became of it."""

    words: str
    state: str


@dataclass(frozen=True)
class LookingBack:
    """All of it, in words. `felt`: each moment that felt off, and where it stands."""

    sentence: str
    goals: tuple[GoalBack, ...]
    felt: tuple[str, ...]
    helped: tuple[tuple[str, str], ...]
    outcomes: tuple[OutcomeChange, ...]


def looking_back(rows: LookingBackRows, dyad: Dyad) -> LookingBack:
    """In the language of the page."""
    return LookingBack(
        sentence=_sentence(rows, dyad),
        goals=tuple(GoalBack(goal.words, _goal_state(goal)) for goal in rows.agreements if goal.kind == "goal"),
        felt=tuple(_felt(rows)),
        helped=tuple((words, _("session {number}").format(number=number)) for number, words in rows.helped),
        outcomes=outcome_changes(rows.course.record),
    )


def _sentence(rows: LookingBackRows, dyad: Dyad) -> str:
    held = sum(session.state == "held" for session in rows.course.sessions)
    since = date_format(dyad.started, "DATE_FORMAT")
    if dyad.ended:
        until = date_format(dyad.ended, "DATE_FORMAT")
        text = ngettext("{count} session, from {since} to {until}.", "{count} sessions, from {since} to {until}.", held)
        return text.format(count=held, since=since, until=until)
    text = ngettext("{count} session since {since}.", "{count} sessions since {since}.", held)
    return text.format(count=held, since=since)


def _goal_state(goal: Shown) -> str:
    """How it ended, or that it goes on, with the client's first and last word on how far it was."""
    ends = {"reached": _("reached"), "dropped": _("dropped"), "replaced": _("replaced")}
    state = ends.get(goal.end) or _("still open")
    given = [value for _number, side, value in goal.progress if side == "client" and value not in LEVELS]
    reached = [value for _number, side, value in goal.progress if side == "client" and value in LEVELS]
    if reached and (level := level_words(goal.levels, reached[-1])):
        state += f" · {level}"
    if len(given) > 1:
        state += " · " + _("from {first} to {last} of 10").format(first=given[0], last=given[-1])
    return state


def _felt(rows: LookingBackRows) -> Iterator[str]:
    revealed = {session.number for session in rows.course.sessions if session.revealed_at}
    for strain in rows.course.strains:
        if strain.facts.session in revealed:
            text = _("Session {number}: {state}")
            yield text.format(number=strain.facts.session, state=strain_state(strain.facts.state))


@dataclass(frozen=True)
class CheckBack:
    """A check after the end that was asked: when, what the client said, and whether it can be answered now."""

    uid: str
    asked_on: str
    now: str
    words: str
    wants_contact: bool
    waits: bool


def check_back(row: FollowUp) -> CheckBack:
    """In words."""
    now = "" if row.now is None else how_now()[row.now]
    asked_on = date_format(timezone.localtime(row.asked_at), "DATE_FORMAT")
    return CheckBack(row.uid, asked_on, now, row.words, row.wants_contact, waits=row.answered_at is None)


def how_now() -> dict[int, str]:
    """How things can be, compared with the end."""
    return {0: _("Worse than at the end"), 1: _("Much the same"), 2: _("Better than at the end")}
