"""What two people expect before they meet, as far as one of them may read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord_clinic.models import Expectation


@dataclass(frozen=True, slots=True)
class ExpectationRows:
    """`own`: what the reader's side has sent, by topic. `both`: by side and topic; nothing before it is open."""

    own: dict[str, str]
    both: dict[tuple[str, str], str]
    opened_at: datetime | None


def expectations_of(own: str, rows: Iterable[Expectation], opened_at: datetime | None) -> ExpectationRows:
    """What a reader may see. `own`: the side of the reader, or none; `rows`: of that side alone before it is open."""
    words = {(row.side, row.topic): row.words for row in rows}
    mine = {topic: text for (side, topic), text in words.items() if side == own}
    return ExpectationRows(mine, words if opened_at else {}, opened_at)
