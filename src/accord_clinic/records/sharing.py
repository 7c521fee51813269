"""Who may look at a dyad, and who could."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from accord_clinic.records.from_outside import code_of

if TYPE_CHECKING:
    from accord_clinic.models import Member


@dataclass(frozen=True, slots=True)
class Sharing:
    """Present shares, supervisors it could be shared with, therapists it could be handed over to."""

    shares: tuple[tuple[str, str, datetime], ...]
    supervisors: tuple[Member, ...]
    therapists: tuple[Member, ...]
    outside: bool
    """Whether one of those supervisors, or of those who see it now, is from outside the practice."""
    code: str
    """What they read in place of the name."""


def sharing_of(uid: str, shares: Sequence[tuple[str, str, datetime]], others: Iterable[Member]) -> Sharing:
    """`uid`: of the dyad; `shares`: supervisor, name, since when; `others`: who else works here, by name."""
    taken, staff = {supervisor for supervisor, _name, _since in shares}, list(others)
    return Sharing(
        tuple(shares),
        tuple(m for m in staff if m.is_a("supervisor") and m.uid not in taken),
        tuple(m for m in staff if m.is_a("therapist")),
        any(m.is_a("outside") for m in staff),
        code_of(uid),
    )
