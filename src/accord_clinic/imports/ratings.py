"""Store past ratings, the only way in for many rows: one transaction, one act in the audit log, safe to repeat."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accord.errors import AccordError
from accord_clinic.actions.audit import Actor, record
from accord_clinic.imports.column_map import ColumnMap
from accord_clinic.imports.spreadsheet import Fault, RatingsRow, RatingsSheet
from accord_clinic.models import Client, Dyad, ImportRow, Member, Practice, Response, Session, codes

Pair = tuple[str, str]
Place = tuple[str, str, int]


class NotTaken(AccordError):
    """The import failed, and nothing of it was stored."""


@dataclass(frozen=True)
class Taken:
    """What an import added."""

    rows: int
    clients: int
    courses: int
    sessions: int
    responses: int


def fit(sheet: RatingsSheet, columns: ColumnMap) -> tuple[RatingsSheet, int]:
    """Reduce a sheet to its new rows, and count those imported before.

    A row that contradicts what is already here, or names a therapist who does not work here, becomes a fault.
    """
    taken = set(ImportRow.objects.filter(source=columns.source).values_list("row_hash", flat=True))
    fresh = [row for row in sheet.rows if row.hash not in taken]
    present = _present(columns)
    unknown = _unknown_therapists(fresh)
    faults, rows = list(sheet.faults), []
    for row in fresh:
        if row.therapist in unknown:
            faults.append(Fault(row.line, f"no therapist of this practice has the e-mail address {row.therapist!r}"))
        elif any(_about(row, name, columns) in present for name in row.answers):
            where = f"session {row.session} of {row.person!r}"
            faults.append(Fault(row.line, f"{where} was imported before, with other answers"))
        else:
            rows.append(row)
    faults.sort(key=lambda fault: fault.line)
    return replace(sheet, rows=tuple(rows), faults=tuple(faults)), len(sheet.rows) - len(fresh)


def take(sheet: RatingsSheet, columns: ColumnMap, *, by: Actor) -> Taken:
    """Store every row of a fitted sheet, or none: whatever fails, nothing stays half-written."""
    try:
        with transaction.atomic():
            return _take(sheet.rows, columns, by)
    except OperationalError as error:
        raise NotTaken(f"The database could not keep the rows ({error}). Nothing was imported.") from error


def earlier(columns: ColumnMap) -> QuerySet[Dyad]:
    """The courses of care that imports of this source opened."""
    return Dyad.objects.filter(note__startswith=_came_from(columns)).select_related("client", "therapist")


def _take(rows: tuple[RatingsRow, ...], columns: ColumnMap, by: Actor) -> Taken:
    members = {cell: _therapist(cell, columns) for cell in dict.fromkeys(row.therapist for row in rows)}
    people, made = _clients(rows, columns)
    dyads, opened = _dyads(rows, columns, people, members)
    sessions, added = _sessions(rows, columns, dyads)
    responses = Response.objects.bulk_create(
        [response for row in rows for response in _responses(row, sessions[row.place], columns)], batch_size=500
    )
    now = timezone.now()
    hashes = [ImportRow(source=columns.source, row_hash=row.hash, at=now) for row in rows]
    ImportRow.objects.bulk_create(hashes, batch_size=500)
    if rows:
        record(by, "import", f"import:{_digest(columns.source)[:16]}", [f"rows={len(rows)}"])
    return Taken(len(rows), made, opened, added, len(responses))


def _therapist(cell: str, columns: ColumnMap) -> Member:
    """The member with this e-mail address, or a member who cannot sign in and stands for a name in the file."""
    address = _address(cell, columns)
    if "@" in cell:
        return Member.objects.get(email__iexact=address)  # there: a file that names anybody else is refused before
    name = columns.therapist_name.replace("{}", cell)
    member = Member.objects.filter(email__iexact=address).first()
    return member or Member.objects.create_user(address, None, name=name, roles=["therapist"])


def _address(cell: str, columns: ColumnMap) -> str:
    """The e-mail address that stands in the file, or one that leads nowhere, the same for the same name."""
    return cell.lower() if "@" in cell else f"{_digest(columns.source, cell)[:16]}@imported.invalid"


def _called(cell: str, columns: ColumnMap) -> str:
    return columns.person_name.replace("{}", cell)


def _unknown_therapists(rows: Iterable[RatingsRow]) -> set[str]:
    addresses = {row.therapist for row in rows if "@" in row.therapist}
    return {a for a in addresses if not any(m.is_a("therapist") for m in Member.objects.filter(email__iexact=a))}


def _clients(rows: tuple[RatingsRow, ...], columns: ColumnMap) -> tuple[dict[str, Client], int]:
    """Each person of the file, by the cell that names them; and how many are new."""
    clients = {dyad.client.name: dyad.client for dyad in earlier(columns)}
    people, made = {}, 0
    for cell in dict.fromkeys(row.person for row in rows):
        name = _called(cell, columns)
        if name not in clients:
            clients[name] = Client.objects.create(name=name)
            made += 1
        people[cell] = clients[name]
    return people, made


def _dyads(
    rows: tuple[RatingsRow, ...], columns: ColumnMap, people: dict[str, Client], members: dict[str, Member]
) -> tuple[dict[Pair, Dyad], int]:
    """The course of care of each person and therapist of the file; and how many are new."""
    codes.check(Dyad, approach=columns.approach, modality=columns.modality)
    known_dyads = {(dyad.client_id, dyad.therapist_id): dyad for dyad in earlier(columns)}
    before = len(known_dyads)
    dyads: dict[Pair, Dyad] = {}
    for row in sorted(rows, key=lambda row: row.day):
        client, therapist = people[row.person], members[row.therapist]
        if (client.pk, therapist.pk) not in known_dyads:
            known_dyads[client.pk, therapist.pk] = Dyad.objects.create(
                client=client, therapist=therapist, started=row.day, note=note(columns),
                approach=columns.approach, modality=columns.modality, under_way=columns.under_way,
            )  # fmt: skip
        dyads[row.place[:2]] = known_dyads[client.pk, therapist.pk]
    return dyads, len(known_dyads) - before


def _sessions(
    rows: tuple[RatingsRow, ...], columns: ColumnMap, dyads: dict[Pair, Dyad]
) -> tuple[dict[Place, Session], int]:
    """The session of each row, held and open to both; and how many are new."""
    existing = {(s.dyad_id, s.number_in_file): s for s in Session.objects.filter(dyad__in=dyads.values())}
    zone = ZoneInfo(Practice.objects.get().time_zone)
    sessions: dict[Place, Session] = {}
    fresh = []
    for row in rows:
        dyad = dyads[row.place[:2]]
        if (dyad.pk, row.session) not in existing:
            start = datetime.combine(row.day, columns.calendar.at, zone)
            session = Session(
                dyad=dyad, number_in_file=row.session, start=start, modality=row.modality, state="held", source="file",
                reveal_due=start, revealed_at=start, revealed_by="import",
            )  # fmt: skip
            existing[dyad.pk, row.session] = session
            fresh.append(session)
        sessions[row.place] = existing[dyad.pk, row.session]
    Session.objects.bulk_create(fresh, batch_size=500)
    return sessions, len(fresh)


def _responses(row: RatingsRow, session: Session, columns: ColumnMap) -> list[Response]:
    """One response per questionnaire answered. Nobody knows which words were seen, so no wording is named."""
    forms = {asked.instrument.id: asked for asked in columns.asked}
    return [
        Response(
            session=session, side=row.rater, instrument=name, version=forms[name].instrument.version,
            form=forms[name].form, answers=dict(answers), sent_at=session.start, submission=row.hash,
        )
        for name, answers in row.answers.items()
    ]  # fmt: skip


def _present(columns: ColumnMap) -> set[tuple]:
    """What earlier imports of this source brought, in the terms of `_about`."""
    return set(
        Response.objects.filter(session__dyad__in=earlier(columns)).values_list(
            "session__dyad__client__name", "session__dyad__therapist__email", "session__number_in_file", "side",
            "instrument",
        )
    )


def _about(row: RatingsRow, name: str, columns: ColumnMap) -> tuple:
    """Who said something about what: person, therapist, session, side, questionnaire."""
    return _called(row.person, columns), _address(row.therapist, columns), row.session, row.rater, name


def note(columns: ColumnMap) -> str:
    """What the page of an imported course says about where its ratings come from and what was done to them."""
    names = ", ".join(asked.instrument.name for asked in columns.asked)
    parts = [f"{_came_from(columns)}{columns.note}".strip(), f"Questionnaires: {names}."]
    if any(column.shift for asked in columns.asked for column in asked.items.values()):
        parts.append("Each column was shifted by a constant onto the range of its questionnaire.")
    if columns.calendar.first:
        days, first = columns.calendar.every_days, columns.calendar.first
        parts.append(f"The file has no dates: sessions were put {days} days apart, from {first.isoformat()} on.")
    return " ".join(parts)


def _came_from(columns: ColumnMap) -> str:
    return f"Imported from: {columns.source}. "


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()
