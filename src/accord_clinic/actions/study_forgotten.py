"""Destroy what lies there for research: after thirty days, and when somebody in it withdraws or is erased.

Apart from `study`, which makes it, since commands that erase load nothing that computes.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from accord_clinic.models import Client, ReadLog, StudyFile

READ = {"rows": "study_file", "report": "study_report"}
"""What the log of reading calls each kind, which the client sees."""
LIES_FOR = timedelta(days=30)


def forget_old(now: datetime | None = None) -> int:
    """For the sweep: what has lain there for thirty days is destroyed."""
    old = StudyFile.objects.filter(made_at__lt=(now or timezone.now()) - LIES_FOR, contents__isnull=False)
    return old.update(contents=None)


def forget_about(client: Client, purpose: str = "") -> None:
    """Destroy whatever lies there with somebody in it who withdraws from `purpose`, or from all."""
    if purpose not in ("", "research", "studies"):
        return
    made = ReadLog.objects.filter(dyad__client=client, what__in=READ.values()).values_list("at", flat=True)
    rows = StudyFile.objects.filter(made_at__in=set(made), contents__isnull=False)
    if purpose:
        rows = rows.filter(study__isnull=purpose == "research")
    rows.update(contents=None)
