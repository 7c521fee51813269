"""A course of care in a caseload, and whether it is the one that somebody looks for by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Running:
    """A running course of care with its last revealed session and the next planned one."""

    dyad: int
    uid: str
    client: str
    address_as: str
    last: int | None
    next: datetime | None
    therapist: int


@dataclass(frozen=True, slots=True)
class Dated:
    """A course of care with its days; `ending` says how it ended."""

    uid: str
    client: str
    address_as: str
    started: date
    ended: date | None
    ending: str


def fits(wanted: Iterable[str], name: str, address_as: str, numbers: Iterable[str] = ()) -> bool:
    """Whether each of these folded words is part of a name, its initials, or begins an external number.

    Capitals and accents do not matter.

    >>> fits(["zm"], "Zoë Marchetti", ""), fits(["4711"], "Ana", "", ["4711-2"]), fits(["m"], "Ana", "")
    (True, True, False)
    """
    text = folded(f"{name} {address_as}")
    initials = {"".join(part[0] for part in re.findall(r"\w+", folded(each))) for each in (name, address_as) if each}
    starts = [folded(number) for number in numbers]
    return all(
        part in text or part.replace(".", "") in initials or any(number.startswith(part) for number in starts)
        for part in wanted
    )


def folded(text: str) -> str:
    """A text without capitals and accents, for comparing: `Zoë` and `zoe` are alike."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def by_client(rows: Iterable[tuple[int, str]]) -> dict[int, tuple[str, ...]]:
    """Values by client, in their order."""
    values: dict[int, tuple[str, ...]] = {}
    for client, value in rows:
        values[client] = (*values.get(client, ()), value)
    return values
