"""Change sessions as a calendar changed, and by nothing else: what a member put right here stays.

Each appointment is compared with how the calendar had it when it was last read. A new kind of change is a branch of
`_take`, its code in `CalendarChange.KINDS`, and its sentence in `words/calendars.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions import care
from accord_clinic.actions.audit import record
from accord_clinic.imports.calendar.matching import guess, people_of
from accord_clinic.imports.calendar.reading import Appointment, CalendarReading
from accord_clinic.models import CalendarChange, CalendarEvent, CalendarSeries, ConnectedCalendar, Dyad, Session
from accord_clinic.rules.planning import died
from accord_clinic.rules.practice import zone
from accord_clinic.rules.sessions import why_fixed

MANY = 4
"""When so many sessions and more than half of all ahead vanish at once, a fault is likelier than cancelled weeks."""


@dataclass
class Changes:
    """What one reading changed."""

    new: int = 0
    moved: int = 0
    gone: int = 0
    held_back: int = 0
    """Appointments that vanished, too many to believe: nothing was done about them."""


def series_name(calendar: ConnectedCalendar, uid: str) -> str:
    """What is kept of an event's UID, which may hold words: a hash, good for this calendar alone."""
    return hashlib.sha256(f"{calendar.uid}:{uid}".encode()).hexdigest()


@transaction.atomic
def apply(
    calendar: ConnectedCalendar, reading: CalendarReading, first: datetime, last: datetime, *,
    believe: bool = False, tell: bool = True, alone: CalendarSeries | None = None,
) -> Changes:  # fmt: skip
    """Bring the sessions of matched series up to date with what stands between `first` and `last`.

    `believe`: take away even if most have vanished. `tell`: put each change on Today; not for the first matching.
    `alone`: the one series that the reading is about; it says nothing of any other.
    """
    calendar = ConnectedCalendar.objects.select_for_update().get(pk=calendar.pk)
    now, changes = timezone.now(), Changes()
    about = {} if alone is None else {"pk": alone.pk}
    series = {row.name: row for row in _that_plan(calendar).filter(**about)}
    events = {
        (row.series_id, row.recurrence): row
        for row in CalendarEvent.objects.filter(series__in=calendar.series.filter(**about)).select_related("session")
    }
    read_until = calendar.read_until if alone is None else max((event.start for event in events.values()), default=None)
    present = set()
    for appointment in reading.appointments:
        row = series.get(series_name(calendar, appointment.uid))
        if row:
            place = (row.pk, appointment.recurrence)
            present.add(place)
            # What is new only since the horizon moved on is no news.
            news = tell and bool(read_until and appointment.start < read_until)
            _take(row, events.get(place), appointment, now, news, changes)
    unread = {series_name(calendar, uid) for refusal in reading.refusals for uid in refusal.uids}
    ahead = [
        event for place, event in events.items()
        if max(first, now) < event.start < last and not event.gone and event.session.dyad.ended is None
    ]  # fmt: skip
    left_alone = {row.pk for row in series.values() if row.name in unread}
    vanished = [e for e in ahead if (e.series_id, e.recurrence) not in present and e.series_id not in left_alone]
    if not believe and len(vanished) >= MANY and 2 * len(vanished) > len(ahead):
        changes.held_back = len(vanished)
    else:
        for event in vanished:
            _vanish(event, now, tell, changes)
    return changes


def _that_plan(calendar: ConnectedCalendar) -> QuerySet[CalendarSeries]:
    """The series of the owner's own running courses; nothing is planned for who has died."""
    rows = calendar.series.filter(dyad__isnull=False, dyad__ended=None, dyad__therapist=calendar.member_id)
    return rows.exclude(dyad__client__in=died()).select_related("dyad__client", "dyad__therapist")


@transaction.atomic
def match(calendar: ConnectedCalendar, uid: str, dyad: Dyad | None) -> None:
    """Whose sessions a series holds; `None`: nobody's. The owner says so once, and can say otherwise later."""
    name, now = series_name(calendar, uid), timezone.now()
    row = CalendarSeries.objects.filter(calendar=calendar, name=name).first()
    if row and row.dyad_id and row.dyad_id != (dyad.pk if dyad else None):
        _forget(row, now)
    facts = {"dyad": dyad, "answered_at": now, "next_start": None}
    CalendarSeries.objects.update_or_create(calendar=calendar, name=name, defaults=facts)
    record(calendar.member, "match_calendar", f"dyad:{dyad.pk}" if dyad else f"calendar:{calendar.pk}", ["series"])


def remember_others(calendar: ConnectedCalendar, reading: CalendarReading) -> None:
    """Note which series that nobody has matched may be a client's, without their words, so that Today can ask."""
    people = people_of(calendar.member)
    likely: dict[str, datetime] = {}
    for appointment in reading.appointments:
        if guess(appointment.words, people):
            likely.setdefault(series_name(calendar, appointment.uid), appointment.start)
    CalendarSeries.objects.filter(calendar=calendar, answered_at=None).exclude(name__in=likely).delete()
    answered = set(calendar.series.exclude(answered_at=None).values_list("name", flat=True))
    for name in likely.keys() - answered:
        facts = {"next_start": likely[name]}
        CalendarSeries.objects.update_or_create(calendar=calendar, name=name, defaults=facts)


@transaction.atomic
def put_back(change: CalendarChange) -> None:
    """Undo one change. The calendar says the same as before, so nothing changes it again."""
    session = Session.objects.select_related("dyad__client", "dyad__therapist").get(pk=change.event.session_id)
    by = change.event.series.calendar.member
    if change.kind == "moved" and change.before:
        care.move_session(session, change.before, by=by, minutes=change.minutes_before)
    elif change.kind == "new":
        care.mark_session(session, "cancelled", by=by)
    elif change.kind == "gone":
        care.mark_session(session, "planned", by=by)
    see([change])


def see(rows: Collection[CalendarChange]) -> None:
    """These changes were seen; Today tells them no more."""
    CalendarChange.objects.filter(pk__in=[row.pk for row in rows], seen_at=None).update(seen_at=timezone.now())


def _take(
    series: CalendarSeries, event: CalendarEvent | None, now_there: Appointment, now: datetime, news: bool,
    changes: Changes,
) -> None:  # fmt: skip
    """One appointment of a matched series, as the calendar has it now."""
    if event is None:
        if now_there.start > now:
            assert series.dyad is not None, "matched"
            planned = _planned_that_day(series.dyad, now_there)
            if any(row.by_calendar not in (None, series.calendar_id) for row in planned):
                return  # a feed and a care record often hold the same hours
            # Planned by hand: the same session, so that none is there twice.
            session = next((row for row in planned if row.by_calendar is None), None) or care.plan_session(
                series.dyad, now_there.start, by=None, minutes=now_there.minutes, source="calendar"
            )
            event = CalendarEvent.objects.create(
                series=series, recurrence=now_there.recurrence, session=session,
                start=now_there.start, minutes=now_there.minutes,
            )  # fmt: skip
            _move(event, session, now_there)
            changes.new += 1
            _tell(event, "new", news, now)
        return
    was_gone, differs = event.gone, (event.start, event.minutes) != (now_there.start, now_there.minutes)
    before = event.session.start, event.session.minutes
    if not was_gone and not differs:
        return
    event.start, event.minutes, event.gone = now_there.start, now_there.minutes, False
    event.save(update_fields=["start", "minutes", "gone"])
    session = event.session
    if why_fixed(session) or (session.start <= now and now_there.start <= now):
        return
    if was_gone and session.state == "cancelled" and _last_by_calendar(session):
        care.mark_session(session, "planned", by=None, side="calendar")
        changes.new += 1
        _tell(event, "new", news, now)
    if differs and _move(event, session, now_there):
        changes.moved += 1
        _tell(event, "moved", news and not was_gone, now, *before)


def _move(event: CalendarEvent, session: Session, there: Appointment) -> bool:
    if (session.start, session.minutes) == (there.start, there.minutes):
        return False
    try:
        care.move_session(session, there.start, by=None, minutes=there.minutes, side="calendar")
    except BadInput:  # answered in this moment
        return False
    return True


def _vanish(event: CalendarEvent, now: datetime, news: bool, changes: Changes) -> None:
    """An appointment ahead that the calendar has no more is cancelled, unless there is an answer or a mark."""
    event.gone = True
    event.save(update_fields=["gone"])
    session = event.session
    if session.state != "planned" or session.start <= now or why_fixed(session):
        return
    care.mark_session(session, "cancelled", by=None, side="calendar")
    changes.gone += 1
    _tell(event, "gone", news, now)


def _tell(
    event: CalendarEvent, kind: str, news: bool, now: datetime,
    before: datetime | None = None, minutes: int | None = None,
) -> None:  # fmt: skip
    if news:
        CalendarChange.objects.filter(event=event, seen_at=None).update(seen_at=now)
        CalendarChange.objects.create(event=event, kind=kind, before=before, minutes_before=minutes, at=now)


def _planned_that_day(dyad: Dyad, there: Appointment) -> list[Any]:
    """The sessions that are planned for this day, each with `by_calendar`: the calendar that planned it, if one did."""
    where = zone()
    day = timezone.localdate(there.start, where)
    rows = dyad.sessions.filter(state="planned", start__gt=timezone.now())
    rows = rows.annotate(by_calendar=F("calendar_event__series__calendar"))
    return [row for row in rows if timezone.localdate(row.start, where) == day]


def _last_by_calendar(session: Session) -> bool:
    last = session.changes.filter(field="state").order_by("-at", "-id").first()
    return last is not None and last.side == "calendar"


def _forget(series: CalendarSeries, now: datetime) -> None:
    """Take back what a series planned for somebody whose it is not; what was asked or answered stays."""
    for event in series.events.select_related("session__dyad__client"):
        session = event.session
        if session.state == "planned" and session.start > now and not why_fixed(session):
            care.mark_session(session, "cancelled", by=None, side="calendar")
    series.events.all().delete()
