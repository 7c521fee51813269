"""What every page needs to know of the practice, remembered for a minute, so that no page pays a query for it."""

import time
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models.signals import post_save
from django.dispatch import receiver

from accord_clinic.models import Practice

REMEMBERED_FOR = 60.0


@dataclass(frozen=True, slots=True)
class Around:
    """The practice as the page shell shows it. Whether somebody may see something is never decided from here."""

    name: str
    zone: ZoneInfo
    safety_contact: int | None
    outside_readers: frozenset[int | None]


_remembered: tuple[float, Practice | None] | None = None


def around() -> Around:
    """Name, time zone and named people of the practice."""
    row = _remember()
    if row is None:
        return Around("", ZoneInfo("UTC"), None, frozenset((None,)))
    readers = frozenset((row.outside_reader_id, *row.former_readers))
    return Around(row.name, ZoneInfo(row.time_zone), row.safety_contact_id, readers)


def practice() -> Practice:
    """The practice with its outside reader. Not for deciding whether somebody may see something."""
    row = _remember()
    if row is None:
        raise Practice.DoesNotExist
    return row


def zone() -> ZoneInfo:
    """The time zone in which this practice reads its clock."""
    return around().zone


def local(moment: datetime) -> datetime:
    """A stored moment as the practice's clock shows it."""
    return moment.astimezone(zone())


def _remember() -> Practice | None:
    """Read once a minute; so long a change by another process may take to show."""
    global _remembered
    if _remembered is None or time.monotonic() - _remembered[0] > REMEMBERED_FOR:
        _remembered = (time.monotonic(), Practice.objects.select_related("outside_reader").first())
    return _remembered[1]


@receiver(post_save, sender=Practice)
def forget(**_what: object) -> None:
    """A change of the practice shows at once in the process that made it."""
    global _remembered
    _remembered = None
