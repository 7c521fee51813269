"""How much therapists differ in what clients report, how sure that is, and whether one could be told from the average.

    y = X beta + v_therapist + u_client + e,   v ~ N(0, t²), u ~ N(0, s²)        (without u where a client has one row)

by REML (`mixed`); the share of variance t² / (t² + s² + σ²) with its interval from the profile of the restricted
likelihood (Bates, Maechler, Bolker & Walker 2015, J Stat Softw 67(1); Self & Liang 1987, J Am Stat Assoc 82: 605, for
the test at zero). A therapist's mean is shrunken by its reliability, λ_j = t² m_j / (1 + t² m_j), m_j the information
of their clients (Adelson & Owen 2012); below .7, or where the interval of t² holds zero, it cannot be told from the
average. Nothing here orders therapists, and no report shows one of them; what else may be said of the spread belongs
here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar  # type: ignore[import-untyped]

from accord.errors import BadInput
from accord.stats.mixed import MixedFit, fit_mixed

Floats = npt.NDArray[np.float64]
TELLING = 0.7  # reliability below which a therapist cannot be told from the average
LIMIT = 3.841458820694124  # of a χ² with one degree of freedom, 95 %
MOST = 1e4  # times the variance of a residual: more is not looked for
FEW = 10  # therapists below which the interval is as good as all there is


@dataclass(frozen=True, eq=False)
class TherapistSpread:
    """The spread between therapists: `variance` and its `share` of all, each with 95 % limits; `p_zero` of no spread.

    `telling`: how many of `therapists` have a reliability of .7 or more, 0 where `variance_low` is 0;
    `reliability_quartiles` of all.
    `effects`, `effect_se`, `reliability` (therapists,) in the order of their labels: for checks, in no report.
    """

    fit: MixedFit
    variance: float
    variance_low: float
    variance_high: float
    share: float
    share_low: float
    share_high: float
    p_zero: float
    therapists: int
    clients: int
    telling: int
    reliability_quartiles: tuple[float, float, float]
    effects: Floats
    effect_se: Floats
    reliability: Floats
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The spread, ready for JSON; nothing about one therapist."""
        names = ("variance", "variance_low", "variance_high", "share", "share_low", "share_high", "p_zero")
        fit = self.fit.to_dict()
        return {
            **{name: getattr(self, name) for name in names},
            "therapists": self.therapists,
            "clients": self.clients,
            "telling": self.telling,
            "reliability_quartiles": list(self.reliability_quartiles),
            **{name: fit[name] for name in ("fixed", "se", "loglik", "n", "dropped", "converged", "message")},
            "var_residual": self.fit.var_residual,
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        lines = [f"Spread between {self.therapists} therapists with {self.clients} clients, {self.fit.n} rows", ""]
        lines.append(f"share of variance  {self.share:.4f} (95 %: {self.share_low:.4f} to {self.share_high:.4f})")
        lines.append(f"variance           {self.variance:.5g} ({self.variance_low:.5g} to {self.variance_high:.5g})")
        lines.append(f"no spread at all   p = {self.p_zero:.3f}")
        low, middle, high = self.reliability_quartiles
        lines += ["", f"reliability of a therapist's mean: quartiles {low:.2f}, {middle:.2f}, {high:.2f}"]
        if self.telling:
            lines.append(f"{self.telling} of {self.therapists} reach {TELLING}; the others are not distinguishable.")
        else:
            why = f"None reaches {TELLING}" if self.variance_low > 0.0 else "The interval of the variance holds zero"
            lines.append(f"{why}: therapists are not distinguishable from the average.")
        lines += [""] + [
            f"{name:<24}{value:>12.5g}{self.fit.se[name]:>12.5g}" for name, value in self.fit.fixed.items()
        ]
        lines += [] if self.fit.converged else ["NOT converged, do not use these numbers: " + self.fit.message]
        return "\n".join([*lines, *(f"careful: {warning}" for warning in self.warnings)])


def therapist_spread(
    y: npt.ArrayLike,
    therapist: npt.ArrayLike,
    *,
    person: npt.ArrayLike | None = None,
    fixed: npt.ArrayLike | None = None,
    names: tuple[str, ...] = (),
) -> TherapistSpread:
    """Estimate how much therapists differ in an outcome y (n,), with `therapist` (n,) labels.

    `person` (n,): labels of clients where they have several rows. `fixed` (n, p): what clients bring (as intake), named
    by `names`; a level is added. Rows with a missing number are left out and counted. A spread of zero is an answer.
    Formula and source: at the top of this module. Raises `BadInput` as `fit_mixed` does, and where each therapist has
    one client.

    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(40), 25)
    >>> spread = therapist_spread(rng.standard_normal(40)[who] * 0.5 + rng.standard_normal(1000), who)
    >>> round(spread.share, 1), spread.telling > 30, spread.p_zero < 0.001
    (0.2, True, True)
    """
    outcome, label = np.asarray(y, dtype=np.float64), np.asarray(therapist)
    more = np.empty((len(outcome), 0)) if fixed is None else np.asarray(fixed, dtype=np.float64)
    if more.ndim != 2 or len(more) != len(outcome):
        raise BadInput(f"`fixed` has the shape {more.shape}; give one row a rating and a column an effect.")
    design = np.column_stack([np.ones(len(outcome)), more])
    named = ("(Intercept)", *(names or tuple(f"x{k + 1}" for k in range(more.shape[1]))))
    _check(label, person)
    if person is None:
        fit = fit_mixed(outcome, design, label, names=named)
        variance, effects, errors = fit.var_intercept, fit.blups[:, 0], fit.blup_se[:, 0]
        clients = fit.n
    else:
        fit = fit_mixed(outcome, design, person, therapist=label, names=named)
        assert fit.var_therapist is not None
        assert fit.therapist_blups is not None
        assert fit.therapist_blup_se is not None
        variance, effects, errors = fit.var_therapist, fit.therapist_blups, fit.therapist_blup_se
        clients = fit.n_persons
    whole = ~np.isnan(outcome + design.sum(axis=1))
    profile = _Profile(
        outcome[whole], design[whole], label[whole], None if person is None else np.asarray(person)[whole]
    )
    low, high, p_zero = profile.interval(variance / fit.var_residual)
    reliability = 1.0 - errors**2 / variance if variance > 0 else np.zeros(len(effects))
    low_quartile, middle, high_quartile = (float(q) for q in np.quantile(reliability, (0.25, 0.5, 0.75)))
    return TherapistSpread(
        fit=fit,
        variance=variance,
        variance_low=low[0],
        variance_high=high[0],
        share=variance / (variance + fit.var_residual + (fit.var_intercept if person is not None else 0.0)),
        share_low=low[1],
        share_high=high[1],
        p_zero=p_zero,
        therapists=len(effects),
        clients=clients,
        telling=int((reliability >= TELLING).sum()) if low[0] > 0.0 else 0,
        reliability_quartiles=(low_quartile, middle, high_quartile),
        effects=effects,
        effect_se=errors,
        reliability=reliability,
        warnings=_warnings(len(effects)),
    )


def _check(label: npt.NDArray[Any], person: npt.ArrayLike | None) -> None:
    therapists, counts = np.unique(label, return_counts=True)
    if len(therapists) < 2:
        raise BadInput("there is only one therapist: differences between therapists need at least two.")
    if person is None and counts.max() < 2:
        raise BadInput("each therapist has one client: who differs, therapist or client, cannot be told.")


def _warnings(therapists: int) -> tuple[str, ...]:
    warnings = ["clients do not come to therapists by lot: what they bring is in the spread unless it is in the model."]
    if therapists < FEW:
        warnings.append(f"{therapists} therapists say little about therapists; read the interval, not the estimate.")
    return tuple(warnings)


class _Profile:
    """The restricted likelihood of nested random intercepts as a function of ratios to the residual variance."""

    def __init__(self, y: Floats, x: Floats, therapist: npt.NDArray[Any], person: npt.NDArray[Any] | None) -> None:
        _names, of_row = np.unique(therapist, return_inverse=True)
        who = np.arange(len(y)) if person is None else np.unique(person, return_inverse=True)[1]
        columns = np.column_stack([x, y - y.mean()])
        self.rows, self.p, self.nested = len(y), x.shape[1], person is not None
        self.total = columns.T @ columns
        self.n = np.bincount(who).astype(np.float64)
        self.sums = np.stack([np.bincount(who, column) for column in columns.T], axis=1)
        self.therapist = np.zeros(len(self.n), dtype=np.intp)
        self.therapist[who] = of_row

    def deviance(self, of_therapist: float, of_person: float) -> tuple[float, float]:
        """−2 restricted log-likelihood up to a constant, and the residual variance."""
        weight = 1.0 / (1.0 + of_person * self.n)
        left = self.total - (self.sums * (of_person * weight)[:, None]).T @ self.sums
        seen = np.bincount(self.therapist, weight * self.n)
        of_all = np.stack([np.bincount(self.therapist, weight * column) for column in self.sums.T], axis=1)
        left = left - (of_all * (of_therapist / (1.0 + of_therapist * seen))[:, None]).T @ of_all
        x, across = left[: self.p, : self.p], left[: self.p, self.p]
        rest = float(left[self.p, self.p] - across @ np.linalg.solve(x, across))
        logs = np.log1p(of_person * self.n).sum() + np.log1p(of_therapist * seen).sum() + np.linalg.slogdet(x)[1]
        free = self.rows - self.p
        return float(logs + free * math.log(rest)), rest / free

    def best(self, of_therapist: float) -> tuple[float, float, float]:
        """The lowest deviance at this ratio of therapists, with the residual variance and the ratio of persons."""
        if not self.nested:
            return (*self.deviance(of_therapist, 0.0), 0.0)
        search = minimize_scalar(
            lambda log: self.deviance(of_therapist, math.exp(log))[0], bounds=(-14.0, 9.0), method="bounded",
            options={"xatol": 1e-6},
        )  # fmt: skip
        ends = [(*self.deviance(of_therapist, ratio), ratio) for ratio in (0.0, math.exp(search.x))]
        return min(ends)

    def interval(self, estimate: float) -> tuple[tuple[float, float], tuple[float, float], float]:
        """Lower and upper limit, each as variance and as share of all, and p of no spread."""
        lowest = self.best(estimate)[0]
        at_zero = max(self.best(0.0)[0] - lowest, 0.0)

        def above(ratio: float) -> float:
            return self.best(ratio)[0] - lowest - LIMIT

        low = brentq(above, 0.0, estimate, xtol=1e-9) if at_zero > LIMIT else 0.0
        end = max(2.0 * estimate, 0.05)
        while above(end) < 0.0 and end < MOST:
            end *= 2.0
        high = brentq(above, estimate, end, xtol=1e-9) if above(end) > 0.0 else math.inf
        p_zero = 0.5 * math.erfc(math.sqrt(at_zero / 2.0)) if at_zero > 0.0 else 1.0
        return self._as_variance(low), self._as_variance(high), p_zero

    def _as_variance(self, ratio: float) -> tuple[float, float]:
        if not math.isfinite(ratio):
            return math.inf, 1.0
        _deviance, residual, of_person = self.best(ratio)
        return ratio * residual, ratio / (1.0 + ratio + of_person)
