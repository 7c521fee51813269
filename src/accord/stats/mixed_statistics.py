"""Rows of ratings come in; per-person cross products go out, so that the likelihood never needs the rows again.

The rows are standardised first (fixed effects orthonormal, slope centred and scaled, outcome as least-squares
residual of unit variance): the model is the same, the arithmetic loses no digits, and `Units` leads back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accord.errors import BadInput
from accord.stats.mixed_rows import Rows

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Units:
    """The way back from standardised to the user's units."""

    y_scale: float
    y_coefficients: Floats
    triangle: Floats
    slope_centre: float
    slope_scale: float

    def coefficients(self, standardised: Floats) -> Floats:
        """Fixed effects in the user's units."""
        back: Floats = np.linalg.solve(self.triangle, self.y_scale * standardised + self.y_coefficients)
        return back

    def covariance(self, standardised: Floats) -> Floats:
        """Covariance matrix of the fixed effects in the user's units."""
        inverse = np.linalg.inv(self.triangle)
        back: Floats = self.y_scale**2 * inverse @ standardised @ inverse.T
        return back

    def effects(self, q: int) -> Floats:
        """The matrix that turns standardised random effects of one person into the user's units."""
        if q == 1:
            return np.array([[self.y_scale]])
        return self.y_scale * np.array([[1.0, -self.slope_centre / self.slope_scale], [0.0, 1.0 / self.slope_scale]])

    def log_determinant(self) -> float:
        """log |X'X| of the change of units of the fixed effects, which the REML criterion contains."""
        return float(2.0 * np.log(np.abs(np.diag(self.triangle))).sum())


@dataclass(frozen=True, eq=False)
class Products:
    """Z'R⁻¹Z (q, q, persons), W'R⁻¹Z (m, q, persons), W'R⁻¹W (m, m) with W = [X y], and log |R|."""

    zz: Floats
    wz: Floats
    ww: Floats
    log_determinant: float


@dataclass(frozen=True, eq=False)
class Statistics:
    """Everything the likelihood needs of the data.

    Residuals that follow a (continuous-time) AR(1) are whitened by w_j − ρ w_{j−1} with ρ = φ^gap, so each cross
    product is a fixed combination of three sums: of `now` (w_j w_j'), `cross` (w_j w_{j−1}' + w_{j−1} w_j') and
    `before` (w_{j−1} w_{j−1}'). The sums are kept per person and distinct gap (`person_sums`, which hold W and Z
    against Z) and per distinct gap alone (`total_sums`, W against W). On a common grid of sessions this is a handful
    of numbers per person; when every gap differs it is as many as there are rows. Without AR(1) only `now` exists.
    """

    rows: int
    q: int
    person_sums: tuple[Floats, ...]
    total_sums: tuple[Floats, ...]
    group_gap: Floats
    total_gap: Floats
    total_rows: Floats
    group_starts: Ints
    therapist_starts: Ints | None
    whole_gaps: bool

    @property
    def p(self) -> int:
        """Number of fixed effects."""
        return int(self.total_sums[0].shape[1]) - 1

    def at(self, phi: float) -> Products:
        """The whitened cross products at residual autocorrelation `phi`."""
        if phi == 0.0 or len(self.person_sums) == 1:
            return self._combined(_weights_independent, 0.0, 0.0)
        rho = phi**self.total_gap
        return self._combined(_weights, phi, float(self.total_rows @ np.log1p(-(rho**2))))

    def slope_at(self, phi: float) -> Products:
        """The derivative of `at` with respect to `phi`."""
        rho, change = phi**self.total_gap, _power_change(phi, self.total_gap)
        return self._combined(_weights_change, phi, float(self.total_rows @ (-2.0 * rho * change / (1.0 - rho**2))))

    def _combined(self, weights: Weights, phi: float, log_determinant: float) -> Products:
        per_group = _weighted(self.person_sums, weights(phi, self.group_gap))
        if len(self.group_starts) < per_group.shape[-1]:
            per_group = np.add.reduceat(per_group, self.group_starts, axis=-1)
        ww = _weighted([np.moveaxis(s, 0, -1) for s in self.total_sums], weights(phi, self.total_gap)).sum(axis=-1)
        return Products(per_group[: self.q], per_group[self.q :], ww, log_determinant)


Weights = Callable[[float, Floats], tuple[Floats | None, ...]]


def _weighted(sums: tuple[Floats, ...] | list[Floats], weights: tuple[Floats | None, ...]) -> Floats:
    """Σ weight · sum over the three kinds; a weight of `None` is one for `now` and nothing for the others."""
    combined = sums[0] if weights[0] is None else sums[0] * weights[0]
    for kind, weight in zip(sums[1:], weights[1:], strict=False):
        if weight is not None:
            combined = combined + kind * weight
    return combined


def _weights_independent(phi: float, gap: Floats) -> tuple[Floats | None, ...]:
    return None, None, None


def _weights(phi: float, gap: Floats) -> tuple[Floats | None, ...]:
    rho = phi**gap
    scale = 1.0 / (1.0 - rho**2)
    return scale, -rho * scale, rho**2 * scale


def _weights_change(phi: float, gap: Floats) -> tuple[Floats | None, ...]:
    rho = phi**gap
    scale = _power_change(phi, gap) / (1.0 - rho**2) ** 2
    return 2.0 * rho * scale, -(1.0 + rho**2) * scale, 2.0 * rho * scale


def _power_change(phi: float, gap: Floats) -> Floats:
    """d φ^gap / dφ; a person's first row has an infinite gap, ρ = 0 and no change."""
    finite = np.where(np.isinf(gap), 1.0, gap)
    change: Floats = np.where(np.isinf(gap), 0.0, finite * phi ** (finite - 1.0))
    return change


def summarise(rows: Rows, names: tuple[str, ...]) -> tuple[Statistics, Units]:
    """Standardise the rows and sum their cross products.

    Raises `BadInput` when a fixed effect is a combination of the others or when nothing is left to explain.
    """
    q_matrix, triangle = _orthonormal(rows.fixed, names)
    count = len(rows.y)
    ols = q_matrix.T @ rows.y / count
    residual = rows.y - q_matrix @ ols
    y_scale = float(np.sqrt(residual @ residual / count))
    if y_scale <= 1e-10 * float(np.sqrt(rows.y @ rows.y / count)) or y_scale == 0.0:
        raise BadInput(
            "the outcome is constant or an exact combination of the fixed effects: there is no variance to "
            "divide. Check the outcome column."
        )
    centre, scale, z = _random_design(rows)
    w = np.vstack([q_matrix.T, residual / y_scale])
    units = Units(y_scale, ols, triangle, centre, scale)
    return _sums(rows, z, w), units


def _orthonormal(fixed: Floats, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """X = Q R with Q'Q = n I. A column that the earlier ones explain is named."""
    size = np.sqrt((fixed**2).sum(axis=0))
    q_matrix, triangle = np.linalg.qr(fixed)
    dependent = np.flatnonzero(np.abs(np.diag(triangle)) <= 1e-9 * size)
    if len(dependent):
        raise BadInput(
            f"fixed effect {names[dependent[0]]!r} is constant or a combination of the other fixed effects, so its "
            "coefficient cannot be found. Leave it out."
        )
    root = np.sqrt(len(fixed))
    return q_matrix * root, triangle / root


def _random_design(rows: Rows) -> tuple[float, float, Floats]:
    """Centre and scale of the slope's column, and Z' (q, rows): a row of ones and the standardised slope."""
    ones = np.ones((1, len(rows.y)))
    if rows.slope is None:
        return 0.0, 1.0, ones
    centre, scale = float(rows.slope.mean()), float(rows.slope.std())
    if scale <= 1e-12 * max(1.0, abs(centre)):
        raise BadInput("the column of the random slope is constant: a slope needs different values. Leave it out.")
    return centre, scale, np.vstack([ones, (rows.slope - centre) / scale])


def _sums(rows: Rows, z: Floats, w: Floats) -> Statistics:
    u = np.vstack([z, w])
    if rows.gap is None:
        now = _against_each(u, z, rows.person_starts)
        one = np.full(1, np.inf)
        return Statistics(
            u.shape[1], len(z), (now,), ((w @ w.T)[None],), one, one, np.ones(1),
            np.arange(len(rows.person_starts)), rows.therapist_starts, False,
        )  # fmt: skip
    return _sums_by_gap(rows, z, w, u)


def _sums_by_gap(rows: Rows, z: Floats, w: Floats, u: Floats) -> Statistics:
    assert rows.gap is not None
    gap = rows.gap
    number = np.zeros(len(gap), dtype=np.intp)
    number[rows.person_starts[1:]] = 1
    number = np.cumsum(number)
    order = np.lexsort((gap, number))
    starts = np.flatnonzero(np.r_[True, (np.diff(number[order]) != 0) | (gap[order][1:] != gap[order][:-1])])
    group_starts = np.flatnonzero(np.r_[True, np.diff(number[order][starts]) != 0])
    earlier = np.maximum(np.arange(len(gap)) - 1, 0)
    linked = np.isfinite(gap)
    u_before, z_before, w_before = (a[:, earlier] * linked for a in (u, z, w))
    total_gap, kind = np.unique(gap, return_inverse=True)

    def per_person(left: Floats, right: Floats) -> Floats:
        return _against_each(left[:, order], right[:, order], starts)

    def total(left: Floats, right: Floats) -> Floats:
        return _totals(left, right, kind, len(total_gap))

    cross = total(w, w_before)
    return Statistics(
        len(gap), len(z),
        (per_person(u, z), per_person(u, z_before) + per_person(u_before, z), per_person(u_before, z_before)),
        (total(w, w), cross + cross.transpose(0, 2, 1), total(w_before, w_before)),
        gap[order][starts], total_gap, np.bincount(kind).astype(np.float64), group_starts, rows.therapist_starts,
        bool(np.all(gap[linked] == np.round(gap[linked]))),
    )  # fmt: skip


def _against_each(u: Floats, z: Floats, starts: Ints) -> Floats:
    """Sums of u_a z_k over each run of rows that begins at `starts`: (len(u), len(z), runs)."""
    sums = np.empty((len(u), len(z), len(starts)))
    for a, left in enumerate(u):
        for k, right in enumerate(z):
            np.add.reduceat(left * right, starts, out=sums[a, k])
    return sums


def _totals(left: Floats, right: Floats, kind: Ints, kinds: int) -> Floats:
    """Sums of left_a right_b over the rows of each kind: (kinds, len(left), len(right))."""
    sums = np.empty((kinds, len(left), len(right)))
    for a, first in enumerate(left):
        for b, second in enumerate(right):
            sums[:, a, b] = np.bincount(kind, weights=first * second, minlength=kinds)
    return sums
