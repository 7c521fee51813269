"""Sufficient statistics come in; the variance parameters of highest likelihood go out, with what was checked.

The search runs on a *face* of the parameter set: the covariance of full rank, or of rank one (correlation ±1) or
zero, with or without the therapist level, with or without φ. Inside a face every parameter is free, so an optimum
there has zero gradient and a positive Hessian; across the border the derivative by the variance itself, which is
not zero where a variance is, says whether the border is right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from accord.stats.mixed_likelihood import Point, Value, value
from accord.stats.mixed_statistics import Statistics

Floats = NDArray[np.float64]

# A remaining gain in deviance below this, by the local quadratic, counts as "at the optimum".
GAIN_LEFT = 1e-6
# Below this, relative to the residual variance (slope in SDs of its column), the border is examined.
NEAR_BORDER = 1e-3
# φ approaches but does not reach ±1, where the residuals of a person would be one number.
PHI_LIMIT = 0.9999
PHI_TOO_HIGH = 0.995
# The residual variance, as a share of the outcome's variance, below which there is none.
NO_RESIDUAL = 1e-9


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

    def gradient(self, x: Floats, found: Value) -> Floats:
        """Derivative of the deviance by the free parameters."""
        point = self.point(x)
        by_factor = 2.0 * found.by_covariance @ point.factor
        gradient = [by_factor[entry] for entry in self.entries]
        if self.tau:
            gradient.append(2.0 * point.tau * found.by_tau2)
        if self.phi:
            gradient.append(found.by_phi * self._phi_change(x[-1]))
        return np.array(gradient)

    def _phi(self, z: float) -> float:
        return float(PHI_LIMIT * (np.tanh(z) if self.signed else 0.5 * (1.0 + np.tanh(z))))

    def _phi_change(self, z: float) -> float:
        return float(PHI_LIMIT * (1.0 if self.signed else 0.5) / np.cosh(z) ** 2)

    def free(self, factor: Floats, tau: float, phi: float) -> Floats:
        """Variance parameters to free parameters (the inverse of `point`)."""
        x = [factor[entry] for entry in self.entries]
        if self.tau:
            x.append(tau)
        if self.phi:
            share = phi / PHI_LIMIT
            x.append(np.arctanh(np.clip(share if self.signed else 2.0 * share - 1.0, -0.9999, 0.9999)))
        return np.array(x)


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where the search ended, and what is known about that place."""

    face: Face
    x: Floats
    value: Value
    evaluations: int
    gain_left: float
    problems: tuple[str, ...]

    @property
    def point(self) -> Point:
        """The variance parameters."""
        return self.face.point(self.x)

    @property
    def deviance(self) -> float:
        """The profiled deviance, in standardised units."""
        return self.value.deviance


class Search:
    """Deviance and gradient on one face, counting evaluations; points that cannot be computed are infinitely bad."""

    def __init__(self, statistics: Statistics, reml: bool) -> None:
        self.statistics, self.reml, self.evaluations = statistics, reml, 0

    def at(self, face: Face, x: Floats) -> Value | None:
        """The likelihood at free parameters `x`, or `None` where it cannot be computed."""
        self.evaluations += 1
        try:
            with np.errstate(all="ignore"):
                found = value(self.statistics, face.point(x), self.reml)
        except np.linalg.LinAlgError:
            return None
        return found if np.isfinite(found.deviance) else None

    def deviance(self, face: Face, x: Floats) -> float:
        """The deviance alone; infinite where it cannot be computed."""
        found = self.at(face, x)
        return np.inf if found is None else found.deviance

    def hessian(self, face: Face, x: Floats) -> Floats:
        """Central differences of the analytic gradient."""
        step = 1e-4 * np.maximum(1.0, np.abs(x))
        columns = []
        for k, h in enumerate(step):
            shift = np.zeros(len(x))
            shift[k] = h
            up, down = self.at(face, x + shift), self.at(face, x - shift)
            if up is None or down is None:
                return np.full((len(x), len(x)), np.nan)
            columns.append((face.gradient(x + shift, up) - face.gradient(x - shift, down)) / (2.0 * h))
        matrix = np.array(columns)
        return (matrix + matrix.T) / 2.0

    def descend(self, face: Face, x: Floats) -> Floats:
        """A trust-region Newton search from `x`; it passes saddles and narrow valleys that a line search sticks in."""
        if len(x) == 0:
            return x
        rows = float(self.statistics.rows)

        def function(at: Floats) -> tuple[float, Floats]:
            found = self.at(face, at)
            if found is None:
                return 1e300, np.zeros(len(at))
            return found.deviance / rows, face.gradient(at, found) / rows

        def curvature(at: Floats) -> Floats:
            return np.nan_to_num(self.hessian(face, at) / rows)

        result = minimize(
            function, x, jac=True, hess=curvature, method="trust-exact",
            options={"gtol": 1e-8, "maxiter": 100, "initial_trust_radius": 0.5, "max_trust_radius": 10.0},
        )  # fmt: skip
        end: Floats = result.x
        return end


def optimise(statistics: Statistics, ar1: bool, reml: bool) -> Optimum:
    """The variance parameters of highest (restricted) likelihood, on whichever face they lie."""
    search = Search(statistics, reml)
    q, tau = statistics.q, statistics.therapist_starts is not None
    full = Face(q, q, tau, ar1, statistics.whole_gaps)
    best: tuple[float, Face, Floats] | None = None
    for start in _starts(search, full):
        end = _settle(search, full, search.descend(full, start))
        if best is None or end[0] < best[0] - 1e-9:
            best = end
    assert best is not None
    return _examine(search, *best)


def _starts(search: Search, face: Face) -> list[Floats]:
    """The two best of a coarse grid that differ clearly: shrinks the risk of a local optimum to what tests show."""
    grid = []
    for intercept in (0.3, 1.0, 3.0):
        for slope in (0.1, 0.6):
            for phi in ((0.0, 0.3, 0.7) if face.phi else (0.0,)):
                factor = np.diag([intercept, slope][: face.q])
                x = face.free(factor, 0.3, phi if face.signed or phi else 0.05)
                grid.append((search.deviance(face, x), tuple(x)))
            if face.q == 1:
                break
    grid.sort()
    return [np.array(grid[0][1])]


def _settle(search: Search, face: Face, x: Floats) -> tuple[float, Face, Floats]:
    """Move to a lower face wherever a parameter has come close to its border and nothing is lost by that."""
    here = search.deviance(face, x)
    for lower, start in _lower_faces(face, x):
        end = search.descend(lower, start)
        there = search.deviance(lower, end)
        if there <= here + GAIN_LEFT:
            return _settle(search, lower, end)
    return here, face, x


def _lower_faces(face: Face, x: Floats) -> list[tuple[Face, Floats]]:
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
    if face.phi and not face.signed and point.phi < 0.01:
        lower = replace(face, phi=False)
        faces.append((lower, lower.free(point.factor, point.tau, 0.0)))
    return faces


def _examine(search: Search, deviance: float, face: Face, x: Floats) -> Optimum:
    """State how far from an optimum the end is: inside the face by Newton's step, across the border by derivatives."""
    found = search.at(face, x)
    assert found is not None
    problems = []
    gain = 0.0
    if len(x):
        gradient, hessian = face.gradient(x, found), search.hessian(face, x)
        gain, flat = _gain_left(gradient, hessian)
        if flat:
            problems.append("the likelihood is flat or curved upward in some direction, so the data do not fix the variances")
        elif not gain <= GAIN_LEFT:
            problems.append(f"the search stopped short of an optimum (about {gain:.1g} units of deviance)")
    problems += _across_border(search, face, x, found)
    if found.sigma2 < NO_RESIDUAL:
        problems.append("the residual variance has gone to zero: each person's ratings lie on a line of their own")
    if abs(face.point(x).phi) > PHI_TOO_HIGH:
        problems.append("the residual correlation has run to its limit and cannot be told from the person's own level")
    return Optimum(face, x, found, search.evaluations, gain, tuple(problems))


def _gain_left(gradient: Floats, hessian: Floats) -> tuple[float, bool]:
    """Half the Newton decrement, and whether some direction has no positive curvature."""
    if not np.isfinite(hessian).all():
        return np.inf, True
    values, vectors = np.linalg.eigh(hessian)
    if values[0] <= 1e-9 * values[-1]:
        return np.inf, True
    return float(0.5 * ((vectors.T @ gradient) ** 2 / values).sum()), False


def _across_border(search: Search, face: Face, x: Floats, found: Value) -> list[str]:
    """On a border the deviance must not fall when the variance that is zero there grows a little."""
    falls = []
    tolerance = 1e-6 * search.statistics.rows
    if face.rank < face.q and np.linalg.eigvalsh(found.by_covariance)[0] < -tolerance:
        falls.append("random effects")
    if not face.tau and search.statistics.therapist_starts is not None and found.by_tau2 < -tolerance:
        falls.append("therapist")
    return [f"a zero variance ({name}) is not the best value" for name in falls]
