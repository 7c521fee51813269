"""The calendar that the first therapist of the demo keeps: weekly events of her clients, in a file served on loopback.

When the demo begins the calendar has been read once, and has changed since: one session moved, one is gone, and there
is one event that nobody has matched. The first sweep finds all three.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accord_clinic.demo.doors import HEADLINE
from accord_clinic.imports.calendar import changing, job
from accord_clinic.imports.calendar.reading import read
from accord_clinic.models import ConnectedCalendar, Dyad, Member, Session
from accord_clinic.rules.practice import zone

FILE = "demo-calendar.ics"
STAMP = "%Y%m%dT%H%M%SZ"
LEAST_AHEAD = timedelta(days=1)


@transaction.atomic
def connect(address: str) -> None:
    """Let the therapist of the demo live from the feed at this address of the demo itself."""
    member = Member.objects.filter(dyads__client__email=HEADLINE)[0]
    rows = _next_sessions(member)
    calendar = job.connect(member, address)
    before = _file([_event(row, "") for row in rows])
    for row in rows:
        changing.match(calendar, _uid(row.dyad), row.dyad)
    now = timezone.now()
    first, last = job.span(now)
    changing.apply(calendar, read(before, str(zone()), first, last), first, last, tell=False)
    ConnectedCalendar.objects.filter(pk=calendar.pk).update(read_at=now, read_until=last)
    _path().write_bytes(_file(_changed(rows)))


def content() -> bytes:
    """What the feed serves."""
    return _path().read_bytes()


def _next_sessions(member: Member) -> list[Session]:
    """The next planned session of each running course, by which it meets each week."""
    after = timezone.now() + LEAST_AHEAD
    rows = Session.objects.filter(dyad__therapist=member, dyad__ended=None, state="planned", start__gt=after)
    first: dict[int, Session] = {}
    for row in rows.select_related("dyad__client").order_by("start"):
        first.setdefault(row.dyad_id, row)
    return list(first.values())


def _changed(rows: list[Session]) -> list[str]:
    """The same events, with one occurrence moved, one taken out, and an event more."""
    moved, gone, *others = rows
    later = moved.start + timedelta(weeks=1)
    exception = [
        f"UID:{_uid(moved.dyad)}", f"RECURRENCE-ID:{later:{STAMP}}",
        f"DTSTART:{later + timedelta(days=1):{STAMP}}", "DURATION:PT50M", f"SUMMARY:{moved.dyad.client.called}",
    ]  # fmt: skip
    extra = [
        "UID:extra@demo.invalid", f"DTSTART:{gone.start + timedelta(days=2):{STAMP}}", "DURATION:PT50M",
        f"SUMMARY:{gone.dyad.client.called}, extra session",
    ]  # fmt: skip
    taken_out = f"EXDATE:{gone.start + timedelta(weeks=1):{STAMP}}"
    return [
        _event(moved, ""), _wrapped(exception), _event(gone, taken_out), *(_event(row, "") for row in others),
        _wrapped(extra),
    ]  # fmt: skip


def _event(session: Session, more: str) -> str:
    lines = [
        f"UID:{_uid(session.dyad)}", f"DTSTART:{session.start:{STAMP}}", "DURATION:PT50M",
        "RRULE:FREQ=WEEKLY", f"SUMMARY:{session.dyad.client.called}", *([more] if more else []),
    ]  # fmt: skip
    return _wrapped(lines)


def _wrapped(lines: list[str]) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])


def _file(events: list[str]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Accord//demo//EN", *events, "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def _uid(dyad: Dyad) -> str:
    return f"{dyad.uid}@demo.invalid"


def _path() -> Path:
    return settings.DATA / FILE

