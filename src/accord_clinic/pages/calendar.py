"""The page of a therapist's calendar: whether it can be read, and whose its events are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accord_clinic.queries.calendar import calendar_of, matched, unmatched
from accord_clinic.rules.practice import zone
from accord_clinic.words import calendars as words
from accord_clinic.words.phrases import moment

if TYPE_CHECKING:
    from accord_clinic.models import Member


@dataclass(frozen=True)
class CalendarPage:
    """What stands there: nothing connected; a feed, read when; files; why it fails; whose events it holds."""

    connected: bool
    feed: bool
    read: str
    failure: str
    mostly_gone: bool
    people: tuple[tuple[str, str], ...]
    unmatched: int


def calendar_page(member: Member) -> CalendarPage:
    """The calendar of this member."""
    calendar = calendar_of(member)
    if calendar is None:
        return CalendarPage(False, False, "", "", False, (), 0)
    people = {row.dyad.uid: row.dyad.client.called for row in matched(calendar) if row.dyad}
    return CalendarPage(
        True, bool(calendar.address), moment(calendar.read_at, zone(), "D j M, H:i") if calendar.read_at else "",
        words.failure(calendar.failure), calendar.failure == "mostly_gone", tuple(people.items()),
        unmatched(member).count(),
    )  # fmt: skip
