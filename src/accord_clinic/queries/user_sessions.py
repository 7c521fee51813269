"""A member in; where this member is signed in: since when, from which address, in which browser."""

import re
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession

from accord_clinic.models import Member
from accord_clinic.questionnaires.submission import whole

# The first that fits: most browsers claim to be several.
BROWSERS = (
    ("Edge", "Edg"), ("Opera", "OPR/"), ("Firefox", "Firefox|FxiOS"), ("Chrome", "Chrome|CriOS"), ("Safari",) * 2,
)  # fmt: skip
MACHINES = (
    ("iPhone",) * 2, ("iPad",) * 2, ("Android",) * 2, ("Windows",) * 2, ("Mac", "Macintosh"), ("Linux", "Linux|X11"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """One session of one's own."""

    id: int
    since: datetime
    address: str
    browser: str
    machine: str
    here: bool


def places(member: Member) -> list[Place]:
    """Newest first; what has run out is taken off the list."""
    running = sorted(UserSession.objects.purge_and_list(member), key=lambda one: one.created_at, reverse=True)
    return [
        Place(one.pk, one.created_at, one.ip, *seen_as(one.user_agent), here=one.is_current()) for one in running
    ]


def sessions_to_end(member: Member, which: str) -> list[UserSession]:
    """One's own session with this number; or all but the one in use, when there is no number."""
    rows = UserSession.objects.filter(user=member)
    if which != "others":
        return list(rows.filter(pk=whole(which)))
    return [one for one in rows if not one.is_current()]


def seen_as(user_agent: str) -> tuple[str, str]:
    """The browser and the kind of machine, as far as the browser tells; empty where it does not."""
    return tuple(
        next((name for name, mark in known if re.search(mark, user_agent)), "") for known in (BROWSERS, MACHINES)
    )
