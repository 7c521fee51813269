"""Take the sessions of one patient from the care record that opened Accord, by the rules of calendars (`changing`).

Only appointments of this patient with the clinician who opened it count, for an own course that runs. Of an appointment
its time is kept, and a hash of its id. What makes one a session is said in `read`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accord_clinic.accounts.launch import Arrival, LaunchRefused, appointments
from accord_clinic.imports.calendar import changing
from accord_clinic.imports.calendar.job import span
from accord_clinic.imports.calendar.reading import LONGEST_MINUTES, Appointment, CalendarReading, RefusedEvents
from accord_clinic.models import CareRecord, ConnectedCalendar, Dyad, Member

STANDING = ("booked", "arrived", "checked-in", "fulfilled")
"""An appointment that is still asked about (proposed, pending, waitlist) is none yet; the others are off."""


def take(record: CareRecord, arrival: Arrival, dyad: Dyad, *, by: Member) -> str:
    """Bring the sessions of this course up to date with the record. Gives why nothing was changed, as a code."""
    if not record.plans or dyad.ended is not None or dyad.therapist_id != by.pk:
        return ""
    first, last = span(timezone.now())
    try:
        there = appointments(record, arrival, first.date(), last.date() + timedelta(days=1))
    except LaunchRefused as refused:
        return str(refused)
    reading = read(there, arrival.clinician, arrival.patient, first, last)
    return "mostly_gone" if _apply(record, arrival.patient, dyad, reading, by).held_back else ""


@transaction.atomic
def _apply(
    record: CareRecord, patient: str, dyad: Dyad, reading: CalendarReading, member: Member
) -> changing.Changes:  # fmt: skip
    calendar, _made = ConnectedCalendar.objects.get_or_create(member=member, record=record)
    name = changing.series_name(calendar, patient)
    before = calendar.series.filter(name=name, dyad=dyad).first()
    if before is None:
        changing.match(calendar, patient, dyad)
    first, last = span(timezone.now())
    series = calendar.series.get(name=name)
    changes = changing.apply(calendar, reading, first, last, tell=before is not None, alone=series)
    ConnectedCalendar.objects.filter(pk=calendar.pk).update(read_at=timezone.now(), read_until=last)
    return changes


def read(
    resources: Iterable[Mapping[str, Any]], clinician: str, patient: str, first: datetime, last: datetime
) -> CalendarReading:
    """FHIR `Appointment`s that stand, of this clinician, that start from `first` to before `last`, in order of start.

    One that cannot be read has not vanished: then nothing of this patient is taken away.
    """
    rows, unread = [], 0
    for resource in resources:
        try:
            if resource.get("status") not in STANDING or not _takes_part(resource, clinician):
                continue
            name = hashlib.sha256(str(resource["id"]).encode()).hexdigest()[:16]
            start, minutes = _time(resource)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
            unread += 1
            continue
        if first <= start < last:
            rows.append(Appointment(patient, name, start, minutes, ""))
    refusals = (RefusedEvents("unreadable", unread, uids=(patient,)),) if unread else ()
    return CalendarReading(tuple(sorted(rows, key=lambda row: row.start)), refusals)


def _takes_part(resource: Mapping[str, Any], clinician: str) -> bool:
    """Whether this clinician is there; records write a reference in full in one place and relative in another."""
    for part in resource.get("participant", ()):
        actor = str(part.get("actor", {}).get("reference", "")).split("/_history")[0]
        if part.get("status") != "declined" and actor and (actor == clinician or _ends(clinician, actor)):
            return True
    return False


def _ends(whole: str, part: str) -> bool:
    return whole.endswith(f"/{part}") or part.endswith(f"/{whole}")


def _time(resource: Mapping[str, Any]) -> tuple[datetime, int]:
    """When it begins and how long it is. Raises what a wrong time does."""
    start = datetime.fromisoformat(resource["start"])
    minutes = resource.get("minutesDuration")
    if minutes is None:
        minutes = round((datetime.fromisoformat(resource["end"]) - start).total_seconds() / 60)
    if start.tzinfo is None or not isinstance(minutes, int) or not 1 <= minutes <= LONGEST_MINUTES:
        raise ValueError
    return start.astimezone(UTC), minutes
