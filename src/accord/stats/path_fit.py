"""Fit a path model to incomplete rows, in one group or several, and say how well it fits.

Maximum likelihood by Fisher scoring with damping (Lange 2010, chapter 10) from moments of each missing pattern;
standard errors from the observed information, χ² against the model without restrictions, CFI against independent
variables (Bentler 1990), RMSEA (Steiger 1990) with √groups, as lavaan. What another index of fit needs is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincc  # type: ignore[import-untyped]

from accord.stats.normal_patterns import Patterns
from accord.stats.paths import PathCell, PathModel, parameters, saturated

Floats = npt.NDArray[np.float64]
STEPS = 120  # of the search; twenty are usual
SCORING = 25  # steps by the expected information; what then still moves slowly needs the observed one
ENOUGH = 1e-10  # log-likelihood that is still to be gained at the end
TINY_STEP = 1e-3  # of a standard error, for the curvature: smaller loses digits, larger bends
AT_ONCE = 100_000  # numbers held for a few slopes at once: enough that calls cost little, few enough for the cache


@dataclass(frozen=True, eq=False)
class PathFit:
    """A fitted path model: estimates and standard errors by name, and how well it fits.

    `chi2`, `df`, `p` against the model without restrictions; `converged`, and what is wrong otherwise in `message`.
    `rows` with at least one value, of all groups; `dropped` the others.
    """

    estimates: dict[str, float]
    se: dict[str, float]
    covariance: Floats
    loglik: float
    npar: int
    rows: int
    dropped: int
    chi2: float
    df: int
    p: float
    cfi: float
    rmsea: float
    aic: float
    bic: float
    converged: bool
    message: str

    def indices(self) -> dict[str, Any]:
        """How well it fits, ready for JSON."""
        names = ("loglik", "npar", "rows", "dropped", "chi2", "df", "p", "cfi", "rmsea", "aic", "bic")
        return {name: getattr(self, name) for name in (*names, "converged", "message")}


@dataclass(frozen=True, eq=False)
class _Point:
    theta: Floats
    loglik: float
    slope: Floats
    information: Floats
    left: float  # log-likelihood that a full step promises
    problem: str


def fit_paths(
    groups: Sequence[Patterns], models: Sequence[Sequence[PathCell]], size: int, starts: Sequence[Floats] = ()
) -> PathFit:
    """Fit one model, given by its cells in each group, of `size` variables of which the first p are observed.

    `groups`: what is there of each group's rows (missing values as in `patterns`). `starts`: further first values (k,)
    of the parameters, in their order of appearance; the best of all ends counts. Units are those of the data. Formula
    and source: at the top of this module.

    >>> from accord.stats.normal_patterns import patterns
    >>> rows = np.random.default_rng(1).standard_normal((200, 2)) @ [[1.0, 0.5], [0.0, 1.0]]
    >>> line = [PathCell("spread", 0, 0, 1.0, "x"), PathCell("spread", 1, 1, 1.0, "e"), PathCell("mean", 0, 0, 0, "m")]
    >>> line += [PathCell("path", 1, 0, 0.0, "b"), PathCell("mean", 1, 0, 0.0, "n")]
    >>> fit = fit_paths([patterns(rows, "xy")], [line], 2)
    >>> fit.df, round(fit.estimates["b"], 2), fit.converged
    (0, 0.33, True)
    """
    names, first = parameters(models)
    built = [PathModel(cells, group.there.shape[1], size, names) for group, cells in zip(groups, models, strict=True)]
    ends = [_search(groups, built, start) for start in (first, *starts)]
    best = max(ends, key=lambda end: (end.loglik > -np.inf, not end.problem, end.loglik))
    curvature = _curvature(groups, built, best.theta, best.information)
    free, free_loglik, problem = _without_restrictions(groups)
    problems = [best.problem, problem] if problem else [best.problem]
    try:
        covariance = np.asarray(np.linalg.inv(curvature), dtype=np.float64)
        if np.linalg.eigvalsh(_scaled(curvature))[0] <= 0:
            problems.append("the end is no maximum")
    except np.linalg.LinAlgError:
        covariance = np.full_like(curvature, np.nan)
        problems.append("a parameter is not identified by these data")
    variance = np.where(np.diag(covariance) > 0, np.diag(covariance), np.nan)
    rows, npar = sum(group.rows for group in groups), len(names)
    chi2, df = max(2.0 * (free_loglik - best.loglik), 0.0), free - npar
    return PathFit(
        estimates=dict(zip(names, best.theta.tolist(), strict=True)),
        se=dict(zip(names, np.sqrt(variance).tolist(), strict=True)),
        covariance=covariance,
        loglik=best.loglik,
        npar=npar,
        rows=rows,
        dropped=sum(group.dropped for group in groups),
        chi2=chi2,
        df=df,
        p=float(gammaincc(df / 2.0, chi2 / 2.0)) if df > 0 else float("nan"),
        cfi=_cfi(groups, chi2, df, free_loglik),
        rmsea=float(np.sqrt(max(chi2 / df - 1.0, 0.0) / rows * len(groups))) if df > 0 else 0.0,
        aic=2.0 * npar - 2.0 * best.loglik,
        bic=npar * float(np.log(rows)) - 2.0 * best.loglik,
        converged=not any(problems),
        message="; ".join(problem for problem in problems if problem),
    )


def _scaled(matrix: Floats) -> Floats:
    size = np.sqrt(np.maximum(np.abs(np.diag(matrix)), 1e-300))
    return np.asarray(matrix / np.outer(size, size))


def _loglik(groups: Sequence[Patterns], models: Sequence[PathModel], theta: Floats) -> float:
    return sum(group.loglik(*model.moments(theta)) for group, model in zip(groups, models, strict=True))


def _slope(groups: Sequence[Patterns], models: Sequence[PathModel], theta: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, its slope (k,), and the expected information (k, k) given what is missing."""
    value, slope, expected = 0.0, np.zeros(len(theta)), np.zeros((len(theta), len(theta)))
    for group, model in zip(groups, models, strict=True):
        mean, sigma, slopes = model.with_slopes(theta)
        part, along_mean, along_sigma, inverse = group.slopes(mean, sigma)
        value += part
        if not np.isfinite(part):
            return -np.inf, slope, expected
        of_mean, of_sigma = slopes()
        slope += of_mean @ along_mean + np.einsum("kij,ij->k", of_sigma, along_sigma)
        expected += of_mean @ np.einsum("n,nij->ij", group.n, inverse) @ of_mean.T
        expected += _of_spread(group.n, inverse, of_sigma)
    return value, slope, expected


def _of_spread(n: Floats, inverse: Floats, of_sigma: Floats) -> Floats:
    """Sum over patterns of n/2 tr(W D_k W D_l), from one product of all W with themselves."""
    patterns, p, _p = inverse.shape
    flat = inverse.reshape(patterns, -1)
    squares = (flat.T @ (n[:, None] * flat)).reshape(p, p, p, p)  # n W_ij W_kl
    slopes = of_sigma.reshape(len(of_sigma), -1)
    return np.asarray(0.5 * slopes @ squares.transpose(1, 2, 3, 0).reshape(p * p, -1) @ slopes.T)


def _search(groups: Sequence[Patterns], models: Sequence[PathModel], start: Floats) -> _Point:
    """Fisher scoring, then Newton: a damped step is taken where the likelihood rises, damped more where it does not."""
    theta, damping = start.copy(), 1e-3
    value, slope, information = _slope(groups, models, theta)
    if not np.isfinite(value):
        return _Point(theta, value, slope, information, np.inf, "the first values imply no covariance")
    metric = information
    for number in range(STEPS):
        ridge = np.diag(np.maximum(np.diag(information), 1e-12))
        try:
            step = np.linalg.solve(metric + damping * ridge, slope)
        except np.linalg.LinAlgError:
            return _Point(theta, value, slope, information, np.inf, "a parameter is not identified by these data")
        left = float(slope @ step) / 2.0
        if left < ENOUGH and damping < 1.0:
            return _Point(theta, value, slope, information, left, "")
        risen = _loglik(groups, models, theta + step)
        if risen > value:
            theta, damping = theta + step, max(damping / 8.0, 1e-9)
            value, slope, information = _slope(groups, models, theta)
            metric = information if number < SCORING else _uphill(_curvature(groups, models, theta, information))
        elif damping > 1e8:
            break
        else:
            damping = max(4.0 * damping, 1e-4)
    problem = "" if left < 1e-6 else "the search did not come to an end"
    return _Point(theta, value, slope, information, left, problem)


def _uphill(curvature: Floats) -> Floats:
    """The curvature with each eigenvalue turned positive, so that a step by it leads up, away from saddles too."""
    if not np.isfinite(curvature).all():
        return np.eye(len(curvature))
    size = np.sqrt(np.maximum(np.abs(np.diag(curvature)), 1e-300))
    values, vectors = np.linalg.eigh(curvature / np.outer(size, size))
    positive = (vectors * np.maximum(np.abs(values), 1e-8)) @ vectors.T
    return np.asarray(positive * np.outer(size, size))


def _curvature(groups: Sequence[Patterns], models: Sequence[PathModel], theta: Floats, information: Floats) -> Floats:
    """The observed information (k, k), by central differences of the analytic slope."""
    try:
        width = TINY_STEP * np.sqrt(np.abs(np.diag(np.linalg.inv(information))))
        before, after = (_slopes(groups, models, theta + sign * np.diag(width)) for sign in (-1.0, 1.0))
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)
    curvature = (before - after) / (2.0 * width[:, None])
    return np.asarray((curvature + curvature.T) / 2.0)


def _slopes(groups: Sequence[Patterns], models: Sequence[PathModel], theta: Floats) -> Floats:
    """The slopes (m, k) of the log-likelihood at parameters theta (m, k), a few at once."""
    slopes = np.zeros(theta.shape)
    for group, model in zip(groups, models, strict=True):
        few = max(AT_ONCE // group.scatter.size, 1)
        for first in range(0, len(theta), few):
            rows = slice(first, first + few)
            slopes[rows] += model.slope(theta[rows], group.slopes_of)
    return slopes


def _without_restrictions(groups: Sequence[Patterns]) -> tuple[int, float, str]:
    """Number of free moments of all groups, their highest log-likelihood, and what is wrong with it."""
    count, total, problems = 0, 0.0, ""
    for group in groups:
        cells = saturated(*group.start())
        names, first = parameters([cells])
        if len(group.n) == 1:  # nothing is missing: the moments themselves
            value = group.loglik(group.mean[0], group.scatter[0])
        else:
            end = _search([group], [PathModel(cells, len(group.there[0]), len(group.there[0]), names)], first)
            value, problems = end.loglik, "the moments themselves cannot be estimated" if end.problem else problems
        count, total = count + len(names), total + value
    return count, total, problems


def _cfi(groups: Sequence[Patterns], chi2: float, df: int, free_loglik: float) -> float:
    """1 − misfit over that of independent variables."""
    independent, freed = 0.0, 0
    for group in groups:
        mean, variance = group.start()
        independent += group.loglik(mean, np.diag(variance))
        freed += len(mean) * (len(mean) - 1) // 2
    base = 2.0 * (free_loglik - independent) - freed
    off = max(chi2 - df, 0.0)
    return 1.0 - off / max(base, off) if max(base, off) > 0 else 1.0
