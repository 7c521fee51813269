"""Which course of an outcome is usual, given where somebody starts, and how wide the band is in which most lie.

    y = b0 + b1 log(t + 1) + b2 intake + b3 intake · log(t + 1) + u0 + u1 log(t + 1) + e

by REML (`mixed`; the logarithm of the session: Finch, Lambert & Schaalje 2001, Clin Psychol Psychother 8: 231). A band
for somebody new has the variance z'Gz + σ² + x'Vx, with z = (1, log(t + 1)), G of persons, V of the coefficients.
Whether it holds what it promises is counted: each tenth of the persons is left out, and the share of their ratings in
the band that the others give is told. Another shape of the course is another column in `_design`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.mixed import MixedFit, fit_mixed

Floats = npt.NDArray[np.float64]
NAMES = ("(Intercept)", "log(time+1)", "intake", "intake·log(time+1)")
BANDS = {0.8: 1.2815515655446004, 0.9: 1.6448536269514722}
FOLDS, FEWEST = (
    10,
    20,
)  # groups of persons that are left out in turn; persons for which a band is a number worth printing
OFF = 0.04  # by how much a band may hold more or fewer than it promises before that is said


@dataclass(frozen=True, eq=False)
class ExpectedCourse:
    """The fitted course, and `coverage`: the share of ratings of persons left out that each band of `BANDS` holds.

    `table`: for intakes at the quartiles and each session, the expected score and both bands. `error`: root mean square
    of what persons left out lie off the expectation. Units of the outcome; `persons` and `ratings` that were judged.
    """

    fit: MixedFit
    intakes: tuple[float, float, float]
    times: tuple[float, ...]
    table: tuple[tuple[float, float, float, float, float, float, float], ...]
    coverage: dict[float, float]
    error: float
    persons: int
    ratings: int
    warnings: tuple[str, ...]

    def band(self, time: npt.ArrayLike, intake: npt.ArrayLike, share: float = 0.8) -> tuple[Floats, Floats, Floats]:
        """Lower end, expectation and upper end of the band of this share, for sessions and intakes of one shape."""
        if share not in BANDS:
            raise BadInput(f"there is no band of {share:g}; choose one of {', '.join(f'{s:g}' for s in BANDS)}.")
        expected, spread = _prediction(
            self.fit, np.asarray(time, dtype=np.float64), np.asarray(intake, dtype=np.float64)
        )
        return expected - BANDS[share] * spread, expected, expected + BANDS[share] * spread

    def to_dict(self) -> dict[str, Any]:
        """The course, its bands and how well they hold, ready for JSON."""
        names = ("intake", "time", "expected", "low_80", "high_80", "low_90", "high_90")
        return {
            "fit": self.fit.to_dict(),
            "bands": [dict(zip(names, row, strict=True)) for row in self.table],
            "coverage": {f"{share:g}": held for share, held in self.coverage.items()},
            "error": self.error,
            "persons": self.persons,
            "ratings": self.ratings,
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        lines = [f"Expected course from {self.fit.n} ratings of {self.fit.n_persons} persons", ""]
        lines += [f"{name:<24}{value:>10.4f}  SE {self.fit.se[name]:.4f}" for name, value in self.fit.fixed.items()]
        lines += ["", f"{'intake':>8}{'time':>7}{'expected':>10}{'80 % band':>20}{'90 % band':>20}"]
        for intake, time, expected, *ends in self.table:
            bands = [f"{ends[k]:.1f} to {ends[k + 1]:.1f}" for k in (0, 2)]
            lines.append(f"{intake:>8.1f}{time:>7g}{expected:>10.2f}{bands[0]:>20}{bands[1]:>20}")
        held = ", ".join(f"{share:.0%} band holds {value:.1%}" for share, value in self.coverage.items())
        lines += ["", f"of {self.ratings} ratings of persons left out: {held}; error {self.error:.3f}"]
        lines += [] if self.fit.converged else ["NOT converged, do not use these numbers: " + self.fit.message]
        return "\n".join([*lines, *(f"careful: {warning}" for warning in self.warnings)])


def expected_course(
    y: npt.ArrayLike, person: npt.ArrayLike, time: npt.ArrayLike, intake: npt.ArrayLike | None = None
) -> ExpectedCourse:
    """Fit the usual course of an outcome y (n,) of persons `person` (n,) at sessions `time` (n,), 0 or later.

    `intake` (n,): the score before the first session, the same in all rows of a person; without it a person's first
    rating is the intake and no outcome. Rows with something missing (nan) are left out and counted. Formula and source:
    at the top of this module. Raises `BadInput` for columns of different lengths, infinite values, times below 0, an
    intake that differs within a person or is the same for all, fewer than 20 persons, and what `fit_mixed` refuses.

    >>> rng = np.random.default_rng(1)
    >>> who, t = np.repeat(np.arange(80), 8), np.tile(np.arange(8.0), 80)
    >>> start = 15 + 4 * rng.standard_normal(80)
    >>> course = expected_course(start[who] - 3 * np.log1p(t) + 2 * rng.standard_normal(640), who, t, start[who])
    >>> [round(float(end)) for end in course.band(7, 15)], round(course.coverage[0.8], 1)
    ([6, 9, 11], 0.8)
    """
    outcome, clock, who, start = _columns(y, person, time, intake)
    whole = ~np.isnan(outcome + clock + start)
    if len(np.unique(who[whole])) < FEWEST:
        count = len(np.unique(who[whole]))
        raise BadInput(
            f"{count} persons have an intake and a later rating; an expected course needs {FEWEST} at least."
        )
    if np.ptp(start[whole]) == 0:
        raise BadInput("the intake is the same for all persons. There is nothing to depend on it.")
    fit = _fit(outcome, clock, who, start)
    judged, held, off = _left_out(outcome[whole], clock[whole], who[whole], start[whole])
    intakes = tuple(float(q) for q in np.quantile(start[whole], (0.25, 0.5, 0.75)))
    times = tuple(np.unique(clock[whole]).tolist())
    coverage = {share: float(inside.mean()) for share, inside in held.items()}
    return ExpectedCourse(
        fit=fit,
        intakes=(intakes[0], intakes[1], intakes[2]),
        times=times,
        table=_table(fit, intakes, times),
        coverage=coverage,
        error=float(np.sqrt((off**2).mean())),
        persons=len(np.unique(who[whole])),
        ratings=judged,
        warnings=_warnings(coverage),
    )


def _columns(
    y: npt.ArrayLike, person: npt.ArrayLike, time: npt.ArrayLike, intake: npt.ArrayLike | None
) -> tuple[Floats, Floats, npt.NDArray[np.intp], Floats]:
    """Checked; without an intake the first rating of each person becomes it, and missing as an outcome."""
    outcome, clock = np.array(y, dtype=np.float64), np.asarray(time, dtype=np.float64)
    names, who = np.unique(np.asarray(person), return_inverse=True)
    given = np.full(len(outcome), np.nan) if intake is None else np.asarray(intake, dtype=np.float64)
    if len({len(outcome), len(clock), len(who), len(given)}) > 1:
        raise BadInput("outcome, person, time and intake have different lengths. Give each rating one of each.")
    for name, column in (("outcome", outcome), ("time", clock), ("intake", given)):
        if np.isinf(column).any():
            raise BadInput(f"the {name} of row {int(np.isinf(column).argmax()) + 1} is infinite. Correct it.")
    if (clock < 0).any():
        raise BadInput("a time is below 0. Give the number of the session.")
    if intake is not None:
        low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
        there = ~np.isnan(given)
        np.minimum.at(low, who[there], given[there])
        np.maximum.at(high, who[there], given[there])
        if (high > low).any():
            raise BadInput(f"person {names[int((high > low).argmax())]} has several intakes. Give one in all rows.")
        return outcome, clock, who, given
    rated = np.flatnonzero(~np.isnan(outcome + clock))
    order = rated[np.lexsort((clock[rated], who[rated]))]
    first = order[np.append(True, np.diff(who[order]) != 0)] if len(order) else order
    starts = np.full(len(names), np.nan)
    starts[who[first]] = outcome[first]
    outcome[first] = np.nan
    return outcome, clock, who, starts[who]


def _design(clock: Floats, intake: Floats) -> Floats:
    log = np.log1p(clock)
    return np.stack([np.ones_like(log), log, intake, intake * log], axis=-1)


def _fit(y: Floats, clock: Floats, who: npt.NDArray[np.intp], intake: Floats) -> MixedFit:
    return fit_mixed(y, _design(clock, intake), who, slope=np.log1p(clock), names=NAMES)


def _prediction(fit: MixedFit, clock: Floats, intake: Floats) -> tuple[Floats, Floats]:
    """Expected score and standard deviation of a rating of somebody new."""
    design, log = _design(clock, intake), np.log1p(clock)
    expected = design @ np.array(list(fit.fixed.values()))
    assert fit.var_slope is not None
    assert fit.cov is not None
    variance = fit.var_intercept + 2.0 * fit.cov * log + fit.var_slope * log**2 + fit.var_residual
    variance = variance + np.einsum("...i,ij,...j->...", design, fit.fixed_covariance, design)
    return np.asarray(expected), np.asarray(np.sqrt(variance))


def _left_out(
    y: Floats, clock: Floats, who: npt.NDArray[np.intp], intake: Floats
) -> tuple[int, dict[float, npt.NDArray[np.bool_]], Floats]:
    """How many ratings were judged, whether each lies in each band, and how far it lies off."""
    fold = np.unique(who, return_inverse=True)[1] % FOLDS
    off, size = np.empty(len(y)), np.empty(len(y))
    for out in range(FOLDS):
        seen, left = fold != out, fold == out
        expected, spread = _prediction(_fit(y[seen], clock[seen], who[seen], intake[seen]), clock[left], intake[left])
        off[left], size[left] = y[left] - expected, spread
    return len(y), {share: np.abs(off) <= z * size for share, z in BANDS.items()}, off


def _table(
    fit: MixedFit, intakes: tuple[float, ...], times: tuple[float, ...]
) -> tuple[tuple[float, float, float, float, float, float, float], ...]:
    rows = []
    for intake in intakes:
        for time in times:
            expected, spread = (float(v[0]) for v in _prediction(fit, np.array([time]), np.array([intake])))
            narrow, wide = (z * spread for z in BANDS.values())
            ends = (expected - narrow, expected + narrow, expected - wide, expected + wide)
            rows.append((intake, time, expected, *ends))
    return tuple(rows)


def _warnings(coverage: dict[float, float]) -> tuple[str, ...]:
    wrong = [f"the {share:.0%} band holds {held:.1%}" for share, held in coverage.items() if abs(held - share) > OFF]
    usual = "an expected course says what was usual here, not what somebody should reach."
    return (*(f"{text}: ratings are not normal, or persons too few." for text in wrong), usual)
