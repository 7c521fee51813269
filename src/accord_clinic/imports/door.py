"""The one door for many rows: what a file would bring, then the same in one transaction, from a page or a command.

A new kind of file is one entry of `KINDS`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from accord.errors import AccordError, BadTable
from accord_clinic.actions import signals
from accord_clinic.actions.audit import Actor
from accord_clinic.imports import appointments, clients, ratings
from accord_clinic.imports.column_map import read_map
from accord_clinic.imports.ratings import NotTaken
from accord_clinic.imports.spreadsheet import Fault, read_sheet
from accord_clinic.imports.table_file import MOST_BYTES, FileRows
from accord_clinic.models import Member, Practice
from accord_clinic.permissions import check_keep_practice
from accord_clinic.questionnaires.shelf import shelf


@dataclass(frozen=True)
class HandedIn:
    """A file, what it holds, and what is said about it: a mapping for past ratings, a therapist for clients."""

    kind: str
    raw: bytes
    mapping: bytes = b""
    therapist: Member | None = None


@dataclass(frozen=True)
class Preview:
    """What a file would bring: how many rows are new, how many are here already, and what does not fit."""

    new: int
    already: int
    faults: tuple[Fault, ...]


Take = Callable[[Actor], object]
_NAME = re.compile(r"/proc/self/fd/\d+: ")


def look(handed: HandedIn, *, by: Actor) -> Preview:
    """Read a file and compare it with what is here. Nothing is kept."""
    _check(by)
    return _fitted(handed)[0]


def bring_in(handed: HandedIn, *, by: Actor, take_what_fits: bool = False) -> Preview:
    """Take the rows of a file: all, or none where one does not fit, unless told otherwise. Safe to repeat."""
    _check(by)
    with transaction.atomic():
        Practice.objects.select_for_update().first()  # two files at once would not see each other's rows
        preview, take = _fitted(handed)
        if preview.faults and not take_what_fits:
            count = len(preview.faults)
            raise NotTaken(f"{count} lines do not fit, so nothing was taken. Mend them, or take what fits.")
        take(by)
    return preview


def _check(by: Actor) -> None:
    if isinstance(by, Member):
        check_keep_practice(by)


def _fitted(handed: HandedIn) -> tuple[Preview, Take]:
    if handed.kind not in KINDS:
        raise BadTable("Say what the file holds.")
    return KINDS[handed.kind](handed)


def _clients(handed: HandedIn) -> tuple[Preview, Take]:
    fitted = clients.fit(clients.read_clients(handed.raw), handed.therapist)
    return _preview(fitted), lambda by: clients.take(fitted, by=by)


def _appointments(handed: HandedIn) -> tuple[Preview, Take]:
    fitted = appointments.fit(appointments.read_appointments(handed.raw))
    return _preview(fitted), lambda by: appointments.take(fitted, by=by)


def _preview(fitted: FileRows) -> Preview:
    return Preview(len(fitted.rows), fitted.already, fitted.faults)


def _ratings(handed: HandedIn) -> tuple[Preview, Take]:
    if not handed.mapping:
        raise BadTable("Past ratings need a mapping, which says what each column is.")
    if max(len(handed.raw), len(handed.mapping)) > MOST_BYTES:
        raise BadTable("The file has more than 1 MB. Import it on the server: accord_clinic import-ratings.")
    try:
        with _in_memory(handed.mapping) as mapping, _in_memory(handed.raw) as file:
            columns = read_map(mapping, shelf().instruments)
            sheet, already = ratings.fit(read_sheet(file, columns), columns)
    except AccordError as error:
        raise BadTable(_NAME.sub("", str(error))) from error

    def take(by: Actor) -> None:
        ratings.take(sheet, columns, by=by)
        signals.refresh_imported(ratings.earlier(columns))

    return Preview(len(sheet.rows), already, sheet.faults), take


@contextmanager
def _in_memory(content: bytes) -> Iterator[Path]:
    """A path to read this under, of a file that never was on a disk."""
    number = os.memfd_create("handed-in")
    try:
        os.write(number, content)
        yield Path(f"/proc/self/fd/{number}")
    finally:
        os.close(number)


KINDS: dict[str, Callable[[HandedIn], tuple[Preview, Take]]] = {
    "clients": _clients,
    "appointments": _appointments,
    "ratings": _ratings,
}
