"""What each side's own rating, and the other side's, has to do with an outcome of both: the actor-partner model.

Kenny, Kashy & Cook 2006, Dyadic data analysis, chapters 7 and 14, for two sides that can be told apart (c and t):

    y_c = b_c + actor_c x_c + partner_c x_t + e_c,    y_t = b_t + actor_t x_t + partner_t x_c + e_t

With one row a dyad by full-information maximum likelihood, e_c and e_t correlated with variances of their own. With
several rows a dyad by REML on both sides' rows together: x as departure from the dyad's own mean and as that mean, each
side with a random intercept, correlated, and one residual variance. A dyad whose sides cannot be told apart would be
one more model here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincc  # type: ignore[import-untyped]

from accord.errors import BadInput
from accord.stats.mixed import MixedFit, fit_mixed
from accord.stats.normal_patterns import patterns
from accord.stats.path_fit import fit_paths
from accord.stats.paths import PathCell

Floats = npt.NDArray[np.float64]
NAMES = ("y_c", "y_t", "x_c", "x_t")
EFFECTS = ("actor_c", "partner_c", "actor_t", "partner_t")


@dataclass(frozen=True, eq=False)
class ActorPartner:
    """Effects by name (`EFFECTS`; with several sessions also `..._between`) with standard errors.

    `residual_correlation` of both sides, and `equal_chi2` (2 df) with `equal_p`: both sides have the same effects;
    `None` with several sessions. `n` dyads or rows of both sides, `dyads`.
    """

    effects: dict[str, float]
    se: dict[str, float]
    residual_correlation: float | None
    equal_chi2: float | None
    equal_p: float | None
    loglik: float
    n: int
    dyads: int
    dropped: int
    converged: bool
    message: str

    def to_dict(self) -> dict[str, Any]:
        """Each effect with its standard error, ready for JSON."""
        effects = {name: {"estimate": value, "se": self.se[name]} for name, value in self.effects.items()}
        names = ("residual_correlation", "equal_chi2", "equal_p", "loglik", "n", "dyads", "dropped", "converged")
        return {"effects": effects, **{name: getattr(self, name) for name in names}, "message": self.message}

    def __str__(self) -> str:
        lines = [f"Actor-partner model: {self.dyads} dyads, {self.n} rows, {self.dropped} left out", ""]
        lines.append(f"{'':<24}{'estimate':>12}{'SE':>12}{'z':>9}")
        for name, value in self.effects.items():
            lines.append(f"{name:<24}{value:>12.5g}{self.se[name]:>12.5g}{value / self.se[name]:>9.2f}")
        if self.equal_chi2 is not None:
            lines += ["", f"both sides have the same effects: χ²(2) = {self.equal_chi2:.3f}, p = {self.equal_p:.3f}"]
            lines.append(f"correlation of what is left of both outcomes: {self.residual_correlation:.3f}")
        lines += ["", f"log-likelihood {self.loglik:.4f}"]
        return "\n".join([*lines, "converged" if self.converged else "NOT converged: " + self.message])


def actor_partner(
    outcomes: npt.ArrayLike, predictors: npt.ArrayLike, dyad: npt.ArrayLike | None = None
) -> ActorPartner:
    """Fit the model to `outcomes` and `predictors`, (n, 2) each, first side first, missing as nan.

    Without `dyad` each row is one; with `dyad` (n,) labels, several rows a dyad are its sessions. One row a dyad:
    missing at random counts with what is there. Several: rows of a side without outcome or either predictor are left
    out. Formula and source: at the top of this module. Raises `BadInput` for other shapes, infinite values, constant
    or always missing columns, predictors that say the same, and too few dyads.

    >>> rng = np.random.default_rng(1)
    >>> x = rng.standard_normal((400, 2))
    >>> y = x @ [[0.5, 0.2], [0.0, 0.4]] + 0.3 * rng.standard_normal((400, 2))
    >>> fit = actor_partner(y, x)
    >>> {name: round(value, 1) + 0.0 for name, value in fit.effects.items()}
    {'actor_c': 0.5, 'partner_c': 0.0, 'actor_t': 0.4, 'partner_t': 0.2}
    """
    y, x = np.asarray(outcomes, dtype=np.float64), np.asarray(predictors, dtype=np.float64)
    if y.ndim != 2 or y.shape[1] != 2 or x.shape != y.shape:
        raise BadInput(f"outcomes have the shape {y.shape} and predictors {x.shape}; give both two columns.")
    if dyad is None:
        return _one_row(y, x)
    names, who = np.unique(np.asarray(dyad), return_inverse=True)
    if len(who) != len(y):
        raise BadInput("outcomes and dyad have different lengths. Give each row one of each.")
    return _one_row(y, x) if len(names) == len(who) else _sessions(y, x, who)


def _one_row(y: Floats, x: Floats) -> ActorPartner:
    seen = patterns(np.hstack([y, x]), NAMES)
    fit, alike = (fit_paths([seen], [_cells(*seen.start(), same)], 4) for same in (False, True))
    chi2 = max(2.0 * (fit.loglik - alike.loglik), 0.0)
    estimates = fit.estimates
    together = estimates["e_ct"] / np.sqrt(estimates["e_c"] * estimates["e_t"])
    return ActorPartner(
        effects={name: estimates[name] for name in EFFECTS},
        se={name: fit.se[name] for name in EFFECTS},
        residual_correlation=float(together),
        equal_chi2=chi2,
        equal_p=float(gammaincc(1.0, chi2 / 2.0)),
        loglik=fit.loglik,
        n=fit.rows,
        dyads=fit.rows,
        dropped=fit.dropped,
        converged=fit.converged and alike.converged,
        message=fit.message or alike.message,
    )


def _cells(mean: Floats, variance: Floats, same: bool) -> list[PathCell]:
    """y_c, y_t, x_c, x_t in this order; the x are free, so that rows without one of them count."""
    ends = dict(zip(EFFECTS, ((0, 2), (0, 3), (1, 3), (1, 2)), strict=True))
    cells = [PathCell("path", *place, 0.0, name[:-2] if same else name) for name, place in ends.items()]
    spreads = (("e_c", 0, 0), ("e_t", 1, 1), ("e_ct", 1, 0), ("v_c", 2, 2), ("v_t", 3, 3), ("v_ct", 3, 2))
    cells += [PathCell("spread", i, j, float(variance[i]) if i == j else 0.0, name) for name, i, j in spreads]
    return cells + [PathCell("mean", i, 0, float(mean[i]), f"m{i}") for i in range(4)]


def _sessions(y: Floats, x: Floats, who: npt.NDArray[np.intp]) -> ActorPartner:
    """Both sides' rows below each other; each side has its own columns, 0 in the other's rows."""
    there = ~np.isnan(x)
    counts = np.stack([np.bincount(who, column) for column in there.T], axis=1)
    sums = np.stack([np.bincount(who, column) for column in np.where(there, x, 0.0).T], axis=1)
    mean = (sums / np.where(counts > 0, counts, np.nan))[who]
    for name, column in zip(NAMES[2:], (x - mean).T, strict=True):
        if np.isnan(column).all() or np.nanmax(np.abs(column)) == 0.0:
            raise BadInput(f"{name} moves within no dyad. With one row a dyad, leave the label of the dyad out.")
    side = np.repeat([0.0, 1.0], len(y))
    within, between = x - mean, mean - np.nanmean(mean, axis=0)
    own, other = (np.concatenate([part[:, 0], part[:, 1]]) for part in (within, within[:, ::-1]))
    own_mean, other_mean = (np.concatenate([part[:, 0], part[:, 1]]) for part in (between, between[:, ::-1]))
    columns, names = [], []
    for letter, of_side in (("c", 1.0 - side), ("t", side)):
        for name, column in (
            (f"mean_{letter}", np.ones(len(side))), (f"actor_{letter}", own), (f"partner_{letter}", other),
            (f"actor_{letter}_between", own_mean), (f"partner_{letter}_between", other_mean),
        ):  # fmt: skip
            columns.append(np.where(of_side > 0, column, np.where(np.isnan(column), np.nan, 0.0)))
            names.append(name)
    fit = fit_mixed(
        np.concatenate([y[:, 0], y[:, 1]]), np.column_stack(columns), np.tile(who, 2), slope=side, names=tuple(names)
    )
    return _of_sessions(fit)


def _of_sessions(fit: MixedFit) -> ActorPartner:
    shown = [name for name in fit.fixed if not name.startswith("mean_")]
    return ActorPartner(
        effects={name: fit.fixed[name] for name in shown},
        se={name: fit.se[name] for name in shown},
        residual_correlation=None,
        equal_chi2=None,
        equal_p=None,
        loglik=fit.loglik,
        n=fit.n,
        dyads=fit.n_persons,
        dropped=fit.n_dropped,
        converged=fit.converged,
        message=fit.message,
    )
