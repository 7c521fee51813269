"""Read every feed whose time has come, and the whole way of one reading: fetch, read apart, change sessions."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic import links
from accord_clinic.actions.audit import record
from accord_clinic.actions.planning import AHEAD
from accord_clinic.imports.calendar import changing
from accord_clinic.imports.calendar.apart import read_apart
from accord_clinic.imports.calendar.fetching import Fetched, NotFetched, fetch, https
from accord_clinic.imports.calendar.reading import CalendarReading, Unreadable
from accord_clinic.models import ConnectedCalendar, Member
from accord_clinic.permissions import check_work_as_therapist
from accord_clinic.rules.practice import zone

EVERY = timedelta(minutes=15)
"""Calendar programs ask for no more: Google makes a feed anew only every few hours."""
AFTER_FAILING = timedelta(hours=1)
ADDRESS = "calendar address"


def span(now: datetime) -> tuple[datetime, datetime]:
    """The days of a calendar that are read: yesterday, and as far ahead as sessions are made."""
    return now - timedelta(days=1), now + AHEAD


def read_file(content: bytes) -> CalendarReading:
    """Read what a member handed in. Raises `Unreadable`."""
    return read_apart(content, str(zone()), *span(timezone.now()))


def read_feed(calendar: ConnectedCalendar) -> CalendarReading:
    """Ask a feed now, whatever it said before, for its owner to look at. Raises `NotFetched` or `Unreadable`."""
    fetched = fetch(address_of(calendar))
    assert fetched.content is not None  # without a tag it cannot say that nothing has changed
    return read_file(fetched.content)


def address_of(calendar: ConnectedCalendar) -> str:
    """The secret address of a feed; raises `NotFetched` where it can no longer be read."""
    address = links.unseal(ADDRESS, calendar.address, settings.SECRET_KEY)
    if not address:
        raise NotFetched("address_lost")
    return address


@transaction.atomic
def connect(member: Member, address: str) -> ConnectedCalendar:
    """Keep the secret address of a member's feed, or with an empty one a calendar that is read from files."""
    check_work_as_therapist(member)
    address = https(address)
    if len(address) > 2000 or (address and "://" not in address):
        raise BadInput("Give the whole address of the calendar. It begins with https:// or webcal://.")
    sealed = links.seal(ADDRESS, address, settings.SECRET_KEY) if address else ""
    facts = {"address": sealed, "tag": "", "content_hash": "", "failed_since": None, "failure": "", "tried_at": None}
    calendar, _made = ConnectedCalendar.objects.update_or_create(member=member, record=None, defaults=facts)
    record(member, "connect_calendar", f"calendar:{calendar.pk}", ["address"])
    return calendar


@transaction.atomic
def disconnect(member: Member) -> None:
    """Forget the calendar and its address. Sessions that came from it stay as they are."""
    for calendar in ConnectedCalendar.objects.filter(member=member, record=None):
        record(member, "disconnect_calendar", f"calendar:{calendar.pk}", ["address"])
        calendar.delete()


def due(now: datetime | None = None) -> list[ConnectedCalendar]:
    """Feeds that are to be read now. A member who left has none; the address goes with the first look."""
    now = now or timezone.now()
    ConnectedCalendar.objects.filter(member__is_active=False).delete()
    rows = ConnectedCalendar.objects.exclude(address="").select_related("member")
    return [
        row for row in rows
        if row.tried_at is None or now >= row.tried_at + (AFTER_FAILING if row.failed_since else EVERY)
    ]  # fmt: skip


def read_feeds(now: datetime | None = None) -> int:
    """Read all feeds that are due; one that fails costs no other. Returns how many were read."""
    return sum(read_one(calendar, now or timezone.now()) for calendar in due(now))


def read_one(calendar: ConnectedCalendar, now: datetime, believe: bool = False) -> bool:
    """Read one feed and change what it changed. False where it failed; the reason stands in the row."""
    first, last = span(now)
    try:
        fresh = calendar.read_until and last - calendar.read_until < timedelta(days=1)
        fetched = fetch(address_of(calendar), calendar.tag if fresh and not believe else "")
        digest = hashlib.sha256(fetched.content or b"").hexdigest()
        if fetched.content is None or (fresh and not believe and digest == calendar.content_hash):
            return _note(calendar, now)
        reading = read_apart(fetched.content, str(zone()), first, last)
    except (NotFetched, Unreadable) as reason:
        return _note(calendar, now, failure=str(reason))
    return take(calendar, reading, now, fetched, digest, believe)


def take(
    calendar: ConnectedCalendar, reading: CalendarReading, now: datetime, fetched: Fetched, digest: str,
    believe: bool = False,
) -> bool:  # fmt: skip
    """Change sessions by one reading. Too many that vanished at once are a failure until the owner says so."""
    first, last = span(now)
    changes = changing.apply(calendar, reading, first, last, believe=believe)
    if changes.held_back:
        return _note(calendar, now, failure="mostly_gone")
    changing.remember_others(calendar, reading)
    return _note(calendar, now, tag=fetched.tag[:200], content_hash=digest, read_until=last)


def _note(calendar: ConnectedCalendar, now: datetime, failure: str = "", **facts: object) -> bool:
    facts |= {"tried_at": now, "failure": failure}
    facts |= {"failed_since": calendar.failed_since or now} if failure else {"failed_since": None, "read_at": now}
    ConnectedCalendar.objects.filter(pk=calendar.pk).update(**facts)
    return not failure

