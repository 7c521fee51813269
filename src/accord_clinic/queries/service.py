"""The closed months of the service, for its manager."""

from datetime import date
from typing import Any

from accord_clinic.models import Member, ServiceMonth
from accord_clinic.permissions import check_see_service


def closed_months(member: Member) -> list[tuple[date, dict[str, Any]]]:
    """Every closed month with its counts, oldest first. One query."""
    check_see_service(member)
    return list(ServiceMonth.objects.order_by("month").values_list("month", "counts"))
