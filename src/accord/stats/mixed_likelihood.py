"""Sufficient statistics and variance parameters come in; the profiled deviance, its gradient and the effects go out.

y = Xβ + Z b + v + e for each person, with b ~ N(0, σ²G), a therapist's v ~ N(0, σ²τ²), e ~ N(0, σ²R(φ)).
β and σ² are profiled out as in Bates et al. 2015 (J Stat Softw 67:1), with the matrices of all persons at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accord.stats.mixed_statistics import Products, Statistics

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Point:
    """Variance parameters in units of σ²: G = factor factor' (q, q), τ² of therapists, φ of residuals."""

    factor: Floats
    tau: float = 0.0
    phi: float = 0.0

    @property
    def covariance(self) -> Floats:
        """G, the person's random-effect covariance."""
        g: Floats = self.factor @ self.factor.T
        return g


@dataclass(frozen=True, eq=False)
class Value:
    """Deviance (−2 log-likelihood, up to the units' constant) and its derivatives by G, τ² and φ; what was profiled."""

    deviance: float
    by_covariance: Floats
    by_tau2: float
    by_phi: float
    beta: Floats
    sigma2: float
    beta_covariance: Floats


@dataclass(frozen=True, eq=False)
class Posterior:
    """Given G, per person: F = (G⁻¹+A)⁻¹, H = Z'V⁻¹Z, N = (I+AG)⁻¹ as (q, q, persons), and log |I+AG| summed."""

    f: Floats
    h: Floats
    n: Floats
    log_determinant: float


def posterior(a: Floats, factor: Floats) -> Posterior:
    """Closed forms for q = 1 and 2, exact when G is singular (no inverse of G is ever taken)."""
    g = factor @ factor.T
    if len(g) == 1:
        det = 1.0 + a[0, 0] * g[0, 0]
        return Posterior(g[:, :, None] / det, a / det, (1.0 / det)[None, None], float(np.log(det).sum()))
    adjoint_a = np.array([[a[1, 1], -a[0, 1]], [-a[0, 1], a[0, 0]]])
    adjoint_g = np.array([[g[1, 1], -g[0, 1]], [-g[0, 1], g[0, 0]]])
    det_a = a[0, 0] * a[1, 1] - a[0, 1] ** 2
    det_g = float(np.linalg.det(factor)) ** 2
    det = 1.0 + g[0, 0] * a[0, 0] + 2.0 * g[0, 1] * a[0, 1] + g[1, 1] * a[1, 1] + det_a * det_g
    f = (g[:, :, None] + det_g * adjoint_a) / det
    h = (a + det_a * adjoint_g[:, :, None]) / det
    n = np.tensordot(adjoint_g, adjoint_a, axes=1)
    n[0, 0] += 1.0
    n[1, 1] += 1.0
    return Posterior(f, h, n / det, float(np.log(det).sum()))


def _times(matrix: Floats, wz: Floats) -> Floats:
    """matrix (q, q, persons) times each person's Z'W, kept as (m, q, persons)."""
    product = matrix[None, :, 0] * wz[:, None, 0]
    for k in range(1, wz.shape[1]):
        product += matrix[None, :, k] * wz[:, None, k]
    return product


@dataclass(frozen=True, eq=False)
class Therapists:
    """Per therapist: which persons, the posterior variance of v (in σ²), and Σ 1'V⁻¹1 and Σ W'V⁻¹1 before τ² enters."""

    member: NDArray[np.intp]
    variance: Floats
    ones: Floats
    w_ones: Floats
    shrink: Floats


def therapists(statistics: Statistics, h: Floats, k: Floats, tau: float) -> Therapists:
    """What the therapist level adds: its design is the person's column of ones, the first of Z."""
    starts = statistics.therapist_starts
    assert starts is not None
    member = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, h.shape[-1])))
    ones = np.add.reduceat(h[0, 0], starts)
    w_ones = np.add.reduceat(k[:, 0], starts, axis=-1)
    shrink = 1.0 + tau**2 * ones
    return Therapists(member, tau**2 / shrink, ones, w_ones, shrink)


def value(statistics: Statistics, point: Point, reml: bool) -> Value:
    """The profiled (restricted) deviance at `point`, with gradient. Raises `LinAlgError` where it cannot be computed."""
    products = statistics.at(point.phi)
    post = posterior(products.zz, point.factor)
    modes = _times(post.f, products.wz)
    h, k = post.h, _times(post.n, products.wz)
    m = len(k)
    s = products.ww - products.wz.reshape(m, -1) @ modes.reshape(m, -1).T
    log_determinant = products.log_determinant + post.log_determinant
    group = therapists(statistics, h, k, point.tau) if statistics.therapist_starts is not None else None
    if group is not None:
        s -= (group.w_ones * group.variance) @ group.w_ones.T
        log_determinant += float(np.log(group.shrink).sum())
        share = group.variance[group.member]
        k = k - (share * h[:, 0])[None] * group.w_ones[:, None, group.member]
        h = h - share * h[:, None, 0] * h[None, 0]
    deviance, beta, sigma2, beta_covariance, weight = _profile(s, statistics.rows, reml)
    by_tau2 = 0.0
    if group is not None:
        c = group.w_ones / group.shrink
        by_tau2 = float((group.ones / group.shrink).sum() - np.vdot(weight @ c, c))
    by_phi = _by_phi(statistics, point, products, post, modes, group, weight)
    return Value(deviance + log_determinant, _by_covariance(h, k, weight), by_tau2, by_phi, beta, sigma2, beta_covariance)


def _profile(s: Floats, rows: int, reml: bool) -> tuple[float, Floats, float, Floats, Floats]:
    """Profile β and σ² out of S = [X y]'V⁻¹[X y].

    Gives their part of the deviance, both estimates, (X'V⁻¹X)⁻¹, and the derivative of that part by S.
    """
    triangle = np.linalg.cholesky((s + s.T) / 2.0)
    p = len(s) - 1
    inverse = np.linalg.inv(triangle[:p, :p])
    beta = inverse.T @ triangle[p, :p]
    freedom = rows - p if reml else rows
    sigma2 = float(triangle[p, p] ** 2) / freedom
    deviance = freedom * (1.0 + np.log(2.0 * np.pi * sigma2))
    beta_covariance = inverse.T @ inverse
    contrast = np.append(-beta, 1.0)
    weight = np.outer(contrast, contrast) / sigma2
    if reml:
        deviance += 2.0 * float(np.log(np.diag(triangle)[:p]).sum())
        weight[:p, :p] += beta_covariance
    return float(deviance), beta, sigma2, beta_covariance, weight


def _by_covariance(h: Floats, k: Floats, weight: Floats) -> Floats:
    """Derivative of the deviance by G: Σ Z'V⁻¹Z − Σ K' weight K."""
    weighted = np.tensordot(weight, k, axes=1)
    q = len(h)
    gradient = np.empty((q, q))
    for i in range(q):
        for j in range(i, q):
            gradient[i, j] = gradient[j, i] = h[i, j].sum() - np.vdot(weighted[:, i], k[:, j])
    return gradient


def _by_phi(
    statistics: Statistics, point: Point, products: Products, post: Posterior, modes: Floats,
    group: Therapists | None, weight: Floats,
) -> float:  # fmt: skip
    """Derivative of the deviance by φ, through the derivatives of the whitened cross products."""
    if len(statistics.person_sums) == 1:
        return 0.0
    change = statistics.slope_at(point.phi)
    spread = post.f
    if group is not None:
        reach = post.n[0]
        spread = spread + group.variance[group.member] * reach[:, None] * reach[None]
        modes = modes + (group.variance * group.w_ones)[:, None, group.member] * reach[None]
    weighted = np.tensordot(weight, modes, axes=1)
    gradient = change.log_determinant + np.vdot(spread, change.zz) + np.vdot(weight, change.ww)
    gradient += np.vdot(weighted, _times(change.zz, modes)) - 2.0 * np.vdot(weighted, change.wz)
    return float(gradient)


@dataclass(frozen=True, eq=False)
class Effects:
    """Best linear unbiased predictions in standardised units: persons (q, n) with covariance (q, q, n); therapists."""

    person: Floats
    person_covariance: Floats
    therapist: Floats | None
    therapist_variance: Floats | None


def effects(statistics: Statistics, point: Point, found: Value) -> Effects:
    """Conditional means of b and v given the ratings, and their conditional covariance (β and θ taken as known)."""
    products = statistics.at(point.phi)
    post = posterior(products.zz, point.factor)
    contrast = np.append(-found.beta, 1.0)
    score = np.tensordot(contrast, products.wz, axes=1)
    person = (post.f * score[None]).sum(axis=1)
    covariance = found.sigma2 * post.f
    if statistics.therapist_starts is None:
        return Effects(person, covariance, None, None)
    group = therapists(statistics, post.h, _times(post.n, products.wz), point.tau)
    therapist = group.variance * (contrast @ group.w_ones)
    share = (post.f * products.zz[0][None]).sum(axis=1)
    person = person - share * therapist[group.member]
    spread = group.variance[group.member] * share[:, None] * share[None]
    return Effects(person, covariance + found.sigma2 * spread, therapist, found.sigma2 * group.variance)
