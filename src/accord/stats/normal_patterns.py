"""The likelihood of incomplete multivariate normal rows, from one set of moments for each pattern of what is missing.

Full-information maximum likelihood (Arbuckle 1996; Little & Rubin 2002, chapter 11): each row counts with the
variables that it has, and missing at random is enough. Rows are reduced to n, mean and scatter a pattern, so a million
rows cost what their patterns cost. Another summary of rows for the same likelihood belongs here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput

Floats = npt.NDArray[np.float64]
SAME = 1e-10  # smallest eigenvalue of a correlation matrix at which two columns say the same


@dataclass(frozen=True, eq=False)
class Patterns:
    """Moments of N rows of p variables, for each of P patterns: `n` (P,) rows, `there` (P, p) which variables,
    `mean` (P, p), `scatter` (P, p, p) around that mean, divided by n; both 0 where missing. `dropped`: empty rows.
    """

    n: Floats
    there: npt.NDArray[np.bool_]
    mean: Floats
    scatter: Floats
    dropped: int

    @property
    def rows(self) -> int:
        """Rows with at least one value."""
        return int(self.n.sum())

    def start(self) -> tuple[Floats, Floats]:
        """Mean and variance (p,) of what is there of each variable."""
        weight = self.n[:, None] * self.there
        mean = (weight * self.mean).sum(axis=0) / weight.sum(axis=0)
        square = np.diagonal(self.scatter, axis1=1, axis2=2) + np.where(self.there, self.mean - mean, 0.0) ** 2
        return mean, (weight * square).sum(axis=0) / weight.sum(axis=0)

    def loglik(self, mean: Floats, sigma: Floats) -> float:
        """Log-likelihood at mean (p,) and covariance (p, p); −infinity where that is no covariance."""
        return self._moments(mean, sigma)[0]

    def slopes(self, mean: Floats, sigma: Floats) -> tuple[float, Floats, Floats, Floats]:
        """Log-likelihood; its slope along the mean (p,) and along the covariance (p, p, each cell by itself); and the
        inverses (P, p, p) of the covariances of what is there, 0 elsewhere.
        """
        value, inverse, off = self._moments(mean, sigma)
        if inverse is None or off is None:
            return value, np.empty(0), np.empty(0), np.empty(0)
        return value, *self._along(inverse, off), inverse

    def slopes_of(self, mean: Floats, sigma: Floats) -> tuple[Floats, Floats]:
        """The slopes alone, at m means (m, p) and covariances (m, p, p), along each, in the same shapes.

        Raises `numpy.linalg.LinAlgError` where one is no covariance.
        """
        both = self.there[:, :, None] & self.there[:, None, :]
        whole = np.where(both, sigma[:, None], np.eye(mean.shape[1]))
        np.linalg.cholesky(whole)
        inverse = np.where(both, np.linalg.inv(whole), 0.0)
        off = np.where(self.there, self.mean - mean[:, None], 0.0)
        return self._along(inverse, off)

    def _along(self, inverse: Floats, off: Floats) -> tuple[Floats, Floats]:
        """Slopes along the mean and the covariance, from the inverses (..., P, p, p) and how far means are off."""
        weighed = (inverse @ off[..., None])[..., 0]
        squares = inverse @ self.scatter @ inverse - inverse + weighed[..., :, None] * weighed[..., None, :]
        along_mean = np.einsum("n,...ni->...i", self.n, weighed)
        return along_mean, 0.5 * np.einsum("n,...nij->...ij", self.n, squares)

    def _moments(self, mean: Floats, sigma: Floats) -> tuple[float, Floats | None, Floats | None]:
        both = self.there[:, :, None] & self.there[:, None, :]
        whole = np.where(both, sigma, np.eye(len(mean)))
        try:
            factor, inverse = np.linalg.cholesky(whole), np.where(both, np.linalg.inv(whole), 0.0)
        except np.linalg.LinAlgError:
            return -np.inf, None, None
        logs = 2.0 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
        off = np.where(self.there, self.mean - mean, 0.0)
        squares = np.einsum("nij,nji->n", inverse, self.scatter) + np.einsum("ni,nij,nj->n", off, inverse, off)
        constant = self.there.sum(axis=1) * np.log(2.0 * np.pi)
        return float(-0.5 * (self.n * (constant + logs + squares)).sum()), inverse, off


def patterns(rows: npt.ArrayLike, names: Sequence[str]) -> Patterns:
    """Reduce rows (N, p), missing as nan, of variables with these `names` to moments, pattern by pattern.

    A row without any value is left out and counted. Raises `BadInput`, with the name of the variable, for infinite
    values, a variable that is always missing or constant, two that are never there together, fewer rows than
    variables, and variables of which one is a sum of others.

    >>> seen = patterns([[1.0, 2.0], [2.0, 4.5], [3.0, np.nan], [np.nan, np.nan], [0.0, 1.0]], ["x", "y"])
    >>> seen.n, seen.dropped, seen.mean[0]
    (array([3., 1.]), 1, array([1. , 2.5]))
    """
    y = np.asarray(rows, dtype=np.float64)
    if y.ndim != 2 or y.shape[1] != len(names):
        raise BadInput(f"the rows have the shape {y.shape}; give one row a person and one column for each name.")
    _check_columns(y, names)
    there = ~np.isnan(y)
    filled = there.any(axis=1)
    y, there = y[filled], there[filled]
    if len(y) <= len(names):
        raise BadInput(f"there are {len(y)} rows for {len(names)} columns; there must be more rows than columns.")
    kinds, kind = np.unique(there, axis=0, return_inverse=True)
    kinds, kind = kinds[::-1], len(kinds) - 1 - kind.ravel()  # the complete rows first
    n = np.bincount(kind).astype(np.float64)
    zeroed = np.where(there, y, 0.0)
    mean = np.stack([np.bincount(kind, column) for column in zeroed.T], axis=1) / n[:, None]
    left = np.where(there, y - mean[kind], 0.0)
    scatter = np.zeros((len(n), len(names), len(names)))
    order = np.argsort(kind, kind="stable")
    for place, part in enumerate(np.split(left[order], np.cumsum(n).astype(int)[:-1])):
        scatter[place] = part.T @ part / n[place]
    made = Patterns(n, kinds, mean, scatter, int((~filled).sum()))
    _check_together(there, y, names)
    return made


def _check_columns(y: Floats, names: Sequence[str]) -> None:
    for name, column in zip(names, y.T, strict=True):
        if np.isinf(column).any():
            raise BadInput(f"column {name!r} is infinite in row {int(np.isinf(column).argmax()) + 1}. Correct it.")
        if np.isnan(column).all():
            raise BadInput(f"column {name!r} is always missing. Leave it out.")
        if np.nanmax(column) == np.nanmin(column):
            raise BadInput(f"column {name!r} is constant. Leave it out.")


def _check_together(there: npt.NDArray[np.bool_], y: Floats, names: Sequence[str]) -> None:
    """Each pair has to be seen together, and no column may be a sum of others in the rows that are complete."""
    seen = there.T.astype(np.float64) @ there.astype(np.float64)
    never = np.argwhere(seen < 3)
    if len(never):
        first, second = (names[place] for place in never[0])
        raise BadInput(f"columns {first!r} and {second!r} are both there in fewer than three rows. Leave one out.")
    whole = y[there.all(axis=1)]
    if len(whole) > len(names):
        correlation = np.corrcoef(whole.T) if (np.ptp(whole, axis=0) > 0).all() else np.eye(len(names))
        values, vectors = np.linalg.eigh(correlation)
        if values[0] < SAME:
            part = [name for name, weight in zip(names, np.abs(vectors[:, 0]), strict=True) if weight > 0.05]
            raise BadInput(f"columns {', '.join(part)} say the same: one is a sum of the others. Leave one out.")
