"""Where sessions come from: rhythms and closed days."""

from django.db.models import QuerySet
from django.utils import timezone

from accord_clinic.models import ClosedDays, Dyad, Rhythm
from accord_clinic.rules.practice import zone


def closed_days_ahead() -> QuerySet[ClosedDays]:
    """Closed days that are not over yet."""
    return ClosedDays.objects.filter(last__gte=timezone.localdate(timezone=zone())).order_by("first")


def closed_row(uid: str) -> ClosedDays | None:
    """One of them."""
    return ClosedDays.objects.filter(uid=uid).first()


def rhythm_of(dyad: Dyad) -> Rhythm | None:
    """The rhythm of a dyad."""
    return Rhythm.objects.filter(dyad=dyad).first()
