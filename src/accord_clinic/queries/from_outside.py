"""What a supervisor from outside the practice reads in place of a name, and whether the client has released it."""

from __future__ import annotations

import hashlib
from typing import TypeVar

from accord_clinic.models import Client, Dyad, Member, Practice
from accord_clinic.queries.consent import stands

RELEASE = "supervision"
LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without those that are read for one another."""
Seen = TypeVar("Seen", bound=Dyad | None)


def code_of(uid: str) -> str:
    """Five letters for a course of care, the same for everybody: therapist and supervisor can speak of it.

    From its random address, so that no name can be worked out from it.

    >>> code_of("x") == code_of("x") != code_of("y"), len(code_of("x"))
    (True, 5)
    """
    digest = hashlib.sha256(f"accord code {uid}".encode()).digest()
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:5])


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
