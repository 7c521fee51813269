"""Search the variance parameters of highest likelihood, and say what was checked about the place that was found.

The search runs on a *face* of the parameter set: the covariance of full rank, or of rank one (correlation ±1) or
zero, with or without the therapist level, with or without φ. Inside a face every parameter is free, so an optimum
there has zero gradient and a positive Hessian; across the border the derivative by the variance itself, which is
not zero where a variance is, says whether the border is right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from accord.errors import BadInput
from accord.stats.mixed_likelihood import Point, Value, value
from accord.stats.mixed_statistics import MixedStatistics

Floats = NDArray[np.float64]

# A remaining gain in deviance below this, by the local quadratic, counts as "at the optimum".
GAIN_LEFT = 1e-6
# Below this, relative to the residual variance (slope in SDs of its column), the border is examined.
NEAR_BORDER = 1e-3
# φ approaches but does not reach ±1, where the residuals of a person would be one number.
PHI_LIMIT = 0.9999
# Residual correlation over the mean gap above which it is a second random intercept.
TOO_CORRELATED = 0.995
# The residual variance, as a share of the outcome's variance, below which there is none.
NO_RESIDUAL = 1e-9
# Far more than a fit needs (about 60); only a likelihood without an optimum gets there.
MOST_EVALUATIONS = 1000
# Descents by number of rows: with few, the likelihood may have several hills; with many it is close to quadratic.
STARTS = ((100, 24), (1000, 4), (np.inf, 1))


@dataclass(frozen=True)
class Face:
    """Which parameters are free: `rank` of the (q, q) covariance, the therapist variance, φ (signed or positive)."""

    q: int
    rank: int
    tau: bool
    phi: bool
    signed: bool

    @property
    def entries(self) -> list[tuple[int, int]]:
        """Free entries of the lower-trapezoidal factor of G."""
        return [(i, j) for j in range(self.rank) for i in range(j, self.q)]

    def point(self, x: Floats) -> Point:
        """Free parameters to variance parameters."""
        factor = np.zeros((self.q, self.q))
        for number, entry in zip(x, self.entries, strict=False):
            factor[entry] = number
        rest = list(x[len(self.entries) :])
        tau = float(rest.pop(0)) if self.tau else 0.0
        return Point(factor, tau, self._phi(rest[0]) if self.phi else 0.0)

    def gradient(self, x: Floats, likelihood: Value) -> Floats:
        """Derivative of the deviance by the free parameters."""
        point = self.point(x)
        by_factor = 2.0 * likelihood.by_covariance @ point.factor
        gradient = [by_factor[entry] for entry in self.entries]
        if self.tau:
            gradient.append(2.0 * point.tau * likelihood.by_tau2)
        if self.phi:
            gradient.append(likelihood.by_phi * self._phi_change(x[-1]))
        return np.array(gradient)

    def _phi(self, z: float) -> float:
        return float(PHI_LIMIT * np.tanh(z) if self.signed else np.exp(-np.exp(z)))

    def _phi_change(self, z: float) -> float:
        return float(PHI_LIMIT / np.cosh(z) ** 2 if self.signed else -np.exp(z - np.exp(z)))

    def free(self, factor: Floats, tau: float, phi: float) -> Floats:
        """Variance parameters to free parameters (the inverse of `point`)."""
        x = [factor[entry] for entry in self.entries]
        if self.tau:
            x.append(tau)
        if self.phi:
            x.append(np.arctanh(np.clip(phi / PHI_LIMIT, -0.9999, 0.9999)) if self.signed else np.log(-np.log(phi)))
        return np.array(x)


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where the search ended, and what speaks against its being the optimum (nothing, when all is well)."""

    face: Face
    point: Point
    value: Value
    problems: tuple[str, ...]


class Search:
    """Deviance and gradient on one face, counting evaluations; points that cannot be computed are infinitely bad."""

    def __init__(self, statistics: MixedStatistics, reml: bool) -> None:
        self.statistics, self.reml, self.evaluations = statistics, reml, 0

    def at(self, face: Face, x: Floats) -> Value | None:
        """The likelihood at free parameters `x`, or `None` where it cannot be computed."""
        self.evaluations += 1
        try:
            likelihood = value(self.statistics, face.point(x), self.reml)
        except np.linalg.LinAlgError:
            return None
        usable = np.isfinite(likelihood.deviance) and np.isfinite(face.gradient(x, likelihood)).all()
        return likelihood if usable else None

    def deviance(self, face: Face, x: Floats) -> float:
        """The deviance alone; infinite where it cannot be computed."""
        likelihood = self.at(face, x)
        return np.inf if likelihood is None else likelihood.deviance

    def curvature(self, face: Face, x: Floats, around: Value | None = None) -> tuple[Floats, Floats]:
        """Eigenvalues and vectors of the second derivatives of the deviance, by differences of the analytic gradient.

        Central differences, or forward ones (half the cost, for the way there) from the value `around` x.
        All zero where they cannot be computed.
        """
        step = 1e-4 * np.maximum(1.0, np.abs(x))
        matrix = np.zeros((len(x), len(x)))
        for k, h in enumerate(step):
            shift = np.where(np.arange(len(x)) == k, h, 0.0)
            up = self.at(face, x + shift)
            low, down = (x, around) if around else (x - shift, self.at(face, x - shift))
            if up is not None and down is not None:
                change = face.gradient(x + shift, up) - face.gradient(low, down)
                matrix[k] = change / (h if around else 2.0 * h)
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2.0)
        return values, vectors

    def descend(self, face: Face, x: Floats) -> Floats:
        """Newton's method with the absolute curvature, so that it leaves saddles, each step cut until it helps."""
        likelihood, reach = self.at(face, x), 1.0
        while likelihood is not None and self.evaluations < MOST_EVALUATIONS:
            step = self._step(face, x, likelihood, reach)
            trial = self.at(face, x + step)
            while (trial is None or trial.deviance >= likelihood.deviance) and np.linalg.norm(step) > 1e-9:
                step /= 4.0
                trial = self.at(face, x + step)
            if trial is None or trial.deviance >= likelihood.deviance:
                break
            x, likelihood, reach = x + step, trial, 2.0 * max(1.0, float(np.linalg.norm(step)))
        return x

    def _step(self, face: Face, x: Floats, likelihood: Value, reach: float) -> Floats:
        """Newton's step from `x`, no longer than `reach`; zero where the deviance has nothing left to fall."""
        gradient = face.gradient(x, likelihood)
        if not gradient.any():
            return gradient
        values, vectors = self.curvature(face, x, likelihood)
        slope = vectors.T @ gradient
        size = np.maximum(np.abs(values), 1e-8 * np.abs(values).max() + 1e-12)
        if values[0] > 0.0 and (slope**2 / size).sum() < GAIN_LEFT / 1000.0:
            return np.zeros(len(x))
        step: Floats = -vectors @ (slope / size)
        return step * min(1.0, reach / float(np.linalg.norm(step)))


@np.errstate(all="ignore")  # a step that goes too far overflows; such a point is infinitely bad, and nobody's concern
def optimise(statistics: MixedStatistics, ar1: bool, reml: bool) -> Optimum:
    """The variance parameters of highest (restricted) likelihood, on whichever face they lie.

    Units are those of `statistics`: G (q, q) and τ² in units of σ². Formula: −2 log-likelihood of Bates et al. 2015
    (`mixed_likelihood`), by Newton's method. Raises `BadInput` where the likelihood cannot be computed at the end; what
    else speaks against the result is in `problems`.

    >>> from accord.stats.mixed_rows import ordered_rows
    >>> from accord.stats.mixed_statistics import summarise
    >>> rows = ordered_rows([1, 2, 4, 6, 8, 9], np.ones((6, 1)), [0, 0, 1, 1, 2, 2], None, None, None)
    >>> statistics, _units = summarise(rows, ("level",))
    >>> optimise(statistics, ar1=False, reml=True).problems
    ()
    """
    search = Search(statistics, reml)
    full = Face(statistics.q, statistics.q, statistics.has_therapists, ar1, statistics.whole_gaps)
    ends = [_settle(search, full, search.descend(full, start)) for start in _starts(search, full)]
    _, face, x = min(ends, key=lambda end: end[0])
    return _examine(search, face, x)


def _starts(search: Search, face: Face) -> list[Floats]:
    """The best of a coarse grid, and with few rows the best in further parts of it."""
    best: dict[tuple[float, ...], tuple[float, tuple[float, ...]]] = {}
    slopes = (0.1, 0.6) if face.q == 2 else (0.0,)
    taus = (0.2, 1.0) if face.tau else (0.0,)
    phis = ((-0.9, -0.4, 0.1, 0.4, 0.8) if face.signed else (0.1, 0.4, 0.8)) if face.phi else (0.0,)
    for intercept, *part in product((0.3, 1.0, 3.0), slopes, taus, phis):
        slope, tau, phi = part
        at_smallest_gap = phi if face.signed else phi ** (1.0 / search.statistics.mean_gap)
        x = face.free(np.diag([intercept, slope][: face.q]), tau, at_smallest_gap)
        start = (search.deviance(face, x), tuple(x))
        best[*part] = min(start, best.get((*part,), start))
    starts = [np.array(x) for _, x in sorted(best.values())]
    return starts[: next(n for rows, n in STARTS if search.statistics.rows <= rows)]


def _settle(search: Search, face: Face, x: Floats) -> tuple[float, Face, Floats]:
    """Move to a lower face wherever a parameter has come close to its border and nothing is lost by that."""
    deviance = search.deviance(face, x)
    for lower, start in _lower_faces(face, x):
        end = search.descend(lower, start)
        if search.deviance(lower, end) <= deviance + GAIN_LEFT:
            return _settle(search, lower, end)
    return deviance, face, x


def _lower_faces(face: Face, x: Floats) -> list[tuple[Face, Floats]]:
    """Faces whose border is near, each with a place to start from; φ = 0 is always worth a look."""
    point = face.point(x)
    faces = []
    values, vectors = np.linalg.eigh(point.covariance)
    if face.rank and values[face.q - face.rank] < NEAR_BORDER:
        factor = np.zeros((face.q, face.q))
        if face.rank == 2:
            factor[:, 0] = np.sqrt(values[1]) * vectors[:, 1]
        lower = replace(face, rank=face.rank - 1)
        faces.append((lower, lower.free(factor, point.tau, point.phi)))
    if face.tau and point.tau**2 < NEAR_BORDER:
        lower = replace(face, tau=False)
        faces.append((lower, lower.free(point.factor, 0.0, point.phi)))
    if face.phi and not face.signed:
        lower = replace(face, phi=False)
        faces.append((lower, lower.free(point.factor, point.tau, 0.0)))
    return faces


def _examine(search: Search, face: Face, x: Floats) -> Optimum:
    """State how far from an optimum the end is: inside the face by Newton's step, across the border by derivatives."""
    likelihood = search.at(face, x)
    if likelihood is None:
        raise BadInput("the likelihood cannot be computed for these ratings: hardly any variance is left to divide.")
    problems = _across_border(search, face, likelihood)
    gain = _gain_left(face.gradient(x, likelihood), *search.curvature(face, x)) if len(x) else 0.0
    if np.isinf(gain):
        problems.append("the likelihood is flat, so these data do not fix all variances")
    elif gain > GAIN_LEFT:
        problems.append(f"the search stopped short of an optimum (by about {gain:.1g} in deviance)")
    if likelihood.sigma2 < NO_RESIDUAL:
        problems.append("the residual variance has gone to zero, as when ratings follow a line exactly")
    if face.phi and abs(face.point(x).phi) ** search.statistics.mean_gap > TOO_CORRELATED:
        problems.append("the residual correlation has run to its limit and cannot be told from the person's own level")
    return Optimum(face, face.point(x), likelihood, tuple(problems))


def _gain_left(gradient: Floats, values: Floats, vectors: Floats) -> float:
    """Half the Newton decrement: what the deviance could still fall, infinite where some direction is flat or falls."""
    if values[0] <= 1e-9 * values[-1]:
        return np.inf
    return float(0.5 * ((vectors.T @ gradient) ** 2 / values).sum())


def _across_border(search: Search, face: Face, likelihood: Value) -> list[str]:
    """On a border the deviance must not fall when the variance that is zero there grows a little."""
    tolerance = 1e-6 * search.statistics.rows
    lowest = np.linalg.eigvalsh(likelihood.by_covariance)[0] if face.rank < face.q else 0.0
    by_tau2 = likelihood.by_tau2 if search.statistics.has_therapists and not face.tau else 0.0
    if min(lowest, by_tau2) < -tolerance:
        return ["the search ended at a zero variance that is not the best value"]
    return []
