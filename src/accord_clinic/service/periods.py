"""The periods that are published, from closed months: each once, none overlapping another.

A month beside its quarter, or a sum over the last twelve months that moves on each month, would give a kept-back number
away by subtraction. So a month belongs to one period alone: that which is published when enough sessions have gathered.
In a large practice that is each month; in a small one it is several, most of whose numbers would have been kept back.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

ENOUGH, ENOUGH_BEFORE = 100, 300
"""Sessions held. With a hundred, one in ten without an answer is ten, the least that is told. Until rule 2 it took
three hundred: months that were closed by that stand together as they did, or one could be subtracted from the other."""
RULE = 2
"""By which rules a month is published. It is noted in the counts of the month, so that what was published by older ones
stays as it was. 2: periods of a hundred sessions, in the room and remote, and how many therapists stand behind them."""
YEAR = 12

Months = Sequence[tuple[date, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class PublishedPeriod:
    """Some months that are published as one: their first and last, and what was counted in them.

    `coarse`: it is told for room and remote. `therapists`: so many stand behind each month of it at least.
    """

    first: date
    last: date
    counts: Mapping[str, Any]
    coarse: bool
    therapists: int


def periods(months: Months) -> list[PublishedPeriod]:
    """Oldest first. With every further month there are the same, and perhaps one more."""
    closed: list[PublishedPeriod] = []
    waiting: list[tuple[date, Mapping[str, Any]]] = []
    for month in months:
        waiting.append(month)
        enough = ENOUGH if _is_coarse(waiting) else ENOUGH_BEFORE
        if sum(n for _first, counts in waiting for *_kind, n in counts["sessions"]) >= enough:
            closed.append(_joined(waiting))
            waiting = []
    return closed


def last_year(months: Months) -> PublishedPeriod | None:
    """The last twelve months that are over as a whole, counted from the first month: so years never overlap either."""
    over = months_between(months[0][0], months[-1][0]) + 1
    year = over // YEAR - 1
    part = [month for month in months if months_between(months[0][0], month[0]) // YEAR == year]
    return _joined(part) if part else None


def months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _is_coarse(part: Months) -> bool:
    """By its newest month: earlier ones that still wait were never published by the older rules."""
    return part[-1][1].get("rule", 1) >= RULE


def _joined(part: Months) -> PublishedPeriod:
    sessions: Counter = Counter()
    talked: Counter[str] = Counter()
    endings: Counter[str] = Counter()
    # People do not add up over months, since the same ones come again: the month with most stands for all.
    counted = max(counts.get("counted", 0) for _month, counts in part)
    for _month, counts in part:
        for modality, client, therapist, n in counts["sessions"]:
            sessions[modality, client, therapist] += n
        talked.update(counts["talked"])
        endings.update(counts["endings"])
    sums = {"sessions": [[*kind, n] for kind, n in sessions.items()], "talked": talked, "endings": endings}
    therapists = min(counts.get("therapists", 0) for _month, counts in part)
    return PublishedPeriod(part[0][0], part[-1][0], sums | {"counted": counted}, _is_coarse(part), therapists)
