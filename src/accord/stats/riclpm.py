"""Whether two scores move each other from wave to wave within persons: the random-intercept cross-lagged panel model.

Hamaker, Kuiper & Grasman 2015, Psychol Methods 20: 102. Each score of wave t is a wave mean, a person's own level
(random intercept, loading 1) and a within-person part w; no error is left over:

    x_t = m_xt + I_x + wx_t,   wx_t = a_t wx_t-1 + b_t wy_t-1 + e_xt,     and likewise y,

with I_x, I_y correlated, and e_xt, e_yt correlated within a wave. Full-information maximum likelihood, so persons with
missing waves count with what they have (missing at random). Constrained: lags the same from wave to wave, and residual
variances and covariance the same from wave 2 on. A further variant is a further way to name the cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.normal_patterns import Patterns, patterns
from accord.stats.path_fit import PathFit, fit_paths
from accord.stats.paths import PathCell, parameters

Floats = npt.NDArray[np.float64]
FEWEST = 3  # waves: with two, levels and lags cannot be told apart
LEVELS = ("RI_x", "RI_y")
SHARES = (0.5, 0.1, 0.8)  # of the variance between persons, at which the search begins


@dataclass(frozen=True, eq=False)
class PanelFit:
    """A fitted model. `estimates` and `se` by name, in lavaan's way of writing: `y2~x1` a lag of the within-person
    parts of these columns, `x2~~y2` a residual variance or covariance, `x1~1` a mean, `RI_x~~RI_y` of the levels.

    Constrained parameters appear at each wave, with the same value. `fit` holds indices of fit; units of the data.
    """

    fit: PathFit
    estimates: dict[str, float]
    se: dict[str, float]
    x: tuple[str, ...]
    y: tuple[str, ...]
    constrained: bool
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Indices of fit and each estimate with its standard error, ready for JSON."""
        estimates = {name: {"estimate": value, "se": self.se[name]} for name, value in self.estimates.items()}
        return {
            **self.fit.indices(),
            "constrained": self.constrained,
            "estimates": estimates,
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        fit, kind = self.fit, "the same lags at all waves" if self.constrained else "lags of their own at each wave"
        lines = [f"RI-CLPM: {fit.rows} persons, {len(self.x)} waves, {kind}"]
        if fit.dropped:
            lines.append(f"{fit.dropped} rows without any value left out")
        lines.append(f"χ²({fit.df}) = {fit.chi2:.3f}, p = {fit.p:.3f}, CFI {fit.cfi:.4f}, RMSEA {fit.rmsea:.4f}")
        lines += [f"log-likelihood {fit.loglik:.4f}, {fit.npar} parameters", ""]
        lines.append(f"{'within persons':<24}{'estimate':>12}{'SE':>12}{'z':>9}")
        waves = range(1, 2 if self.constrained else len(self.x))
        shown = [f"{to[wave]}~{by[wave - 1]}" for wave in waves for to in (self.x, self.y) for by in (self.x, self.y)]
        lines += [self._line(name) for name in shown]
        lines += ["", f"{'between persons':<24}{'estimate':>12}{'SE':>12}{'z':>9}"]
        lines += [self._line(name) for name in self.estimates if name.startswith("RI_")]
        lines += ["", "converged" if fit.converged else "NOT converged, do not use these numbers: " + fit.message]
        return "\n".join([*lines, *(f"careful: {warning}" for warning in self.warnings)])

    def _line(self, name: str) -> str:
        value, se = self.estimates[name], self.se[name]
        return f"{name:<24}{value:>12.5g}{se:>12.5g}{value / se:>9.2f}"


def riclpm(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    constrained: bool = False,
    names: tuple[Sequence[str], Sequence[str]] | None = None,
    starts: int = 3,
) -> PanelFit:
    """Fit the model to two scores x and y, (persons, waves) each, missing as nan; `names` of their columns.

    The search begins at so many `starts` (1 to 3), which put unlike shares of the variance between persons; the best
    end counts. Persons without any value are left out and counted. Formula and source: at the top of this module. With
    T waves there are 9T − 1 parameters, constrained 13 + 2T. Raises `BadInput` for fewer than three waves, x and y of
    different shapes, a name that comes twice, and what `patterns` refuses.

    >>> rng = np.random.default_rng(1)
    >>> level, x, y = rng.standard_normal((300, 2)), np.zeros((300, 4)), np.zeros((300, 4))
    >>> for wave in range(4):
    ...     before = (x[:, wave - 1], y[:, wave - 1]) if wave else (0.0, 0.0)
    ...     x[:, wave] = 0.3 * before[0] + rng.standard_normal(300)
    ...     y[:, wave] = 0.3 * before[1] - 0.4 * before[0] + rng.standard_normal(300)
    >>> fit = riclpm(x + level[:, :1], y + level[:, 1:], constrained=True)
    >>> fit.fit.converged, round(fit.estimates["y2~x1"], 1)
    (True, -0.3)
    """
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if first.ndim != 2 or first.shape != second.shape:
        raise BadInput(f"x has the shape {first.shape} and y {second.shape}; give both one column for each wave.")
    waves = first.shape[1]
    if waves < FEWEST:
        raise BadInput(f"there are {waves} waves; with fewer than three, levels and lags cannot be told apart.")
    columns = names or tuple([f"{which}{wave + 1}" for wave in range(waves)] for which in "xy")
    each = [*columns[0], *columns[1]]
    twice = sorted({name for name in each if each.count(name) > 1})
    if twice:
        raise BadInput(f"column {twice[0]!r} is named twice. Give each wave of each score its own column.")
    seen = patterns(np.hstack([first, second]), each)
    drafts = [_cells(each, seen, constrained, share) for share in SHARES[:starts]]
    others = [parameters([cells])[1] for cells in drafts[1:]]
    fit = fit_paths([seen], [drafts[0]], 4 * waves + 2, others)
    shown = _each_wave(fit, each, constrained)
    estimates, se = ({name: source[key] for name, key in shown.items()} for source in (fit.estimates, fit.se))
    xs, ys = tuple(columns[0]), tuple(columns[1])
    return PanelFit(fit, estimates, se, xs, ys, constrained, _warnings(estimates, seen))


def _cells(columns: Sequence[str], seen: Patterns, constrained: bool, share: float) -> list[PathCell]:
    """The model: observed 0..2T-1, their within-person parts 2T..4T-1, levels 4T and 4T+1.

    First values: so large a `share` of each score's variance lies between persons, the rest within.
    """
    waves = len(columns) // 2
    mean, variance = seen.start()
    within, levels = 2 * waves, (4 * waves, 4 * waves + 1)
    of_score = [float(variance[:waves].mean()), float(variance[waves:].mean())]
    cells = [PathCell("path", i, within + i, 1.0) for i in range(2 * waves)]
    cells += [PathCell("path", i, levels[i // waves], 1.0) for i in range(2 * waves)]
    for name, to, by, value in _levels(levels, of_score, share):
        cells.append(PathCell("spread", to, by, value, name))
    for wave in range(1, waves):
        for to in (wave, waves + wave):
            for by in (wave - 1, waves + wave - 1):
                start = 0.2 if to - by == 1 else 0.0
                name = _lag(columns, to, by, constrained)
                cells.append(PathCell("path", within + to, within + by, start, name))
    for wave in range(waves):
        for first, second in ((wave, wave), (waves + wave, waves + wave), (wave, waves + wave)):
            start = (1.0 - share) * of_score[first // waves] if first == second else 0.0
            name = _residual(columns, first, second, constrained)
            cells.append(PathCell("spread", within + second, within + first, start, name))
    return cells + [PathCell("mean", i, 0, float(mean[i]), f"{columns[i]}~1") for i in range(2 * waves)]


def _levels(levels: tuple[int, int], of_score: list[float], share: float) -> list[tuple[str, int, int, float]]:
    """The random intercepts: both variances and their covariance."""
    first, second = LEVELS
    return [
        (f"{first}~~{first}", levels[0], levels[0], share * of_score[0]),
        (f"{second}~~{second}", levels[1], levels[1], share * of_score[1]),
        (f"{first}~~{second}", levels[1], levels[0], 0.0),
    ]


def _lag(columns: Sequence[str], to: int, by: int, constrained: bool) -> str:
    """Where lags are the same at all waves, the name is that of the first."""
    waves = len(columns) // 2
    if constrained:
        to, by = to - (to % waves) + 1, by - (by % waves)
    return f"{columns[to]}~{columns[by]}"


def _residual(columns: Sequence[str], first: int, second: int, constrained: bool) -> str:
    waves = len(columns) // 2
    if constrained and first % waves > 1:
        first, second = first - first % waves + 1, second - second % waves + 1
    return f"{columns[first]}~~{columns[second]}"


def _each_wave(fit: PathFit, columns: Sequence[str], constrained: bool) -> dict[str, str]:
    """The name at each wave, and that of the parameter which it is."""
    waves = len(columns) // 2
    names = {f"{a}~~{b}": f"{a}~~{b}" for a, b in ((LEVELS[0],) * 2, (LEVELS[1],) * 2, LEVELS)}
    for wave in range(1, waves):
        for to in (wave, waves + wave):
            for by in (wave - 1, waves + wave - 1):
                names[f"{columns[to]}~{columns[by]}"] = _lag(columns, to, by, constrained)
    for wave in range(waves):
        for first, second in ((wave, wave), (waves + wave, waves + wave), (wave, waves + wave)):
            names[f"{columns[first]}~~{columns[second]}"] = _residual(columns, first, second, constrained)
    return {**names, **{f"{column}~1": f"{column}~1" for column in columns}}


def _warnings(estimates: dict[str, float], seen: Patterns) -> tuple[str, ...]:
    variances = [name for name in estimates if "~~" in name and len(set(name.split("~~"))) == 1]
    below = [name for name in variances if estimates[name] <= 0]
    warnings = []
    if below:
        warnings.append(f"the variance {', '.join(below)} is estimated at or below zero: the model does not fit.")
    if seen.rows < 10 * seen.there.shape[1]:
        warnings.append(f"{seen.rows} persons are few for {seen.there.shape[1]} columns; χ² is then too large.")
    return tuple(warnings)
