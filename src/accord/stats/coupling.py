"""How alliance and outcome go together, within and between persons, in one session and from a session to the next.

    outcome = b0 + b1 time + b2 outcome before + b3 (alliance - own mean) + b4 own mean + u + e,   u ~ N(0, s²) a person

by REML: b3 is the effect within, b4 the one between persons (hybrid model: Curran & Bauer 2011, Annu Rev Psychol 62:
583; Falkenström, Finkel, Sandell, Rubel & Holmqvist 2017, J Consult Clin Psychol 85: 435). Beside it the same without
the trends: the alliance as departure from the person's own straight line, the outcome with a line of its own for each
person. A further way to take the person's level out is one more function here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.mixed import MixedFit, fit_mixed

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[Any]
LINE = 3  # ratings of which a person's own line leaves something over
SHORT = 20  # sessions a person below which the bias of a lagged outcome is larger than a standard error in most studies
NOT_BEFORE = (
    "no outcome has a rating one session before: it is asked less often, or sessions are not numbered 1, 2, 3 ..."
)
MODELS = {
    "lagged": "alliance one session before",
    "lagged_detrended": "alliance one session before, without trends",
    "concurrent": "alliance of the same session",
    "concurrent_detrended": "alliance of the same session, without trends",
}


@dataclass(frozen=True, eq=False)
class CouplingFit:
    """Four models of one outcome; each a `MixedFit` whose `fixed` names `time`, `outcome_before` (lagged models),
    `within` and `between`, in units of the outcome per unit of the alliance.

    `persons` with ratings, `sessions` (mean number of outcome ratings a person), and `warnings`.
    """

    lagged: MixedFit
    lagged_detrended: MixedFit
    concurrent: MixedFit
    concurrent_detrended: MixedFit
    persons: int
    sessions: float
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Each model with its estimates, ready for JSON."""
        fits = {name: getattr(self, name).to_dict() for name in MODELS}
        return {**fits, "persons": self.persons, "sessions": self.sessions, "warnings": list(self.warnings)}

    def __str__(self) -> str:
        lines = [f"Coupling in {self.persons} persons with {self.sessions:.1f} outcome ratings on average"]
        for name, title in MODELS.items():
            fit: MixedFit = getattr(self, name)
            lines += ["", f"{title} ({fit.n} ratings of {fit.n_persons} persons)"]
            for effect in ("within", "between", "outcome_before", "time"):
                if effect in fit.fixed:
                    value, se = fit.fixed[effect], fit.se[effect]
                    low, high = value - 1.96 * se, value + 1.96 * se
                    lines.append(f"  {effect:<16}{value:>10.4f}  SE {se:.4f}  95 % {low:.4f} to {high:.4f}")
            if not fit.converged:
                lines.append("  NOT converged, do not use these numbers: " + fit.message)
            lines += [f"  at the boundary: {place}" for place in fit.boundary]
        return "\n".join([*lines, "", *(f"careful: {warning}" for warning in self.warnings)])


def coupling(
    outcome: npt.ArrayLike, alliance: npt.ArrayLike, person: npt.ArrayLike, time: npt.ArrayLike
) -> CouplingFit:
    """Fit the four models to ratings in rows, in any order.

    `outcome`, `alliance` (n,) scores, nan where missing; `person` (n,) labels; `time` (n,) the number of the session:
    the rating before is the one at `time` − 1, and where it is missing the row takes no part in the lagged models. The
    own mean is over all sessions of which the alliance is known; the own line needs three of them. Formula and source:
    at the top of this module.

    Raises `BadInput` for columns of different lengths, infinite values, a second row of a person and session, a single
    person, no two neighbouring sessions, an alliance that moves within nobody or lies on everybody's own line, and
    what `fit_mixed` refuses.

    >>> rng = np.random.default_rng(1)
    >>> person, time = np.repeat(np.arange(60), 8), np.tile(np.arange(8.0), 60)
    >>> alliance = rng.standard_normal(60)[person] + rng.standard_normal(480)
    >>> fit = coupling(-0.5 * alliance + 0.3 * rng.standard_normal(480), alliance, person, time)
    >>> round(fit.concurrent.fixed["within"], 1), round(fit.concurrent.fixed["between"], 1)
    (-0.5, -0.5)
    """
    parts = _Parts.of(outcome, alliance, person, time)
    persons, ratings = len(np.unique(parts.who[~np.isnan(parts.y)])), int((~np.isnan(parts.y)).sum())
    return CouplingFit(
        lagged=_lagged(parts),
        lagged_detrended=_lagged(parts, own_line=True),
        concurrent=_fit(parts, {"within": parts.within, "between": parts.mean}),
        concurrent_detrended=_fit(parts, {"within": parts.departure, "between": parts.mean}, True),
        persons=persons,
        sessions=ratings / persons,
        warnings=warnings_of(ratings / persons),
    )


def lagged_coupling(
    outcome: npt.ArrayLike, alliance: npt.ArrayLike, person: npt.ArrayLike, time: npt.ArrayLike
) -> MixedFit:
    """The lagged model of `coupling` alone, which takes a small part of the time: for simulations.

    Formula, source, shapes (n,), units, missing values and refusals as there.

    >>> rng = np.random.default_rng(1)
    >>> person, time = np.repeat(np.arange(60), 8), np.tile(np.arange(8.0), 60)
    >>> alliance, outcome = rng.standard_normal((2, 480))
    >>> fit = lagged_coupling(outcome, alliance, person, time)
    >>> fit.loglik == coupling(outcome, alliance, person, time).lagged.loglik
    True
    """
    return _lagged(_Parts.of(outcome, alliance, person, time))


@dataclass(frozen=True, slots=True)
class _Parts:
    """Rows by person and time: the outcome, whose it is, when, and what the alliance is made of."""

    y: Floats
    who: npt.NDArray[np.intp]
    clock: Floats
    mean: Floats
    within: Floats
    departure: Floats
    before: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls, outcome: npt.ArrayLike, alliance: npt.ArrayLike, person: npt.ArrayLike, time: npt.ArrayLike
    ) -> _Parts:
        """From columns in any order. Says what is wrong with them otherwise."""
        y, x, clock, who = _in_order(outcome, alliance, person, time)
        mean = _own_mean(x, who)
        parts = cls(y, who, clock, mean, x - mean, _own_departure(x, clock, who), _before(who, clock))
        if _size(parts.within) == 0.0:
            raise BadInput("the alliance moves within nobody: each person has one value. There is no effect within.")
        if _size(parts.departure) <= 1e-10 * _size(parts.within):
            raise BadInput("the alliance lies on each person's own line; without trends nothing is left of it.")
        if np.isnan(y + parts.lag(y) + parts.lag(parts.within)).all():
            raise BadInput(NOT_BEFORE)
        return parts

    def lag(self, column: Floats) -> Floats:
        """What stood there one session earlier; nan where that session is not known."""
        return np.where(self.before, np.append(np.nan, column[:-1]), np.nan)


def _lagged(parts: _Parts, own_line: bool = False) -> MixedFit:
    within = parts.lag(parts.departure if own_line else parts.within)
    return _fit(parts, {"outcome_before": parts.lag(parts.y), "within": within, "between": parts.mean}, own_line)


def _in_order(
    outcome: npt.ArrayLike, alliance: npt.ArrayLike, person: npt.ArrayLike, time: npt.ArrayLike
) -> tuple[Floats, Floats, Floats, npt.NDArray[np.intp]]:
    """The columns by person and time; says what is wrong with them otherwise."""
    y, x, clock = (np.asarray(column, dtype=np.float64) for column in (outcome, alliance, time))
    names, who = np.unique(np.asarray(person), return_inverse=True)
    if len({len(y), len(x), len(clock), len(who)}) > 1:
        raise BadInput("outcome, alliance, person and time have different lengths. Give each rating one of each.")
    for name, column in (("outcome", y), ("alliance", x), ("time", clock)):
        if np.isinf(column).any():
            raise BadInput(f"the {name} of row {int(np.isinf(column).argmax()) + 1} is infinite. Correct it.")
        if np.isnan(column).all():
            raise BadInput(f"all values of the {name} are missing. Choose another column.")
        if np.nanmin(column) == np.nanmax(column):
            raise BadInput(f"the {name} is constant; there is nothing to go together with. Choose another column.")
    if np.isnan(clock).any():
        raise BadInput(f"row {int(np.isnan(clock).argmax()) + 1} has no time. Say which session it was.")
    if len(names) < 2:
        raise BadInput("there is only one person: an effect between persons needs at least two.")
    order = np.lexsort((clock, who))
    y, x, clock, who = y[order], x[order], clock[order], who[order]
    twice = (np.diff(clock) == 0) & (np.diff(who) == 0)
    if twice.any():
        row = int(twice.argmax())
        raise BadInput(f"person {names[who[row]]} has two rows at time {clock[row]:g}. Keep one.")
    return y, x, clock, who


def _own_mean(x: Floats, who: npt.NDArray[np.intp]) -> Floats:
    """Each person's mean of what is not missing, in each of their rows; nan where nothing is there."""
    there = ~np.isnan(x)
    sums, counts = np.bincount(who, np.where(there, x, 0.0)), np.bincount(who, there)
    return np.asarray((sums / np.where(counts > 0, counts, np.nan))[who])


def _own_departure(x: Floats, clock: Floats, who: npt.NDArray[np.intp]) -> Floats:
    """x minus the person's own least-squares line over time; nan for persons with fewer than three ratings."""
    there = ~np.isnan(x)
    enough = (np.bincount(who, there) >= LINE)[who] & there
    when = np.where(enough, clock, np.nan)
    t, y = when - _own_mean(when, who), np.where(enough, x - _own_mean(x, who), np.nan)
    slope = np.bincount(who, np.nan_to_num(t * y)) / np.maximum(np.bincount(who, np.nan_to_num(t * t)), 1e-300)
    return np.asarray(y - slope[who] * t)


def _size(x: Floats) -> float:
    return float(np.sqrt(np.nanmean(x * x))) if not np.isnan(x).all() else 0.0


def _before(who: npt.NDArray[np.intp], clock: Floats) -> npt.NDArray[np.bool_]:
    """Whether the row above is the same person's, one session earlier."""
    return np.append(False, (np.diff(who) == 0) & np.isclose(np.diff(clock), 1.0))


def _fit(parts: _Parts, effects: dict[str, Floats], own_line: bool = False) -> MixedFit:
    fixed = np.column_stack([np.ones(len(parts.y)), parts.clock, *effects.values()])
    names = ("(Intercept)", "time", *effects)
    return fit_mixed(parts.y, fixed, parts.who, slope=parts.clock if own_line else None, names=names)


def warnings_of(sessions: float) -> tuple[str, ...]:
    """What to be careful with, given the mean number of outcome ratings a person (no unit; nothing may be missing).

    The size of the bias is that of Nickell 1981, Econometrica 49: 1417: about 1 / (sessions − 1).

    >>> len(warnings_of(30.0)), len(warnings_of(6.0))
    (1, 2)
    """
    warnings = ["an effect from one session to the next is no proof of a cause: what changes both is not in the model."]
    if sessions < SHORT:
        about = 1.0 / max(sessions - 1.0, 1.0)
        warnings.append(
            f"with {sessions:.0f} ratings a person, the effect of the outcome before is biased (Nickell 1981) by an "
            f"order of {about:.2f}, and what goes with it too. Compare `accord fit riclpm`, which has no such bias."
        )
    return tuple(warnings)
