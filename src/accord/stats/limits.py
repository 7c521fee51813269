"""Limits that uneventful courses cross at a constant rate, smooth in the number of ratings known, within a budget.

Source: our own; docs/explanation/signals.md says what becomes of the budget in simulated practices.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from accord.errors import BadInput
from accord.stats.evidence import COURSE, FEWEST, QUIET
from accord.stats.innovation import Floats

MANY = 60  # ratings known after which a limit stands still
MIDDLE = 10.0  # ratings known at which a limit has its level
ENOUGH = 300  # courses still without a mark for which a limit is worked out


@dataclass(frozen=True, slots=True)
class Budget:
    """Share of uneventful 15-session courses that may be flagged at least once, for each kind of signal."""

    drop: float = 0.05
    slide: float = 0.03
    gap: float = 0.03

    def __post_init__(self) -> None:
        for kind, share in asdict(self).items():
            if not 0.001 <= share <= 0.5:
                raise BadInput(f"budget for {kind} is {share}; give a share of courses between 0.001 and 0.5.")

    def over(self, scales: int) -> Budget:
        """What each of so many scales may use, so that a course that has them all keeps the budget as a whole.

        >>> Budget().over(2)
        Budget(drop=0.025, slide=0.015, gap=0.015)
        """
        return Budget(**{kind: share / scales for kind, share in asdict(self).items()})


BUDGET = Budget()


def hazard(share: float) -> float:
    """Chance of a first false mark in each session that is judged, for a budget of so large a share of courses.

    1 − (1 − share)^(1/12): of the 15 sessions of a course the first three are not judged.

    >>> round(hazard(0.05), 4)
    0.0043
    """
    return float(1.0 - (1.0 - share) ** (1.0 / (COURSE - QUIET)))


def allowed(share: float, sessions: int) -> float:
    """The budget of a 15-session course scaled to another length: the same rate for each session that is judged.

    >>> round(allowed(0.05, 15), 4), round(allowed(0.05, 40), 3), allowed(0.05, 3)
    (0.05, 0.146, 0.0)
    """
    return float(1.0 - (1.0 - hazard(share)) ** max(sessions - QUIET, 0))


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit that moves slowly with what is known of a person: level + tilt x + bend x^2, x = log(earlier / 10)."""

    level: float
    tilt: float = 0.0
    bend: float = 0.0

    def at(self, earlier: Floats) -> Floats:
        """The limit before a rating with so many `earlier` ones (any shape)."""
        x = np.log(np.clip(np.arange(earlier.max(initial=0.0) + 1.0), FEWEST, MANY) / MIDDLE)
        return np.asarray((self.level + self.tilt * x + self.bend * x * x)[earlier.astype(np.intp)])


def fitted(statistic: Floats, earlier: Floats, share: float) -> Threshold:
    """A limit that the statistic (n, T) of uneventful courses crosses for the first time with the same chance before
    each rating, and so in the allowed share of courses.

    -inf: not judged. Ratings bear the chance of the sessions that have none, on average over courses. Before each
    rating the courses without a mark so far give a quantile; a parabola in the logarithm of ratings known goes through
    them; its level is then moved until the share is met exactly. `earlier` (n, T): how many ratings came before. Where
    nothing is judged, or too few courses are, the limit is infinite.

    >>> rng = np.random.default_rng(1)
    >>> statistic, earlier = rng.standard_normal((2000, 15)), np.tile(np.arange(15.0), (2000, 1))
    >>> limit = fitted(np.where(earlier < 3, -np.inf, statistic), earlier, 0.05)
    >>> crossed = (statistic >= limit.at(earlier)) & (earlier >= 3)
    >>> round(float(crossed.any(axis=1).mean()), 2)
    0.05
    """
    judged = (statistic > -np.inf).sum(axis=1)
    sessions = max(statistic.shape[1] - QUIET, 0)
    rate = 1.0 - (1.0 - hazard(share)) ** (sessions / max(float(judged.mean()), 1.0))
    counts, limits, weights = _quantiles(statistic, earlier, rate)
    if not counts:
        return Threshold(float("inf"))
    x = np.log(np.clip(counts, FEWEST, MANY) / MIDDLE)
    degree = min(2, len(np.unique(x)) - 1)
    shape = np.polynomial.polynomial.polyfit(x, limits, degree, w=np.sqrt(weights))
    tilt, bend = (float(shape[k]) if k <= degree else 0.0 for k in (1, 2))
    over = (statistic - Threshold(0.0, tilt, bend).at(earlier)).max(axis=1, initial=-np.inf)
    goal = 1.0 - (1.0 - rate) ** judged.astype(np.float64)
    return Threshold(float(np.quantile(over, 1.0 - goal.mean(), method="higher")), tilt, bend)


def _quantiles(statistic: Floats, earlier: Floats, rate: float) -> tuple[list[int], list[float], list[int]]:
    """For each number of ratings known: the limit for those without a mark so far, and how many they are."""
    ranked = np.full((int(earlier.max(initial=0.0)) + 1, len(statistic)), -np.inf)
    every = np.arange(len(statistic))
    for before, values in zip(earlier.T.astype(np.intp), statistic.T, strict=True):
        ranked[before, every] = values  # a rating comes after the missing ones that have as many before them
    counts, limits, weights = [], [], []
    calm = np.ones(len(statistic), dtype=np.bool_)
    for k, values in enumerate(ranked):
        unmarked = values[calm & (values > -np.inf)]
        if len(unmarked) < ENOUGH:
            continue
        limit = float(np.quantile(unmarked, 1.0 - rate))
        counts.append(k)
        limits.append(limit)
        weights.append(len(unmarked))
        calm &= values < limit
    return counts, limits, weights
