"""The service in numbers, for its manager: closed months, small numbers kept back, nothing by therapist."""

from dataclasses import dataclass
from datetime import date

from accord_clinic.models import Member, ServiceMonth
from accord_clinic.permissions import check_see_service
from accord_clinic.queries.service_release import Released, release

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Service:
    """The closed months, their first and last, and what may be printed of them."""

    first: date
    last: date
    released: Released


def service(member: Member) -> Service | None:
    """The last twelve closed months; `None` before the first is closed. One query, whatever the number of rows."""
    check_see_service(member)
    rows = list(ServiceMonth.objects.order_by("-month").values_list("month", "counts")[:MONTHS])[::-1]
    if not rows:
        return None
    released = release([(month.isoformat(), counts) for month, counts in rows])
    return Service(rows[0][0], rows[-1][0], released)
