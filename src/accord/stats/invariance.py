"""Whether the answers of two groups, or of both sides of a dyad, mean the same: factor models made ever more alike.

Meredith 1993, Psychometrika 58: 525; Vandenberg & Lance 2000, Organ Res Methods 3: 4. Item = intercept + loading ·
factor + residual, with the first loading of a factor 1. Configural: the same items belong to the same factors; metric:
also equal loadings (changes compare); scalar: also equal intercepts, with factor means free from the second group on
(means compare); strict: also equal residual variances. Two sides of one dyad are no independent groups: their factors,
and the residuals of the same item, go together (Kenny, Kashy & Cook 2006, chapter 7). A further step is one more name
of `STEPS`, and what it makes equal in `_named`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincc  # type: ignore[import-untyped]

from accord.errors import BadInput
from accord.stats.normal_patterns import Patterns, patterns
from accord.stats.path_fit import PathFit, fit_paths
from accord.stats.paths import PathCell

Floats = npt.NDArray[np.float64]
STEPS = ("configural", "metric", "scalar", "strict")
Factors = Mapping[str, Sequence[int]]


@dataclass(frozen=True, eq=False)
class Invariance:
    """A `PathFit` for each of `STEPS`; `steps` says by how much χ² rises and CFI falls from one to the next.

    `means`: of each factor in the second group or side (scalar step; 0 in the first), with standard errors in
    `means_se`. `omega` of each factor in each group or side: share of the sum of its items that is the factor.
    """

    fits: dict[str, PathFit]
    means: dict[str, float]
    means_se: dict[str, float]
    omega: dict[str, tuple[float, ...]]

    @property
    def steps(self) -> dict[str, dict[str, float]]:
        """χ² difference with its degrees of freedom and p, and the change of CFI, for each step but the first."""
        differences = {}
        for before, after in zip(STEPS, STEPS[1:], strict=False):
            looser, stricter = self.fits[before], self.fits[after]
            chi2, df = stricter.chi2 - looser.chi2, stricter.df - looser.df
            p = float(gammaincc(df / 2.0, max(chi2, 0.0) / 2.0))
            differences[after] = {"chi2": chi2, "df": df, "p": p, "cfi": stricter.cfi - looser.cfi}
        return differences

    def to_dict(self) -> dict[str, Any]:
        """Indices of fit of each step and the differences, ready for JSON."""
        means = {name: {"estimate": value, "se": self.means_se[name]} for name, value in self.means.items()}
        fits = {name: fit.indices() for name, fit in self.fits.items()}
        omega = {name: list(values) for name, values in self.omega.items()}
        return {**fits, "steps": self.steps, "means": means, "omega": omega}

    def __str__(self) -> str:
        lines = [f"Measurement invariance, {self.fits['configural'].rows} rows", ""]
        lines.append(f"{'':<12}{'χ²':>10}{'df':>5}{'CFI':>8}{'RMSEA':>8}{'Δχ²':>10}{'Δdf':>5}{'p':>7}{'ΔCFI':>8}")
        for name, fit in self.fits.items():
            line = f"{name:<12}{fit.chi2:>10.3f}{fit.df:>5}{fit.cfi:>8.4f}{fit.rmsea:>8.4f}"
            if name in self.steps:
                step = self.steps[name]
                line += f"{step['chi2']:>10.3f}{step['df']:>5.0f}{step['p']:>7.3f}{step['cfi']:>8.4f}"
            lines.append(line if fit.converged else line + "  NOT converged: " + fit.message)
        lines += ["", "factor means of the second against the first, as far as the scalar step holds"]
        lines += [f"{name:<24}{value:>10.4f}  SE {self.means_se[name]:.4f}" for name, value in self.means.items()]
        lines += ["", "omega (first, second ...)"]
        return "\n".join(lines + [f"{k:<24}{', '.join(f'{v:.3f}' for v in vs)}" for k, vs in self.omega.items()])


def invariance(rows: npt.ArrayLike, group: npt.ArrayLike, factors: Mapping[str, Sequence[str]]) -> Invariance:
    """Compare independent groups: answers (n, items) in the order of the items of `factors`, `group` (n,) labels.

    Missing answers (nan) count as missing at random. Each item belongs to one factor. Formula and source: at the top of
    this module. Raises `BadInput` for fewer than two groups, other shapes, factors of fewer than two items (three, if
    there is one), an item in two factors, and what `patterns` refuses, with the group.

    >>> rng = np.random.default_rng(1)
    >>> answers = rng.standard_normal((600, 1)) + rng.standard_normal((600, 4))
    >>> same = invariance(answers, np.arange(600) % 2, {"bond": ["b1", "b2", "b3", "b4"]})
    >>> [fit.df for fit in same.fits.values()], round(same.omega["bond"][0], 1)
    ([4, 7, 10, 14], 0.8)
    """
    y, label = np.asarray(rows, dtype=np.float64), np.asarray(group)
    items = _items(factors)
    if y.ndim != 2 or y.shape != (len(label), len(items)):
        raise BadInput(
            f"answers have the shape {y.shape}; there are {len(items)} items and {len(label)} groups' labels."
        )
    names = np.unique(label)
    if len(names) < 2:
        raise BadInput("there is only one group; to compare, give at least two.")
    seen = []
    for name in names:
        try:
            seen.append(patterns(y[label == name], items))
        except BadInput as error:
            raise BadInput(f"group {name}: {error}") from error
    return compare_groups(seen, _places(factors))


def invariance_of_sides(
    first: npt.ArrayLike, second: npt.ArrayLike, factors: Mapping[str, Sequence[str]]
) -> Invariance:
    """Compare both sides of dyads: answers (n, items) each, in one row what both said of one session or course.

    The rest as in `invariance`: missing as nan, formula and source at the top of this module. Rows are taken as
    independent: give one for each dyad. Raises `BadInput` likewise.

    >>> rng = np.random.default_rng(1)
    >>> shared = rng.standard_normal((400, 1))
    >>> sides = [shared + rng.standard_normal((400, 1)) + rng.standard_normal((400, 3)) for _side in range(2)]
    >>> invariance_of_sides(*sides, {"bond": ["b1", "b2", "b3"]}).fits["scalar"].df
    9
    """
    left, right = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    items = _items(factors)
    if left.ndim != 2 or left.shape != right.shape or left.shape[1] != len(items):
        raise BadInput(f"answers have the shapes {left.shape} and {right.shape}; there are {len(items)} items.")
    columns = [f"{item} of the {side} side" for side in ("first", "second") for item in items]
    seen = patterns(np.hstack([left, right]), columns)
    return _compared([seen], _places(factors), sides=2)


def compare_groups(groups: Sequence[Patterns], factors: Factors) -> Invariance:
    """`invariance` from moments of each group, which hold what is missing; `factors` are places of the items.

    >>> rows = np.random.default_rng(1).standard_normal((300, 1)) + np.random.default_rng(2).standard_normal((300, 3))
    >>> halves = [patterns(part, "abc") for part in (rows[:150], rows[150:])]
    >>> compare_groups(halves, {"f": [0, 1, 2]}).fits["metric"].df
    2
    """
    return _compared(groups, factors, sides=1)


def _compared(groups: Sequence[Patterns], factors: Factors, sides: int) -> Invariance:
    fits = {}
    size = sides * (sum(map(len, factors.values())) + len(factors))
    for step in STEPS:
        models = [_cells(group, factors, step, place, sides) for place, group in enumerate(groups)]
        fits[step] = fit_paths(groups, models, size)
    scalar, parts = fits["scalar"], max(len(groups), sides)
    named = {
        f"{name}~1" + (f" ({part + 1})" if parts > 2 else ""): f"{name}~1:{part}"
        for part in range(1, parts)
        for name in factors
    }
    return Invariance(
        fits=fits,
        means={shown: scalar.estimates[key] for shown, key in named.items()},
        means_se={shown: scalar.se[key] for shown, key in named.items()},
        omega={
            name: tuple(_omega(fits["configural"], name, items, part) for part in range(parts))
            for name, items in factors.items()
        },
    )


def _named(step: str, kind: str, name: str, part: int) -> str:
    """A parameter's name: without the part (group or side) where the step makes it equal in all."""
    equal = {"loading": "metric", "intercept": "scalar", "residual": "strict"}
    if kind in equal and STEPS.index(step) >= STEPS.index(equal[kind]):
        return f"{kind} {name}"
    return f"{kind} {name}:{part}"


def _cells(seen: Patterns, factors: Factors, step: str, group: int, sides: int) -> list[PathCell]:
    """Items of the first side, of the second, then the factors of each side."""
    mean, variance = seen.start()
    items, count = sum(map(len, factors.values())), len(factors)
    scalar = STEPS.index(step) >= STEPS.index("scalar")
    cells: list[PathCell] = []
    latent = []
    for side in range(sides):
        part, shift = max(group, side), side * items
        for number, (name, places) in enumerate(factors.items()):
            factor = sides * items + side * count + number
            marker = float(variance[shift + places[0]])
            latent.append((factor, f"{name}:{part}", 0.5 * marker))
            for order, place in enumerate(places):
                free = None if order == 0 else _named(step, "loading", str(place), part)
                cells.append(PathCell("path", shift + place, factor, 1.0, free))
                start = float(variance[shift + place])
                cells.append(
                    PathCell(
                        "spread", shift + place, shift + place, 0.5 * start, _named(step, "residual", str(place), part)
                    )
                )
                level = float(mean[shift + place])
                cells.append(PathCell("mean", shift + place, 0, level, _named(step, "intercept", str(place), part)))
            if scalar and part > 0:
                cells.append(PathCell("mean", factor, 0, 0.0, f"{name}~1:{part}"))
    for number, (factor, name, start) in enumerate(latent):
        for other, other_name, _start in latent[: number + 1]:
            cells.append(PathCell("spread", factor, other, start if factor == other else 0.0, f"{other_name}~~{name}"))
    if sides == 2:
        cells += [PathCell("spread", items + place, place, 0.0, f"both {place}") for place in range(items)]
    return cells


def _omega(fit: PathFit, name: str, items: Sequence[int], part: int) -> float:
    """(Σ loadings)² · factor variance over itself and the residual variances (McDonald 1999)."""
    loadings = 1.0 + sum(fit.estimates[_named("configural", "loading", str(item), part)] for item in items[1:])
    common = loadings**2 * fit.estimates[f"{name}:{part}~~{name}:{part}"]
    return float(common / (common + sum(fit.estimates[_named("configural", "residual", str(i), part)] for i in items)))


def _items(factors: Mapping[str, Sequence[str]]) -> list[str]:
    items = [item for names in factors.values() for item in names]
    twice = sorted({item for item in items if items.count(item) > 1})
    if twice:
        raise BadInput(f"item {twice[0]!r} is named twice. Give each item one factor.")
    fewest = 3 if len(factors) == 1 else 2
    for name, names in factors.items():
        if len(names) < fewest:
            raise BadInput(f"factor {name!r} has {len(names)} items; it needs {fewest} at least.")
    if not items:
        raise BadInput("there are no factors. Give one with three items at least.")
    return items


def _places(factors: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    start = 0
    for name, names in factors.items():
        places[name] = list(range(start, start + len(names)))
        start += len(names)
    return places
