"""How often a dyad is asked, and when links and reminders go out: as set for it, else the practice's. No query."""

from accord_clinic.models.messages import Schedule
from accord_clinic.models.people import Dyad, Practice
from accord_clinic.records.schedule import Habit

NUMBERS = ("link_after_minutes", "remind_after_hours", "most_reminders", "quiet_from", "quiet_until", "pause_after")
"""What the practice decides and each dyad may decide otherwise."""


def habit(practice: Practice, dyad: Dyad) -> Habit:
    """The practice's habit with what differs for this dyad."""
    own = own_schedule(dyad)

    def number(name: str) -> int:
        value = getattr(own, name) if own else None
        return getattr(practice, name) if value is None else value

    return Habit(own.by_itself if own else True, **{name: number(name) for name in NUMBERS})


def how_often(practice: Practice, dyad: Dyad) -> int:
    """Every how many sessions there is a check-in in this dyad."""
    return dyad.often or practice.often


def own_schedule(dyad: Dyad) -> Schedule | None:
    """What differs for this dyad; nothing where the practice's habit holds."""
    return getattr(dyad, "schedule", None)
