"""The service in numbers, for its manager: closed months, small numbers kept back, nothing by therapist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from accord_clinic.service.closed import closed_months
from accord_clinic.service.release import Released, release

if TYPE_CHECKING:
    from accord_clinic.models import Member


@dataclass(frozen=True, slots=True)
class Service:
    """What may be printed; the first and last month of its periods, and the last month that is closed at all."""

    first: date
    last: date
    closed: date
    released: Released


def service(member: Member) -> Service | None:
    """What is published; `None` before the first period is over."""
    months = closed_months(member)
    released = release(months) if months else None
    if released is None or not released.periods:
        return None
    return Service(released.periods[0].first, released.periods[-1].last, months[-1][0], released)
