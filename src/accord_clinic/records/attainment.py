"""Goal Attainment Scaling: how a rating of a goal against its levels is stored, apart from one of 0 to 10."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

LEVELS = range(20, 25)
"""From much less than agreed to much more, as `Progress.value` and forms hold it: neither can be read as 0 to 10."""
AS_AGREED = 22


def level_words(levels: Sequence[str], value: int | None) -> str:
    """The words of the level that was rated; nothing for another rating, or where there are no levels any more."""
    return levels[value - LEVELS[0]] if levels and value is not None and value in LEVELS else ""


def levels_since(wordings: Iterable[tuple[Sequence[str], datetime]]) -> datetime:
    """Since when the levels of the last wording stand: levels and moment of each wording, in their order."""
    backwards = list(wordings)[::-1]
    return min(at for _levels, at in takewhile(lambda wording: wording[0] == backwards[0][0], backwards))


def counts(value: int | None, at: datetime, since: datetime) -> bool:
    """Whether a rating says what it said: one against levels does while these stand; in other words it would not."""
    return value not in LEVELS or at >= since


def is_current(value: int | None, levels: Sequence[str]) -> bool:
    """Whether a rating is on the scale that its goal has now: one of 0 to 10 is not where a goal with levels stands."""
    return bool(levels) == (value in LEVELS)


def as_levels(stored: Any) -> tuple[str, ...]:
    """The levels of a wording, also as a prepared query gives the column: as the database has it."""
    return tuple(json.loads(stored) if isinstance(stored, str) else stored or ())
