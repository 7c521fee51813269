"""Clients from a CSV or from FHIR `Patient`: matched by what another system calls them, and never by a name alone.

Each line is a new client with a course of care, or one who is here already, or a conflict that a person has to settle.
Nothing that is here is changed. A further fact is a column of `COLUMNS`, and a line of `_facts` and `_of_patient`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accord.errors import AccordError, BadTable
from accord_clinic.actions import care
from accord_clinic.actions.audit import Actor, record
from accord_clinic.actions.consent import check_born
from accord_clinic.addresses import is_number
from accord_clinic.imports.spreadsheet import Fault
from accord_clinic.imports.table_file import FileRows, UnfitLine, lines_of, plain, text_of
from accord_clinic.models import Client, ExternalName, Member
from accord_clinic.posted import whole_number
from accord_clinic.records.caseload import folded

RECORD = ExternalName.RECORD
NEEDS = ("number", "name")
COLUMNS = ("system", "address_as", "language", "email", "phone", "born", "therapist", "started", "under_way")
TRUE, FALSE = ("yes", "true", "1"), ("", "no", "false", "0")
SETTLE = "Settle it on the client's page; nothing that is here is changed by a file."


@dataclass(frozen=True)
class ClientRow:
    """One client of a file. `names`: (system, number), at least one. `therapist`: an e-mail address, or empty."""

    line: int
    names: tuple[tuple[str, str], ...]
    facts: Mapping[str, Any]
    therapist: str = ""
    started: date | None = None
    under_way: bool = False
    member: Member | None = field(default=None, compare=False)


def read_clients(raw: bytes) -> FileRows[ClientRow]:
    """A CSV with the columns `NEEDS` and any of `COLUMNS`; or FHIR: a Bundle, a Patient, or one of them a line."""
    if text_of(raw).lstrip().startswith(("{", "[")):
        return _read(_patients(text_of(raw)), _of_patient)
    return _read(lines_of(raw, NEEDS, COLUMNS), _of_cells)


def _read(lines: Iterable[tuple[int, Any]], row_of) -> FileRows[ClientRow]:
    rows, faults = [], []
    for line, content in lines:
        try:
            rows.append(_checked(row_of(line, content)))
        except (UnfitLine, AccordError) as error:
            faults.append(Fault(line, str(error)))
    return FileRows(tuple(rows), tuple(faults))


def _of_cells(line: int, cells: Mapping[str, str]) -> ClientRow:
    if "" in cells:
        raise UnfitLine(cells[""])
    if cells["under_way"].lower() not in (*TRUE, *FALSE):
        raise UnfitLine(f"under_way is {cells['under_way']!r}; write yes or no")
    return ClientRow(
        line,
        ((cells["system"] or RECORD, cells["number"]),),
        _facts(cells),
        cells["therapist"],
        _day(cells["started"]),
        cells["under_way"].lower() in TRUE,
    )


def _facts(cells: Mapping[str, str]) -> dict[str, Any]:
    born = whole_number(cells["born"]) if cells["born"] else None
    if cells["born"] and born is None:
        raise UnfitLine(f"born is {cells['born']!r}; write a year such as 1990")
    names = ("name", "address_as", "email", "phone", "language")
    return {name: cells[name] for name in names if cells[name]} | {"born": born}


def _day(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell) if cell else None
    except ValueError:
        raise UnfitLine(f"started is {cell!r}; write a day such as 2026-01-08") from None


def _patients(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each resource with its place in the file: entries of a Bundle, members of a list, or lines."""
    try:
        whole = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        try:
            resources = [(number, json.loads(line)) for number, line in lines]
        except (json.JSONDecodeError, RecursionError) as error:
            raise BadTable("This is no JSON, and no JSON on each line. Export FHIR R4 as JSON or NDJSON.") from error
    else:
        bundle = isinstance(whole, dict) and whole.get("resourceType") == "Bundle"
        entries = [each.get("resource") for each in _dicts(whole.get("entry"))] if bundle else whole
        resources = list(enumerate(entries if isinstance(entries, list) else [entries], 1))
    patients = [(n, each) for n, each in resources if isinstance(each, dict) and each.get("resourceType") == "Patient"]
    if not patients:
        raise BadTable("There is no Patient in this file.")
    yield from patients


def _of_patient(line: int, patient: Mapping[str, Any]) -> ClientRow:
    if patient.get("active") is False:
        raise UnfitLine("this Patient is not active")
    if patient.get("deceasedBoolean") is True or patient.get("deceasedDateTime"):
        raise UnfitLine("this Patient has died")
    if any(each.get("type") in ("replaced-by", "refer") for each in _dicts(patient.get("link"))):
        raise UnfitLine("this Patient was replaced by another one, which has to be in the file")
    identifiers = [each for each in _dicts(patient.get("identifier")) if each.get("use") != "old"]
    names = [(_text(each.get("system")) or RECORD, _text(each.get("value"))) for each in identifiers]
    facts = {
        "name": _human_name(_dicts(patient.get("name"))), "born": whole_number(_text(patient.get("birthDate"))[:4]),
        "language": _language(_dicts(patient.get("communication"))),
        "email": _telecom(patient, "email"), "phone": _telecom(patient, "phone", "sms"),
    }  # fmt: skip
    given = {name: value for name, value in facts.items() if value or name == "born"}
    return ClientRow(line, tuple(name for name in dict.fromkeys(names) if name[1]), given)


def _human_name(names: list[Mapping[str, Any]]) -> str:
    """The usual name, else the official one, else the first: as text, or given names and family name."""
    uses = ("usual", "official")
    now = [each for each in names if each.get("use") not in ("old", "maiden", "temp")]
    best = sorted(now, key=lambda each: uses.index(each["use"]) if each.get("use") in uses else len(uses))
    for each in best[:1]:
        given = each.get("given")
        parts = [*(given if isinstance(given, list) else ()), each.get("family")]
        return _text(each.get("text")) or " ".join(filter(None, map(_text, parts)))
    return ""


def _language(communication: list[Mapping[str, Any]]) -> str:
    """The preferred language, else the first: the part before the country."""
    best = sorted(communication, key=lambda each: each.get("preferred") is not True)
    language = best[0].get("language") if best else None
    codes = _dicts(language.get("coding")) if isinstance(language, dict) else []
    return _text(codes[0].get("code")).split("-")[0].lower() if codes else ""


def _telecom(patient: Mapping[str, Any], *systems: str) -> str:
    rows = [each for each in _dicts(patient.get("telecom")) if each.get("system") in systems]
    now = sorted((each for each in rows if each.get("use") != "old"), key=lambda each: _rank(each.get("rank")))
    return _text(now[0].get("value")) if now else ""


def _rank(rank: object) -> int:
    return rank if isinstance(rank, int) else 99


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return plain(value) if isinstance(value, str) else ""


def _checked(row: ClientRow) -> ClientRow:
    """The same row, where every fact could be written by hand as well."""
    facts = row.facts
    if not row.names or any(not value for _system, value in row.names):
        raise UnfitLine("it has no number; write what your care record calls this client")
    if any(len(system) > 200 or len(value) > 100 for system, value in row.names):
        raise UnfitLine("a number has at most 100 characters, and the name of its system 200")
    if not facts.get("name") or max(len(facts.get(name, "")) for name in ("name", "address_as")) > 120:
        raise UnfitLine("a name has from 1 to 120 characters")
    if facts.get("email"):
        try:
            validate_email(facts["email"])
        except ValidationError:
            raise UnfitLine(f"email is {facts['email']!r}, which is no e-mail address") from None
    if facts.get("language", "en") not in dict(settings.LANGUAGES):
        raise UnfitLine(f"language is {facts['language']!r}; write {' or '.join(dict(settings.LANGUAGES))}")
    if facts.get("phone") and not is_number(facts["phone"]):
        raise UnfitLine(f"phone is {facts['phone']!r}; write a number such as +49 171 2345678")
    check_born(facts.get("born"))
    if row.started and not 2000 <= row.started.year <= timezone.localdate().year + 1:
        raise UnfitLine(f"started is {row.started}; check the year")
    return row


def fit(read: FileRows[ClientRow], therapist: Member | None = None) -> FileRows[ClientRow]:
    """The rows that are new; the others are here already, or a conflict. `therapist`: whose the lines without one are.

    Where there is one therapist in the practice, they are that one's.
    """
    therapists = {m.email.lower(): m for m in Member.objects.filter(is_active=True) if m.is_a("therapist")}
    alone = next(iter(therapists.values())) if len(therapists) == 1 else None
    taken = {(row.system, row.value): row.client for row in ExternalName.objects.select_related("client")}
    called = _systems_by_name()
    rows, faults, already = [], list(read.faults), 0
    seen: dict[tuple[str, str], int] = {}
    for row in read.rows:
        member = therapists.get(row.therapist.lower()) if row.therapist else therapist or alone
        try:
            _check_once(row, seen)
            if _is_here(row, taken):
                already += 1
                continue
            if member is None:
                if row.therapist:
                    raise UnfitLine(f"therapist is {row.therapist!r}, and no therapist here has that e-mail address")
                raise UnfitLine("therapist is empty; write the e-mail address there, or choose whose clients they are")
            same_name = called.get(folded(row.facts["name"]), ())
            if any(systems.isdisjoint(system for system, _number in row.names) for systems in same_name):
                raise UnfitLine(
                    f"somebody called {row.facts['name']} is here without this number. If it is the same person, add "
                    "the number on that person's page; else give one of them another name"
                )
            rows.append(replace(row, member=member))
        except UnfitLine as unfit:
            faults.append(Fault(row.line, str(unfit)))
    return FileRows(tuple(rows), tuple(sorted(faults, key=lambda fault: fault.line)), already)


def _systems_by_name() -> dict[str, list[set[str]]]:
    """Of everybody here, by folded name, the systems that have a number for them.

    Who has another number in the same system is somebody else of that name; who has none may be the same person.
    """
    systems: dict[int, set[str]] = {}
    for client, system in ExternalName.objects.values_list("client", "system"):
        systems.setdefault(client, set()).add(system)
    called: dict[str, list[set[str]]] = {}
    for pk, name in Client.objects.filter(locked_at=None).values_list("pk", "name"):
        called.setdefault(folded(name), []).append(systems.get(pk, set()))
    return called


def _check_once(row: ClientRow, seen: dict[tuple[str, str], int]) -> None:
    for name in row.names:
        if name in seen:
            raise UnfitLine(f"number {name[1]} was in line {seen[name]} already")
    seen.update(dict.fromkeys(row.names, row.line))


def _is_here(row: ClientRow, taken: Mapping[tuple[str, str], Client]) -> bool:
    """Whether one client here has these numbers and says the same; `UnfitLine` where two have, or facts differ."""
    there = {taken[name].pk: taken[name] for name in row.names if name in taken}
    if not there:
        return False
    if len(there) > 1:
        raise UnfitLine("its numbers belong to two clients here. An admin can merge them, if they are one person")
    (client,) = there.values()
    if client.locked_at:
        raise UnfitLine(f"whoever has number {row.names[0][1]} has asked for erasure here")
    differ = [name for name, value in row.facts.items() if value not in ("", None) and getattr(client, name) != value]
    if differ:
        raise UnfitLine(f"number {row.names[0][1]} is here with another {', '.join(sorted(differ))}. {SETTLE}")
    new = [value for name, value in ((name, name[1]) for name in row.names) if name not in taken]
    if new:
        raise UnfitLine(f"{client.name} is here without the number {new[0]}. {SETTLE}")
    return True


@transaction.atomic
def take(fitted: FileRows[ClientRow], *, by: Actor) -> int:
    """Add the clients of fitted rows, each with a course of care; all or none. How many there are."""
    for row in fitted.rows:
        assert row.member is not None
        client = Client.objects.create(**row.facts)
        ExternalName.objects.bulk_create(ExternalName(client=client, system=s, value=v) for s, v in row.names)
        started = row.started or timezone.localdate()
        care.start_course(client, row.member, started, by=by, under_way=row.under_way)
    if fitted.rows:
        record(by, "import_clients", "clients", [f"rows={len(fitted.rows)}"])
    return len(fitted.rows)
