"""What a calendar holds, laid before its owner: each event once, with its words, and whose it may be.

The words go to the page and nowhere else. What comes back with the answer are the appointments without them, signed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.imports.calendar import changing
from accord_clinic.imports.calendar.job import span
from accord_clinic.imports.calendar.matching import Candidate, guess, people_of
from accord_clinic.imports.calendar.reading import Appointment, CalendarReading
from accord_clinic.models import ConnectedCalendar, Dyad
from accord_clinic.rules.practice import zone
from accord_clinic.words.phrases import moment

SALT = "calendar"
GOOD_FOR = 2 * 60 * 60
NOBODY = "nobody"


@dataclass(frozen=True)
class Proposal:
    """One event with its repetitions. `choice`: the dyad that was confirmed or is likely, `NOBODY`, or nothing."""

    number: int
    words: str
    when: str
    count: int
    choice: str
    confirmed: bool


@dataclass(frozen=True)
class Proposals:
    """Events that may be a client's come first; the rest are folded away."""

    likely: tuple[Proposal, ...]
    others: tuple[Proposal, ...]
    people: tuple[Candidate, ...]
    signed: str


def propose(calendar: ConnectedCalendar, reading: CalendarReading) -> Proposals:
    """Every event of a reading, with whose it is or may be."""
    people = people_of(calendar.member)
    answered = {row.name: row for row in calendar.series.exclude(answered_at=None).select_related("dyad")}
    series: dict[str, list[Appointment]] = defaultdict(list)
    for appointment in reading.appointments:
        series[appointment.uid].append(appointment)
    rows = []
    for number, (uid, appointments) in enumerate(series.items()):
        row, likely = answered.get(changing.series_name(calendar, uid)), guess(appointments[0].words, people)
        confirmed = row.dyad.uid if row and row.dyad else NOBODY if row else ""
        rows.append(
            Proposal(
                number, appointments[0].words, moment(appointments[0].start, zone(), "l, j F Y, H:i"),
                len(appointments), confirmed or (likely.dyad if likely else ""), bool(row),
            )
        )  # fmt: skip
    mine = tuple(row for row in rows if row.choice and row.choice != NOBODY)
    rest = tuple(row for row in rows if row not in mine)
    return Proposals(mine, rest, tuple(people), _sign(calendar, series))


@transaction.atomic
def confirm(calendar: ConnectedCalendar, signed: str, choices: Mapping[int, str]) -> changing.Changes:
    """Match events as their owner chose, and plan the sessions. `choices`: dyad or `NOBODY` by number."""
    try:
        stands = signing.loads(signed, salt=f"{SALT}:{calendar.uid}", max_age=GOOD_FOR)
    except signing.BadSignature as error:
        raise BadInput("This page is too old. Read the calendar again.") from error
    dyads = {row.uid: row for row in Dyad.objects.filter(therapist=calendar.member, ended=None)}
    appointments = []
    for number, (uid, rows) in enumerate(stands):
        choice = choices.get(number, "")
        if choice and choice != NOBODY and choice not in dyads:
            raise BadInput("Choose one of your clients, or say that the event is none of theirs.")
        if choice:
            changing.match(calendar, uid, dyads.get(choice))
        appointments += [Appointment(uid, name, datetime.fromisoformat(at), minutes, "") for name, at, minutes in rows]
    appointments.sort(key=lambda each: each.start)
    return changing.apply(calendar, CalendarReading(tuple(appointments), ()), *span(timezone.now()), tell=False)


def _sign(calendar: ConnectedCalendar, series: Mapping[str, list[Appointment]]) -> str:
    rows = [
        (uid, [(each.recurrence, each.start.isoformat(), each.minutes) for each in appointments])
        for uid, appointments in series.items()
    ]
    return signing.dumps(rows, salt=f"{SALT}:{calendar.uid}", compress=True)
