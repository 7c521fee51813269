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

ENOUGH = 300
"""Sessions held. One in ten without an answer is then 30, and one in ten with an earlier concern as well."""
YEAR = 12

Months = Sequence[tuple[date, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class PublishedPeriod:
    """Some months that are published as one: their first and last, and what was counted in them."""

    first: date
    last: date
    counts: Mapping[str, Any]


def periods(months: Months) -> list[PublishedPeriod]:
    """Oldest first. With every further month there are the same, and perhaps one more."""
    closed: list[PublishedPeriod] = []
    waiting: list[tuple[date, Mapping[str, Any]]] = []
    for month in months:
        waiting.append(month)
        if sum(n for _first, counts in waiting for *_kind, n in counts["sessions"]) >= ENOUGH:
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
    return PublishedPeriod(part[0][0], part[-1][0], sums | {"counted": counted})
