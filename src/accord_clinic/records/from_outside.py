"""What a supervisor from outside the practice reads in place of a name."""

from __future__ import annotations

import hashlib

LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without those that are read for one another."""


def code_of(uid: str) -> str:
    """Five letters for a course of care, the same for everybody: therapist and supervisor can speak of it.

    From its random address, so that no name can be worked out from it.

    >>> code_of("x") == code_of("x") != code_of("y"), len(code_of("x"))
    (True, 5)
    """
    digest = hashlib.sha256(f"accord code {uid}".encode()).digest()
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:5])
