"""A path model in numbers: which coefficients, variances and means are free, and the moments that they imply.

Reticular action model (McArdle & McDonald 1984, Br J Math Stat Psychol 37: 234): v = A v + e with cov(e) = S and
mean(e) = m; of all variables v the first p are observed, so

    sigma = [ (I - A)^-1 S (I - A)^-T ]  and  mu = [ (I - A)^-1 m ]  in the first p places.

A model is a list of `PathCell`s; cells with one name are one parameter (equality). A new model is a function that
writes such a list, as in `riclpm`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PathCell:
    """A cell of A (`path`: of `to` on `by`), S (`spread`, both ways) or m (`mean` of `to`), at `value`.

    With a `name` it is estimated from that `value` on, the same wherever the name stands; without one it is fixed.
    """

    kind: Literal["path", "spread", "mean"]
    to: int
    by: int
    value: float
    name: str | None = None


class PathModel:
    """Implied moments of p observed variables among `size`, and their slopes, for parameters in the order `names`."""

    def __init__(self, cells: Sequence[PathCell], observed: int, size: int, names: Sequence[str]) -> None:
        self.p, self.size, self.names = observed, size, tuple(names)
        self.fixed = {kind: np.zeros((size, size) if kind != "mean" else (size, 1)) for kind in _KINDS}
        self.places: dict[str, tuple[Ints, Ints, Ints]] = {}
        number = {name: place for place, name in enumerate(self.names)}
        for kind in _KINDS:
            free = [cell for cell in cells if cell.kind == kind and cell.name is not None]
            for cell in cells:
                if cell.kind == kind and cell.name is None:
                    self.fixed[kind][cell.to, cell.by] = cell.value
                    if kind == "spread":
                        self.fixed[kind][cell.by, cell.to] = cell.value
            columns = [[number[cell.name or ""], cell.to, cell.by] for cell in free]
            which, to, by = np.array(columns, dtype=np.intp).reshape(-1, 3).T
            self.places[kind] = which, to, by

    def moments(self, theta: Floats) -> tuple[Floats, Floats]:
        """Mean (p,) and covariance (p, p) at parameters theta (k,)."""
        _solved, mean, sigma = self._all(theta)
        return mean[: self.p], sigma[: self.p, : self.p]

    def with_slopes(self, theta: Floats) -> tuple[Floats, Floats, Callable[[], tuple[Floats, Floats]]]:
        """`moments`, and what gives their slopes: of the mean (k, p) and of the covariance (k, p, p)."""
        solved, mean, sigma = self._all(theta)
        return mean[: self.p], sigma[: self.p, : self.p], lambda: self._slopes(solved, mean, sigma)

    def _slopes(self, solved: Floats, mean: Floats, sigma: Floats) -> tuple[Floats, Floats]:
        k = len(self.names)
        along_mean, along_sigma = np.zeros((k, self.p)), np.zeros((k, self.p, self.p))
        for which, left, level, right in self._moved(solved, mean, sigma):
            np.add.at(along_mean, which, level * left)
            half = left[:, :, None] * right[:, None, :]
            np.add.at(along_sigma, which, half + half.transpose(0, 2, 1))
        return along_mean, along_sigma

    def slope(self, theta: Floats, of_moments: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> Floats:
        """Slopes (m, k) at parameters theta (m, k) of what depends on the moments, by the chain rule.

        `of_moments` gives its slopes along the means (m, p) and the covariances (m, p, p) of all m at once. That is
        several times quicker than one after the other by `with_slopes`: the matrices are small, and the calls are not.
        """
        solved, mean, sigma = self._all(theta)
        along_mean, along_sigma = of_moments(mean[:, : self.p], sigma[:, : self.p, : self.p])
        slopes = np.zeros(theta.T.shape)
        for which, left, level, right in self._moved(solved, mean, sigma):
            moved = left * (level * along_mean[:, None] + 2.0 * right @ along_sigma)
            np.add.at(slopes, which, moved.sum(axis=-1).T)
        return slopes.T

    def _moved(self, solved: Floats, mean: Floats, sigma: Floats) -> Iterator[tuple[Ints, Floats, Floats, Floats]]:
        """How free cells move the moments, kind by kind: the number of each cell's parameter; `left`, `level`, `right`.

        More by 1 in a cell moves the means by level * left, and the covariances by left right' + right left'. Shapes
        are (c, p), and (c, 1) for levels; with m points at once (m, c, p).
        """
        top = solved[..., : self.p, :].swapaxes(-1, -2)
        which, to, by = self.places["path"]
        yield which, top[..., to, :], mean[..., by, None], sigma[..., by, : self.p]
        which, to, by = self.places["spread"]
        yield which, top[..., to, :], np.zeros((1, 1)), np.where(to == by, 0.5, 1.0)[:, None] * top[..., by, :]
        which, to, _by = self.places["mean"]
        yield which, top[..., to, :], np.ones((1, 1)), np.zeros((1, self.p))

    def _all(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """(I - A)^-1, means and covariances of all variables, at parameters (k,) or (m, k)."""
        matrices = {}
        for kind in _KINDS:
            which, to, by = self.places[kind]
            matrices[kind] = np.tile(self.fixed[kind], (*theta.shape[:-1], 1, 1))
            matrices[kind][..., to, by] = theta[..., which]
            if kind == "spread":
                matrices[kind][..., by, to] = theta[..., which]
        solved = np.asarray(np.linalg.inv(np.eye(self.size) - matrices["path"]), dtype=np.float64)
        return solved, (solved @ matrices["mean"])[..., 0], solved @ matrices["spread"] @ solved.swapaxes(-1, -2)


_KINDS: tuple[Literal["path", "spread", "mean"], ...] = ("path", "spread", "mean")


def parameters(groups: Sequence[Sequence[PathCell]]) -> tuple[tuple[str, ...], Floats]:
    """Names of the parameters of one or several groups, in order of appearance, and their first values (k,).

    Nothing in cells is missing.

    >>> parameters([[PathCell("mean", 0, 0, 2.0, "m"), PathCell("mean", 1, 0, 3.0, "m"), PathCell("path", 0, 1, 1.0)]])
    (('m',), array([2.]))
    """
    values: dict[str, float] = {}
    for cells in groups:
        for cell in cells:
            if cell.name is not None:
                values.setdefault(cell.name, cell.value)
    return tuple(values), np.array(list(values.values()))


def saturated(mean: Floats, variance: Floats) -> list[PathCell]:
    """The cells of a model without any restriction, from mean (p,) and variance (p,) on, nothing missing.

    >>> len(saturated(np.zeros(3), np.ones(3)))
    9
    """
    size = len(mean)
    cells = [PathCell("mean", i, 0, float(mean[i]), f"m{i}") for i in range(size)]
    for i in range(size):
        cells += [PathCell("spread", i, j, float(variance[i]) if i == j else 0.0, f"s{i},{j}") for j in range(i + 1)]
    return cells
