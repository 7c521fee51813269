"""Which safety answers nobody has looked after yet."""

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accord_clinic.models import SafetyLook, Signal

LONG_PAST = timedelta(days=14)
LOOKED_AFTER = Exists(
    SafetyLook.objects.filter(signal=OuterRef("pk"), at__gte=OuterRef("raised_at")).exclude(done="looked")
)
"""Somebody has recorded what was done since the client answered last."""
FROM_AN_OLD_FILE = Q(session__revealed_by="import", session__start__lt=F("raised_at") - LONG_PAST)
"""Ratings of the past that came in a file ask nobody to act today."""
READABLE = Q(dyad__client__erased_at=None)
"""Once the record is erased the answer is gone, and with it the name: what is kept of such a notice is on no page."""
NOT_OPEN = Q(kind="safety") & (Q(LOOKED_AFTER) | FROM_AN_OLD_FILE)


def open_notices(of: Q) -> QuerySet[Signal]:
    """The safety notices of these dyads after which nobody has said what was done, newest first."""
    return Signal.objects.filter(of, READABLE, kind="safety").exclude(NOT_OPEN).order_by("-raised_at")
