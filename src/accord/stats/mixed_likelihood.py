"""The profiled deviance of a mixed model at given variances, its gradient, and the predicted effects.

y = Xβ + Z b + v + e for each person, with b ~ N(0, σ²G), a therapist's v ~ N(0, σ²τ²), e ~ N(0, σ²R(φ)).
β and σ² are profiled out as in Bates et al. 2015 (J Stat Softw 67:1), the matrices of many persons at once.
Throughout, A = Z'R⁻¹Z of one person, W = [X y], and V is the covariance of the ratings in units of σ².
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from accord.stats.mixed_statistics import Block, MixedStatistics

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Point:
    """Variance parameters in units of σ²: G = factor factor' (q, q), τ of therapists, φ of residuals."""

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
    """Deviance (−2 log-likelihood in standardised units), its derivatives by G, τ² and φ, and what was profiled."""

    deviance: float
    by_covariance: Floats
    by_tau2: float
    by_phi: float
    beta: Floats
    sigma2: float
    beta_covariance: Floats


class Totals(NamedTuple):
    """What a block of persons adds: sums that do not depend on β and σ², so that one pass is enough.

    `log_determinant` log |V|; `explained` W'W − W'V⁻¹W; `h` Σ Z'V⁻¹Z; `kk` Σ K K' with K = Z'V⁻¹W, (m·q, m·q);
    `ones` and `ones_ones` the same two sums for the therapist's column of ones; `trace` and `phi` for φ.
    """

    log_determinant: float
    explained: Floats
    h: Floats
    kk: Floats
    ones: float
    ones_ones: Floats
    trace: float
    phi: Floats


def value(statistics: MixedStatistics, point: Point, reml: bool) -> Value:
    """The profiled (restricted) deviance at `point` and its gradient: formula and source at the top of this module.

    β is (p,), its covariance (p, p), the gradient by G (q, q), all in standardised units. Missing ratings have left
    with their rows before. Raises `numpy.linalg.LinAlgError` where the deviance cannot be computed.

    >>> from accord.stats.mixed_rows import ordered_rows
    >>> from accord.stats.mixed_statistics import summarise
    >>> rows = ordered_rows([1, 2, 4, 6], np.ones((4, 1)), [0, 0, 1, 1], None, None, None)
    >>> statistics, _units = summarise(rows, ("level",))
    >>> value(statistics, Point(np.array([[1.0]])), reml=True).beta.shape
    (1,)
    """
    whitening = statistics.whitening(point.phi)
    change = statistics.whitening_change(point.phi) if statistics.autocorrelated else None
    moved = change.weights if change else None
    parts = [_totals(block, point, whitening.weights, moved) for block in statistics.blocks]
    totals = Totals(*(sum(column) for column in zip(*parts, strict=True)))
    deviance, beta, sigma2, beta_covariance, weight = _profile(whitening.ww - totals.explained, statistics.rows, reml)
    deviance += whitening.log_determinant + totals.log_determinant
    m, q = len(weight), statistics.q
    by_covariance = totals.h - np.einsum("ab,akbl->kl", weight, totals.kk.reshape(m, q, m, q))
    by_tau2 = float(totals.ones - np.vdot(weight, totals.ones_ones))
    by_phi = 0.0
    if change is not None:
        by_phi = float(change.log_determinant + totals.trace + np.vdot(weight, change.ww + totals.phi))
    return Value(deviance, by_covariance, by_tau2, by_phi, beta, sigma2, beta_covariance)


def _profile(s: Floats, rows: int, reml: bool) -> tuple[float, Floats, float, Floats, Floats]:
    """Profile β and σ² out of S = W'V⁻¹W.

    Gives their part of the deviance, both estimates, (X'V⁻¹X)⁻¹, and the derivative of that part by S.
    """
    triangle = np.linalg.cholesky((s + s.T) / 2.0)
    p = len(s) - 1
    inverse = np.linalg.inv(triangle[:p, :p])
    beta = inverse.T @ triangle[p, :p]
    freedom = rows - p if reml else rows
    sigma2 = float(triangle[p, p] ** 2) / freedom
    deviance = freedom * (1.0 + float(np.log(2.0 * np.pi * sigma2)))
    beta_covariance = inverse.T @ inverse
    contrast = np.append(-beta, 1.0)
    weight = np.outer(contrast, contrast) / sigma2
    if reml:
        deviance += 2.0 * float(np.log(np.diag(triangle)[:p]).sum())
        weight[:p, :p] += beta_covariance
    return deviance, beta, sigma2, beta_covariance, weight


class Posterior(NamedTuple):
    """Given G, per person (q, q, persons): F = (G⁻¹+A)⁻¹, H = (A⁻¹+G)⁻¹, N = (I+AG)⁻¹; and log |I+AG| (persons,)."""

    f: Floats
    h: Floats
    n: Floats
    log_determinant: Floats


def _posterior(a: Floats, factor: Floats) -> Posterior:
    """Closed forms for q = 1 and 2, exact when G is singular: neither G nor A is ever inverted."""
    g = factor @ factor.T
    if len(g) == 1:
        det = 1.0 + a[0, 0] * g[0, 0]
        return Posterior(g[:, :, None] / det, a / det, (1.0 / det)[None, None], np.log(det))
    adjoint_a = np.stack([a[1, 1], -a[0, 1], -a[0, 1], a[0, 0]]).reshape(a.shape)
    adjoint_g = np.array([[g[1, 1], -g[0, 1]], [-g[0, 1], g[0, 0]]])
    det_a = a[0, 0] * a[1, 1] - a[0, 1] ** 2
    det_g = float(factor[0, 0] * factor[1, 1]) ** 2
    det = 1.0 + g[0, 0] * a[0, 0] + 2.0 * g[0, 1] * a[0, 1] + g[1, 1] * a[1, 1] + det_a * det_g
    f = (g[:, :, None] + det_g * adjoint_a) / det
    h = (a + det_a * adjoint_g[:, :, None]) / det
    n = (np.eye(2)[:, :, None] + (adjoint_g @ adjoint_a.reshape(2, -1)).reshape(a.shape)) / det
    return Posterior(f, h, n, np.log(det))


def _times(matrix: Floats, wz: Floats) -> Floats:
    """matrix (q, q, persons) times each person's Z'W, kept as (m, q, persons)."""
    product = matrix[None, :, 0] * wz[:, None, 0]
    for k in range(1, wz.shape[1]):
        product += matrix[None, :, k] * wz[:, None, k]
    return product


class Therapists(NamedTuple):
    """Per therapist: `member` numbers each person's; Σ 1'V⁻¹1 and Σ W'V⁻¹1 without v; 1 + τ² ones; posterior τ²."""

    member: NDArray[np.intp]
    ones: Floats
    w_ones: Floats
    growth: Floats
    variance: Floats


def _therapists(starts: NDArray[np.intp], h: Floats, k: Floats, tau: float) -> Therapists:
    """The therapist's design is the person's column of ones, the first of Z, so H and K hold all that is needed."""
    member = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, h.shape[-1])))
    ones = np.add.reduceat(h[0, 0], starts)
    growth = 1.0 + tau**2 * ones
    return Therapists(member, ones, np.add.reduceat(k[:, 0], starts, axis=-1), growth, tau**2 / growth)


def _totals(block: Block, point: Point, weights: Floats, change: Floats | None) -> Totals:
    zz, wz = block.products(weights)
    post = _posterior(zz, point.factor)
    m = len(wz)
    modes, k, h = _times(post.f, wz), _times(post.n, wz), post.h
    explained = wz.reshape(m, -1) @ modes.reshape(m, -1).T
    log_determinant = float(post.log_determinant.sum() if block.counts is None else post.log_determinant @ block.counts)
    ones, ones_ones, group = 0.0, np.zeros((m, m)), None
    if block.therapist_starts is not None:
        group = _therapists(block.therapist_starts, h, k, point.tau)
        log_determinant += float(np.log(group.growth).sum())
        explained = explained + (group.w_ones * group.variance) @ group.w_ones.T
        c = group.w_ones / group.growth
        ones, ones_ones = float((group.ones / group.growth).sum()), c @ c.T
        share = group.variance[group.member] * h[:, 0]
        k = k - share[None] * group.w_ones[:, None, group.member]
        h = h - share[:, None] * post.h[None, 0]
    h_sum = h.sum(axis=-1) if block.counts is None else h @ block.counts
    flat = k.reshape(-1, k.shape[-1])
    trace, phi = (0.0, np.zeros((m, m))) if change is None else _change(block, post, modes, group, change)
    return Totals(log_determinant, explained, h_sum, flat @ flat.T, ones, ones_ones, trace, phi)


def _change(
    block: Block, post: Posterior, modes: Floats, group: Therapists | None, change: Floats
) -> tuple[float, Floats]:
    """How log |V| and S move with φ, through the change of Z'R⁻¹Z and W'R⁻¹Z.

    Uses the posterior covariance and modes of b + v of each person: v reaches the person through N.
    """
    zz, wz = block.products(change)
    spread = post.f
    if group is not None:
        reach = post.n[0]
        spread = spread + group.variance[group.member] * reach[:, None] * reach[None]
        modes = modes + (group.variance * group.w_ones)[:, None, group.member] * reach[None]
    flat, moved = modes.reshape(len(wz), -1), (_times(zz, modes) - 2.0 * wz).reshape(len(wz), -1)
    return float(np.vdot(spread, zz)), flat @ moved.T


class Effects(NamedTuple):
    """Best linear unbiased predictions in standardised units: persons (q, n), covariance (q, q, n); therapists."""

    person: Floats
    person_covariance: Floats
    therapist: Floats
    therapist_variance: Floats


def effects(statistics: MixedStatistics, point: Point, optimum: Value) -> Effects:
    """Conditional means of b and v given the ratings, and their conditional covariance (β and θ taken as known).

    Of n persons: (q, n) and (q, q, n), in standardised units, as the module says. Missing
    ratings have left with their rows before.

    >>> from accord.stats.mixed_rows import ordered_rows
    >>> from accord.stats.mixed_statistics import summarise
    >>> rows = ordered_rows([1, 2, 4, 6], np.ones((4, 1)), [0, 0, 1, 1], None, None, None)
    >>> statistics, _units = summarise(rows, ("level",))
    >>> point = Point(np.array([[1.0]]))
    >>> effects(statistics, point, value(statistics, point, reml=True)).person.round(2)
    array([[-0.61,  0.61]])
    """
    weights = statistics.whitening(point.phi).weights
    contrast = np.append(-optimum.beta, 1.0)
    parts = [_effects(block, point, weights, contrast) for block in statistics.blocks]
    person, covariance, therapist, variance = (np.concatenate(c, axis=-1) for c in zip(*parts, strict=True))
    return Effects(person, optimum.sigma2 * covariance, therapist, optimum.sigma2 * variance)


def _effects(block: Block, point: Point, weights: Floats, contrast: Floats) -> Effects:
    zz, wz = block.products(weights)
    post = _posterior(zz, point.factor)
    person = (post.f * np.tensordot(contrast, wz, axes=1)[None]).sum(axis=1)
    if block.therapist_starts is None:
        return Effects(person, post.f, np.empty(0), np.empty(0))
    group = _therapists(block.therapist_starts, post.h, _times(post.n, wz), point.tau)
    therapist = group.variance * (contrast @ group.w_ones)
    share = (post.f * zz[0][None]).sum(axis=1)
    spread = group.variance[group.member] * share[:, None] * share[None]
    return Effects(person - share * therapist[group.member], post.f + spread, therapist, group.variance)
