"""How often there is a check-in in a course: after which of its sessions."""

from __future__ import annotations

NEVER = 1000
"""In place of so many sessions: the therapist has decided that check-ins are not for this client."""


def is_due(number: int, often: int) -> bool:
    """Whether there is a check-in after session `number` where there is one in `often`; always after the first.

    A member can make a link for any other session as well.
    """
    return number == 1 or number % often == 0


def has_check_in(number: int, every: int) -> bool:
    """Whether there is a check-in after session `number` of a course without anybody making a link for it."""
    return every != NEVER and is_due(number, every)
