"""A cover as days on the practice's calendar."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class StandingCover(NamedTuple):
    """A cover from its first day to its last, on the practice's calendar."""

    uid: str
    name: str
    first: date
    last: date
