"""Better a guess at what is usual on a scale, by how ratings lie around what the guess expects.

The likelihood of the growth model, taken step by step as the filter gives it: `Slopes` says for each parameter whether
the ratings ask for more of it or less, and how much they know. Estimates follow these to where nothing is asked for; a
simulated twin follows them to where it asks for the same as the practice (`simulated_practice`). Source: our own, by
Fisher's scoring (docs/explanation/signals.md). A new parameter of the shape gets its place in `parameters`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from accord.stats.hyper import Hyper, basis
from accord.stats.innovation import Flags, Floats, ahead

MOVE = 1e-4  # step of the numerical derivative
FEW = 100  # courses without gaps below which a way of their own gains nothing, however few their sessions
SIZE = 4  # the place of the residual variance among the parameters
MOST = np.array([0.7, 0.7, 0.3, 0.2, 0.7, 0.4])  # the largest change of each parameter at once
FEWEST_LEVEL = 1e-4  # of the residual variance: the least that persons' levels differ
FLATTEST = 1e-7  # the same for their rises, a session
TREND_SD, COURSE = 0.4, 15.0  # how much noise is expected to change, in its logarithm, over so many sessions
LEAN, LEAN_LEVEL = 20.0, 3.0  # courses that a prior weighs; the same for level and rise, which differ between practices

Sums = tuple[Floats, Floats, Floats, Floats, float]  # over persons, of what `Slopes` averages, in its order


@dataclass(frozen=True, slots=True)
class Slopes:
    """Of the log likelihood at a guess: `mean` (4,) and `rest` (6,), with what is known of each (4, 4) and (6, 6).

    All are averages over persons. The rest: logarithms of the variances of level and rise against the residual's,
    their correlation, phi, the logarithm of the residual variance, and the trend of the noise.
    """

    mean: Floats
    rest: Floats
    mean_known: Floats
    rest_known: Floats
    loglik: float

    @classmethod
    def of(cls, y: Floats, t: Floats, usual: Hyper) -> Slopes:
        """Slopes of ratings (n, T) at sessions t (T,)."""
        n = max(len(y), 1)
        gaps = np.asarray(np.isnan(y).any(axis=1))
        few = len(y) - np.count_nonzero(gaps) < max(FEW, len(t))  # as many rows as sessions stand for them
        parts = [] if few else [_of_complete(y[~gaps], t, usual)]
        if few or gaps.any():
            parts.append(_of_gaps(y if few else y[gaps], t, usual))
        mean, rest, mean_known, rest_known, loglik = (sum(part[1:], part[0]) for part in zip(*parts, strict=True))
        return cls(mean / n, rest / n, mean_known / n, rest_known / n, float(loglik))


def parameters(usual: Hyper) -> Floats:
    """What `Slopes.rest` speaks of, (k,): logarithms of variances, a correlation, phi, a trend; none is missing.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=1.0, cov=0.0, var_residual=25.0, phi=0.1)
    >>> parameters(usual).round(2).tolist()
    [1.39, -3.22, 0.0, 0.1, 3.22, 0.0]
    """
    size = (usual.var_intercept * usual.var_slope) ** 0.5
    return np.array([
        np.log(max(usual.var_intercept / usual.var_residual, FEWEST_LEVEL)),
        np.log(max(usual.var_slope / usual.var_residual, FLATTEST)),
        float(np.clip(usual.cov / size, -0.95, 0.95)) if size > 0 else 0.0,
        usual.phi, np.log(usual.var_residual), usual.trend,
    ])  # fmt: skip


def with_parameters(usual: Hyper, values: Floats) -> Hyper:
    """The same with other parameters (k,), as `parameters` gives them, cut to what is possible; none is missing.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=1.0, cov=0.0, var_residual=25.0, phi=0.1)
    >>> round(with_parameters(usual, parameters(usual)).var_slope, 6)
    1.0
    """
    level, rise, turn, phi, size, trend = (float(value) for value in values)
    residual = float(np.exp(_within(size, -60.0, 60.0)))
    between = residual * float(np.exp(_within(level, np.log(FEWEST_LEVEL), 9.0)))
    slope = residual * float(np.exp(_within(rise, np.log(FLATTEST), 9.0)))
    turn = _within(turn, -0.95, 0.95)
    return replace(
        usual, var_intercept=between, var_slope=slope, cov=turn * (between * slope) ** 0.5, var_residual=residual,
        phi=_within(phi, 0.0, 0.9), trend=_within(trend, -2.0, 2.0),
    )  # fmt: skip


def _within(value: float, low: float, high: float) -> float:
    """Cut at both ends; numpy's own takes more than ten times as long for one number, and there are thousands."""
    return min(max(value, low), high)


def means(usual: Hyper) -> Floats:
    """Coefficients of the mean in the units of the ratings, (n,) with n = 4; none is missing.

    >>> means(Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=1.0, cov=0.0, var_residual=25.0, phi=0.1)).tolist()
    [70.0, 0.0, 0.0, 0.0]
    """
    return np.array([usual.b0, usual.b1, usual.b_log, usual.b_early])


def with_means(usual: Hyper, values: Floats) -> Hyper:
    """The same with other coefficients of the mean, as `means` gives them, (n,) with n = 4; none is missing.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=1.0, cov=0.0, var_residual=25.0, phi=0.1)
    >>> with_means(usual, means(usual) + 1.0).b0
    71.0
    """
    b0, b1, b_log, b_early = (float(value) for value in values)
    return replace(usual, b0=b0, b1=b1, b_log=b_log, b_early=b_early)


def fitted(y: Floats, t: Floats, start: Hyper, prior: Hyper, rounds: int = 12) -> tuple[Hyper, float]:
    """The usual course that ratings (n, T) and the prior together point to, from a start; and its log likelihood.

    Scoring with expected information. The prior weighs as much as `LEAN` courses that know as much each; for the level
    and the steady rise `LEAN_LEVEL`; the trend of the noise is normal around 0 with SD `TREND_SD`, or less. Missing
    ratings are nan; units are those of the ratings.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=1.0, cov=0.0, var_residual=25.0, phi=0.1)
    >>> rng = np.random.default_rng(1)
    >>> y = 60 + 10 * rng.standard_normal((200, 1)) + 5 * rng.standard_normal((200, 8))
    >>> better, _loglik = fitted(y, np.arange(1.0, 9.0), usual, usual)
    >>> bool(abs(better.mean(np.array([4.0]))[0] - y.mean()) < 1)
    True
    """
    usual, n = start, len(y)
    lean = np.array([LEAN_LEVEL, LEAN_LEVEL, LEAN, LEAN]) ** 0.5
    loglik = -np.inf
    goal = parameters(prior)
    leaning = replace(usual, **_variances(prior))
    slopes = Slopes.of(y, t, leaning)
    held = LEAN * slopes.rest_known
    held += _ridge(held)
    held[5, :] = held[:, 5] = goal[5] = 0.0
    held[5, 5] = (TREND_SD * min((prior.longest or COURSE) / COURSE, 1.0)) ** -2
    for round_ in range(rounds):
        slopes = slopes if round_ == 0 and usual == leaning else Slopes.of(y, t, usual)
        loglik = slopes.loglik
        hold = slopes.mean_known * np.outer(lean, lean) + _ridge(slopes.mean_known)
        pull = hold @ (means(prior) - means(usual))
        usual = with_means(usual, means(usual) + np.linalg.solve(n * slopes.mean_known + hold, n * slopes.mean + pull))
        guess = parameters(usual)
        information = n * slopes.rest_known + held + _ridge(slopes.rest_known)
        step = np.linalg.solve(information, n * slopes.rest + held @ (goal - guess))
        step = np.clip(step, -MOST, MOST)
        usual = with_parameters(usual, guess + step)
        if np.abs(step).max() < 0.004:
            break
    return usual, loglik


def _variances(usual: Hyper) -> dict[str, Any]:
    names = ("var_intercept", "var_slope", "cov", "var_residual", "phi", "trend")
    return {name: getattr(usual, name) for name in names}


def _ridge(information: Floats) -> Floats:
    """A little, so that what the ratings know nothing of stays where it is."""
    size = np.diag(information)
    return np.diag(1e-3 * size + 1e-9 * max(float(size.max()), 1e-9))


def _beside(usual: Hyper) -> list[Hyper]:
    """The guess with each parameter moved a little, except the size: all steps grow alike with that."""
    guess = parameters(usual)
    return [with_parameters(usual, guess + MOVE * (np.arange(len(guess)) == k)) for k in range(len(guess)) if k != SIZE]


def _of_complete(y: Floats, t: Floats, usual: Hyper) -> Sums:
    """The sums behind `Slopes` of courses without gaps.

    All of them are sums of products of ratings of one person, or of ratings. So as many courses as there are sessions,
    with the same products altogether, stand for all, and one course for the sum: ten times as quick.
    """
    n, level = len(y), _without_mean(usual)
    rest = y - usual.mean(t)
    size, along = np.linalg.eigh(rest.T @ rest)
    alike = np.sqrt(np.maximum(size, 0.0))[:, None] * along.T
    rows = np.vstack([alike, rest.sum(axis=0), basis(usual.clock(t))])
    expected, sd = ahead(rows, t, level)
    steps = (rows - expected) / sd
    e, total, design = steps[:-5], steps[-5], steps[-4:]
    moved = [ahead(rows, t, beside) for beside in _beside(level)]
    shift = np.array([((other - expected) / sd)[:-5].ravel() / MOVE for other, _sd in moved])
    widen = np.array([np.log(other / sd)[0] / MOVE for _expected, other in moved])
    shift, widen = np.insert(shift, SIZE, 0.0, axis=0), np.insert(widen, SIZE, 0.5, axis=0)
    square = (e**2).sum(axis=0)
    return (
        design @ total, shift @ e.ravel() + widen @ (square - n), n * (design @ design.T),
        shift @ shift.T + 2.0 * n * (widen @ widen.T), -(n * np.log(sd).sum() + 0.5 * square.sum()),
    )  # fmt: skip


def _of_gaps(y: Floats, t: Floats, usual: Hyper) -> Sums:
    """The sums behind `Slopes` of courses with gaps."""
    seen = ~np.isnan(y)
    expected, sd = ahead(y, t, usual)
    expected, sd = expected[seen], np.broadcast_to(sd, y.shape)[seen]
    e = (y[seen] - expected) / sd
    design = _whitened(seen, t, usual)[:, seen]
    moved = [ahead(y, t, beside) for beside in _beside(usual)]
    shift = np.array([(other[seen] - expected) / sd / MOVE for other, _sd in moved])
    widen = np.array([np.log(np.broadcast_to(other, y.shape)[seen] / sd) / MOVE for _expected, other in moved])
    shift, widen = np.insert(shift, SIZE, 0.0, axis=0), np.insert(widen, SIZE, 0.5, axis=0)
    return (
        design @ e, shift @ e + widen @ (e**2 - 1.0), design @ design.T,
        shift @ shift.T + 2.0 * widen @ widen.T, -(np.log(sd) + 0.5 * e**2).sum(),
    )  # fmt: skip


def _without_mean(usual: Hyper) -> Hyper:
    return replace(usual, b0=0.0, b1=0.0, b_log=0.0, b_early=0.0)


def _whitened(seen: Flags, t: Floats, usual: Hyper) -> Floats:
    """What the filter makes of the columns of the mean, (4, n, T): it is linear once nothing is expected beforehand.

    It depends on where ratings are alone, so each pattern of gaps is looked at once.
    """
    packed = np.packbits(seen, axis=1)
    _codes, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    columns = np.where(seen[first], basis(usual.clock(t))[:, None, :], np.nan).reshape(-1, len(t))
    expected, sd = ahead(columns, t, _without_mean(usual))
    return ((columns - expected) / sd).reshape(4, len(first), len(t))[:, which.ravel()]
