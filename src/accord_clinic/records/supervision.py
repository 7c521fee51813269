"""A course of care that a therapist shares with a supervisor now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from accord_clinic.records.caseload import fits
from accord_clinic.records.from_outside import code_of


@dataclass(frozen=True, slots=True)
class SharedDyad:
    """One of them, with its last revealed session."""

    dyad: int
    uid: str
    client: str
    address_as: str
    therapist: str
    ended: date | None
    last: int | None


def as_read(
    rows: Iterable[tuple[Any, ...]], wanted: Sequence[str], numbers: Mapping[int, tuple[str, ...]], *, outside: bool
) -> list[SharedDyad]:
    """Courses as a supervisor reads them, of those that `fits` finds by these folded words.

    Each row: the client, then what a `SharedDyad` holds. Somebody from outside reads a code in place of the name, and
    finds nobody by a name, initials or a number.
    """
    shared = []
    for client, *row in rows:
        course = SharedDyad(*row)
        if outside:
            course = replace(course, client=code_of(course.uid), address_as="")
        if fits(wanted, course.client, course.address_as, () if outside else numbers.get(client, ())):
            shared.append(course)
    return shared


def by_course(rows: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    """Words by course, in their order."""
    words: dict[int, list[str]] = {}
    for dyad, line in rows:
        words.setdefault(dyad, []).append(line)
    return words
