"""Where a member is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One session of one's own. `this_one`: the one that the page is read in."""

    id: int
    since: datetime
    address: str
    browser: str
    machine: str
    this_one: bool
