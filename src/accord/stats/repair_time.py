"""The share of strains settled by each week, where it is only known between which check-ins each was settled.

A settling is seen only at a check-in: it happened between the last one that said *still there* and the one that said
*settled*. Leaving is a competing end: a strain whose two people parted can no longer be settled here, and taking it out
of the count (censoring) would say that it might still have been.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SETTLED, LEFT, OPEN = 0, 1, 2
MOST_ROUNDS, CLOSE_ENOUGH = 2_000, 1e-6
RESAMPLED_ROUNDS, RESAMPLED_CLOSE = 60, 2e-4
"""A resample's curve is needed to the width of a line; it starts from the estimate, which is near it."""


@dataclass(frozen=True)
class RepairTime:
    """Cumulative incidence by the end of week 0, 1, …: settled, with its pointwise 95 % interval, and left."""

    weeks: tuple[int, ...]
    settled: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    left: tuple[float, ...]
    n: int


def repair_time(
    after: NDArray[np.int64],
    until: NDArray[np.int64],
    end: NDArray[np.int64],
    count: NDArray[np.int64],
    horizon: int = 26,
    draws: int = 100,
    seed: int = 1,
) -> RepairTime:
    """The share of strains settled, and left, by each week, each weighed against the other.

    One row per kind of strain: it ended in a week w with `after` < w <= `until` (weeks since it opened, −1 for *from
    the start*), by `end` (0 settled, 1 left, 2 still open: then it ended, in whichever way, after week `after`),
    `count` times. Weeks past `horizon` are one *later*.

    Formula: the nonparametric maximum likelihood estimate for interval-censored competing risks (Hudgens, Satten &
    Longini 2001, Biometrics 57: 74–80), by Turnbull's self-consistency (1976, JRSS-B 38: 290–295) started from equal
    masses: p_k(w) = (1/n) Σ_i P(end k in week w | row i, p). Where the data do not say in which of several weeks the
    mass lies, equal masses are kept. Without intervals it is the Aalen–Johansen estimate. The 95 % interval is the
    percentile interval of `draws` resamples of strains, pointwise: 0.95 holds for one week at a time.

    All four arrays have the shape (rows,); nothing in them can be missing: a strain that nobody asked about is open.
    Raises `ValueError` without any strain, or when an interval is empty.

    >>> weeks = repair_time(np.array([0, 2]), np.array([1, 3]), np.array([0, 2]), np.array([3, 1]), horizon=2, draws=20)
    >>> [round(share, 2) for share in weeks.settled]
    [0.0, 0.75, 0.75]
    """
    after, until = np.minimum(after, horizon), np.minimum(until, horizon + 1)
    n = int(count.sum())
    if n == 0:
        raise ValueError("There is no strain, so there is no time to its repair.")
    if np.any((end != OPEN) & (after >= until)):
        raise ValueError("A strain ended before it was last seen open. Give after < until.")
    may = _possible(after, until, end, horizon)
    resampled = np.random.default_rng(seed).multinomial(n, count / n, size=draws)
    even = np.full((1, may.shape[1]), 1.0 / may.shape[1])
    masses = _masses(may, count[None, :].astype(float), even, MOST_ROUNDS, CLOSE_ENOUGH)
    near = np.repeat(0.98 * masses + 0.02 * even, draws, axis=0)
    others = _masses(may, resampled.astype(float), near, RESAMPLED_ROUNDS, RESAMPLED_CLOSE)
    curves = np.cumsum(np.vstack([masses, others]).reshape(draws + 1, 2, horizon + 2), axis=2)[:, :, : horizon + 1]
    low, high = np.quantile(curves[1:, SETTLED], [0.025, 0.975], axis=0)
    return RepairTime(
        weeks=tuple(range(horizon + 1)),
        settled=tuple(curves[0, SETTLED].tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        left=tuple(curves[0, LEFT].tolist()),
        n=n,
    )


def _possible(
    after: NDArray[np.int64], until: NDArray[np.int64], end: NDArray[np.int64], horizon: int
) -> Floats:
    """For each row, 1 in each cell (end, week) in which it may have ended; the last week of each end is *later*."""
    weeks = np.arange(horizon + 2)
    later = weeks[None, :] > after[:, None]
    within = later & (weeks[None, :] <= until[:, None])
    settled = np.where((end == OPEN)[:, None], later, within & (end == SETTLED)[:, None])
    left = np.where((end == OPEN)[:, None], later, within & (end == LEFT)[:, None])
    # A strain open past the horizon says nothing about later; one cell stands for all that.
    return np.hstack([settled, left]).astype(float)


def _masses(may: Floats, counts: Floats, masses: Floats, rounds: int, close_enough: float) -> Floats:
    """Self-consistent masses for each row of `counts`, all rows at once, from the masses given."""
    share_of = counts / counts.sum(axis=1, keepdims=True)
    for _round in range(rounds):
        reach = masses @ may.T
        weight = np.divide(share_of, reach, out=np.zeros_like(share_of), where=reach > 0)
        following: Floats = masses * (weight @ may)
        moved = np.abs(following - masses).max()
        masses = following
        if moved < close_enough:
            break
    return masses
