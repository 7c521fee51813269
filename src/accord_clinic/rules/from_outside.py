"""What a supervisor from outside the practice reads in place of a name, and whether the client has released it."""

from __future__ import annotations

from typing import TypeVar

from accord_clinic.models import Client, Dyad, Member, Practice
from accord_clinic.records.from_outside import code_of
from accord_clinic.rules.consent import stands

RELEASE = "supervision"
Seen = TypeVar("Seen", bound=Dyad | None)


def named_for(viewer: Member | Client, dyad: Seen) -> Seen:
    """The same dyad; for a supervisor from outside, a code stands where the client's name was. It is never saved."""
    if dyad is not None and isinstance(viewer, Member) and viewer.is_a("outside"):
        dyad.client.name, dyad.client.address_as = code_of(dyad.uid), ""
    return dyad


def needs_release(supervisor: Member) -> bool:
    """Whether this supervisor sees a course only after its client's release."""
    return supervisor.is_a("outside") and Practice.objects.get().release_before_outside


def is_released(client: Client) -> bool:
    """Whether everybody who has to agree has released it."""
    return stands(client, RELEASE)


def asks_release() -> bool:
    """Whether clients are asked: somebody from outside supervises here, and the practice asks for a release."""
    return any(needs_release(member) for member in Member.objects.filter(is_active=True))
