"""A program of others as the page of one client lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from accord_clinic.models import Recipient


class OfClient(NamedTuple):
    """A program as the page of one client lists it: what the client lets it read, and whether it can be opened."""

    program: Recipient
    reads: bool
    answers: bool

    @property
    def may_open(self) -> bool:
        """Whether whoever treats the client can open it from here."""
        return self.reads and self.program.use == "app" and bool(self.program.launch_url)
