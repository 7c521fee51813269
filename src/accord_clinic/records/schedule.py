"""When links and reminders go out for a dyad, and a message that could not be delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FailedNotice:
    """A message that was tried and not delivered: to whom, since when, what went wrong; never what it says."""

    pk: int
    to: str
    made_at: datetime
    tries: int
    error: str
    given_up: bool


@dataclass(frozen=True, slots=True)
class Habit:
    """What holds for a dyad: its own numbers where it has them, else the practice's."""

    by_itself: bool
    link_after_minutes: int
    remind_after_hours: int
    most_reminders: int
    quiet_from: int
    quiet_until: int
    pause_after: int
