"""The service in numbers, for its manager: closed months, small numbers kept back, nothing by therapist."""

from dataclasses import dataclass
from datetime import date

from accord_clinic.models import Member, ServiceMonth
from accord_clinic.permissions import check_see_service
from accord_clinic.service.release import Released, release


@dataclass(frozen=True, slots=True)
class Service:
    """What may be printed; the first and last month of its periods, and the last month that is closed at all."""

    first: date
    last: date
    closed: date
    released: Released


def service(member: Member) -> Service | None:
    """What is published; `None` before the first period is over. One query, whatever the number of rows."""
    check_see_service(member)
    rows = list(ServiceMonth.objects.order_by("month").values_list("month", "counts"))
    released = release(rows) if rows else None
    if released is None or not released.periods:
        return None
    return Service(released.periods[0].first, released.periods[-1].last, rows[-1][0], released)
