"""Safety notices and answers, and what was done about each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accord_clinic.models import Response, Session, Signal


@dataclass(frozen=True, slots=True)
class Look:
    """Who recorded what, and when."""

    name: str
    at: datetime
    done: str
    to: str


@dataclass(frozen=True, slots=True)
class SafetyNotice:
    """One notice for the safety contact. `looks`: what was recorded about it; `open`: nobody has said what was done."""

    session: str
    client: str
    therapist: str
    number: int
    start: datetime
    raised_at: datetime
    open: bool
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer to a safety question, as it was sent; a correction is one more."""

    response: Response
    item: str
    value: object


@dataclass(frozen=True, slots=True)
class SafetyAnswer:
    """The answers of one session to safety questions, newest first, and what was done about them."""

    session: Session
    signal: Signal
    answers: tuple[GivenAnswer, ...]
    looks: tuple[Look, ...]
    open: bool
    may_record: bool


def looks_by_signal(rows: Iterable[tuple[int, str, datetime, str, str]]) -> dict[int, tuple[Look, ...]]:
    """What was recorded, in the order of the rows: signal, who, when, what was done, to whom."""
    looks: dict[int, tuple[Look, ...]] = {}
    for signal, name, at, done, to in rows:
        looks[signal] = (*looks.get(signal, ()), Look(name, at, done, to))
    return looks


def notices_of(rows: Iterable[tuple[Any, ...]], looks: Mapping[int, tuple[Look, ...]]) -> tuple[SafetyNotice, ...]:
    """Notices, the open ones first, else in the order of the rows.

    Each row: signal, session, name, how to address the client, therapist, number and start of the session, raised when,
    whether somebody has said what was done.
    """
    made = [
        SafetyNotice(session, address_as or name, therapist, number, start, raised_at, not done, looks.get(pk, ()))
        for pk, session, name, address_as, therapist, number, start, raised_at, done in rows
    ]
    return tuple(sorted(made, key=lambda notice: not notice.open))
