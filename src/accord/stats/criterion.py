"""Whether marks go together with what else is known of the same sessions, with intervals.

Intervals are clustered: rows of one person (or of one therapist) do not count as so many witnesses. Source: the
sandwich variance named after Liang and Zeger 1986 (from memory, not read here). Another comparison is
one function here and its option in `cli/fit_criterion.py`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput

Floats = npt.NDArray[np.float64]
Z = 1.96  # of a 95 % interval
STEPS = 50  # of the search for a logistic regression


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval, from so many `rows` and `clusters`; nan where the rows cannot tell."""

    value: float
    low: float
    high: float
    rows: int
    clusters: int

    def __str__(self) -> str:
        if self.value != self.value:
            return f"not known from {self.rows:,} rows"
        return f"{self.value:.3f} (95 %: {self.low:.3f} to {self.high:.3f}; {self.rows:,} rows)"


@dataclass(frozen=True, slots=True)
class CriterionAgreement:
    """Marks against a criterion of yes and no: `ppv` of marks that were right, `sensitivity` of events marked, and
    `alarms` of sessions without an event that were marked.

    `missing`: share of sessions where the criterion is not known. `ppv_bounds`, `sensitivity_bounds`: were all of
    these a no, and a yes, at the marks (and the reverse elsewhere): whoever keeps an answer may have reasons.
    """

    ppv: Estimate
    sensitivity: Estimate
    alarms: Estimate
    missing: float
    ppv_bounds: tuple[float, float]
    sensitivity_bounds: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        return asdict(self)


def agreement(
    mark: npt.ArrayLike, event: npt.ArrayLike, cluster: npt.ArrayLike, weight: npt.ArrayLike | None = None
) -> CriterionAgreement:
    """How marks (n,), 0 or 1, agree with an event (n,), 0, 1 or nan where nobody knows, on the same sessions.

    cluster: (n,) labels of persons or therapists. weight: (n,) one over the chance that a session was looked at, where
    sessions were sampled. Raises `BadInput` for other values and lengths.

    >>> found = agreement([1, 1, 0, 0], [1, 0, 0, float("nan")], [1, 2, 3, 4])
    >>> found.ppv.value, found.missing, found.sensitivity_bounds
    (0.5, 0.25, (0.5, 1.0))
    """
    marked, happened, clusters, weights = _columns(mark, event, cluster, weight)
    answered = ~np.isnan(happened)
    m, yes = marked[answered] == 1, happened[answered] == 1
    w, c = weights[answered], clusters[answered]
    ppv, sensitivity = share(m & yes, m, c, w), share(m & yes, yes, c, w)
    unknown, on = ~answered, marked == 1
    hit = float(w[m & yes].sum())
    marks, events = float(weights[on].sum()), float(w[yes].sum())
    open_marks, open_others = (float(weights[unknown & where].sum()) for where in (on, ~on))
    return CriterionAgreement(
        ppv, sensitivity, share(m & ~yes, ~yes, c, w), float(unknown.mean()) if len(unknown) else float("nan"),
        (_over(hit, marks), _over(hit + open_marks, marks)),
        (_over(hit, events + open_others), _over(hit + open_marks, events + open_marks)),
    )  # fmt: skip


def share(part: npt.ArrayLike, whole: npt.ArrayLike, cluster: npt.ArrayLike, weight: npt.ArrayLike) -> Estimate:
    """Weighted share of `whole` that is also `part`, masks (n,); the interval by linearisation, on the logit scale.

    The value is nan where `whole` is empty; nothing in the masks is missing.

    >>> some = share([1, 0, 1, 0], [1, 1, 1, 1], [1, 2, 3, 4], [1, 1, 1, 1])
    >>> some.value, some.rows, some.clusters
    (0.5, 4, 4)
    """
    a, d = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    w = np.asarray(weight, dtype=np.float64)
    total = float((w * d).sum())
    _names, codes = np.unique(np.asarray(cluster), return_inverse=True)
    inside = len(np.unique(codes[d > 0]))
    value = _over(float((w * a).sum()), total)
    if not 0.0 < value < 1.0 or inside < 2:
        few = value == value and inside > 0
        end = 1.0 - 0.05 ** (1.0 / inside) if few else float("nan")  # at 0 or 1: the one-sided bound of so many
        low, high = (0.0, end) if value == 0.0 else (1.0 - end, 1.0)
        return Estimate(value, low if few else value, high if few else value, int(d.sum()), inside)
    off = np.bincount(codes, w * (a - value * d))
    error = float(np.sqrt(inside / (inside - 1) * (off**2).sum())) / total / (value * (1.0 - value))
    logit = np.log(value / (1.0 - value))
    low, high = (float(1.0 / (1.0 + np.exp(-(logit + sign * Z * error)))) for sign in (-1.0, 1.0))
    return Estimate(value, low, high, int(d.sum()), inside)


def next_score(mark: npt.ArrayLike, score: npt.ArrayLike, following: npt.ArrayLike, cluster: npt.ArrayLike) -> Estimate:
    """By how much the next session's score lies lower (below 0) or higher after a mark, given the score now.

    All (n,), in the units of the score: the coefficient of the mark in a linear regression. Rows with a missing score
    (nan) are left out. Raises `BadInput` as `agreement` does.

    >>> lower = next_score([0, 1, 0, 1, 0, 1], [5, 5, 6, 6, 7, 7], [5, 4, 6, 5, 7, 6], range(6))
    >>> round(lower.value, 2)
    -1.0
    """
    marked, now, clusters, _w = _columns(mark, score, cluster, None, yes_or_no=False)
    later = np.asarray(following, dtype=np.float64)
    rows = ~(np.isnan(now) | np.isnan(later))
    design = np.column_stack([marked, np.ones(len(now)), now])[rows]
    if not _identified(design):
        return Estimate(float("nan"), float("nan"), float("nan"), int(rows.sum()), 0)
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ later[rows]
    return _robust(beta, inverse, design * (later[rows] - design @ beta)[:, None], clusters[rows])


def ending(mark: npt.ArrayLike, session: npt.ArrayLike, ended: npt.ArrayLike, cluster: npt.ArrayLike) -> Estimate:
    """Log odds ratio of an unplanned ending before the next session after a mark, given the number of the session.

    ended: (n,) 1 in a person's last row before an unplanned ending, else 0 (a planned ending is no event); rows where
    it is missing (nan) are left out. nan where there is no ending with or without a mark. Raises `BadInput` as
    `agreement` does.

    >>> marks, ended = [0, 1] * 20, [0, 1, 0, 0, 1, 0, 0, 1, 0, 0] * 4
    >>> ending(marks, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] * 4, ended, range(40)).value > 0
    True
    """
    marked, event, clusters, _w = _columns(mark, ended, cluster, None)
    clock = np.asarray(session, dtype=np.float64)
    rows = ~np.isnan(event)
    design = np.column_stack([marked, np.ones(len(clock)), clock, np.log1p(clock)])[rows]
    event = event[rows]
    crossed = {(int(m), int(e)) for m, e in zip(design[:, 0], event, strict=True)}
    if not _identified(design) or len(crossed) < 4:  # a cell without any row has no odds
        return Estimate(float("nan"), float("nan"), float("nan"), int(rows.sum()), 0)
    scale = np.maximum(np.abs(design).max(axis=0), 1e-12)
    design = design / scale
    beta = np.zeros(design.shape[1])
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-design @ beta))
        inverse = np.linalg.inv((design * (chance * (1.0 - chance))[:, None]).T @ design + 1e-9 * np.eye(len(beta)))
        step = inverse @ design.T @ (event - chance)
        beta += np.clip(step, -4.0, 4.0)
        if np.abs(step).max() < 1e-9:
            break
    return _robust(beta, inverse, design * (event - chance)[:, None], clusters[rows])


def _robust(beta: Floats, inverse: Floats, scores: Floats, clusters: npt.NDArray[Any]) -> Estimate:
    """The first coefficient with its sandwich interval."""
    names, codes = np.unique(clusters, return_inverse=True)
    summed = np.stack([np.bincount(codes, column) for column in scores.T], axis=1)
    g = len(names)
    variance = (inverse @ (summed.T @ summed) @ inverse)[0, 0] * g / max(g - 1, 1)
    error = Z * float(np.sqrt(max(variance, 0.0)))
    return Estimate(float(beta[0]), float(beta[0]) - error, float(beta[0]) + error, len(scores), g)


def _identified(design: Floats) -> bool:
    return len(design) > design.shape[1] and bool(np.linalg.matrix_rank(design) == design.shape[1])


def _over(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _columns(
    mark: npt.ArrayLike, other: npt.ArrayLike, cluster: npt.ArrayLike, weight: npt.ArrayLike | None,
    yes_or_no: bool = True,
) -> tuple[Floats, Floats, npt.NDArray[Any], Floats]:  # fmt: skip
    """The columns as arrays; says what is wrong with them otherwise."""
    marked, second = np.asarray(mark, dtype=np.float64), np.asarray(other, dtype=np.float64)
    clusters = np.asarray(cluster)
    weights = np.ones(len(marked)) if weight is None else np.asarray(weight, dtype=np.float64)
    if len({len(marked), len(second), len(clusters), len(weights)}) > 1:
        raise BadInput("marks, criterion, clusters and weights have different lengths. Give each session one of each.")
    if not np.isin(marked, (0, 1)).all():
        raise BadInput("a mark is neither 0 nor 1. Give 1 where a session is marked, else 0.")
    if yes_or_no and not np.isin(second[~np.isnan(second)], (0, 1)).all():
        raise BadInput("a criterion is neither 0, 1 nor missing. Give 1 where it happened, 0 where it did not.")
    if not (weights > 0).all():
        raise BadInput("a weight is not above 0. Give one over the chance that the session was looked at.")
    return marked, second, clusters, weights
