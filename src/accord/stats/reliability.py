"""How well a scale tells persons, and changes within a person, apart: from answers to its items, session by session.

Generalizability of a scale that is answered again and again (Cranford, Shrout, Iida, Rafaeli, Yip & Bolger 2006, PSPB
32: 917-929): the answer of person p in session t to item i is a sum of independent random effects, one for each of p,
t, i and each pair of them, and a residual. REML from the mixed-model equations, with the residual profiled out (Bates,
Maechler, Bolker & Walker 2015, J Stat Softw 67(1)).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize  # type: ignore[import-untyped]

from accord.errors import BadInput

Floats = npt.NDArray[np.float64]
EFFECTS = ("person", "session", "item", "person:session", "person:item", "session:item")
CHANGE = EFFECTS.index("person:session")
NOTHING, START, MOST = 1e-7, 0.4, 1e4  # ratios of a variance to the residual's: as good as none, first guess, limit
MEMORY, NUMBERS = 4e9, 3  # bytes at most, for so many numbers of each person's equations
STEP = 0.05  # of the logarithm of a ratio, for the curvature


@dataclass(frozen=True, slots=True)
class Reliability:
    """How reliable a scale of m items is, from 0 to 1, and the variances behind it.

    `change`: of a change within a person, from session to session (R_C), with its 95 % interval `change_low`,
    `change_high` (nan where the data do not say). `person`: of a person's mean over all k sessions (R_kF); `session`:
    of one session's score where the sessions are the same for all (R_1F); `any_session`: of one session's score,
    whichever it is (R_1R). `variances` by effect and `residual`. `persons`, `sessions` (the most of a person), `items`
    and `answers`: of what.
    """

    change: float
    change_low: float
    change_high: float
    person: float
    session: float
    any_session: float
    variances: dict[str, float]
    persons: int
    sessions: int
    items: int
    answers: int
    converged: bool

    def to_dict(self) -> dict[str, Any]:
        """As plain numbers, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        of = f"{self.answers:,} answers: {self.persons:,} persons, {self.items} items, up to {self.sessions} sessions"
        change = f"{self.change:.3f} ({self.change_low:.3f} to {self.change_high:.3f})"
        rows = [
            ("a change from session to session (R_C)", change),
            ("a person's mean over all sessions (R_kF)", f"{self.person:.3f}"),
            ("one session, the same for all (R_1F)", f"{self.session:.3f}"),
            ("one session, whichever it is (R_1R)", f"{self.any_session:.3f}"),
        ]
        lines = [f"Reliability from {of}", "", *(f"{name:44}{value}" for name, value in rows), ""]
        lines += [f"variance {name:35}{value:.5g}" for name, value in self.variances.items()]
        return "\n".join([*lines, "", "converged" if self.converged else "not converged: do not use these numbers"])


def reliability(answers: npt.ArrayLike) -> Reliability:
    """The reliability of a scale from single answers, shape (persons, sessions, items), missing as nan.

    Reversed items have to be turned round before. Sessions are crossed with persons: what all persons share in their
    third session is no change of one of them. Raises `BadInput` for fewer than two items, persons or sessions, for
    infinite values, where nobody's answers differ, for an item without answers or with one answer alone, and for two
    items with the same answers everywhere.

    Formula, with variances σ² of person (p), session (t), item (i) and residual (e), m items and k sessions:
    R_C = σ²_pt / (σ²_pt + σ²_e/m); R_kF = (σ²_p + σ²_pi/m) / (σ²_p + σ²_pi/m + σ²_e/(k·m)). Source: Cranford et al.
    2006.

    >>> rng = np.random.default_rng(2)
    >>> state = rng.standard_normal((30, 4, 1))  # persons move from session to session
    >>> fit = reliability(state + 0.5 * rng.standard_normal((30, 4, 3)))
    >>> fit.converged, round(fit.change, 1)
    (True, 0.9)
    """
    y = np.asarray(answers, dtype=np.float64)
    if y.ndim != 3:
        raise BadInput(f"answers have {y.ndim} axes; give persons x sessions x items.")
    if np.isinf(y).any():
        raise BadInput("answers hold an infinite value. Correct it or make it missing (nan).")
    cells = np.argwhere(~np.isnan(y))
    for axis, what in zip(cells.T, ("persons", "sessions", "items"), strict=True):
        if len(np.unique(axis)) < 2:
            raise BadInput(f"there are answers of {len(np.unique(axis))} {what}; a reliability needs two or more.")
    values = y[tuple(cells.T)]
    if np.ptp(values) == 0:
        raise BadInput("all answers are the same; there is nothing to tell apart.")
    _check_items(y)
    equations = _Equations(values - values.mean(), cells)
    optimum = minimize(
        equations.deviance, np.full(len(EFFECTS), START), jac=True, method="L-BFGS-B",
        bounds=[(NOTHING, MOST)] * len(EFFECTS), options={"ftol": 1e-13, "gtol": 1e-4, "maxiter": 500},
    )  # fmt: skip
    return _report(equations, optimum.x, cells, bool(optimum.success))


def _check_items(y: Floats) -> None:
    """An item that says nothing, or what another says already, would pass for one that agrees."""
    columns = y.reshape(-1, y.shape[2]).T
    for number, column in enumerate(columns, start=1):
        there = column[~np.isnan(column)]
        if not there.size or np.ptp(there) == 0:
            what = "all answers are the same" if there.size else "there is no answer"
            raise BadInput(f"item {number}: {what}. Leave it out.")
        for other, earlier in enumerate(columns[: number - 1], start=1):
            if np.array_equal(earlier, column, equal_nan=True):
                raise BadInput(f"items {other} and {number} have the same answers everywhere. Leave one out.")


def _report(equations: _Equations, ratios: Floats, cells: npt.NDArray[np.intp], converged: bool) -> Reliability:
    residual = equations.residual(ratios)
    sizes = {
        name: float(ratio * residual) if ratio > 2 * NOTHING else 0.0
        for name, ratio in zip(EFFECTS, ratios, strict=True)
    }
    m, most = len(np.unique(cells[:, 2])), int(np.bincount(np.unique(cells[:, :2], axis=0)[:, 0]).max())
    stable, noise = sizes["person"] + sizes["person:item"] / m, residual / m
    moving = sizes["session"] + sizes["person:session"]
    low, high = _interval(equations, ratios, m)
    return Reliability(
        change=_change(ratios[CHANGE], m),
        change_low=low,
        change_high=high,
        person=stable / (stable + noise / most),
        session=stable / (stable + noise),
        any_session=stable / (stable + moving + noise),
        variances={**sizes, "residual": residual},
        persons=len(np.unique(cells[:, 0])),
        sessions=most,
        items=m,
        answers=len(cells),
        converged=converged,
    )


def _change(ratio: float, items: int) -> float:
    """R_C depends on one ratio alone: that of person x session to the residual."""
    return float(ratio / (ratio + 1.0 / items)) if ratio > 2 * NOTHING else 0.0


def _interval(equations: _Equations, ratios: Floats, items: int) -> tuple[float, float]:
    """95 %, from the curvature of the restricted likelihood in the logarithms of those ratios that are not 0."""
    free = np.flatnonzero(ratios > 2 * NOTHING)
    if CHANGE not in free:
        return math.nan, math.nan
    curvature = np.empty((len(free), len(free)))
    for row, effect in enumerate(free):
        slopes = []
        for sign in (1.0, -1.0):
            moved = ratios.copy()
            moved[effect] *= math.exp(sign * STEP)
            slopes.append((equations.deviance(moved)[1] * moved)[free])
        curvature[row] = (slopes[0] - slopes[1]) / (2.0 * STEP)
    try:
        place = int(np.searchsorted(free, CHANGE))
        variance = 2.0 * np.linalg.inv((curvature + curvature.T) / 2.0)[place, place]
    except np.linalg.LinAlgError:
        return math.nan, math.nan
    # An interval as wide as all ratios that are tried says nothing, and its ends are no numbers any more.
    if not 0 < variance < (math.log(MOST / NOTHING) / 1.96) ** 2:
        return math.nan, math.nan
    wide = math.exp(1.96 * math.sqrt(variance))
    return _change(ratios[CHANGE] / wide, items), _change(ratios[CHANGE] * wide, items)


class _Equations:
    """The mixed-model equations of one data set, ready for any ratios of the variances.

    Given what all persons share (session, item, session x item: g effects), persons are independent, each with b
    effects of their own (person, person x session, person x item). So b x b systems are solved for all persons at
    once, and one of g x g after them.
    """

    def __init__(self, y: Floats, cells: npt.NDArray[np.intp]) -> None:
        persons, sessions, items = (int(axis.max()) + 1 for axis in cells.T)
        p, t, i = cells.T
        b, g = 1 + sessions + items, sessions + items + sessions * items
        need = 8 * NUMBERS * persons * b * (b + g)
        if need > MEMORY:
            what = f"{persons:,} persons by {sessions} sessions by {items} items need about {need / 1e9:.2g} GB"
            raise BadInput(f"{what} of memory, and {MEMORY / 1e9:.2g} is the most. Take some of the persons.")
        own = (np.zeros_like(t), 1 + t, 1 + sessions + i)
        ones = np.ones(len(y))
        # After what is shared stand the level and, last, the answers themselves.
        shared = [(column, ones) for column in (t, sessions + i, sessions + items + t * items + i)]
        shared += [(np.full(len(y), g), ones), (np.full(len(y), g + 1), y)]
        self.inner, self.across = np.zeros((persons, b, b)), np.zeros((persons, b, g + 2))
        self.outer = np.zeros((g + 2, g + 2))
        for left in own:
            for right in own:
                np.add.at(self.inner, (p, left, right), 1.0)
            for right, weight in shared:
                np.add.at(self.across, (p, left, right), weight)
        for left, first in shared:
            for right, second in shared:
                np.add.at(self.outer, (left, right), first * second)
        self.of_own = np.repeat([0, 3, 4], [1, sessions, items])
        self.of_shared = np.repeat([1, 2, 5], [sessions, items, sessions * items])
        self.free = len(y) - 1

    def residual(self, ratios: Floats) -> float:
        """The variance of the residual, given the ratios of all others to it."""
        return float(self._solved(ratios)[3]) / self.free

    def deviance(self, ratios: Floats) -> tuple[float, Floats]:
        """-2 restricted log-likelihoods, up to a constant, and their slope along each ratio."""
        inverse, solved, rest, left_over = self._solved(ratios)
        g = len(self.of_shared)
        last = np.linalg.inv(rest[: g + 1, : g + 1])
        logs = -np.linalg.slogdet(inverse)[1].sum() + np.linalg.slogdet(rest[: g + 1, : g + 1])[1]
        value = logs + self.free * (1.0 + math.log(2.0 * math.pi * left_over / self.free))
        effects = last @ rest[: g + 1, g + 1]
        to_shared = solved[:, :, : g + 1]
        own = solved[:, :, g + 1] - to_shared @ effects
        spread = np.diagonal(inverse, axis1=1, axis2=2) + ((to_shared @ last) * to_shared).sum(axis=2)
        expected = np.concatenate([(1.0 - spread).sum(axis=0), 1.0 - np.diag(last)[:g]])
        squares = np.concatenate([(own**2).sum(axis=0), effects[:g] ** 2])
        slopes = expected - self.free / left_over * squares
        return float(value), np.bincount(np.concatenate([self.of_own, self.of_shared]), slopes) / ratios

    def _solved(self, ratios: Floats) -> tuple[Floats, Floats, Floats, float]:
        """Of each person the inverse and what it makes of the rest; what is left for the shared, and of the answers."""
        scale = np.sqrt(ratios)
        mine, theirs = scale[self.of_own], np.append(scale[self.of_shared], [1.0, 1.0])
        inverse = np.asarray(np.linalg.inv(self.inner * np.outer(mine, mine) + np.eye(len(mine))), dtype=np.float64)
        right = self.across * np.outer(mine, theirs)
        solved = inverse @ right
        rest = self.outer * np.outer(theirs, theirs) - np.tensordot(right, solved, axes=([0, 1], [0, 1]))
        g = len(self.of_shared)
        rest[np.arange(g), np.arange(g)] += 1.0
        by_rest = rest[: g + 1, g + 1]
        left_over = rest[g + 1, g + 1] - by_rest @ np.linalg.solve(rest[: g + 1, : g + 1], by_rest)
        return inverse, solved, rest, float(left_over)
