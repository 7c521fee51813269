"""Two sets of courses in; how their levels, differences and fluctuations compare out, and a `Hyper` moved towards them.

A method of moments by simulation: whatever cuts ratings (the ends of a scale, its steps, what was left out as
strained) cuts the simulated ones too, so the parameters found are those behind the cuts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from accord.stats.innovation import Floats, Hyper

TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of (n, T) courses, missing as nan.

    `level`: mean; `between`: variance of the courses' means; `one`, `two`: mean squares of differences over one session
    and over two; `rise`, `far`: mean and variance of the change from a course's first third to its last; `fan`: its
    covariance with the first third.
    """

    level: float
    between: float
    one: float
    two: float
    rise: float
    far: float
    fan: float

    @classmethod
    def of(cls, y: Floats) -> Moments:
        """Moments of courses in sessions one apart; 0 and `TINY` where there is nothing to tell."""
        third = max(1, y.shape[1] // 3)
        means = _means(y)
        means = means[~np.isnan(means)]
        first = _means(y[:, :third])
        change = _means(y[:, -third:]) - first
        both = ~np.isnan(change)
        first, change = (first[both], change[both]) if both.any() else (np.zeros(1), np.zeros(1))
        fan = float(np.mean((first - first.mean()) * (change - change.mean())))
        return cls(
            float(np.nanmean(y)) if len(means) else 0.0, float(np.var(means)) + TINY if len(means) else TINY,
            _square(y, 1), _square(y, 2), float(change.mean()), float(np.var(change)) + TINY, fan,
        )  # fmt: skip

    def between_both(self, other: Moments, trust: float) -> Moments:
        """`trust` of these and the rest of the others: means and covariances linearly, squares geometrically."""

        def linear(a: float, b: float) -> float:
            return trust * a + (1.0 - trust) * b

        def mix(a: float, b: float) -> float:
            return float(a**trust * b ** (1.0 - trust))

        return Moments(
            linear(self.level, other.level), mix(self.between, other.between), mix(self.one, other.one),
            mix(self.two, other.two), linear(self.rise, other.rise), mix(self.far, other.far),
            linear(self.fan, other.fan),
        )  # fmt: skip


def _means(y: Floats) -> Floats:
    """Mean of each course, nan without a rating."""
    seen = ~np.isnan(y)
    known = seen.sum(axis=1)
    return np.asarray(np.where(seen, y, 0.0).sum(axis=1) / np.where(known > 0, known, np.nan))


def _square(y: Floats, lag: int) -> float:
    step = y[:, lag:] - y[:, :-lag]
    step = step[~np.isnan(step)]
    return float(np.mean(step * step)) + TINY if len(step) else TINY


def nearer(guess: Hyper, goal: Moments, now: Moments, times: Floats) -> Hyper:
    """The guess, which gave the moments `now` at `times` (T,), moved towards those of `goal`."""

    def ratio(a: float, b: float) -> float:
        return float(np.clip(a / b, 0.5, 2.0))

    third = max(1, len(times) // 3)
    distance = max(float(times[-third:].mean() - times[:third].mean()), TINY)
    rise = (goal.rise - now.rise) / distance
    intercept = guess.var_intercept * ratio(goal.between, now.between)
    slope = guess.var_slope + (goal.far - now.far * ratio(goal.one, now.one)) / distance**2
    slope = float(np.clip(slope, 0.5 * guess.var_slope, 2.0 * guess.var_slope))
    limit = 0.95 * (intercept * slope) ** 0.5
    cov = float(np.clip(guess.cov + (goal.fan - now.fan) / distance, -limit, limit))
    phi = guess.phi + goal.two / goal.one - now.two / now.one
    return replace(
        guess, b1=guess.b1 + rise, b0=guess.b0 + goal.level - now.level - rise * float(times.mean()),
        var_intercept=intercept, var_slope=slope, cov=cov,
        var_residual=guess.var_residual * ratio(goal.one, now.one), phi=float(np.clip(phi, 0.0, 0.95)),
    )  # fmt: skip
