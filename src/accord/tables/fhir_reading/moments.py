"""FHIR's dates and times as moments that can be put in order, and the day on which they were somewhere."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache


@lru_cache(maxsize=65536)
def instant(text: str) -> datetime:
    """A moment for putting things in order: a year or a month begins on its first day; what has no zone is UTC.

    Raises `ValueError` for what is no date.

    >>> instant("2026-11").isoformat()
    '2026-11-01T00:00:00+00:00'
    """
    whole = f"{text}-01-01"[:10] if len(text) in (4, 7) else text
    at = datetime.fromisoformat(whole)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def day(text: str, zone: tzinfo | None) -> str:
    """The day of a moment: in `zone`, or as it is written where there is none. What has no hour stays as it is.

    >>> from datetime import timezone, timedelta
    >>> day("2026-11-04T01:30:00Z", timezone(timedelta(hours=-5)))
    '2026-11-03'
    """
    if zone is None or not has_hour(text):
        return text[:10]
    return instant(text).astimezone(zone).date().isoformat()


def has_hour(text: str) -> bool:
    """Whether a moment says the hour."""
    return len(text) > 10


def is_utc(text: str) -> bool:
    """Whether a moment is told by UTC, where an evening may stand on the day after."""
    return has_hour(text) and text.endswith(("Z", "+00:00", "-00:00"))
