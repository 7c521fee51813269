"""Ratings with their dates in; how far everybody lies above or below the usual by then out.

What happens to all (a new room, a new form, a hard month) is no mark for each: the level follows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from accord.stats.hyper import Hyper
from accord.stats.innovation import Floats, innovations

HALF = 11.0  # ratings of one day from which on more than half of what they say is believed
MOST = 1.5  # sd that one rating counts at most: a strain of one is no change for all


@dataclass(frozen=True, slots=True)
class Level:
    """How far ratings lie from the usual course, in units of the scale: `values` after each of `days`."""

    days: tuple[float, ...] = ()
    values: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, list[float]]:
        """Plain numbers, ready for JSON; a thousandth of a point is near enough."""
        return {"days": list(self.days), "values": [round(value, 3) for value in self.values]}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Sequence[float]]) -> Level:
        """The level that `to_dict` stored; 0 everywhere where nothing was."""
        return cls(tuple(stored.get("days", ())), tuple(stored.get("values", ())))

    def at(self, dates: Floats) -> Floats:
        """The level before the ratings of each date (any shape); 0 before the first day."""
        levels = np.concatenate([[0.0], self.values])
        return np.asarray(levels[np.searchsorted(self.days, dates, side="left")], dtype=np.float64)


def day_of(moment: datetime) -> float:
    """The day of a session, as levels count days.

    >>> day_of(datetime(2026, 1, 2)) - day_of(datetime(2026, 1, 1))  # noqa: DTZ001
    1.0
    """
    return float(moment.toordinal())


def followed(y: Floats, times: Floats, dates: Floats, usual: Hyper) -> Level:
    """The practice's level from (n, T) ratings at sessions (T,) and dates (n, T) in days, day after day.

    L moves by n / (n + 11) times the mean step of the day, ratings counting as much as is known of the person
    (n: their number so counted), each cut at 1.5 sd. A missing rating (nan) counts for nothing. Source: our own rule;
    what it does is measured in docs/explanation/signals-tables.md.

    >>> from accord.stats.priors import starting
    >>> hyper = starting("collaboration").client
    >>> times, dates = np.array([1.0, 2.0]), np.tile([1.0, 8.0], (30, 1))
    >>> usual = innovations(np.full((1, 2), np.nan), times, hyper).expected
    >>> ratings = np.repeat(usual - [0.0, 10.0], 30, axis=0)  # on day 8 everybody is 10 lower
    >>> level = followed(ratings, times, dates, hyper)
    >>> level.days, level.values[0] == 0, -10 < level.values[1] < -3
    ((1.0, 8.0), True, True)
    """
    seen = ~np.isnan(y)
    row, column = np.nonzero(seen)
    day = dates[row, column]
    order = np.argsort(day, kind="stable")
    row, column, day = row[order], column[order], day[order]
    begins = np.flatnonzero(np.diff(day, prepend=-np.inf))
    rest = np.full(y.shape, np.nan)
    level, days, values = 0.0, [], []
    for start, stop in zip(begins, [*begins[1:], len(day)], strict=True):
        rows, columns = row[start:stop], column[start:stop]
        rest[rows, columns] = y[rows, columns] - level
        steps = innovations(rest[rows], times, usual)
        cell = np.arange(len(rows)), columns
        sd = steps.sd[cell] / steps.scale[cell]
        step = np.clip((rest[rows, columns] - steps.expected[cell]) / sd, -MOST, MOST) * sd
        weight = usual.var_residual / sd**2
        total = float(weight.sum())
        level += total / (total + HALF) * float((weight * step).sum()) / max(total, 1e-12)
        days.append(float(day[start]))
        values.append(level)
    return Level(tuple(days), tuple(values))
