"""Estimate the usual course of a scale (`Hyper`) from a practice's own ratings, leaning on a prior while they are few.

Source: our own (docs/explanation/signals.md). What else ratings say of a scale, such as its steps, is read here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.evidence import STRAINED, in_strain
from accord.stats.growth import LEAN, fitted
from accord.stats.hyper import RISES, Hyper, Rise
from accord.stats.innovation import Floats, checked, innovations

MOST = 600  # courses read for the estimate: more change the third digit only
LOOK = 3  # rounds of scoring after which one way to rise is told from another
SUM = (14, 50)  # steps from end to end of a scale of whole numbers that is taken for a sum of answers
ANSWERS = (1.0, 25.0)  # from one five-point answer to the next, on 1 to 5 and on 0 to 100
FEWEST = 3  # ratings from which on a course says something of noise

# The IMPLEMENT trial (57 patients, nine items) in units of the within-person variance: shape without size or level.
SHAPE = Hyper(0.0, 0.0, 3.5, 0.0074, -0.04, 1.0, 0.19, name="the shape of courses in the IMPLEMENT trial, 2016")


def estimate(
    scores: npt.ArrayLike,
    times: npt.ArrayLike | None = None,
    prior: Hyper | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    seed: int = 0,
) -> Hyper:
    """The usual course from (n, T) ratings, missing as nan; times (T,), by default 1, 2, ...

    A mean that may level off, persons who differ in level and in a rise along the session, its logarithm or an early
    curve (whichever fits best, from twenty courses on), noise that may grow or shrink over a course, with AR(1): by
    penalised maximum likelihood, once with all ratings and twice without those that lie far below the expectation,
    until the course is back (strains are not usual). The prior weighs as much as 20 courses, for level and rise as 3.
    Without one the level and the size come from the ratings, the shape from `SHAPE`.
    Raises `BadInput` when there is no rating at all and no prior.

    >>> rng = np.random.default_rng(1)
    >>> usual = estimate(60 + 10 * rng.standard_normal((60, 1)) + 5 * rng.standard_normal((60, 8)))
    >>> usual.n_dyads, bool(55 < usual.mean(np.array([4.0]))[0] < 65)
    (60, True)
    """
    y = np.asarray(scores, dtype=np.float64)
    y, t = checked(y, np.arange(1.0, y.shape[-1] + 1) if times is None else times)
    useful = np.flatnonzero((~np.isnan(y)).sum(axis=1) >= FEWEST)
    n = len(useful)
    if n > MOST:
        useful = np.random.default_rng(seed).choice(useful, MOST, replace=False)
    start = _start(y, t, prior, low, high)
    if not n:
        return start
    y = y[useful]
    longest = float(t[(~np.isnan(y)).any(axis=0)].max())
    start = replace(start, longest=max(longest, 2.0) if start.longest is None else max(longest, start.longest))
    usual, lean = _best_rise(y, t, start)
    for _ in range(2):
        usual, _loglik = fitted(calm(y, t, usual), t, usual, lean)
    return replace(usual, n_dyads=n)


def calm(y: Floats, t: Floats, usual: Hyper, below: float = STRAINED) -> Floats:
    """The ratings (n, T) without those that may be strained: these are nan, as missing ones are.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=1.0, cov=0.0, var_residual=25.0, phi=0.1)
    >>> calm(np.array([[70.0, 71.0, 30.0, 32.0]]), np.arange(1.0, 5.0), usual).tolist()
    [[70.0, 71.0, nan, nan]]
    """
    return np.where(in_strain(y, innovations(y, t, usual), below), np.nan, y)


def _best_rise(y: Floats, t: Floats, start: Hyper) -> tuple[Hyper, Hyper]:
    """The way to rise under which the ratings are likeliest, fitted; and the prior, with that rise."""
    ways = tuple(RISES) if len(y) >= LEAN else (start.rise,)
    best, least = None, np.inf
    for rise in ways:
        lean = along(start, rise)
        usual, _loglik = fitted(y, t, lean, lean, LOOK)
        usual, loglik = fitted(calm(y, t, usual), t, usual, lean, LOOK)
        if best is None or -loglik < least:
            best, least = (usual, lean), -loglik
    assert best is not None
    return best


def along(usual: Hyper, rise: Rise) -> Hyper:
    """The same spread of rises over a course, along another clock.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=1.0, cov=0.0, var_residual=25.0, phi=0.1)
    >>> along(replace(usual, longest=20.0), "log").rise
    'log'
    """
    if usual.rise == rise or usual.longest is None:
        return usual
    ends = np.array([1.0, max(usual.longest, 2.0)])
    now, new = (float(np.ptp(RISES[name](ends))) for name in (usual.rise, rise))
    return replace(usual, rise=rise, var_slope=usual.var_slope * (now / new) ** 2, cov=usual.cov * now / new)


def _start(y: Floats, t: Floats, prior: Hyper | None, low: float | None, high: float | None) -> Hyper:
    """Where estimation begins, and what it leans on: the prior, or the usual shape at the ratings' own size."""
    if prior is not None:
        return replace(prior, low=prior.low if low is None else low, high=prior.high if high is None else high)
    seen = y[~np.isnan(y)]
    if not len(seen):
        raise BadInput("there is no rating at all. Give some, or name a scale with starting values.")
    steps = np.diff(y, axis=1)
    steps = steps[~np.isnan(steps)]
    within = float(np.mean(steps**2)) / 2 / (1 - SHAPE.phi) if len(steps) else float(np.var(seen)) / 4.5
    unit = max(within, float(np.var(seen)) * 1e-3, (1e-3 * (1 + float(np.abs(seen).max()))) ** 2)
    ends = _ends(seen)
    return replace(
        SHAPE, b0=float(seen.mean()), var_intercept=SHAPE.var_intercept * unit, var_slope=SHAPE.var_slope * unit,
        cov=SHAPE.cov * unit, var_residual=unit,
        low=ends[0] if low is None else low, high=ends[1] if high is None else high,
    )


def _ends(seen: Floats) -> tuple[float | None, float | None]:
    """The ends of a scale that nobody named: a lowest or highest value that three ratings and 1 % of them share."""
    low, high = float(seen.min()), float(seen.max())
    if low == high:
        return None, None
    enough = max(3.0, 0.01 * len(seen))
    ends = (low if np.sum(seen == low) >= enough else None), (high if np.sum(seen == high) >= enough else None)
    return _other_end(ends, low, high, step_of(seen))


def _other_end(
    ends: tuple[float | None, float | None], low: float, high: float, step: float
) -> tuple[float | None, float | None]:
    """The end that nobody reaches, where ratings look like means of five-point answers of usual size, or like sums.

    A sum of answers begins at 0; where its upper end is the one that nobody reaches, the highest rating stands for it.
    """
    for unit in ANSWERS if step and (ends[0] is None) != (ends[1] is None) else ():
        items = unit / step
        if not (2 <= round(items) <= 12 and abs(items - round(items)) < 0.01):
            continue
        if ends[0] is not None and high <= ends[0] + 4 * unit:
            return ends[0], ends[0] + 4 * unit
        if ends[1] is not None and low >= ends[1] - 4 * unit:
            return ends[1] - 4 * unit, ends[1]
    if step >= 1.0 and low >= 0.0 and (ends[0] is None) != (ends[1] is None):
        sums = (0.0, ends[1]) if ends[0] is None else (ends[0], high)
        return sums if SUM[0] <= ((sums[1] or 0.0) - (sums[0] or 0.0)) / step <= SUM[1] else ends
    return ends


def step_of(scores: Floats) -> float:
    """The step between two possible ratings of a coarse scale; 0 where ratings may lie anywhere.

    scores: any shape, (n, T) here; missing ones (nan) say nothing.

    >>> step_of(np.array([[1.0, 1.5, 3.0, np.nan, 2.5]]))
    0.5
    """
    values, counts = np.unique(np.round(scores[~np.isnan(scores)], 6), return_counts=True)
    if not 2 <= len(values) <= 60:
        return 0.0
    usual = values[counts >= 0.005 * counts.sum()]  # a questionnaire with a gap in it gives odd values, now and then
    return float(np.diff(usual if len(usual) > 1 else values).min())


def items_of(step: float, hyper: Hyper) -> int:
    """How many five-point answers a rating may be the mean of, by its steps and the ends of its scale; 0 if none.

    A sum of other answers (0 to 3, 0 to 10) is taken for one of so many five-point answers as have nearly its steps.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=1.0, cov=0.0, var_residual=25.0, phi=0.1)
    >>> items_of(0.25, replace(usual, low=1.0, high=5.0)), items_of(1.0, replace(usual, low=0.0, high=27.0))
    (4, 7)
    """
    if not step or hyper.low is None or hyper.high is None:
        return 0
    steps = (hyper.high - hyper.low) / step
    number = round(steps / 4)
    alike = abs(steps / 4 - number) < 0.01 or (step >= 1.0 and SUM[0] <= steps <= SUM[1])
    return number if 2 <= number <= 12 and alike else 0
