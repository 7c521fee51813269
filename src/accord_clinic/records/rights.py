"""What a client may ask for, once it is read: how long each kind of record is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord_clinic.models import Practice


@dataclass(frozen=True, slots=True)
class Retention:
    """How long one kind of record is kept here where somebody asks for erasure; `until` is `None` where it is not."""

    kind: str
    years: int
    until: date | None


def retention_years(practice: Practice, kind: str) -> int:
    """For how many years this practice keeps one kind of record."""
    columns = {
        "record": practice.retention_record_years,
        "dates": practice.retention_years,
        "safety": practice.retention_safety_years,
    }
    return columns[kind]


def end_of_keeping(years: int, days: Collection[date]) -> date | None:
    """Until when something is kept that hangs on these days; `None` where it is not.

    The end of the year, since records are kept by years, and no day of treatment is told by it.
    """
    return date(max(days).year + years, 12, 31) if years and days else None
