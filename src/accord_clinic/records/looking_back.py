"""What both may see of a whole course of care."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accord_clinic.records.agreements import Shown
from accord_clinic.records.dyad import DyadRows


@dataclass(frozen=True)
class LookingBackRows:
    """`helped`: what the client wrote that helped, with the number of the session, the latest first."""

    course: DyadRows
    agreements: Sequence[Shown]
    helped: Sequence[tuple[int, str]]
