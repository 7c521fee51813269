"""A few numbers about the installation, for probes and for `check`; they say nothing about any person."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.utils import timezone

from accord_clinic.messages.notices import MOST_TRIES
from accord_clinic.models import Notice
from accord_clinic.rules.schedule import TELLS_OF_NOBODY
from accord_clinic.rules.sessions import overdue
from accord_clinic.upkeep import backups

SWEPT = "swept"
LATE = timedelta(minutes=5)


@dataclass(frozen=True)
class Gauge:
    """One number with a name and an explanation for Prometheus. `None` is left out: unknown is not zero."""

    name: str
    says: str
    value: float | None


def swept() -> None:
    """Note that the sweep has run."""
    cache.set(SWEPT, time.time(), timeout=None)


def answers() -> bool:
    """Whether the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def gauges() -> list[Gauge]:
    """The numbers that an operator watches; never counts of people or of their answers."""
    now = timezone.now()
    waiting = Notice.objects.filter(TELLS_OF_NOBODY, sent_at=None, dropped_at=None, due_at__lte=now - LATE)
    # Whoever watches may be the therapist, and must not learn either that a line to somebody else was written.
    waiting = waiting.exclude(kind="outside_line")
    due = overdue(now - LATE)
    return [
        Gauge("accord_up", "1: the database answers", 1),
        Gauge("accord_sweep_age_seconds", "time since the sweep last ran", _since(cache.get(SWEPT))),
        Gauge("accord_notices_late", "notices that wait for more than five minutes", waiting.count()),
        Gauge("accord_notices_given_up", "notices that failed for good", waiting.filter(tries__gte=MOST_TRIES).count()),
        Gauge("accord_reveals_late", "sessions that should have opened five minutes ago", due.count()),
        Gauge("accord_backup_age_seconds", "age of the newest finished backup", _since(newest_backup())),
        Gauge("accord_resident_memory_bytes", "memory of this worker", _resident()),
    ]


def newest_backup() -> float | None:
    """When the newest backup in ACCORD_BACKUPS was made: ours, or PostgreSQL's, whose unit leaves a mark there."""
    if settings.BACKUPS is None or not settings.BACKUPS.is_dir():
        return None
    mark = settings.BACKUPS / "postgresql"
    made = backups.list_in(settings.BACKUPS) if connection.vendor == "sqlite" else [mark] if mark.exists() else []
    return max((path.stat().st_mtime for path in made), default=None)


def newest_backup_at() -> datetime | None:
    """The same as a moment, for pages."""
    made = newest_backup()
    return None if made is None else datetime.fromtimestamp(made, UTC)


def _since(moment: float | None) -> float | None:
    return None if moment is None else round(time.time() - moment, 1)


def _resident() -> float | None:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
