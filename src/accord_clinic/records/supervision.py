"""A course of care that a therapist shares with a supervisor now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


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
