"""The closed months of the service, for its manager and for programs that a manager lets read what is published."""

from datetime import date, datetime
from typing import Any

from accord_clinic.models import Member, ServiceMonth
from accord_clinic.permissions import check_see_service

Counts = dict[str, Any]


def closed_months(member: Member) -> list[tuple[date, Counts]]:
    """Every closed month with its counts, oldest first. One query."""
    check_see_service(member)
    return [(month, counts) for month, counts, _closed_at in months_and_when()]


def months_and_when() -> list[tuple[date, Counts, datetime]]:
    """The same with the moment at which each was closed. What of it may leave is decided in `service.release`."""
    return list(ServiceMonth.objects.order_by("month").values_list("month", "counts", "closed_at"))
