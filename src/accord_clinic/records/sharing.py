"""Who may look at a dyad, and who could."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

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
