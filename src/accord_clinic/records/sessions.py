"""A link about a session that nobody has yet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnsentLink:
    """A link that waits in the outbox, so that nobody has it yet."""

    notice: int
    token_hash: str
