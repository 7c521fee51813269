"""Sum the ordered rows of a mixed model into cross products of each person: all that its likelihood needs.

The rows are standardised first (fixed effects orthonormal, slope centred and scaled, outcome as least-squares
residual of unit variance): the model is the same, the arithmetic loses no digits, and `Units` leads back. The model
and its sources are named in `mixed` (Bates et al. 2015); what another covariance needs of the data is summed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accord.errors import BadInput
from accord.stats.mixed_rows import Rows, changes

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Sums = tuple[Floats, ...]

# Persons whose matrices are worked on together: few enough to stay in a processor's cache.
BLOCK_PERSONS = 4096


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
        scaled = self.y_scale * standardised + self.y_coefficients
        return np.asarray(np.linalg.solve(self.triangle, scaled), dtype=np.float64)

    def covariance(self, standardised: Floats) -> Floats:
        """Covariance matrix of the fixed effects in the user's units."""
        inverse = np.linalg.inv(self.triangle)
        return np.asarray(self.y_scale**2 * inverse @ standardised @ inverse.T, dtype=np.float64)

    def effects(self, q: int) -> Floats:
        """The matrix that turns standardised random effects of one person into the user's units."""
        if q == 1:
            return np.array([[self.y_scale]])
        by_slope = 1.0 / self.slope_scale
        return self.y_scale * np.array([[1.0, -self.slope_centre * by_slope], [0.0, by_slope]])

    def log_determinant(self) -> float:
        """log |X'X| of the change of units of the fixed effects, which the REML criterion contains."""
        return float(2.0 * np.log(np.abs(np.diag(self.triangle))).sum())


@dataclass(frozen=True, eq=False)
class Whitening:
    """How AR(1) residuals at one φ weigh the three kinds of sums, (gaps, 3); W'R⁻¹W and log |R| of all rows."""

    weights: Floats
    ww: Floats
    log_determinant: float


@dataclass(frozen=True, eq=False)
class Block:
    """Sums of some persons: Z and W = [X y] against Z.

    Without AR(1) `sums` is (q+m, q, persons) and `gap` is `None`. With it, `sums` is (groups · 3, (q+m) · q), a
    group being a person and a distinct gap, numbered by `gap`; a person's groups follow each other from
    `person_starts`. Persons of one therapist follow each other from `therapist_starts`. With `counts` (persons,), each
    column of `sums` stands for so many persons of one design, as `mixed_groups` makes them.
    """

    q: int
    sums: Floats
    gap: Ints | None
    person_starts: Ints
    therapist_starts: Ints | None
    counts: Floats | None = None

    def products(self, weights: Floats) -> tuple[Floats, Floats]:
        """Z'R⁻¹Z (q, q, persons) and W'R⁻¹Z (m, q, persons)."""
        if self.gap is None:
            return self.sums[: self.q], self.sums[self.q :]
        self._by_person.data = np.take(weights, self.gap, axis=0).reshape(-1)
        sums = np.ascontiguousarray((self._by_person @ self.sums).T).reshape(-1, self.q, len(self.person_starts))
        return sums[: self.q], sums[self.q :]

    @cached_property
    def _by_person(self) -> Any:
        """The matrix that adds up each person's groups; only its entries, the weights, change with φ."""
        from scipy.sparse import csr_array  # type: ignore[import-untyped]  # noqa: PLC0415 - slow, and here alone

        count = len(self.sums)
        ends = np.append(3 * self.person_starts, count).astype(np.int32)
        every = np.arange(count, dtype=np.int32)
        return csr_array((np.zeros(count), every, ends), shape=(len(ends) - 1, count))


@dataclass(frozen=True, eq=False)
class MixedStatistics:
    """Everything the likelihood needs of the data.

    AR(1) residuals are whitened by (w_j − ρ w_{j−1}) / √(1−ρ²) with ρ = φ^gap, so each cross product is a fixed
    combination of three sums: of w_j w_j', of w_j w_{j−1}' + w_{j−1} w_j', and of w_{j−1} w_{j−1}'. They are kept
    per person and distinct gap (`blocks`) and, for W against W, per distinct gap (`gap_sums`, (gaps, sums, m, m)).
    On a common grid of sessions this is a handful of numbers a person; when every gap differs, as many as there are
    rows. Without AR(1) there is one group a person and one sum.
    """

    rows: int
    q: int
    blocks: tuple[Block, ...]
    gap_sums: Floats
    gaps: Floats
    gap_rows: Floats
    has_therapists: bool

    @property
    def autocorrelated(self) -> bool:
        """Whether the model has AR(1) residuals."""
        return len(self.gaps) > 1

    @property
    def whole_gaps(self) -> bool:
        """Whether φ may be negative, because φ^gap then has a sign."""
        return bool((self.gaps == np.round(self.gaps)).all())

    @property
    def mean_gap(self) -> float:
        """Mean gap between neighbouring ratings of a person, in units of the smallest."""
        linked = np.isfinite(self.gaps)
        return float(np.average(self.gaps[linked], weights=self.gap_rows[linked]))

    def whitening(self, phi: float) -> Whitening:
        """Weights at residual autocorrelation `phi`."""
        rho = phi**self.gaps
        left = 1.0 - rho**2
        return self._whitening(np.stack([1.0 / left, -rho / left, rho**2 / left], axis=1), np.log(left))

    def whitening_change(self, phi: float) -> Whitening:
        """The derivative of `whitening` by `phi`. A person's first row has an infinite gap: ρ = 0, whatever φ is."""
        rho, first = phi**self.gaps, np.isinf(self.gaps)
        gaps = np.where(first, 1.0, self.gaps)
        change = np.where(first, 0.0, gaps * phi ** (gaps - 1.0))
        left = 1.0 - rho**2
        twice = 2.0 * rho * change
        cross = -(1.0 + rho**2) * change
        return self._whitening(np.stack([twice, cross, twice], axis=1) / left[:, None] ** 2, -twice / left)

    def _whitening(self, weights: Floats, log_left: Floats) -> Whitening:
        kinds, size = self.gap_sums.shape[1:3]
        ww = weights[:, :kinds].reshape(-1) @ self.gap_sums.reshape(-1, size * size)
        return Whitening(weights, ww.reshape(size, size), float(self.gap_rows @ log_left))


def summarise(rows: Rows, names: tuple[str, ...]) -> tuple[MixedStatistics, Units]:
    """Standardise the rows and sum their cross products, person by person; and the way back to the units of the data.

    Raises `BadInput` when a fixed effect is a combination of the others or when nothing is left to explain.

    >>> from accord.stats.mixed_rows import ordered_rows
    >>> rows = ordered_rows([1, 2, 4, 6], np.ones((4, 1)), [0, 0, 1, 1], None, None, None)
    >>> statistics, units = summarise(rows, ("level",))
    >>> statistics.rows, round(units.y_scale, 2)
    (4, 1.92)
    """
    q_matrix, triangle = _orthonormal(rows.fixed, names)
    count = len(rows.y)
    ols = q_matrix.T @ rows.y / count
    residual = rows.y - q_matrix @ ols
    y_scale = float(np.sqrt(residual @ residual / count))
    if y_scale <= 1e-10 * float(np.sqrt(rows.y @ rows.y / count)):
        raise BadInput(
            "the outcome is constant or an exact combination of the fixed effects: there is no variance to "
            "divide. Check the outcome column."
        )
    centre, scale, z = _random_design(rows)
    w = np.vstack([q_matrix.T, residual / y_scale])
    return _sums(rows, z, w), Units(y_scale, ols, triangle, centre, scale)


def _orthonormal(fixed: Floats, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """X = Q R with Q'Q = n I. A column that the earlier ones explain is named."""
    size = np.sqrt((fixed**2).sum(axis=0))
    q_matrix, triangle = np.linalg.qr(fixed)
    dependent = np.flatnonzero(np.abs(np.diag(triangle)) <= 1e-9 * size)
    if len(dependent) or fixed.shape[1] >= len(fixed):
        name = names[dependent[0] if len(dependent) else -1]
        raise BadInput(
            f"fixed effect {name!r} is constant or a combination of the other fixed effects, so its coefficient "
            "cannot be found. Leave it out."
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


def _sums(rows: Rows, z: Floats, w: Floats) -> MixedStatistics:
    count, persons = len(rows.y), len(rows.person_starts)
    nested = rows.therapist_starts is not None
    u = np.vstack([z, w])
    if rows.gap is None:
        sums = _runs(u, z, rows.person_starts)
        blocks = _blocks(len(z), sums, None, np.arange(persons), rows.therapist_starts)
        infinite, every = np.array([np.inf]), np.array([float(count)])
        return MixedStatistics(count, len(z), blocks, (w @ w.T)[None, None], infinite, every, nested)
    gaps, kind = np.unique(rows.gap, return_inverse=True)
    person = np.repeat(np.arange(persons), np.diff(np.append(rows.person_starts, count)))
    order = np.lexsort((kind, person))
    starts = np.flatnonzero(changes(person[order]) | changes(kind[order]))
    linked = np.isfinite(rows.gap)
    three = _three(u, z, linked, lambda a, b: _runs(a[:, order], b[:, order], starts))
    sums = np.stack([s.reshape(-1, len(starts)).T for s in three], axis=1)
    person_starts = np.flatnonzero(changes(person[order][starts]))
    blocks = _blocks(len(z), sums, kind[order][starts], person_starts, rows.therapist_starts)
    gap_sums = np.stack(_three(w, w, linked, lambda a, b: _by_kind(a, b, kind, len(gaps))), axis=1)
    return MixedStatistics(count, len(z), blocks, gap_sums, gaps, np.bincount(kind).astype(np.float64), nested)


def _blocks(
    q: int, sums: Floats, gap: Ints | None, person_starts: Ints, therapist_starts: Ints | None
) -> tuple[Block, ...]:
    """Cut into blocks of about `BLOCK_PERSONS`, between persons, and between therapists where there are any."""
    cuts = np.arange(0, len(person_starts), BLOCK_PERSONS)
    if therapist_starts is not None:
        cuts = np.unique(therapist_starts[np.searchsorted(therapist_starts, cuts, side="right") - 1])
    blocks = []
    for first, last in zip(cuts, np.append(cuts[1:], len(person_starts)), strict=True):
        therapists = None
        if therapist_starts is not None:
            therapists = therapist_starts[(therapist_starts >= first) & (therapist_starts < last)] - first
        begin = person_starts[first]
        if gap is None:
            block = Block(
                q, np.ascontiguousarray(sums[..., first:last]), None, person_starts[: last - first], therapists
            )
        else:
            end = person_starts[last] if last < len(person_starts) else len(gap)
            part = np.ascontiguousarray(sums[begin:end]).reshape(-1, sums.shape[-1])
            block = Block(q, part, gap[begin:end], person_starts[first:last] - begin, therapists)
        blocks.append(block)
    return tuple(blocks)


def _three(u: Floats, z: Floats, linked: NDArray[np.bool_], total: Callable[[Floats, Floats], Floats]) -> Sums:
    """Totals of each row with itself, with the person's previous row (both ways), and of the previous rows."""
    u_before, z_before = (np.roll(a, 1, axis=1) * linked for a in (u, z))
    return total(u, z), total(u, z_before) + total(u_before, z), total(u_before, z_before)


def _runs(u: Floats, z: Floats, starts: Ints) -> Floats:
    """Sums of u_a z_k over each run of rows that begins at `starts`: (len(u), len(z), runs)."""
    sums = np.empty((len(u), len(z), len(starts)))
    for a, left in enumerate(u):
        for k, right in enumerate(z):
            np.add.reduceat(left * right, starts, out=sums[a, k])
    return sums


def _by_kind(u: Floats, z: Floats, kind: Ints, kinds: int) -> Floats:
    """Sums of u_a z_k over the rows of each kind: (kinds, len(u), len(z))."""
    sums = np.empty((kinds, len(u), len(z)))
    for a, left in enumerate(u):
        for k, right in enumerate(z):
            sums[:, a, k] = np.bincount(kind, weights=left * right, minlength=kinds)
    return sums
