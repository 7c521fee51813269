"""How reliable the sum of a scale's items is, for persons' means and for moves within persons: omega on two levels.

Geldhof, Preacher & Zyphur 2014, Psychol Methods 19: 72. One factor within persons and one between, each item with its
own loadings and residuals on both levels:

    omega = (Σ loadings)² factor variance / ((Σ loadings)² factor variance + Σ residual variances)      on each level

Maximum likelihood for courses of unlike length (Muthén 1994, Sociol Methods Res 22: 376): departures from a person's
mean tell of the within level; the mean of n sessions, times √n, has the covariance within + n · between. Another
coefficient of the same model belongs here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.normal_patterns import Patterns
from accord.stats.path_fit import PathFit, fit_paths
from accord.stats.paths import PathCell

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Omega:
    """`within` persons and `between` them, 0 to 1; from so many complete `sessions` of `persons`, `dropped` others.

    `fit` holds loadings and variances by name. A `warnings` entry says where a variance is below zero.
    """

    within: float
    between: float
    fit: PathFit
    persons: int
    sessions: int
    dropped: int
    converged: bool
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Both coefficients, ready for JSON."""
        names = ("within", "between", "persons", "sessions", "dropped", "converged")
        return {**{name: getattr(self, name) for name in names}, "warnings": list(self.warnings)}

    def __str__(self) -> str:
        lines = [f"Omega from {self.sessions} complete sessions of {self.persons} persons, {self.dropped} left out"]
        lines.append(f"{'what moves within a person':44}{self.within:.3f}")
        lines.append(f"{'what persons differ in on average':44}{self.between:.3f}")
        lines += [] if self.converged else ["not converged: do not use these numbers"]
        return "\n".join([*lines, *(f"careful: {warning}" for warning in self.warnings)])


def multilevel_omega(answers: npt.ArrayLike) -> Omega:
    """Omega within and between persons from single answers (persons, sessions, items), missing as nan.

    Sessions with a missing answer are left out and counted. Reversed items have to be turned round before. Formula and
    source: at the top of this module. Raises `BadInput` for fewer than three items, other shapes, infinite values,
    persons who are fewer than items, no person with two sessions, and items that do not move within or between persons.

    >>> rng = np.random.default_rng(1)
    >>> level, move = rng.standard_normal((80, 1, 1)), 0.5 * rng.standard_normal((80, 6, 1))
    >>> omega = multilevel_omega(level + move + 0.5 * rng.standard_normal((80, 6, 4)))
    >>> round(omega.within, 1), round(omega.between, 1)
    (0.8, 1.0)
    """
    y = np.asarray(answers, dtype=np.float64)
    if y.ndim != 3 or y.shape[2] < 3:
        raise BadInput(f"answers have the shape {y.shape}; give persons x sessions x items, three items at least.")
    if np.isinf(y).any():
        raise BadInput("answers hold an infinite value. Correct it or make it missing (nan).")
    whole = np.asarray(np.isfinite(y).all(axis=2), dtype=np.bool_)
    lengths = whole.sum(axis=1)
    items, there = y.shape[2], lengths > 0
    if there.sum() <= items or (lengths > 1).sum() < 2:
        raise BadInput(
            f"{int(there.sum())} persons with complete sessions are too few for {items} items on two levels."
        )
    groups, counts = _moments(y, whole, lengths)
    spread = groups[0].scatter[0]
    means = y.reshape(-1, items)[whole.ravel()].mean(axis=0)
    of_persons = np.array(
        [np.nanmean(np.where(w[:, None], a, np.nan), axis=0) for a, w in zip(y[there], whole[there], strict=True)]
    )
    total = of_persons.var(axis=0)
    if (np.diag(spread) <= 1e-10 * (total + np.diag(spread))).any() or (total <= 0).any():
        raise BadInput("an item does not move within persons, or not between them. Leave it out.")
    models = [_cells(items, n, means, np.diag(spread), total) for n in (0, *counts)]
    fit = fit_paths(groups, models, 2 * items + 2)
    levels = [_omega(fit.estimates, letter, items) for letter in ("within", "between")]
    below = [name for name, value in fit.estimates.items() if "residual" in name and value < 0]
    seen = int((np.isfinite(y).any(axis=2)).sum())
    return Omega(
        within=levels[0],
        between=levels[1],
        fit=fit,
        persons=int(there.sum()),
        sessions=int(lengths.sum()),
        dropped=seen - int(lengths.sum()),
        converged=not _problem(fit),
        warnings=(f"estimated below zero: {', '.join(below)}; one factor hardly fits there.",) if below else (),
    )


def _problem(fit: PathFit) -> bool:
    """Whether the search ended badly; what `fit_paths` says of the model without restrictions is of no use here."""
    return bool(not np.isfinite(fit.loglik) or np.isnan(list(fit.se.values())).any() or "search" in fit.message)


def _moments(
    y: Floats, whole: npt.NDArray[np.bool_], lengths: npt.NDArray[np.intp]
) -> tuple[list[Patterns], list[int]]:
    """The departures from each person's mean, and √n times the means of persons with n sessions, for each n."""
    items = y.shape[2]
    filled = np.where(whole[:, :, None], y, 0.0)
    means = filled.sum(axis=1) / np.maximum(lengths, 1)[:, None]
    left = np.where(whole[:, :, None], y - means[:, None, :], 0.0).reshape(-1, items)
    free = float((lengths - 1)[lengths > 0].sum())
    every = np.ones((1, items), dtype=np.bool_)
    groups = [Patterns(np.array([free]), every, np.zeros((1, items)), (left.T @ left / free)[None], 0)]
    counts = [int(n) for n in np.unique(lengths[lengths > 0])]
    for n in counts:
        some = np.sqrt(n) * means[lengths == n]
        off = some - some.mean(axis=0)
        groups.append(
            Patterns(np.array([float(len(some))]), every, some.mean(axis=0)[None], (off.T @ off / len(some))[None], 0)
        )
    return groups, counts


def _cells(items: int, n: int, means: Floats, within: Floats, between: Floats) -> list[PathCell]:
    """Items; their parts between persons, reached by √n; the factor within and the one between. n = 0: no such part."""
    factor_within, factor_between = 2 * items, 2 * items + 1
    root = float(np.sqrt(n))
    cells = []
    for item in range(items):
        part = items + item
        free = None if item == 0 else f"loading within {item}"
        cells.append(PathCell("path", item, factor_within, 1.0, free))
        cells.append(PathCell("spread", item, item, 0.5 * float(within[item]), f"residual within {item}"))
        cells.append(PathCell("path", item, part, root))
        free = None if item == 0 else f"loading between {item}"
        cells.append(PathCell("path", part, factor_between, 1.0, free))
        cells.append(PathCell("spread", part, part, 0.3 * float(between[item]), f"residual between {item}"))
        cells.append(PathCell("mean", part, 0, float(means[item]), f"mean {item}"))
    cells.append(PathCell("spread", factor_within, factor_within, 0.5 * float(within[0]), "factor within"))
    cells.append(PathCell("spread", factor_between, factor_between, 0.5 * float(between[0]), "factor between"))
    return cells


def _omega(estimates: dict[str, float], level: str, items: int) -> float:
    loadings = 1.0 + sum(estimates[f"loading {level} {item}"] for item in range(1, items))
    common = loadings**2 * estimates[f"factor {level}"]
    return float(common / (common + sum(estimates[f"residual {level} {item}"] for item in range(items))))
