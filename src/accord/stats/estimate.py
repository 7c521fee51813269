"""A practice's own ratings in; the usual course of the scale (`Hyper`) out, leaning on a prior while there are few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.courses import PLAIN, Noise, draw
from accord.stats.evidence import in_strain
from accord.stats.innovation import Floats, Hyper, checked, innovations
from accord.stats.mixed import fit_mixed
from accord.stats.moment_matching import Moments, nearer

LEAN = 20  # a prior weighs as much as this many courses
LEAN_MEAN = 3  # the same for level and rise, which few courses tell well and which differ between practices
MOST = 600  # courses read for the estimate: more change the third digit only
ROUNDS = 2  # of leaving out what looks strained and estimating again
LOOKED_AT = 3000  # courses simulated for each guess at what lies behind the ends of the scale

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

    REML growth with AR(1), once with all ratings and once without those that the first estimate finds far below the
    expectation, until the course is back (strains are not usual). Variances are blended with the prior on the log
    scale with weight n / (n + 20) for n courses of three ratings or more. Without a prior the level and the size come
    from the ratings, the shape from `SHAPE`.
    Raises `BadInput` when there is no rating at all and no prior.
    """
    y = np.asarray(scores, dtype=np.float64)
    y, t = checked(y, np.arange(1.0, y.shape[-1] + 1) if times is None else times)
    useful = np.flatnonzero((~np.isnan(y)).sum(axis=1) >= 3)
    n = len(useful)
    if n > MOST:
        useful = np.random.default_rng(seed).choice(useful, MOST, replace=False)
    start = _start(y, t, prior, low, high)
    first = _fitted(y[useful], t, start)
    if first is None:
        return replace(start, n_dyads=n)
    usual = first
    for _ in range(ROUNDS):
        strained = in_strain(y[useful], innovations(y[useful], t, usual))
        usual = _fitted(np.where(strained, np.nan, y[useful]), t, start) or usual
    return _blend(usual, start, n)


def _fitted(y: Floats, t: Floats, start: Hyper) -> Hyper | None:
    """REML estimates, nothing where the ratings are too few, too alike, or the fit says that it failed."""
    person, session = np.nonzero(~np.isnan(y))
    if len(y) < 3 or len(person) < 15:
        return None
    clock = t[session]
    try:
        fit = fit_mixed(
            y[person, session], np.column_stack([np.ones(len(clock)), clock]), person,
            slope=clock, time=clock, ar1=True, names=("level", "rise"),
        )  # fmt: skip
    except BadInput:
        return None
    if not fit.converged or fit.var_slope is None or fit.cov is None:
        return None
    phi = min(max(fit.phi or 0.0, 0.0), 0.95) ** (1.0 / (fit.phi_gap or 1.0))
    limit = 0.999 * (fit.var_intercept * fit.var_slope) ** 0.5
    return replace(
        start, b0=fit.fixed["level"], b1=fit.fixed["rise"], var_intercept=fit.var_intercept, var_slope=fit.var_slope,
        cov=float(np.clip(fit.cov, -limit, limit)), var_residual=max(fit.var_residual, 1e-6 * start.var_residual),
        phi=phi,
    )  # fmt: skip


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
    return (low if np.sum(seen == low) >= enough else None), (high if np.sum(seen == high) >= enough else None)


def step_of(scores: Floats) -> float:
    """The step between two possible ratings of a coarse scale; 0 where ratings may lie anywhere."""
    values, counts = np.unique(np.round(scores[~np.isnan(scores)], 6), return_counts=True)
    if not 2 <= len(values) <= 60:
        return 0.0
    usual = values[counts >= 0.005 * counts.sum()]  # a questionnaire with a gap in it gives odd values, now and then
    return float(np.diff(usual if len(usual) > 1 else values).min())


def items_of(step: float, hyper: Hyper) -> int:
    """How many five-point answers a rating may be the mean of, by its steps and the ends of its scale; 0 if none."""
    if not step or hyper.low is None or hyper.high is None:
        return 0
    number = (hyper.high - hyper.low) / step / 4
    return round(number) if 2 <= round(number) <= 12 and abs(number - round(number)) < 0.01 else 0


def _blend(own: Hyper, prior: Hyper, n: int) -> Hyper:
    """Between the estimate and the prior: variances geometrically, the others linearly, level and rise hardly."""

    def mix(a: float, b: float, lean: int = LEAN) -> float:
        return (n * a + lean * b) / (n + lean)

    def product(a: float, b: float) -> float:
        return float(np.exp(mix(np.log(max(a, 1e-12)), np.log(max(b, 1e-12)))))

    intercept, slope = product(own.var_intercept, prior.var_intercept), product(own.var_slope, prior.var_slope)
    turn = mix(correlation(own), correlation(prior))
    return replace(
        own, b0=mix(own.b0, prior.b0, LEAN_MEAN), b1=mix(own.b1, prior.b1, LEAN_MEAN), phi=mix(own.phi, prior.phi),
        var_intercept=intercept, var_slope=slope, cov=turn * (intercept * slope) ** 0.5,
        var_residual=product(own.var_residual, prior.var_residual), n_dyads=n,
    )  # fmt: skip


def correlation(h: Hyper) -> float:
    """Of level and rise over persons."""
    size = (h.var_intercept * h.var_slope) ** 0.5
    return h.cov / size if size > 0 else 0.0


def behind_ends(hyper: Hyper, times: npt.ArrayLike | None = None, noise: Noise = PLAIN) -> Hyper:
    """The course behind the ends of the scale: after cutting at them it looks like `hyper`, which was estimated cut.

    Needed to simulate: noise that is cut a second time would be too small. A fixed-point search on moments of courses
    at `times` (by default 1 to 15), with one set of random numbers.
    """
    if hyper.low is None and hyper.high is None:
        return hyper
    t = np.arange(1.0, 16.0) if times is None else np.asarray(times, dtype=np.float64)
    noise = replace(noise, missing=0.0)
    goal = Moments.of(draw(replace(hyper, low=None, high=None), LOOKED_AT, t, np.random.default_rng(0)))
    hidden = hyper
    for _ in range(8):
        now = Moments.of(draw(hidden, LOOKED_AT, t, np.random.default_rng(0), noise))
        hidden = nearer(hidden, goal, now, t)
    return hidden
