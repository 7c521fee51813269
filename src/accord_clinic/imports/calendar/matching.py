"""Which event of a calendar may be whose: by name, initials or an external number. Its owner confirms.

A new way to recognise somebody is one more line of `_ways`; the likeliest comes first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from accord_clinic.models import Dyad, Member
from accord_clinic.queries.caseload import external_numbers

SHORTEST_NUMBER = 4


@dataclass(frozen=True)
class Candidate:
    """A running course of care, and the names that an event may use for the client."""

    dyad: str
    called: str
    names: tuple[str, ...]


def people_of(member: Member) -> list[Candidate]:
    """This therapist's own running courses of care, by name."""
    rows = Dyad.objects.filter(therapist=member, ended=None, client__locked_at=None).select_related("client")
    numbers = external_numbers([row.client_id for row in rows])
    people = (
        Candidate(
            row.uid, row.client.called,
            tuple(dict.fromkeys((row.client.name, row.client.address_as, *_tellable(numbers.get(row.client_id, ()))))),
        )
        for row in rows
    )  # fmt: skip
    return sorted(people, key=lambda person: person.called.casefold())


def _tellable(numbers: Sequence[str]) -> list[str]:
    """External numbers that are long enough to be no time and no room."""
    return [number for number in numbers if len(number) >= SHORTEST_NUMBER]


def guess(words: str, people: Sequence[Candidate]) -> Candidate | None:
    """Whose appointment these words may be; nobody where two people fit equally well."""
    tokens = _tokens(words)
    ways = {person: [_ways(name, words, tokens) for name in person.names if name] for person in people}
    for way in range(4):
        fitting = [person for person, names in ways.items() if any(fits[way] for fits in names)]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def _ways(name: str, words: str, tokens: list[str]) -> tuple[bool, bool, bool, bool]:
    """The whole name; first name and the first letter of the last; the first or last name; the initials."""
    parts = _tokens(name)
    together = f" {' '.join(tokens)} "
    initials = [part[:1].upper() for part in parts]
    return (
        f" {' '.join(parts)} " in together,
        len(parts) > 1 and f" {parts[0]} {parts[-1][:1]} " in together,
        any(len(part) > 2 and part in tokens for part in (parts[:1] + parts[-1:])),
        len(parts) > 1 and bool(re.search(r"\b" + r"\.?\s?".join(initials) + r"\b", _plain(words))),
    )


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+", _plain(text).casefold())


def _plain(text: str) -> str:
    """Without accents, which calendars and keyboards treat as they like."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
