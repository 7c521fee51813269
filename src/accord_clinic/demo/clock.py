"""A clock that can be set: while the demo is made, every action believes that it happens when its story says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone


class Clock:
    """What time it is in the story."""

    def __init__(self, now: datetime) -> None:
        self.now = now


@contextmanager
def story_time(now: datetime) -> Iterator[Clock]:
    """Replaces Django's clock in this process for the length of the story. For the demo's loading alone."""
    real, clock = timezone.now, Clock(now)
    timezone.now = lambda: clock.now
    try:
        yield clock
    finally:
        timezone.now = real
