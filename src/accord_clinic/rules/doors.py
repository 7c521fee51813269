"""The open doors of a client's own space: which are still open, and which were opened lately."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accord_clinic.models import Client, ClientDoor

IDLE = timedelta(minutes=15)
AHEAD = timedelta(minutes=1)
"""As far as the clocks of two machines may differ. What was stamped later than that is dead: it would live longer."""


def standing(client: Client) -> QuerySet[ClientDoor]:
    """Those that would still open."""
    now = timezone.now()
    return client.doors.filter(shut_at=None, seen_at__gte=now - IDLE, seen_at__lt=now + AHEAD)


def standing_numbers(client: Client) -> set[int]:
    """The numbers of those that would still open."""
    return set(standing(client).values_list("pk", flat=True))


def latest(client: Client, most: int) -> QuerySet[ClientDoor]:
    """The last ones, newest first."""
    return client.doors.order_by("-id")[:most]
