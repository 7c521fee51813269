"""What becomes of an outcome where two ratings agree, and where they do not: polynomial regression, read as a surface.

    z = b0 + b1 x + b2 y + b3 x² + b4 xy + b5 y²
    along agreement a1 = b1 + b2, a2 = b3 + b4 + b5;  along disagreement a3 = b1 − b2, a4 = b3 − b4 + b5;  a5 = b3 − b5

(Edwards & Parry 1993, Acad Manage J 36: 1577; Shanock, Baran, Gentry, Pattison & Heggestad 2010, J Bus Psychol 25:
543.) By least squares, or with a random intercept for each dyad by REML; the a are sums of coefficients, so their
variances are k'Vk exactly. A further shape of the surface is a further sum here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.mixed import fit_mixed

Floats = npt.NDArray[np.float64]
TERMS = ("(Intercept)", "x", "y", "x^2", "xy", "y^2")
SUMS = {
    "a1": (0, 1, 1, 0, 0, 0),
    "a2": (0, 0, 0, 1, 1, 1),
    "a3": (0, 1, -1, 0, 0, 0),
    "a4": (0, 0, 0, 1, -1, 1),
    "a5": (0, 0, 0, 1, 0, -1),
}
MEANS = {
    "a1": "slope where x = y",
    "a2": "curve where x = y",
    "a3": "slope where x = -y",
    "a4": "curve where x = -y",
    "a5": "ridge off x = y",
}
APART, FEW = 0.5, 0.1  # SD by which x and y differ to count as apart, and the least share of rows that should be


@dataclass(frozen=True, eq=False)
class Surface:
    """Coefficients by `TERMS` and `a1` to `a5`, each with its standard error, in units of the outcome.

    `r2`: share of variance explained (nan with dyads). `n` complete rows, `dyads` (None: each row is its own),
    `dropped`. `apart`: shares of rows in which x lies half a SD above y, and below.
    """

    coefficients: dict[str, float]
    se: dict[str, float]
    a: dict[str, float]
    a_se: dict[str, float]
    covariance: Floats
    r2: float
    n: int
    dyads: int | None
    dropped: int
    apart: tuple[float, float]
    converged: bool
    message: str
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Each number with its standard error, ready for JSON."""
        return {
            "coefficients": {k: {"estimate": v, "se": self.se[k]} for k, v in self.coefficients.items()},
            "surface": {k: {"estimate": v, "se": self.a_se[k]} for k, v in self.a.items()},
            "r2": self.r2,
            "n": self.n,
            "dyads": self.dyads,
            "dropped": self.dropped,
            "apart": list(self.apart),
            "converged": self.converged,
            "message": self.message,
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        of = f" of {self.dyads} dyads" if self.dyads else f", R² = {self.r2:.4f}"
        lines = [f"Response surface: {self.n} rows{of}, {self.dropped} incomplete rows left out", ""]
        lines.append(f"{'':<26}{'estimate':>12}{'SE':>12}{'t':>9}")
        for name, value in self.coefficients.items():
            lines.append(f"{name:<26}{value:>12.5g}{self.se[name]:>12.5g}{value / self.se[name]:>9.2f}")
        lines.append("")
        for name, value in self.a.items():
            title = f"{name}: {MEANS[name]}"
            lines.append(f"{title:<26}{value:>12.5g}{self.a_se[name]:>12.5g}{value / self.a_se[name]:>9.2f}")
        above, below = self.apart
        lines += ["", f"x above y in {above:.0%} of rows, below in {below:.0%} (by half a SD)"]
        lines += [] if self.converged else ["NOT converged, do not use these numbers: " + self.message]
        return "\n".join([*lines, *(f"careful: {warning}" for warning in self.warnings)])


def surface(
    outcome: npt.ArrayLike, x: npt.ArrayLike, y: npt.ArrayLike, dyad: npt.ArrayLike | None = None, center: float = 0.0
) -> Surface:
    """Fit the surface to an outcome and two ratings on one scale, (n,) each, missing as nan.

    `center`: what is taken from both x and y first, as the middle of their scale; the same for both, since the surface
    is about x = y. `dyad` (n,) labels where dyads have several rows. Incomplete rows are left out and counted. Formula
    and source: at the top of this module. Raises `BadInput` for columns of different lengths, infinite values, fewer
    than ten complete rows, a constant column, x and y of which one is a line of the other, and as `fit_mixed` does.

    >>> rng = np.random.default_rng(1)
    >>> x, y = rng.standard_normal((2, 300))
    >>> fit = surface(-((x - y) ** 2) + 0.1 * rng.standard_normal(300), x, y)
    >>> {name: round(value, 1) + 0.0 for name, value in fit.a.items()}
    {'a1': 0.0, 'a2': 0.0, 'a3': 0.0, 'a4': -4.0, 'a5': 0.0}
    """
    columns = [np.asarray(column, dtype=np.float64) for column in (outcome, x, y)]
    if len({len(column) for column in columns} | ({len(np.asarray(dyad))} if dyad is not None else set())) > 1:
        raise BadInput("outcome, x, y and dyad have different lengths. Give each row one of each.")
    for name, column in zip(("outcome", "x", "y"), columns, strict=True):
        if np.isinf(column).any():
            raise BadInput(f"{name} is infinite in row {int(np.isinf(column).argmax()) + 1}. Correct it.")
    whole = ~np.isnan(columns[0] + columns[1] + columns[2])
    z, first, second = (column[whole] for column in columns)
    _check(z, first, second)
    design = _design(first - center, second - center)
    beta, covariance, dyads, problem = _estimated(z, design, np.asarray(dyad)[whole] if dyad is not None else None)
    rest = z - design @ beta
    sums = np.array(list(SUMS.values()), dtype=np.float64)
    apart = _apart(first, second)
    return Surface(
        coefficients=dict(zip(TERMS, beta.tolist(), strict=True)),
        se=dict(zip(TERMS, np.sqrt(np.diag(covariance)).tolist(), strict=True)),
        a=dict(zip(SUMS, (sums @ beta).tolist(), strict=True)),
        a_se=dict(zip(SUMS, np.sqrt(np.diag(sums @ covariance @ sums.T)).tolist(), strict=True)),
        covariance=covariance,
        r2=1.0 - float(rest @ rest) / float(((z - z.mean()) ** 2).sum()) if dyads is None else float("nan"),
        n=len(z),
        dyads=dyads,
        dropped=int((~whole).sum()),
        apart=apart,
        converged=not problem,
        message=problem,
        warnings=_warnings(apart, dyad),
    )


def _design(x: Floats, y: Floats) -> Floats:
    return np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y])


def _check(z: Floats, x: Floats, y: Floats) -> None:
    if len(z) < 10:
        raise BadInput(f"there are {len(z)} complete rows; a surface of six coefficients needs ten at least.")
    for name, column in (("outcome", z), ("x", x), ("y", y)):
        if np.ptp(column) == 0:
            raise BadInput(f"{name} is constant in the complete rows. Choose another column.")
    design = _design((x - x.mean()) / x.std(), (y - y.mean()) / y.std())
    if abs(np.corrcoef(x, y)[0, 1]) > 1 - 1e-10 or np.linalg.cond(design) > 1e8:
        raise BadInput("x and y say the same, or take too few values: the surface has no unique shape.")


def _estimated(z: Floats, design: Floats, dyad: npt.NDArray[Any] | None) -> tuple[Floats, Floats, int | None, str]:
    """Coefficients, their covariance, how many dyads, and what is wrong."""
    if dyad is not None:
        fit = fit_mixed(z, design, dyad, names=TERMS)
        return np.array(list(fit.fixed.values())), fit.fixed_covariance, fit.n_persons, fit.message
    turned, upper = np.linalg.qr(design)
    beta = np.linalg.solve(upper, turned.T @ z)
    rest = z - design @ beta
    inverse = np.linalg.inv(upper)
    return beta, inverse @ inverse.T * float(rest @ rest) / (len(z) - len(beta)), None, ""


def _apart(x: Floats, y: Floats) -> tuple[float, float]:
    """Shares of rows with x half a SD above y, and below, each against its own mean (Shanock et al. 2010)."""
    off = (x - x.mean()) / x.std() - (y - y.mean()) / y.std()
    return float((off > APART).mean()), float((off < -APART).mean())


def _warnings(apart: tuple[float, float], dyad: npt.ArrayLike | None) -> tuple[str, ...]:
    warnings = []
    if min(apart) < FEW:
        warnings.append("x and y hardly ever disagree in one direction: the surface off x = y is a guess.")
    if dyad is None:
        warnings.append("rows are taken as independent; where a dyad has several, name it.")
    return tuple(warnings)
