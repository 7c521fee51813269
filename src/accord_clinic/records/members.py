"""Those who work here and what waits for the admin. Never what clients said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord_clinic.models import Correction


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works here, or did."""

    uid: str
    name: str
    email: str
    roles: tuple[str, ...]
    active: bool
    running: int
    signed_in: bool


@dataclass(frozen=True, slots=True)
class Waits:
    """What is to be answered: corrections, by whom they wait.

    `mine`: what was said to be wrong to somebody who has left; the admin answers in their place.
    """

    mine: tuple[Correction, ...]
    corrections: tuple[tuple[str, int], ...]
