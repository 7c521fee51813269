"""Ratings of many persons over time come in; a mixed model (growth, therapists, autocorrelation) goes out.

    y = Xβ + b0 + b1·slope + v + e,   (b0, b1) ~ N(0, G) per person, v ~ N(0, τ²) per therapist, e AR(1) in time

by REML or ML on per-person sufficient statistics (Bates et al. 2015; Pinheiro & Bates 2000, ch. 5). Log-likelihoods
follow the convention of lme4 and nlme.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from accord.errors import BadInput
from accord.stats.mixed_likelihood import Effects, effects
from accord.stats.mixed_optimum import Optimum, optimise
from accord.stats.mixed_rows import Rows, ordered_rows
from accord.stats.mixed_statistics import Units, summarise

Floats = NDArray[np.float64]
Method = Literal["REML", "ML"]


@dataclass(frozen=True, eq=False)
class MixedFit:
    """A fitted mixed model, in the units of the data.

    `fixed`, `se`: coefficients and standard errors by name. Variances of the person's intercept and slope with
    their covariance, of therapists, of residuals; `phi` the residual correlation at a distance of `phi_gap` in
    time. `criterion` is −2 `loglik`. `blups` (persons, q) are the persons' departures from the fixed effects with
    conditional standard errors `blup_se`, in the order of `persons`; likewise for therapists.
    `converged` is true only where gradient, curvature and every border were checked; `boundary` names variances
    estimated at zero and correlations at ±1; `message` says what is wrong, or nothing.
    """

    method: Method
    fixed: dict[str, float]
    se: dict[str, float]
    fixed_covariance: Floats
    var_intercept: float
    var_slope: float | None
    cov: float | None
    var_therapist: float | None
    var_residual: float
    phi: float | None
    phi_gap: float | None
    loglik: float
    n: int
    n_persons: int
    n_therapists: int | None
    n_dropped: int
    converged: bool
    boundary: tuple[str, ...]
    message: str
    persons: NDArray[Any]
    blups: Floats
    blup_se: Floats
    therapists: NDArray[Any] | None
    therapist_blups: Floats | None
    therapist_blup_se: Floats | None

    @property
    def criterion(self) -> float:
        """−2 log-likelihood (REML: the REML criterion)."""
        return -2.0 * self.loglik

    @property
    def corr(self) -> float | None:
        """Correlation of intercept and slope between persons; `None` without a slope or with a zero variance."""
        if self.var_slope is None or self.cov is None or self.var_slope * self.var_intercept == 0.0:
            return None
        return float(np.clip(self.cov / np.sqrt(self.var_slope * self.var_intercept), -1.0, 1.0))

    @property
    def random(self) -> dict[str, float]:
        """The variance parameters that the model has, by name."""
        every = {
            "var_intercept": self.var_intercept, "var_slope": self.var_slope, "cov": self.cov, "corr": self.corr,
            "var_therapist": self.var_therapist, "var_residual": self.var_residual,
            "phi": self.phi, "phi_gap": self.phi_gap,
        }  # fmt: skip
        return {name: number for name, number in every.items() if number is not None}

    def to_dict(self) -> dict[str, Any]:
        """Estimates and what is known of the fit, ready for JSON; the persons' effects stay in the arrays."""
        return {
            "method": self.method, "fixed": self.fixed, "se": self.se, "random": self.random,
            "loglik": self.loglik, "criterion": self.criterion,
            "n": self.n, "persons": self.n_persons, "therapists": self.n_therapists, "dropped": self.n_dropped,
            "converged": self.converged, "boundary": list(self.boundary), "message": self.message,
        }  # fmt: skip

    def __str__(self) -> str:
        head = f"Mixed model by {self.method}: {self.n} ratings of {self.n_persons} persons"
        lines = [head + (f" with {self.n_therapists} therapists" if self.n_therapists else "")]
        if self.n_dropped:
            lines.append(f"{self.n_dropped} incomplete rows left out")
        lines += ["", f"{'fixed effect':<24}{'estimate':>12}{'SE':>12}{'t':>9}"]
        for name, estimate in self.fixed.items():
            se = self.se[name]
            lines.append(f"{name:<24}{estimate:>12.5g}{se:>12.5g}{estimate / se:>9.2f}")
        lines += ["", f"{'variances':<24}{'estimate':>12}"]
        lines += [f"{name:<24}{number:>12.5g}" for name, number in self.random.items()]
        lines += ["", f"log-likelihood {self.loglik:.4f}, criterion {self.criterion:.4f}"]
        lines.append("converged" if self.converged else "NOT converged: do not use these numbers")
        lines += [f"at the boundary: {name}" for name in self.boundary]
        lines += [self.message] if self.message else []
        return "\n".join(lines)


@dataclass(frozen=True)
class GrowthFit:
    """Hyper-parameters of y = b0 + b1·t + u0 + u1·t + e for persons on one grid of sessions; `phi` is 0 without AR(1)."""

    b0: float
    b1: float
    var_intercept: float
    var_slope: float
    cov: float
    var_residual: float
    phi: float
    loglik: float
    converged: bool
    boundary: tuple[str, ...]
    message: str


def fit_growth(scores: ArrayLike, ar1: bool = False) -> GrowthFit:
    """Fit straight-line growth with random intercept and slope by REML to (n_dyads, n_sessions), NaN where missing.

    The clock t is the column: 0 for the first session. Dyads without any score are left out.
    Raises `BadInput` as `fit_mixed` does.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2:
        raise BadInput(f"scores has {table.ndim} dimensions; give one row a dyad and one column a session.")
    person, session = np.nonzero(~np.isnan(table))
    time = session.astype(np.float64)
    fit = fit_mixed(
        table[person, session], np.column_stack([np.ones(len(time)), time]), person,
        slope=time, time=time if ar1 else None, ar1=ar1, names=("(Intercept)", "session"),
    )  # fmt: skip
    assert fit.var_slope is not None
    assert fit.cov is not None
    return GrowthFit(
        fit.fixed["(Intercept)"], fit.fixed["session"], fit.var_intercept, fit.var_slope, fit.cov,
        fit.var_residual, fit.phi or 0.0, fit.loglik, fit.converged, fit.boundary, fit.message,
    )  # fmt: skip


def fit_mixed(
    y: ArrayLike,
    fixed: ArrayLike,
    person: ArrayLike,
    *,
    slope: ArrayLike | None = None,
    therapist: ArrayLike | None = None,
    time: ArrayLike | None = None,
    method: Method = "REML",
    ar1: bool = False,
    names: tuple[str, ...] = (),
) -> MixedFit:
    """Fit a linear mixed model with one random intercept, or intercept and slope, per person.

    `y` (n,) outcome; `fixed` (n, p) the columns of X, the intercept among them, named by `names`; `person` (n,)
    labels; `slope` (n,) the column whose effect differs between persons; `therapist` (n,) labels, each person with
    one therapist; `time` (n,) needed with `ar1` only, whose correlation falls as φ^gap. When all gaps are whole
    multiples of the smallest, φ belongs to that step and may be negative; otherwise to one unit of time, 0 ≤ φ < 1.
    Rows with a missing number are left out (and counted). Rows may come in any order.

    Raises `BadInput`: too few persons or rows, infinite values, a constant outcome, dependent fixed effects,
    a person under two therapists, two ratings of a person at one time with `ar1`.
    """
    if method not in ("REML", "ML"):
        raise BadInput(f"method {method!r} is not known; choose 'REML' or 'ML'.")
    if ar1 and time is None:
        raise BadInput("autocorrelated residuals need `time`, to know which ratings are neighbours.")
    rows = ordered_rows(y, fixed, person, slope, therapist, time if ar1 else None)
    names = names or tuple(f"x{k}" for k in range(rows.fixed.shape[1]))
    if len(names) != rows.fixed.shape[1]:
        raise BadInput(f"{len(names)} names for {rows.fixed.shape[1]} fixed effects; give one name a column.")
    statistics, units = summarise(rows, names)
    found = optimise(statistics, ar1, method == "REML")
    return _report(rows, names, units, found, effects(statistics, found.point, found.value), method)


def _report(
    rows: Rows, names: tuple[str, ...], units: Units, found: Optimum, predicted: Effects, method: Method
) -> MixedFit:
    """Everything back in the units of the data."""
    back = units.effects(found.face.q)
    point, sigma2 = found.point, found.value.sigma2
    covariance = sigma2 * back @ point.covariance @ back.T
    fixed_covariance = units.covariance(sigma2 * found.value.beta_covariance)
    spread = np.einsum("ik,kln,il->ni", back, predicted.person_covariance, back)
    slope = found.face.q == 2
    has_therapist, ar1 = rows.therapist_starts is not None, rows.gap is not None
    coefficients = units.coefficients(found.value.beta)
    return MixedFit(
        method=method,
        fixed=dict(zip(names, coefficients.tolist(), strict=True)),
        se=dict(zip(names, np.sqrt(np.diag(fixed_covariance)).tolist(), strict=True)),
        fixed_covariance=fixed_covariance,
        var_intercept=float(covariance[0, 0]),
        var_slope=float(covariance[1, 1]) if slope else None,
        cov=float(covariance[0, 1]) if slope else None,
        var_therapist=float(sigma2 * point.tau**2 * units.y_scale**2) if has_therapist else None,
        var_residual=sigma2 * units.y_scale**2,
        phi=point.phi if ar1 else None,
        phi_gap=rows.gap_unit,
        loglik=_log_likelihood(found, units, len(rows.y), len(names), method),
        n=len(rows.y),
        n_persons=len(rows.persons),
        n_therapists=len(rows.therapists) if rows.therapists is not None else None,
        n_dropped=rows.dropped,
        converged=not found.problems,
        boundary=_boundary(found, has_therapist, ar1),
        message="; ".join(found.problems),
        persons=rows.persons,
        blups=(back @ predicted.person).T,
        blup_se=np.sqrt(np.maximum(spread, 0.0)),
        therapists=rows.therapists,
        therapist_blups=_scaled(predicted.therapist, units.y_scale),
        therapist_blup_se=_scaled(predicted.therapist_variance, units.y_scale**2, root=True),
    )


def _log_likelihood(found: Optimum, units: Units, n: int, p: int, method: Method) -> float:
    """From standardised units: the change of scale of y, and for REML the change of basis of X."""
    deviance = found.deviance + (n - p if method == "REML" else n) * 2.0 * np.log(units.y_scale)
    if method == "REML":
        deviance += units.log_determinant()
    return float(-0.5 * deviance)


def _boundary(found: Optimum, has_therapist: bool, ar1: bool) -> tuple[str, ...]:
    """Which variances are estimated at zero, and which correlations at their limit, in words."""
    face, names = found.face, []
    if face.rank == 0:
        names.append("variance of the intercept is zero" if face.q == 1 else "variances of intercept and slope are zero")
    elif face.rank < face.q:
        names.append("correlation of intercept and slope is at its limit (the covariance is singular)")
    if has_therapist and not face.tau:
        names.append("variance of therapists is zero")
    if ar1 and not face.phi:
        names.append("residual correlation is zero")
    return tuple(names)


def _scaled(values: Floats | None, scale: float, root: bool = False) -> Floats | None:
    if values is None:
        return None
    return np.sqrt(values * scale) if root else values * scale
