"""The slow, obvious second version of what the core computes on arrays: the judge in tests."""

from __future__ import annotations

import numpy as np

from accord.stats.hyper import Hyper


def one_step_ahead(y: np.ndarray, times: np.ndarray, hyper: Hyper) -> tuple[np.ndarray, np.ndarray]:
    """Mean and SD of each rating given all earlier ones, by the formula for a conditional normal distribution."""
    n, sessions = y.shape
    mean, sd = np.empty((n, sessions)), np.empty((n, sessions))
    for i in range(n):
        t = times if times.ndim == 1 else times[i]
        along, noisy = hyper.along(t), hyper.relative_sd(t)
        sd_there = np.ones(sessions) if noisy is None else noisy
        covariance = (
            hyper.var_intercept
            + hyper.cov * (along[:, None] + along)
            + hyper.var_slope * np.outer(along, along)
            + hyper.var_residual * np.outer(sd_there, sd_there) * hyper.phi ** np.abs(t[:, None] - t)
        )
        usual = hyper.mean(t)
        for k in range(sessions):
            known = [j for j in range(k) if not np.isnan(y[i, j])]
            weights = np.linalg.solve(covariance[np.ix_(known, known)], covariance[known, k])
            mean[i, k] = usual[k] + weights @ (y[i, known] - usual[known])
            sd[i, k] = np.sqrt(covariance[k, k] - weights @ covariance[known, k])
    return mean, sd


def person_scale(raw: list[float]) -> float:
    """A person's spread after the raw standardised steps seen so far: s^2 = (8 + sum min(z^2, 6.25)) / (8 + n)."""
    return ((8 + sum(min(z * z, 6.25) for z in raw)) / (8 + len(raw))) ** 0.5


def cusum(z: list[float], k: float = 0.5) -> list[float]:
    """The running sum of how far ratings fall beyond k, never below 0; one rating counts 2.5 at most."""
    total, path = 0.0, []
    for value in z:
        if not np.isnan(value):
            total = max(0.0, total + min(-value, 2.5) - k)
        path.append(total)
    return path


def auc(strained: np.ndarray, calm: np.ndarray) -> float:
    """How often a strained session has a lower z than a calm one; ties count half."""
    return float(np.mean([(calm > z).mean() + 0.5 * (calm == z).mean() for z in strained]))
