"""Who leaves, and when: the chance that a course ends in a session, given that it has lasted so far.

    logit h = alpha(t) + x b      or      log(−log(1 − h)) = alpha(t) + x b

(discrete-time survival: Allison 1982, Sociol Methodol 13: 61; Singer & Willett 1993, J Educ Stat 18: 155; Prentice &
Gloeckler 1978 for the second link). alpha(t) has a value of its own for each session, or is a0 + a1 t + a2 log t. Where
endings are of two kinds, unplanned and planned, both compete: log(P(kind) / P(goes on)) = alpha(t) + x b, for each.
Maximum likelihood by Fisher scoring. `held_out` judges the predictions for therapists that the fit has not seen. A
further link is one more entry of `LINKS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.hazard_rows import PersonPeriods, person_periods

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
KINDS = ("", "planned:")  # what stands before a name in the estimates: unplanned (1), planned (2)
FEWEST = 10  # endings of a kind: fewer say nothing of who ends
PER_COVARIATE = 10  # endings for each covariate, below which estimates lean to the extremes
STEPS, ENOUGH, RUNAWAY = 100, 1e-10, 50.0  # of the search; log-likelihood still to gain; error of a runaway, in SDs
ROUNDING = 1e-14  # of the log-likelihood, which cannot be told apart: of millions of rows it is more than ENOUGH


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How good predictions are for groups that were left out: `slope` of calibration (1 is right, below: too extreme),
    `brier` score and that of the baseline alone, `auc`, and on how many `rows` and `groups` (of `what`).
    """

    slope: float
    slope_se: float
    brier: float
    brier_baseline: float
    auc: float
    rows: int
    groups: int
    what: str


@dataclass(frozen=True, eq=False)
class HazardFit:
    """Estimates and standard errors by name: `time=1` and so on (or `(Intercept)`, `time`, `log(time)`), covariates by
    their own names, and with `planned:` before them for planned endings.

    `life_table`: for each session how many were there, ended unplanned, ended planned. `silent`: sessions in which
    nobody ended (or all did): their hazard is 0 (or 1), and their rows say nothing of the covariates.
    """

    link: str
    estimates: dict[str, float]
    se: dict[str, float]
    loglik: float
    n: int
    persons: int
    endings: dict[str, int]
    life_table: tuple[tuple[float, int, int, int], ...]
    silent: tuple[float, ...]
    dropped: int
    held_out: HeldOut | None
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything but the life table's rows as columns, ready for JSON."""
        kept_out = self.held_out
        names = ("time", "at_risk", "unplanned", "planned")
        return {
            "link": self.link,
            "estimates": {k: {"estimate": v, "se": self.se[k]} for k, v in self.estimates.items()},
            "loglik": self.loglik,
            "n": self.n,
            "persons": self.persons,
            "endings": self.endings,
            "life_table": [dict(zip(names, row, strict=True)) for row in self.life_table],
            "silent": list(self.silent),
            "dropped": self.dropped,
            "held_out": None if kept_out is None else {name: getattr(kept_out, name) for name in kept_out.__slots__},
            "converged": True,
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        planned = f" and {self.endings['planned']} planned" if self.endings["planned"] else ""
        lines = [f"Hazard ({self.link}): {self.persons} persons, {self.n} sessions"]
        lines += [
            f"{self.endings['unplanned']} unplanned{planned} endings, {self.dropped} incomplete rows left out",
            "",
        ]
        lines.append(f"{'':<28}{'estimate':>12}{'SE':>12}{'exp':>10}")
        for name, value in self.estimates.items():
            lines.append(f"{name:<28}{value:>12.5g}{self.se[name]:>12.5g}{np.exp(value):>10.3f}")
        lines += ["", f"{'session':>8}{'there':>8}{'unplanned':>11}{'planned':>9}"]
        lines += [f"{time:>8g}{n:>8}{first:>11}{second:>9}" for time, n, first, second in self.life_table]
        lines += ["", f"log-likelihood {self.loglik:.4f}"]
        if self.held_out:
            judged = self.held_out
            lines.append(
                f"held out by {judged.what} ({judged.groups}): calibration slope {judged.slope:.2f} (SE "
                f"{judged.slope_se:.2f}), Brier {judged.brier:.4f} (baseline {judged.brier_baseline:.4f}), "
                f"AUC {judged.auc:.3f}"
            )
        return "\n".join([*lines, *(f"careful: {warning}" for warning in self.warnings)])


def hazard_of_ending(
    person: npt.ArrayLike,
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    covariates: npt.ArrayLike | None = None,
    *,
    names: tuple[str, ...] = (),
    link: str = "logit",
    smooth: bool = False,
    therapist: npt.ArrayLike | None = None,
) -> HazardFit:
    """Fit the hazard to rows (n,): one for each person and session up to the ending or the last one known.

    `time` number of the session, from 1; `event` 1 in the row before an unplanned ending, 2 before a planned one, else
    0. Where each person has one row, `time` is how many sessions there were, and rows are made for all of them.
    `covariates` (n, p), as known in that session, named by `names`. `smooth`: alpha is a0 + a1 t + a2 log t.
    `therapist` (n,) labels: predictions are judged leaving each out, else leaving out tenths of the persons. Rows with
    something missing (nan) are left out and counted. Formula and source: at the top of this module.

    Raises `BadInput` for columns of different lengths, infinite values, another event or a time below 1, a second row
    of a person and session, a row after an ending, fewer than ten endings of a kind, covariates that are constant, sums
    of others or that foretell every ending, and with two kinds for cloglog, or sessions without one of them.

    >>> rng = np.random.default_rng(1)
    >>> lasts = np.minimum(rng.geometric(0.2, 500), 6)
    >>> fit = hazard_of_ending(np.arange(500), lasts, lasts < 6)
    >>> round(float(1 / (1 + np.exp(-fit.estimates["time=1"]))), 1), fit.n == int(lasts.sum())
    (0.2, True)
    """
    rows = person_periods(person, time, event, covariates, therapist)
    return _fit_periods(rows, names, link, smooth, "tenths of persons" if therapist is None else "therapist")


def hazard_of_cells(
    cells: PersonPeriods, *, names: tuple[str, ...], groups: str, link: str = "logit", smooth: bool = False
) -> HazardFit:
    """The same from cells: a row stands for all persons of one session, ending, covariates and group, with their count.

    Gives what `hazard_of_ending` gives from a row for each person and session, whose number does not matter any more.
    `groups` says what `cells.group` holds, such as *practice*: predictions are judged leaving each out. Formula, source
    and refusals as there.

    >>> time, event = np.array([1.0, 1, 2, 2]), np.array([0, 1, 0, 1])
    >>> cells = PersonPeriods(time, event, np.empty((4, 0)), np.zeros(4, np.intp), np.array([80.0, 20, 60, 20]), 100, 0)
    >>> fit = hazard_of_cells(cells, names=(), groups="practice")
    >>> fit.n, round(float(1 / (1 + np.exp(-fit.estimates["time=2"]))), 2)
    (180, 0.25)
    """
    return _fit_periods(cells, names, link, smooth, groups)


def _fit_periods(rows: PersonPeriods, names: tuple[str, ...], link: str, smooth: bool, groups: str) -> HazardFit:
    names = names or tuple(f"x{k + 1}" for k in range(rows.x.shape[1]))
    if len(names) != rows.x.shape[1]:
        raise BadInput(f"{len(names)} names for {rows.x.shape[1]} covariates; give each column one name.")
    kinds = 2 if (rows.event == 2).any() else 1
    _check(rows, names, kinds, link, smooth)
    silent = () if smooth else rows.silent()
    cells, _place = rows.merged()
    cells = cells.of(~np.isin(cells.time, silent))
    baseline, baseline_names = _baseline(cells.time, smooth)
    design = np.column_stack([baseline, cells.x])
    columns = (*baseline_names, *names)
    theta, covariance, loglik = _fitted(design, cells.event, cells.count, kinds, link, columns)
    labels = [f"{KINDS[kind]}{name}" for kind in range(kinds) for name in columns]
    return HazardFit(
        link=link,
        estimates=dict(zip(labels, theta.tolist(), strict=True)),
        se=dict(zip(labels, np.sqrt(np.diag(covariance)).tolist(), strict=True)),
        loglik=loglik,
        n=round(float(rows.count.sum())),
        persons=rows.persons,
        endings={"unplanned": rows.endings(1), "planned": rows.endings(2)},
        life_table=rows.life_table(),
        silent=silent,
        dropped=rows.dropped,
        held_out=_held_out(rows, kinds, link, smooth, groups),
        warnings=_warnings(rows, kinds, groups),
    )


def _check(rows: PersonPeriods, names: tuple[str, ...], kinds: int, link: str, smooth: bool) -> None:
    if link not in LINKS:
        raise BadInput(f"link {link!r} is not known; choose one of {', '.join(LINKS)}.")
    if kinds == 2 and link != "logit":
        raise BadInput("two kinds of endings need the logit link. Choose it, or make planned endings 0.")
    if rows.persons < 2:
        raise BadInput("there are rows of fewer than two persons; a hazard needs many.")
    for kind, word in ((1, "unplanned"), (2, "planned")):
        count = rows.endings(kind)
        if count < FEWEST and kind <= kinds:
            raise BadInput(
                f"there are {count} {word} endings; with fewer than {FEWEST}, nothing can be said of who ends."
            )
    for name, column in zip(names, rows.x.T, strict=True):
        if np.ptp(column) == 0:
            raise BadInput(f"covariate {name!r} is constant. Leave it out.")
    if kinds == 2 and not smooth:
        for session in np.unique(rows.time):
            if len(np.unique(rows.event[rows.time == session])) < 3:
                what = f"in session {session:g} not all of going on, unplanned and planned endings occur"
                raise BadInput(f"{what}. Choose a smooth baseline (--smooth).")


def _baseline(time: Floats, smooth: bool, times: Floats | None = None) -> tuple[Floats, tuple[str, ...]]:
    if smooth:
        return np.column_stack([np.ones(len(time)), time, np.log(time)]), ("(Intercept)", "time", "log(time)")
    seen = np.unique(time) if times is None else times
    return (time[:, None] == seen).astype(np.float64), tuple(f"time={t:g}" for t in seen)


Step = tuple[float, Floats, Floats]


def _logit(theta: Floats, x: Floats, event: Ints, count: Floats, kinds: int) -> Step:
    """Log-likelihood, slope and information of a multinomial logit against going on."""
    q = x.shape[1]
    eta = x @ theta.reshape(kinds, q).T
    top = np.maximum(eta.max(axis=1), 0.0)
    total = np.exp(-top) + np.exp(eta - top[:, None]).sum(axis=1)
    chance = np.exp(eta - top[:, None]) / total[:, None]
    happened = (event[:, None] == np.arange(1, kinds + 1)).astype(np.float64)
    value = float(count @ ((happened * eta).sum(axis=1) - top - np.log(total)))
    information = np.zeros((kinds * q, kinds * q))
    for a in range(kinds):
        for b in range(kinds):
            weight = count * chance[:, a] * ((a == b) - chance[:, b])
            information[a * q : (a + 1) * q, b * q : (b + 1) * q] = (x * weight[:, None]).T @ x
    return value, ((count[:, None] * (happened - chance)).T @ x).ravel(), information


def _cloglog(theta: Floats, x: Floats, event: Ints, count: Floats, _kinds: int) -> Step:
    """The same for log(−log(1 − h)), by the expected information."""
    eta = np.clip(x @ theta, -30.0, 5.0)
    rate = np.exp(eta)
    chance = -np.expm1(-rate)
    value = float(count @ np.where(event == 1, np.log(chance), -rate))
    slope = np.exp(-rate) * rate
    spread = np.maximum(chance * np.exp(-rate), 1e-300) / count
    return value, x.T @ (slope * (event - chance) / spread), (x * (slope**2 / spread)[:, None]).T @ x


LINKS: dict[str, Callable[[Floats, Floats, Ints, Floats, int], Step]] = {"logit": _logit, "cloglog": _cloglog}


def _fitted(
    design: Floats, event: Ints, count: Floats, kinds: int, link: str, names: tuple[str, ...]
) -> tuple[Floats, Floats, float]:
    """Estimates, covariance, log-likelihood; in units of the columns' spread while searching."""
    size = np.sqrt(count @ design**2 / count.sum())
    scaled = design / size
    values, turned = np.linalg.eigh((scaled * count[:, None]).T @ scaled / count.sum())
    if values[0] < 1e-10 * values[-1]:
        part = [name for name, weight in zip(names, np.abs(turned[:, 0]), strict=True) if weight > 0.05]
        raise BadInput(f"covariates {', '.join(part)} say the same: one is a sum of the others. Leave one out.")
    theta = np.zeros(kinds * design.shape[1])
    value, slope, information = LINKS[link](theta, scaled, event, count, kinds)
    for _step in range(STEPS):
        step = np.linalg.solve(information + 1e-12 * np.eye(len(theta)), slope)
        if slope @ step < max(ENOUGH, ROUNDING * abs(value)):
            break
        length = 1.0
        while length > 1e-8:
            after = LINKS[link](theta + length * step, scaled, event, count, kinds)
            if after[0] > value:
                break
            length /= 2.0
        theta, (value, slope, information) = theta + length * step, after
    covariance = np.linalg.inv(information + 1e-12 * np.eye(len(theta)))
    errors = np.sqrt(np.diag(covariance))
    if errors.max() > RUNAWAY or slope @ covariance @ slope > 1e-6:
        name = names[int(errors.argmax()) % len(names)]
        raise BadInput(f"{name!r} foretells endings without exception, so it has no finite estimate. Leave it out.")
    whole = np.tile(size, kinds)
    return theta / whole, covariance / np.outer(whole, whole), value


def _held_out(rows: PersonPeriods, kinds: int, link: str, smooth: bool, groups: str) -> HeldOut | None:
    """Each group's chance of an unplanned ending from a fit to all others; None where that cannot be done."""
    group = rows.group
    if len(np.unique(group)) < 2:
        return None
    chance, base = np.full(len(group), np.nan), np.full(len(group), np.nan)
    cells, place = rows.merged()
    for out in np.unique(group):
        which = group == out
        others = cells.count - np.bincount(place[which], rows.count[which], len(cells.count))
        inside = replace(cells, count=others).of(others > 0.5)
        try:
            for x, target in ((True, chance), (False, base)):
                target[which] = _predicted(inside, rows.of(which), kinds, link, smooth, x)
        except (BadInput, np.linalg.LinAlgError):
            return None
    judged = ~np.isnan(chance + base)
    happened, count = (rows.event == 1)[judged].astype(np.float64), rows.count[judged]
    p = np.clip(chance[judged], 1e-9, 1 - 1e-9)
    if count @ happened < FEWEST:
        return None
    line = np.column_stack([np.ones(len(p)), np.log(p / (1 - p))])
    if np.ptp(line[:, 1]) == 0:
        return None
    theta, covariance, _value = _fitted(line, happened.astype(np.intp), count, 1, "logit", ("level", "slope"))
    place = np.unique(p, return_inverse=True)[1]
    yes, no = np.bincount(place, count * happened), np.bincount(place, count * (1 - happened))
    below = np.cumsum(no) - no / 2.0
    return HeldOut(
        slope=float(theta[1]),
        slope_se=float(np.sqrt(covariance[1, 1])),
        brier=float(count @ (p - happened) ** 2 / count.sum()),
        brier_baseline=float(count @ (base[judged] - happened) ** 2 / count.sum()),
        auc=float(yes @ below / (yes.sum() * no.sum())),
        rows=round(float(count.sum())),
        groups=len(np.unique(group)),
        what=groups,
    )


def _predicted(
    inside: PersonPeriods, outside: PersonPeriods, kinds: int, link: str, smooth: bool, with_x: bool
) -> Floats:
    """Chance of an unplanned ending in rows that the fit has not seen; nan in sessions of which it knows nothing."""
    silent = () if smooth else inside.silent()
    used = ~np.isin(inside.time, silent)
    times = np.unique(inside.time[used])
    parts = []
    for rows, time in ((inside.of(used), inside.time[used]), (outside, outside.time)):
        base = _baseline(time, smooth, times)[0]
        parts.append(np.column_stack([base, rows.x]) if with_x else base)
    names = tuple(f"column {k}" for k in range(parts[0].shape[1]))
    theta, _covariance, _value = _fitted(parts[0], inside.event[used], inside.count[used], kinds, link, names)
    eta = parts[1] @ theta.reshape(kinds, -1).T
    chance = -np.expm1(-np.exp(eta[:, 0])) if link == "cloglog" else np.exp(eta[:, 0]) / (1 + np.exp(eta).sum(axis=1))
    return np.where(np.isin(outside.time, times) | smooth, chance, np.nan)


def _warnings(rows: PersonPeriods, kinds: int, groups: str) -> tuple[str, ...]:
    warnings = []
    for kind, word in ((1, "unplanned"), (2, "planned"))[:kinds]:
        count = rows.endings(kind)
        if count < PER_COVARIATE * rows.x.shape[1]:
            warnings.append(f"{count} {word} endings are few for {rows.x.shape[1]} covariates.")
    if groups == "practice":
        warnings.append("therapists are not in it: clients of one may end alike, so errors may be too small.")
    elif groups != "therapist":
        warnings.append("therapists are not in it: clients of one therapist may end alike. Name them, where known.")
    return tuple(warnings)
