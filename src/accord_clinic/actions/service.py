"""Close a month of the service: count it once, a week after its end, and never again.

The manager reads closed months alone. Were the page counted anew at each visit, two visits with one check-in between
them would tell what that one client said.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accord_clinic.actions.audit import record
from accord_clinic.models import ServiceMonth
from accord_clinic.rules.practice import zone
from accord_clinic.service.counts import bounds, count_month, first_session

RESTS = timedelta(days=7)
MONTHS = 12


def close_months(now: datetime | None = None) -> int:
    """Count every month of the last twelve that ended at least a week ago and is not yet counted. Returns how many.

    None before one that is counted: what is published must not grow.
    """
    now = now or timezone.now()
    began = first_session()
    if began is None:
        return 0
    last = ServiceMonth.objects.order_by("-month").values_list("month", flat=True).first() or date.min
    due = [month for month in _last_months(now) if month > last and bounds(month)[1] > began]
    for month in due:
        with transaction.atomic():
            _row, made = ServiceMonth.objects.get_or_create(
                month=month, defaults={"closed_at": now, "counts": count_month(month)}
            )
            if made:
                record(None, "close_month", f"month:{month:%Y-%m}", ["counts"])
    return len(due)


def _last_months(now: datetime) -> list[date]:
    """The first days of the last twelve months that are at rest, oldest first."""
    month = now.astimezone(zone()).date().replace(day=1)
    months: list[date] = []
    while len(months) < MONTHS:
        month = (month - timedelta(days=1)).replace(day=1)
        if bounds(month)[1] + RESTS <= now:
            months.append(month)
    return months[::-1]
