"""Appointments from a CSV: each becomes a planned session of the client who has that number.

A further fact is a column of `COLUMNS` and a line of `_of_cells`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accord_clinic.actions import care
from accord_clinic.actions.audit import Actor, record
from accord_clinic.imports.clients import RECORD
from accord_clinic.imports.spreadsheet import Fault
from accord_clinic.imports.table_file import FileRows, UnfitLine, lines_of
from accord_clinic.models import Dyad, Session
from accord_clinic.posted import whole_number
from accord_clinic.rules.planning import died
from accord_clinic.rules.practice import zone
from accord_clinic.words.choices import MODALITIES

NEEDS = ("number", "day", "time")
COLUMNS = ("system", "minutes", "modality", "therapist")
FARTHEST = timedelta(days=366)
"""Later is a wrong year more often than an appointment."""


@dataclass(frozen=True)
class AppointmentRow:
    """One appointment of a file. `client`: (system, number)."""

    line: int
    client: tuple[str, str]
    start: datetime
    minutes: int
    modality: str
    therapist: str
    dyad: Dyad | None = field(default=None, compare=False)


def read_appointments(raw: bytes) -> FileRows[AppointmentRow]:
    """A CSV with the columns `NEEDS` and any of `COLUMNS`; days and times are those of the practice."""
    rows, faults = [], []
    for line, cells in lines_of(raw, NEEDS, COLUMNS):
        try:
            rows.append(_of_cells(line, cells))
        except UnfitLine as unfit:
            faults.append(Fault(line, str(unfit)))
    return FileRows(tuple(rows), tuple(faults))


def _of_cells(line: int, cells: Mapping[str, str]) -> AppointmentRow:
    if "" in cells:
        raise UnfitLine(cells[""])
    if not cells["number"]:
        raise UnfitLine("it has no number; write what your care record calls this client")
    try:
        start = datetime.fromisoformat(f"{cells['day']} {cells['time']}")
    except ValueError:
        start = None
    if start is None or start.tzinfo or not cells["day"] or not cells["time"]:
        raise UnfitLine(f"day is {cells['day']!r} and time {cells['time']!r}; write them as 2026-01-08 and 10:00")
    minutes = whole_number(cells["minutes"]) if cells["minutes"] else care.USUAL_MINUTES
    if minutes is None or not 1 <= minutes <= care.MOST_MINUTES:
        raise UnfitLine(f"minutes is {cells['minutes']!r}; write a number from 1 to {care.MOST_MINUTES}")
    if cells["modality"] not in ("", *MODALITIES):
        raise UnfitLine(f"modality is {cells['modality']!r}; write one of {', '.join(MODALITIES)}")
    client = (cells["system"] or RECORD, cells["number"])
    return AppointmentRow(
        line, client, start.replace(tzinfo=zone()), minutes, cells["modality"], cells["therapist"].lower()
    )


def fit(read: FileRows[AppointmentRow]) -> FileRows[AppointmentRow]:
    """The appointments that can be planned; the others are planned already, or a conflict."""
    rows, faults, already = [], list(read.faults), 0
    courses = _running_courses()
    planned = set(Session.objects.filter(dyad__ended=None).values_list("dyad", "start"))
    where = zone()
    days = {(dyad, timezone.localdate(start, where)) for dyad, start in planned}
    now = timezone.now()
    for row in read.rows:
        try:
            dyad = _course(row, courses)
            day = (dyad.pk, timezone.localdate(row.start, where))
            if (dyad.pk, row.start) in planned:
                already += 1
                continue
            if row.start <= now:
                raise UnfitLine("it is in the past. Plan by hand what already took place")
            if row.start > now + FARTHEST:
                raise UnfitLine("it is more than a year ahead. Check the year")
            if day in days:
                raise UnfitLine("there is another session on that day. Move that one, or leave this line out")
            days.add(day)
            rows.append(replace(row, dyad=dyad))
        except UnfitLine as unfit:
            faults.append(Fault(row.line, str(unfit)))
    return FileRows(tuple(rows), tuple(sorted(faults, key=lambda fault: fault.line)), already)


def _running_courses() -> dict[tuple[str, str], list[Dyad]]:
    """The running courses of care by what another system calls the client; nothing is planned for who has died."""
    rows = Dyad.objects.filter(ended=None, client__locked_at=None, client__external_names__isnull=False)
    rows = rows.exclude(client__in=died()).select_related("client", "therapist").distinct()
    courses: dict[tuple[str, str], list[Dyad]] = {}
    for dyad in rows.prefetch_related("client__external_names"):
        for name in dyad.client.external_names.all():
            courses.setdefault((name.system, name.value), []).append(dyad)
    return courses


def _course(row: AppointmentRow, courses: Mapping[tuple[str, str], list[Dyad]]) -> Dyad:
    """The one running course that an appointment is of."""
    all_of_client = courses.get(row.client, [])
    fitting = [dyad for dyad in all_of_client if row.therapist in ("", dyad.therapist.email.lower())]
    if not fitting:
        with_whom = f" with {row.therapist}" if all_of_client else ""
        raise UnfitLine(f"no running course{with_whom} belongs to number {row.client[1]} of {row.client[0]}")
    if len(fitting) > 1:
        raise UnfitLine("this client has several courses. Add a column therapist with the e-mail address")
    return fitting[0]


@transaction.atomic
def take(fitted: FileRows[AppointmentRow], *, by: Actor) -> int:
    """Plan the sessions of fitted rows; all or none. How many there are."""
    for row in fitted.rows:
        assert row.dyad is not None
        care.plan_session(
            row.dyad, row.start, by=None, minutes=row.minutes, modality=row.modality, source="file"
        )
    if fitted.rows:
        record(by, "import_appointments", "sessions", [f"rows={len(fitted.rows)}"])
    return len(fitted.rows)
