"""Fit a mixed model to the ratings of many persons over time: growth, therapists, autocorrelation.

    y = Xβ + b0 + b1·slope + v + e
    (b0, b1) ~ N(0, G) per person,  v ~ N(0, τ²) per therapist,  e ~ AR(1) in time per person

by REML or ML on per-person sufficient statistics (Bates et al. 2015, J Stat Softw 67:1; Pinheiro & Bates 2000,
chapter 5). Log-likelihoods follow the convention of lme4 and nlme.
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
ALIKE = 1e-5  # of the largest singular value: a column nearer than that to a sum of others is said
FEWEST, FEWEST_WITH_SLOPE = 4, 6  # persons from which on the variance between them is a number worth printing


@dataclass(frozen=True, eq=False)
class MixedFit:
    """A fitted mixed model, in the units of the data.

    `fixed` and `se` are coefficients and standard errors by name. Variances are those of the persons' intercepts
    and slopes (with covariance `cov`), of therapists, and of residuals; `phi` is the correlation of residuals
    `phi_gap` apart in time. What the model does not have is `None`. `criterion` is −2 `loglik`.
    `blups` (persons, q) are the persons' predicted departures from the fixed effects, in the order of `persons`,
    with conditional standard errors `blup_se` (β and variances taken as known); likewise for therapists.
    `converged` is true only where gradient, curvature and every border were checked. `boundary` names variances
    estimated at zero and correlations at their limit; `warnings` says what the data hardly tell, though the optimum was
    found; `message` says what is wrong, or nothing.
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
    warnings: tuple[str, ...]
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
        if self.cov is None or self.var_slope is None or self.var_slope * self.var_intercept == 0.0:
            return None
        return float(np.clip(self.cov / np.sqrt(self.var_slope * self.var_intercept), -1.0, 1.0))

    @property
    def random(self) -> dict[str, float]:
        """The variance parameters that the model has, by name."""
        names = ("var_intercept", "var_slope", "cov", "corr", "var_therapist", "var_residual", "phi", "phi_gap")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def to_dict(self) -> dict[str, Any]:
        """Estimates and what is known of the fit, ready for JSON. The persons' effects stay in the arrays."""
        return {
            "method": self.method,
            "fixed": self.fixed,
            "se": self.se,
            "random": self.random,
            "loglik": self.loglik,
            "criterion": self.criterion,
            "n": self.n,
            "persons": self.n_persons,
            "therapists": self.n_therapists,
            "dropped": self.n_dropped,
            "converged": self.converged,
            "boundary": list(self.boundary),
            "warnings": list(self.warnings),
            "message": self.message,
        }

    def __str__(self) -> str:
        therapists = f" with {self.n_therapists} therapists" if self.n_therapists else ""
        lines = [f"Mixed model by {self.method}: {self.n} ratings of {self.n_persons} persons{therapists}"]
        if self.n_dropped:
            lines.append(f"{self.n_dropped} incomplete rows left out")
        lines += ["", f"{'fixed effect':<24}{'estimate':>12}{'SE':>12}{'t':>9}"]
        for name, estimate in self.fixed.items():
            se = self.se[name]
            lines.append(f"{name:<24}{estimate:>12.5g}{se:>12.5g}{estimate / se:>9.2f}")
        lines += ["", f"{'variance parameter':<24}{'estimate':>12}"]
        lines += [f"{name:<24}{number:>12.5g}" for name, number in self.random.items()]
        lines += ["", f"log-likelihood {self.loglik:.4f}, criterion {self.criterion:.4f}"]
        lines.append("converged" if self.converged else "NOT converged, do not use these numbers: " + self.message)
        lines += [f"at the boundary: {name}" for name in self.boundary]
        return "\n".join(lines + [f"careful: {warning}" for warning in self.warnings])


@dataclass(frozen=True)
class GrowthFit:
    """Hyper-parameters of y = b0 + b1·t + u0 + u1·t + e for persons on one grid of sessions.

    `phi` is the residual correlation of neighbouring sessions, 0 where it was not asked for.
    """

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

    The clock t is the column: 0 at the first session. Dyads without any score are left out. Gaps count: with `ar1`
    the correlation across a missing session is phi². Formula and source: at the top of this module; estimates are in
    the units of the scores and per session. Raises `BadInput` as `fit_mixed` does.

    >>> rng = np.random.default_rng(1)
    >>> scores = 50 + 8 * rng.standard_normal((40, 1)) + 1.5 * np.arange(8) + 4 * rng.standard_normal((40, 8))
    >>> fit = fit_growth(scores)
    >>> fit.converged, round(fit.b1, 1)
    (True, 1.5)
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2:
        raise BadInput(f"scores has {table.ndim} dimension(s); give one row a dyad and one column a session.")
    person, session = np.nonzero(~np.isnan(table))
    time = session.astype(np.float64)
    fixed = np.column_stack([np.ones(len(time)), time])
    fit = fit_mixed(table[person, session], fixed, person, slope=time, time=time, ar1=ar1, names=("b0", "b1"))
    assert fit.var_slope is not None
    assert fit.cov is not None
    phi = fit.phi or 0.0
    if fit.phi_gap is not None and fit.phi_gap != 1.0:  # no two neighbouring sessions were rated
        phi = max(phi, 0.0) ** (1.0 / fit.phi_gap)
    return GrowthFit(
        b0=fit.fixed["b0"],
        b1=fit.fixed["b1"],
        var_intercept=fit.var_intercept,
        var_slope=fit.var_slope,
        cov=fit.cov,
        var_residual=fit.var_residual,
        phi=phi,
        loglik=fit.loglik,
        converged=fit.converged,
        boundary=fit.boundary,
        message=fit.message,
    )


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
    """Fit a linear mixed model with a random intercept, or intercept and slope, per person.

    `y` (n,) outcome. `fixed` (n, p) the columns of X, the intercept among them, named by `names`. `person` (n,)
    labels. `slope` (n,) the column whose effect differs between persons. `therapist` (n,) labels, one a person.
    `time` (n,) is used with `ar1` alone, where residuals a gap apart correlate φ^gap: if all gaps are whole
    multiples of the smallest, φ belongs to that step and may be negative; if not, to one unit of time, 0 ≤ φ < 1.
    Formula and source: at the top of this module. Estimates are in the units of `y` and of the columns.
    Rows with a missing number (NaN) are left out and counted. Rows may come in any order.

    Raises `BadInput` for too few persons or rows, infinite values, a constant outcome, dependent fixed effects, a
    person under two therapists, or two ratings of a person at one time with `ar1`.

    >>> rng = np.random.default_rng(1)
    >>> person, session = np.repeat(np.arange(40), 10), np.tile(np.arange(10.0), 40)
    >>> y = 3.5 + 0.5 * rng.standard_normal(40)[person] + 0.04 * session + 0.3 * rng.standard_normal(400)
    >>> fit = fit_mixed(y, np.column_stack([np.ones(400), session]), person, names=("(Intercept)", "session"))
    >>> fit.converged, round(fit.fixed["session"], 2)
    (True, 0.04)
    """
    if method not in ("REML", "ML"):
        raise BadInput(f"method {method!r} is not known; choose 'REML' or 'ML'.")
    if ar1 and time is None:
        raise BadInput("autocorrelated residuals need `time`, to know which ratings are neighbours.")
    rows = ordered_rows(y, fixed, person, slope, therapist, time if ar1 else None)
    names = names or tuple(f"x{k}" for k in range(rows.fixed.shape[1]))
    if len(names) != rows.fixed.shape[1]:
        raise BadInput(f"{len(names)} names for {rows.fixed.shape[1]} fixed effects; give each column one name.")
    statistics, units = summarise(rows, names)
    optimum = optimise(statistics, ar1, method == "REML")
    return _report(rows, names, units, optimum, effects(statistics, optimum.point, optimum.value), method)


def _report(
    rows: Rows, names: tuple[str, ...], units: Units, optimum: Optimum, predicted: Effects, method: Method
) -> MixedFit:
    """Everything back in the units of the data."""
    back = units.effects(optimum.face.q)
    point, sigma2 = optimum.point, optimum.value.sigma2
    covariance = sigma2 * back @ point.covariance @ back.T
    fixed_covariance = units.covariance(sigma2 * optimum.value.beta_covariance)
    spread = np.einsum("ik,kln,il->ni", back, predicted.person_covariance, back)
    phi, phi_gap = _autocorrelation(point.phi, rows.gap_unit, optimum.face.signed)
    slope, nested = optimum.face.q == 2, rows.therapists is not None
    return MixedFit(
        method=method,
        fixed=dict(zip(names, units.coefficients(optimum.value.beta).tolist(), strict=True)),
        se=dict(zip(names, np.sqrt(np.diag(fixed_covariance)).tolist(), strict=True)),
        fixed_covariance=fixed_covariance,
        var_intercept=float(covariance[0, 0]),
        var_slope=float(covariance[1, 1]) if slope else None,
        cov=float(covariance[0, 1]) if slope else None,
        var_therapist=float(sigma2 * point.tau**2 * units.y_scale**2) if nested else None,
        var_residual=sigma2 * units.y_scale**2,
        phi=phi,
        phi_gap=phi_gap,
        loglik=_log_likelihood(optimum, units, len(rows.y), len(names), method),
        n=len(rows.y),
        n_persons=len(rows.persons),
        n_therapists=len(rows.therapists) if rows.therapists is not None else None,
        n_dropped=rows.dropped,
        converged=not optimum.problems,
        boundary=_boundary(optimum, nested, rows.gap is not None),
        warnings=(*_nearly_alike(rows.fixed, names), *_few(len(rows.persons), slope)),
        message=_message(optimum),
        persons=rows.persons,
        blups=(back @ predicted.person).T,
        blup_se=np.sqrt(np.maximum(spread, 0.0)),
        therapists=rows.therapists,
        therapist_blups=units.y_scale * predicted.therapist if nested else None,
        therapist_blup_se=units.y_scale * np.sqrt(predicted.therapist_variance) if nested else None,
    )


def _autocorrelation(phi: float, unit: float | None, whole: bool) -> tuple[float | None, float | None]:
    """φ and the distance in time it belongs to: the common step when gaps are whole multiples of it, else one."""
    if unit is None:
        return None, None
    return (phi, unit) if whole else (phi ** (1.0 / unit), 1.0)


def _log_likelihood(optimum: Optimum, units: Units, n: int, p: int, method: Method) -> float:
    """From standardised units: the change of scale of y, and for REML the change of basis of X."""
    freedom = n - p if method == "REML" else n
    deviance = optimum.value.deviance + freedom * 2.0 * float(np.log(units.y_scale))
    if method == "REML":
        deviance += units.log_determinant()
    return -0.5 * deviance


def _message(optimum: Optimum) -> str:
    """What is wrong and what to do; nothing when all is well."""
    if not optimum.problems:
        return ""
    todo = "Leave out the slope, the therapist or the autocorrelation, or wait for more ratings."
    return f"{'; '.join(optimum.problems)}. {todo}"


def _boundary(optimum: Optimum, has_therapists: bool, ar1: bool) -> tuple[str, ...]:
    """Which variances are estimated at zero, and which correlations at their limit, in words."""
    face, names = optimum.face, []
    if face.rank == 0:
        names.append("the variance between persons is zero")
    elif face.rank < face.q:
        names.append("the correlation of intercept and slope is at its limit (singular covariance)")
    if has_therapists and not face.tau:
        names.append("the variance between therapists is zero")
    if ar1 and not face.phi:
        names.append("the residual correlation is zero")
    return tuple(names)


def _nearly_alike(fixed: Floats, names: tuple[str, ...]) -> tuple[str, ...]:
    """Which fixed effects are nearly a sum of the others: their estimates then rest on the last digits of the data."""
    size = np.sqrt(np.mean(fixed**2, axis=0))
    _left, values, turned = np.linalg.svd(fixed / np.where(size > 0, size, 1.0), full_matrices=False)
    if values[-1] > ALIKE * values[0]:
        return ()
    part = [name for name, weight in zip(names, np.abs(turned[-1]), strict=True) if weight > 0.05]
    what = f"the fixed effects {', '.join(part)} say nearly the same (condition number {values[0] / values[-1]:.0e})"
    return (f"{what}; their estimates and standard errors mean little. Leave one out.",)


def _few(persons: int, slope: bool) -> tuple[str, ...]:
    """Too few persons to say how persons differ."""
    fewest = FEWEST_WITH_SLOPE if slope else FEWEST
    if persons >= fewest:
        return ()
    what = "levels, slopes and how these go together" if slope else "levels"
    return (f"how persons differ in {what} is hardly known from {persons} persons; {fewest} are the least.",)
