"""What every page needs to know of the practice, remembered for a minute, so that no page pays a query for it."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models.signals import post_save
from django.dispatch import receiver

from accord_clinic.models import Dyad, Practice
from accord_clinic.models.habit import how_often
from accord_clinic.records.often import NEVER

REMEMBERED_FOR = 60.0


_remembered: tuple[float, Practice | None] | None = None


def remembered() -> Practice | None:
    """The practice with its outside reader; nothing before there is one. Not for deciding who may see something.

    Read once a minute: so long a change by another process may take to show.
    """
    global _remembered
    if _remembered is None or time.monotonic() - _remembered[0] > REMEMBERED_FOR:
        _remembered = (time.monotonic(), Practice.objects.select_related("outside_reader").first())
    return _remembered[1]


def practice() -> Practice:
    """The same where there is one for sure: on every page for a client."""
    row = remembered()
    if row is None:
        raise Practice.DoesNotExist
    return row


def every(dyad: Dyad) -> int:
    """Every how many sessions there is a check-in in this dyad, as it is set for it or else for the practice."""
    return how_often(practice(), dyad)


def often(dyad: Dyad) -> int:
    """The same, for what comes round in its check-ins.

    Where there is none, a link that somebody makes all the same asks as after every session.
    """
    return 1 if every(dyad) == NEVER else every(dyad)


def zone() -> ZoneInfo:
    """The time zone in which this practice reads its clock."""
    row = remembered()
    return ZoneInfo(row.time_zone if row else "UTC")


def local(moment: datetime) -> datetime:
    """A stored moment as the practice's clock shows it."""
    return moment.astimezone(zone())


@receiver(post_save, sender=Practice)
def forget(**_what: object) -> None:
    """A change of the practice shows at once in the process that made it."""
    global _remembered
    _remembered = None
