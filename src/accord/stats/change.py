"""Who changed more than error explains, who arrived among those without the problem, and where a course jumps.

Reliable and clinically significant change (Jacobson & Truax 1991, J Consult Clin Psychol 59: 12; variants: Gulliksen,
Lord & Novick; Hsu, Lin & Lord; Edwards & Nunnally; Nunnally & Kotsch; Hageman & Arrindell; Speer & Greenbaum, as in
Atkins, Bedics, McGlinchey & Beauchaine 2005, J Consult Clin Psychol 73: 982), with r the reliability, s and m the
standard deviation and mean before:

    JT   (after − before) / (s √2 √(1 − r))                 EN   (after − m − r (before − m)) / (s √(1 − r))
    GLN  (after − m − r (before − m)) / (s √(1 − r²))       HLL  likewise, with the mean after in the first place
    NK   (after − m − r (before − m)) / (s √(r² (1 − r) + 1 − r')), with r' the reliability after
    HA   (R change + (1 − R) mean change) / (√R s √2 √(1 − r)), with R the reliability of change; beyond ±1.65

HA also moves scores after to their mean by their reliability, and has them pass the cut-off by 1.65 of their errors.
HLM takes all scores of a person: the predicted departure of the slope from the mean slope, over its standard error.

Sudden gains and losses: the three criteria of Tang & DeRubeis 1999, J Consult Clin Psychol 67: 894. A further index is
one more entry of `METHODS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.mixed import fit_mixed

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
CRITICAL = 1.959963984540054  # two-sided 5 %
CRITICAL_HA = 1.65  # one-sided 5 %, as the authors have it
CATEGORIES = ("recovered", "improved", "unchanged", "deteriorated", "harmed")
LEAST_OF_SLOPE = 3  # scores of a person whose slope is judged
WINDOW = 3  # sessions on each side of a jump
T_VALUES = {6: 2.776, 5: 3.182, 4: 4.303}  # of 5 % two-sided, by how many of the six sessions are there


def _jt(pre: Floats, post: Floats, r: float, _after: float) -> Floats:
    return np.asarray((post - pre) / (pre.std(ddof=1) * np.sqrt(2.0 * (1.0 - r))))


def _gln(pre: Floats, post: Floats, r: float, _after: float) -> Floats:
    return np.asarray((post - pre.mean() - r * (pre - pre.mean())) / (pre.std(ddof=1) * np.sqrt(1.0 - r * r)))


def _hll(pre: Floats, post: Floats, r: float, _after: float) -> Floats:
    return np.asarray((post - post.mean() - r * (pre - pre.mean())) / (pre.std(ddof=1) * np.sqrt(1.0 - r * r)))


def _en(pre: Floats, post: Floats, r: float, _after: float) -> Floats:
    return np.asarray((post - pre.mean() - r * (pre - pre.mean())) / (pre.std(ddof=1) * np.sqrt(1.0 - r)))


def _nk(pre: Floats, post: Floats, r: float, after: float) -> Floats:
    error = np.sqrt(r * r * (1.0 - r) + 1.0 - after)
    return np.asarray((post - pre.mean() - r * (pre - pre.mean())) / (pre.std(ddof=1) * error))


def _ha(pre: Floats, post: Floats, r: float, _after: float) -> Floats:
    error2, change = pre.var(ddof=1) * (1.0 - r), post - pre
    spread = change.var(ddof=1)
    reliable = (spread - 2.0 * error2) / spread if spread > 0 else 0.0
    if reliable <= 0:
        raise BadInput("persons' changes differ no more than the error of the scale, so HA has no index. Choose JT.")
    return np.asarray((change * reliable + change.mean() * (1.0 - reliable)) / np.sqrt(reliable * 2.0 * error2))


METHODS: dict[str, Callable[[Floats, Floats, float, float], Floats]] = {
    "JT": _jt, "GLN": _gln, "HLL": _hll, "EN": _en, "NK": _nk, "HA": _ha,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class ClinicalChange:
    """How many persons fall into each of `CATEGORIES`, and the numbers behind it.

    `index` (persons,) of change and `category` (persons,) as a place in `CATEGORIES`, −1 where a score is missing.
    `cutoff` lies between those with and without the problem; `least` is the change in points that counts as reliable
    (nan for indices in which it depends on the score before). `n` with both scores, `dropped` others.
    """

    counts: dict[str, int]
    index: Floats
    category: npt.NDArray[np.intp]
    method: str
    cutoff: float
    cutoff_kind: str
    least: float
    pre_mean: float
    pre_sd: float
    post_mean: float
    n: int
    dropped: int

    def to_dict(self) -> dict[str, Any]:
        """Counts and what is behind them, ready for JSON. The persons' own numbers stay in the arrays."""
        names = ("method", "cutoff", "cutoff_kind", "least", "pre_mean", "pre_sd", "post_mean", "n", "dropped")
        return {**self.counts, **{name: getattr(self, name) for name in names}}

    def __str__(self) -> str:
        needed = "three" if self.method == "HLM" else "both"
        lines = [f"Change of {self.n} persons ({self.method}), {self.dropped} without {needed} scores left out", ""]
        lines += [f"{name:<16}{count:>6}{count / self.n:>8.1%}" for name, count in self.counts.items()]
        lines += ["", f"before: mean {self.pre_mean:.2f}, SD {self.pre_sd:.2f}; after: mean {self.post_mean:.2f}"]
        lines.append(f"cut-off {self.cutoff_kind}: {self.cutoff:.2f}")
        lines += [] if np.isnan(self.least) else [f"a change of more than {self.least:.2f} points counts as reliable"]
        if self.method == "HLM":
            lines.append("careful: HLM compares with the mean slope; deteriorated means a worse slope than others have")
        return "\n".join(lines)


def clinical_change(
    pre: npt.ArrayLike,
    post: npt.ArrayLike,
    reliability: float,
    *,
    functional: tuple[float, float] | None = None,
    lower_is_better: bool = True,
    method: str = "JT",
    reliability_after: float | None = None,
) -> ClinicalChange:
    """Sort persons by their scores before and after, (persons,) each, missing as nan.

    `reliability` of the scale, 0 to 1, and for NK that of the score after, by default the same. `functional`: mean and
    standard deviation of people without the problem; the cut-off is then c, the point between both groups weighted by
    their spreads (HA: those of true scores), and else a, two standard deviations better than the mean before.
    Recovered: reliably improved, and from the one side of the cut-off to the other; harmed: reliably deteriorated, and
    the other way. Persons without both scores are left out and counted. Formula and source: at the top of this module.
    Raises `BadInput` for other values, columns of different lengths, infinite
    scores, fewer than two persons, and equal scores before.

    >>> change = clinical_change([30, 32, 28, 35, 31], [10, 31, 27, 36, 30], 0.8, functional=(8.0, 7.0))
    >>> change.counts["recovered"], change.counts["unchanged"], round(change.cutoff, 1)
    (1, 4, 24.9)
    """
    if method not in METHODS:
        raise BadInput(f"method {method!r} is not known; choose one of {', '.join(METHODS)}.")
    later = reliability if reliability_after is None else reliability_after
    for value in (reliability, later):
        if not 0.0 < value < 1.0:
            raise BadInput(f"the reliability is {value:g}; give a number between 0 and 1.")
    _check_functional(functional)
    before, after = np.asarray(pre, dtype=np.float64), np.asarray(post, dtype=np.float64)
    if before.ndim != 1 or before.shape != after.shape:
        raise BadInput(f"before has the shape {before.shape} and after {after.shape}; give each person one of each.")
    for name, column in (("before", before), ("after", after)):
        if np.isinf(column).any():
            raise BadInput(f"the score {name} of row {int(np.isinf(column).argmax()) + 1} is infinite. Correct it.")
    both = ~np.isnan(before + after)
    first, second = before[both], after[both]
    if len(first) < 2 or np.ptp(first) == 0:
        what = f"{len(first)} persons have both scores" if len(first) < 2 else "all persons have the same score before"
        raise BadInput(f"{what}; without a spread there is no index of change.")
    index = np.full(len(before), np.nan)
    index[both] = METHODS[method](first, second, reliability, later)
    error = float(first.std(ddof=1)) * float(np.sqrt(1.0 - reliability))
    cutoff, kind = _cutoff(first, functional, lower_is_better, error if method == "HA" else 0.0)
    past, critical = after - cutoff, CRITICAL
    if method == "HA":
        past, critical = _true_past(after, second, cutoff, error), CRITICAL_HA
    category = _sorted(index, before - cutoff, past, lower_is_better, critical, critical if method == "HA" else 0.0)
    least = CRITICAL * error * 2.0**0.5 if method == "JT" else float("nan")
    return _counted(index, category, first, second, method, cutoff, kind, least)


def change_of_slopes(
    y: npt.ArrayLike,
    person: npt.ArrayLike,
    time: npt.ArrayLike,
    *,
    functional: tuple[float, float] | None = None,
    lower_is_better: bool = True,
) -> ClinicalChange:
    """Sort persons by all their scores, in rows y (n,) of `person` (n,) at `time` (n,), missing as nan: the index HLM.

    It tells whose slope departs from the mean slope, so it says who changed more, or less, than others. Scores before
    and after are each person's first and last. Other units, cut-offs and categories as in `clinical_change`; persons
    with fewer than three scores are left out and counted. Formula and source: at the top of this module. Raises
    `BadInput` as `fit_mixed` does, and where that finds no optimum or no spread of slopes.

    >>> rng = np.random.default_rng(1)
    >>> who, t = np.repeat(np.arange(60), 6), np.tile(np.arange(6.0), 60)
    >>> falls = np.where(np.arange(60) < 20, 3.0, 0.0)
    >>> change = change_of_slopes(30 - falls[who] * t + rng.standard_normal(360), who, t)
    >>> change.counts["improved"] + change.counts["recovered"], change.counts["deteriorated"]
    (20, 40)
    """
    _check_functional(functional)
    scores, clock, who = np.asarray(y, dtype=np.float64), np.asarray(time, dtype=np.float64), np.asarray(person)
    if not len(scores) == len(clock) == len(who):
        raise BadInput("score, person and time have different lengths. Give each score one of each.")
    labels, place = np.unique(who, return_inverse=True)
    there = ~np.isnan(scores + clock)
    several = (np.bincount(place[there], minlength=len(labels)) >= LEAST_OF_SLOPE)[place] & there
    fixed = np.column_stack([np.ones(len(scores)), clock])[several]
    fit = fit_mixed(scores[several], fixed, place[several], slope=clock[several], names=("start", "time"))
    if not fit.converged:
        raise BadInput(f"the mixed model did not converge: {fit.message}")
    if not fit.var_slope:
        raise BadInput("slopes do not differ between persons, so none departs from their mean. Choose another method.")
    order = np.lexsort((clock[several], place[several]))
    rows, whose = scores[several][order], place[several][order]
    begins = np.append(True, np.diff(whose) != 0)
    first, last = rows[begins], rows[np.append(begins[1:], True)]
    index = (fit.blups[:, 1] / fit.blup_se[:, 1])[np.argsort(fit.persons)]
    cutoff, kind = _cutoff(first, functional, lower_is_better, 0.0)
    category = _sorted(index, first - cutoff, last - cutoff, lower_is_better, CRITICAL, 0.0)
    whole, places = np.full(len(labels), np.nan), np.full(len(labels), -1, dtype=np.intp)
    whole[whose[begins]], places[whose[begins]] = index, category
    return _counted(whole, places, first, last, "HLM", cutoff, kind, float("nan"))


def _check_functional(functional: tuple[float, float] | None) -> None:
    if functional is not None and not (np.isfinite(functional).all() and functional[1] > 0):
        raise BadInput("the functional group needs a mean and a standard deviation above 0.")


def _counted(
    index: Floats, category: npt.NDArray[np.intp], first: Floats, second: Floats, method: str, cutoff: float, kind: str,
    least: float,
) -> ClinicalChange:  # fmt: skip
    return ClinicalChange(
        counts={name: int((category == place).sum()) for place, name in enumerate(CATEGORIES)},
        index=index,
        category=category,
        method=method,
        cutoff=cutoff,
        cutoff_kind=kind,
        least=least,
        pre_mean=float(first.mean()),
        pre_sd=float(first.std(ddof=1)),
        post_mean=float(second.mean()),
        n=len(first),
        dropped=int((category < 0).sum()),
    )


def _cutoff(
    pre: Floats, functional: tuple[float, float] | None, lower_is_better: bool, error: float
) -> tuple[float, str]:
    """Between spreads of true scores, where there is an `error` of the scale to be taken out."""
    mean, spread = float(pre.mean()), _true_spread(float(pre.std(ddof=1)), error)
    if functional is None:
        return mean - 2.0 * spread if lower_is_better else mean + 2.0 * spread, "a"
    other, other_spread = functional[0], _true_spread(functional[1], error)
    return (spread * other + other_spread * mean) / (spread + other_spread), "c"


def _true_spread(spread: float, error: float) -> float:
    if spread <= error:
        raise BadInput(f"a spread of {spread:.3g} is no more than the error of the scale, {error:.3g}. Choose JT.")
    return float(np.sqrt(spread**2 - error**2))


def _true_past(after: Floats, second: Floats, cutoff: float, error: float) -> Floats:
    """How far the true score after lies past the cut-off, in its standard errors."""
    spread = float(second.std(ddof=1))
    reliable = (_true_spread(spread, error) / spread) ** 2
    return np.asarray((second.mean() + (after - second.mean()) * reliable - cutoff) / (np.sqrt(reliable) * error))


def _sorted(
    index: Floats, start: Floats, end: Floats, lower_is_better: bool, critical: float, past: float
) -> npt.NDArray[np.intp]:
    """The place of each person in `CATEGORIES`; `start` and `end` from the cut-off, which `end` has to be `past`."""
    way = -1.0 if lower_is_better else 1.0
    better, worse = way * index > critical, way * index < -critical
    ill, well, ill_after = way * start < 0, way * end > past, way * end <= -past
    conditions = [better & ill & well, better, worse & ~ill & ill_after, worse, ~np.isnan(index)]
    return np.select(conditions, [0, 1, 4, 3, 2], default=-1).astype(np.intp)


@dataclass(frozen=True, eq=False)
class SuddenChanges:
    """`falls` and `rises` (persons, sessions): the score jumped down, or up, from the session before to this one.

    `judged` (persons, sessions): enough sessions on both sides to tell. `persons` with at least one of each.
    """

    falls: Flags
    rises: Flags
    judged: Flags
    points: float

    def to_dict(self) -> dict[str, Any]:
        """How many, ready for JSON."""
        return {
            "points": self.points,
            "falls": int(self.falls.sum()),
            "rises": int(self.rises.sum()),
            "judged": int(self.judged.sum()),
            "persons": len(self.falls),
            "persons_with_a_fall": int(self.falls.any(axis=1).sum()),
            "persons_with_a_rise": int(self.rises.any(axis=1).sum()),
        }

    def __str__(self) -> str:
        count = self.to_dict()
        lines = [f"Sudden changes of {self.points:g} points or more in {count['persons']} persons", ""]
        for name in ("fall", "rise"):
            lines.append(f"{name + 's':<8}{count[name + 's']:>5}, in {count[f'persons_with_a_{name}']} persons")
        return "\n".join([*lines, "", f"{count['judged']} steps could be judged"])


def sudden_changes(scores: npt.ArrayLike, points: float, share: float = 0.25) -> SuddenChanges:
    """Sudden falls and rises in scores (persons, sessions), nan where missing.

    From one session to the next: at least so many `points`; at least this `share` of the score before; and the mean of
    up to three sessions before differs from that of up to three from then on by more than t √(2 (s² + s'²) / (k − 2)),
    k of these six being there, two at least on each side (t: 2.776, 3.182 or 4.303 for k = 6, 5, 4), as the R package
    `suddengains` has it. The first step and the last are never judged. Where a low score is good, a fall is a sudden
    gain; else a sudden loss. Raises `BadInput` for fewer than four sessions, infinite scores, and points or a share
    that are not above 0.

    >>> course = [[30, 29, 31, 30, 18, 17, 18, 16]]
    >>> np.argwhere(sudden_changes(course, 7).falls).tolist()
    [[0, 4]]
    """
    y = np.asarray(scores, dtype=np.float64)
    if y.ndim != 2 or y.shape[1] < 4:
        raise BadInput(f"the scores have the shape {y.shape}; give one row a person and at least four sessions.")
    if np.isinf(y).any():
        raise BadInput(f"a score of person {int(np.isinf(y).any(axis=1).argmax()) + 1} is infinite. Correct it.")
    if not (points > 0 and share > 0):
        raise BadInput("the points and the share of a sudden change have to be above 0.")
    falls, judged = np.zeros(y.shape, dtype=np.bool_), np.zeros(y.shape, dtype=np.bool_)
    rises = falls.copy()
    for session in range(2, y.shape[1] - 1):
        before, after = y[:, max(0, session - WINDOW) : session], y[:, session : session + WINDOW]
        gap, limit = _means_apart(before, after)
        step = y[:, session - 1] - y[:, session]
        large = (np.abs(step) >= points) & (np.abs(step) >= share * y[:, session - 1])
        judged[:, session] = ~np.isnan(limit + step)
        falls[:, session] = large & (step > 0) & (gap > limit)
        rises[:, session] = large & (step < 0) & (-gap > limit)
    return SuddenChanges(falls, rises, judged, points)


def _means_apart(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Mean before minus mean after, and what it has to pass (nan where too few sessions are there)."""
    means, spreads, counts = [], [], []
    for side in (before, after):
        there = ~np.isnan(side)
        count = there.sum(axis=1)
        mean = np.where(there, side, 0.0).sum(axis=1) / np.maximum(count, 1)
        square = np.where(there, side - mean[:, None], 0.0) ** 2
        means.append(mean)
        spreads.append(square.sum(axis=1) / np.maximum(count - 1, 1))
        counts.append(count)
    enough = (counts[0] >= 2) & (counts[1] >= 2)
    there_in_all = counts[0] + counts[1]
    t = np.select([there_in_all == size for size in T_VALUES], list(T_VALUES.values()), default=np.nan)
    limit = t * np.sqrt(2.0 * (spreads[0] + spreads[1]) / np.maximum(there_in_all - 2, 1))
    return means[0] - means[1], np.where(enough, limit, np.nan)
