"""Read the appointments of a calendar (iCalendar, RFC 5545) within a span of days; one bad event costs no other.

The rules themselves are `icalendar`'s and `recurring_ical_events`'. What a calendar of strangers could do to them is
refused before they see it; what slips through ends in the process of its own that `apart.py` gives it.
No Django here, so that this process starts fast. A new reason to leave an event out is a code in `RefusedEvents.why`
and a sentence in `words/calendars.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from x_wr_timezone import to_standard

MOST_BYTES = 5_000_000
"""A calendar of twenty years with some thirty appointments a week has about four million bytes."""
MOST_EVENTS = 20_000
MOST_OCCURRENCES = 2_000
"""Within the span that is read. Twenty clients twice a week make 560 in fourteen weeks."""
MOST_DATES = 1_000
"""Single dates in one event, added to its rule or taken out of it."""
OLDEST_RULE = timedelta(days=20 * 366)
"""A rule is worked out from its first day on, so that one from the year 1 takes seconds."""
DAILY_OR_RARER = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
USUAL_MINUTES = 50
LONGEST_MINUTES = 12 * 60
"""Nothing longer is a session; a night on the ward is."""


class Unreadable(Exception):
    """Not a calendar, or one that is too large. The argument is a code for `words/calendars.py`."""


@dataclass(frozen=True)
class Appointment:
    """One occurrence of one event. `words` is for the eyes of the calendar's owner, and is stored nowhere."""

    uid: str
    recurrence: str
    """RECURRENCE-ID in UTC, empty for an event that happens once: with `uid` the name that it keeps when it moves."""
    start: datetime
    minutes: int
    words: str


@dataclass(frozen=True)
class RefusedEvents:
    """Events that were left out: why (a code), how many, and the first day of the first of them where it is known."""

    why: str
    count: int
    first: str = ""
    uids: tuple[str, ...] = ()
    """Whose sessions are left as they are: an event that cannot be read has not vanished."""


@dataclass(frozen=True)
class CalendarReading:
    """What a calendar holds within a span, in order of start."""

    appointments: tuple[Appointment, ...]
    refusals: tuple[RefusedEvents, ...]


class _LeftOut(Exception):
    """This event is left out; the argument is the code of the reason."""


def read(content: bytes, zone: str, first: datetime, last: datetime) -> CalendarReading:
    """The appointments that start from `first` to before `last` (both aware). `zone`: for times that name none.

    Events that are cancelled, or that take whole days, are not appointments. Raises `Unreadable`.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable("too_large")
    series: dict[str, list[Any]] = defaultdict(list)
    reasons: Counter[str] = Counter()
    days: dict[str, str] = {}
    uids: dict[str, list[str]] = defaultdict(list)
    appointments: list[Appointment] = []
    calendars = _calendars(content)
    for calendar in calendars:
        for event in calendar.walk("VEVENT"):
            series[str(event.get("UID", "")).strip()].append(event)
    if sum(map(len, series.values())) > MOST_EVENTS:
        raise Unreadable("too_many_events")
    zones = [part for calendar in calendars for part in calendar.walk("VTIMEZONE")]
    for uid, events in series.items():
        try:
            appointments += _occurrences(uid, events, zones, ZoneInfo(zone), first, last)
        except _LeftOut as reason:
            reasons[str(reason)] += len(events)
            days.setdefault(str(reason), _day(events[0]))
            uids[str(reason)].append(uid)
        if len(appointments) > MOST_OCCURRENCES:
            raise Unreadable("too_many_appointments")
    refusals = tuple(RefusedEvents(why, count, days[why], tuple(uids[why])) for why, count in reasons.items())
    return CalendarReading(tuple(sorted(appointments, key=lambda each: (each.start, each.uid))), refusals)


def _calendars(content: bytes) -> list[Any]:
    try:
        calendars = icalendar.Calendar.from_ical(content, multiple=True)
        calendars = [to_standard(each) for each in calendars if isinstance(each, icalendar.Calendar)]
    except Exception as error:  # the library has no error of its own for all that can be wrong with a text
        raise Unreadable("not_a_calendar") from error
    if not calendars:
        raise Unreadable("not_a_calendar")
    return calendars


def _occurrences(
    uid: str, events: list[Any], zones: list[Any], zone: ZoneInfo, first: datetime, last: datetime
) -> list[Appointment]:
    """The appointments of one event with its rule and its exceptions."""
    if not uid:
        raise _LeftOut("no_uid")
    try:
        if _elsewhere(events, zone, first, last):
            return []
        for event in events:
            _check(event)
        whole = icalendar.Calendar()
        for part in (*zones, *events):
            whole.add_component(part)
        # Two days more on each side: times without a zone are compared as if they were UTC.
        occurrences = recurring_ical_events.of(whole, keep_recurrence_attributes=True).between(
            first - timedelta(days=2), last + timedelta(days=2)
        )
        rows = list(_appointments(uid, events, occurrences, zone))
    except _LeftOut:
        raise
    except Exception as error:  # faults of single events, of many kinds: each costs this event alone
        raise _LeftOut("unreadable") from error
    return [row for row in rows if first <= row.start < last]


def _elsewhere(events: list[Any], zone: ZoneInfo, first: datetime, last: datetime) -> bool:
    """Whether this happens once, outside the span: most of an old calendar, and quick to tell."""
    if len(events) > 1 or any(name in events[0] for name in ("RRULE", "RDATE", "RECURRENCE-ID")):
        return False
    return not first <= _utc(events[0]["DTSTART"].dt, zone) < last


def _appointments(uid: str, events: list[Any], occurrences: list[Any], zone: ZoneInfo) -> Iterator[Appointment]:
    repeats = len(events) > 1 or any("RRULE" in event or "RDATE" in event for event in events)
    shifts = {_utc(e["RECURRENCE-ID"].dt, zone): _shift(e, zone) for e in events if _and_future(e)}
    for occurrence in occurrences:
        if str(occurrence.get("STATUS", "")).upper() == "CANCELLED":
            continue
        start, end = occurrence["DTSTART"].dt, occurrence.end
        if not isinstance(start, datetime):
            raise _LeftOut("whole_days")
        begins = _utc(start, zone)
        minutes = round((_utc(end, zone) - begins).total_seconds() / 60) or USUAL_MINUTES
        if not 0 < minutes <= LONGEST_MINUTES:
            raise _LeftOut("too_long")
        original = _utc(occurrence["RECURRENCE-ID"].dt, zone) if repeats else None
        if original in shifts:
            original = begins - shifts[original]
        recurrence = original.strftime("%Y%m%dT%H%M%SZ") if original else ""
        yield Appointment(uid, recurrence, begins, minutes, " ".join(str(occurrence.get("SUMMARY", "")).split())[:200])


def _check(event: Any) -> None:
    """Refuse what would take the library long."""
    start = event["DTSTART"].dt
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        names = {str(name).upper() for name in rule}
        frequency = {str(value).upper() for value in rule.get("FREQ", [])}
        if not frequency <= DAILY_OR_RARER or names & {"BYHOUR", "BYMINUTE", "BYSECOND"}:
            raise _LeftOut("too_often")
        if any(int(step) < 1 for step in rule.get("INTERVAL", [])):  # the library would count on the spot for seconds
            raise _LeftOut("unreadable")
        if datetime.now(UTC).date() - (start.date() if isinstance(start, datetime) else start) > OLDEST_RULE:
            raise _LeftOut("too_old")
    for name in ("RDATE", "EXDATE"):
        dates = event.get(name, [])
        if sum(len(getattr(each, "dts", [])) for each in (dates if isinstance(dates, list) else [dates])) > MOST_DATES:
            raise _LeftOut("too_many_dates")


def _and_future(event: Any) -> bool:
    return "RECURRENCE-ID" in event and event["RECURRENCE-ID"].params.get("RANGE") == "THISANDFUTURE"


def _shift(event: Any, zone: ZoneInfo) -> timedelta:
    return _utc(event["DTSTART"].dt, zone) - _utc(event["RECURRENCE-ID"].dt, zone)


def _utc(moment: Any, zone: ZoneInfo) -> datetime:
    """A time in UTC; one without a zone is on the practice's clock; a day begins at midnight there."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 (its zone comes next)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _day(event: Any) -> str:
    try:
        return event["DTSTART"].dt.strftime("%Y-%m-%d")
    except Exception:  # the very event that cannot be read
        return ""
