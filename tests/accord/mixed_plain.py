"""The slow, obvious mixed model: V of all ratings written out, its likelihood maximised from many starts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize


@dataclass(frozen=True)
class Variances:
    """In the units of the data. `slope` and `cov` are 0 without a random slope."""

    intercept: float
    residual: float
    slope: float = 0.0
    cov: float = 0.0
    therapist: float = 0.0
    phi: float = 0.0


@dataclass(frozen=True)
class Ratings:
    """Long columns. `slope` holds zeros without a random slope; `time` is in units of the smallest gap.

    For each pair of ratings: whether one person gave both, one therapist treated both, and how far they lie apart.
    """

    y: np.ndarray
    x: np.ndarray
    person: np.ndarray
    slope: np.ndarray
    time: np.ndarray
    therapist: np.ndarray

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        same = self.person[:, None] == self.person[None]
        gap = np.where(same, np.abs(self.time[:, None] - self.time[None]), np.inf)
        return same, self.therapist[:, None] == self.therapist[None], gap


def covariance(r: Ratings, v: Variances) -> np.ndarray:
    """V, one entry a pair of ratings."""
    same, treated_alike, gap = r.pairs
    between = v.intercept + v.cov * (r.slope[:, None] + r.slope[None]) + v.slope * r.slope[:, None] * r.slope[None]
    return same * between + v.residual * np.float64(v.phi) ** gap + v.therapist * treated_alike


def loglik(r: Ratings, v: Variances, method: str) -> float:
    """The Gaussian log-likelihood at its best β; REML integrates β out (with lme4's constant)."""
    root = np.linalg.cholesky(covariance(r, v))
    white = np.linalg.solve(root, np.column_stack([r.x, r.y]))  # as if all ratings were independent
    x, y = white[:, :-1], white[:, -1]
    information = x.T @ x
    residual = y - x @ np.linalg.solve(information, x.T @ y)
    n, p = x.shape
    deviance = 2.0 * np.log(np.diag(root)).sum() + residual @ residual
    if method == "ML":
        return -0.5 * (deviance + n * np.log(2 * np.pi))
    return -0.5 * (deviance + np.linalg.slogdet(information)[1] + (n - p) * np.log(2 * np.pi))


def best_loglik(r: Ratings, method: str, *, slope: bool, therapist: bool, ar1: bool, starts: int) -> float:
    """The highest log-likelihood that Nelder-Mead finds from several seeded starts."""
    rng = np.random.default_rng(1)
    scale = r.y.std()

    def variances(free: np.ndarray) -> Variances:
        rest = list(free)
        residual, a = (rest.pop(0) * scale) ** 2, rest.pop(0) * scale
        b, c = (rest.pop(0) * scale, rest.pop(0) * scale) if slope else (0.0, 0.0)
        t = (rest.pop(0) * scale) ** 2 if therapist else 0.0
        phi = np.tanh(rest.pop(0)) if ar1 else 0.0
        return Variances(a * a, residual, b * b + c * c, a * b, t, phi)

    def worse(free: np.ndarray) -> float:
        try:
            return -loglik(r, variances(free), method)
        except np.linalg.LinAlgError:
            return np.inf

    best = -np.inf
    for _ in range(starts):
        free = np.r_[0.6, rng.uniform(0.2, 1.2), rng.uniform(-0.1, 0.2, 2 * slope), 0.3 * np.ones(therapist + ar1)]
        for _ in range(2):  # Nelder-Mead again from where it stopped
            options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 1500, "maxfev": 1500}
            free = minimize(worse, free, method="Nelder-Mead", options=options).x
        best = max(best, -worse(free))
    return best
