"""A message that could not be delivered."""

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
