"""What there is to do in the practice, as counts and by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Work:
    """Counts of this moment. `owed`: ratings more than two days late; `None` below three therapists."""

    therapists: int
    clients: int
    held: int
    links_sent: int
    links_arrived: int
    links_failed: int
    silent: int
    owed: int | None
    without_consent: int
    without_session: int
    unmatched: int
    calendars_failing: int
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class NamedWork:
    """The part that an admin can do something about, by name: (client, therapist), and whose calendar since when."""

    without_consent: tuple[tuple[str, str], ...]
    calendars: tuple[tuple[str, datetime], ...]
