"""Alliance and outcome in a whole registry: one Ibis expression reduces each course to sums, on DuckDB or on Spark.

The four models of `stats.coupling` need of a course only the sums and products of its ratings, of its session before,
and of its own mean and line; courses of one design are then added up (`stats.mixed_groups`). Another model of the same
ratings is one more entry of `MODELS`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accord.errors import BadInput
from accord.registry.engine import connected, stored, table_of
from accord.registry.join import Registry
from accord.registry.measures import RatedScore
from accord.stats.coupling import LINE, NOT_BEFORE, CouplingFit, warnings_of
from accord.stats.mixed import MixedFit
from accord.stats.mixed_groups import GroupedSums, fit_groups

Floats = NDArray[np.float64]
COURSE = ("practice", "dyad")
LAGGED, CONCURRENT = ("one", "t", "b", "x", "y"), ("one", "t", "x", "y")
"""The columns of a row, by the models that use them: b is the outcome before, x the alliance (before, where lagged)."""
NAMES = {"one": "(Intercept)", "t": "time", "b": "outcome_before", "w": "within", "m": "between"}


@dataclass(frozen=True, slots=True)
class _Model:
    """Columns of W = [X y], with w for x less the course's own level, or own line where `line`; its prefix of sums."""

    prefix: str
    columns: tuple[str, ...]
    line: bool


MODELS = {
    "lagged": _Model("l", ("one", "t", "b", "w", "m", "y"), False),
    "lagged_detrended": _Model("l", ("one", "t", "b", "w", "m", "y"), True),
    "concurrent": _Model("c", ("one", "t", "w", "m", "y"), False),
    "concurrent_detrended": _Model("c", ("one", "t", "w", "m", "y"), True),
}


def registry_coupling(
    registry: Registry, outcome: RatedScore, alliance: RatedScore, engine: str = "duckdb"
) -> CouplingFit:
    """How alliance and outcome go together over all courses of a registry: the numbers of `stats.coupling`.

    A person is a course of care of one practice; scores without a number of the session are left out. Formula, source
    and units as there; `engine` as in `growth`. Raises `BadInput` where the extra is not installed, a score is not
    there, and what `coupling` refuses.
    """
    if outcome == alliance:
        raise BadInput(f"outcome and alliance are both {outcome}. Choose two different scores.")
    with connected(engine) as backend:
        rows = table_of(backend, registry, "scores")
        rows = rows.filter(lambda t: t.session.notnull() & t.score.notnull())
        rows = rows.mutate(y=outcome.of(rows), x=alliance.of(rows)).filter(lambda t: t.y.notnull() | t.x.notnull())
        centres = _centres(rows, {"y": outcome, "x": alliance}, registry)
        courses = stored(backend, _courses(rows, centres), "courses")
        whole = courses.aggregate(
            persons=(courses.yn > 0).sum(), ratings=courses.yn.sum(), rows=courses.rows.sum(),
        ).execute().iloc[0]  # fmt: skip
        fits = {name: _fit(courses, model, centres) for name, model in MODELS.items()}
    fits = {name: replace(fit, n_dropped=int(whole["rows"]) - fit.n) for name, fit in fits.items()}
    sessions = float(whole["ratings"]) / float(whole["persons"])
    return CouplingFit(
        **fits, persons=int(whole["persons"]), sessions=sessions, warnings=warnings_of(sessions)
    )


def _centres(rows: Any, measures: dict[str, RatedScore], registry: Registry) -> dict[str, float]:
    """The mean of each score, so that sums of squares lose no digits."""
    about = rows.aggregate(**{f"{name}{what}": getattr(rows[name], what)() for name in measures
                              for what in ("mean", "min", "max")}).execute().iloc[0]  # fmt: skip
    for name, measure in measures.items():
        if not np.isfinite(about[f"{name}mean"]):
            raise BadInput(f"{registry.root}: there is no score {measure}. See accord registry describe.")
        if about[f"{name}min"] == about[f"{name}max"]:
            raise BadInput(f"{registry.root}: {measure} is constant; there is nothing to go together with.")
    return {name: float(about[f"{name}mean"]) for name in measures}


def _courses(rows: Any, centres: dict[str, float]) -> Any:
    """The expression: a row for each course, with its sums (and of the alliance its own level and line)."""
    import ibis  # noqa: PLC0415 - only where the extra is installed

    wide = rows.group_by(*COURSE, "session").aggregate(
        y=rows.y.max() - centres["y"], x=rows.x.max() - centres["x"]
    )  # fmt: skip
    order = ibis.window(group_by=COURSE, order_by="session")
    wide = wide.mutate(
        t=wide.session.cast("float64"), one=ibis.literal(1).cast("float64"),  # as 1.0, Spark counts in decimals
        next=wide.session - wide.session.lag().over(order) == 1,
        b=wide.y.lag().over(order), xb=wide.x.lag().over(order),
    )  # fmt: skip
    lagged = wide.next & wide.y.notnull() & wide.b.notnull() & wide.xb.notnull()
    both = wide.y.notnull() & wide.x.notnull()
    there = wide.x.notnull()
    sums: dict[str, Any] = {"rows": wide.count(), "yn": wide.y.count(), "xn": wide.x.count(), "xs": wide.x.sum()}
    sums |= {"xt": wide.t.sum(where=there), "xtx": (wide.t * wide.x).sum(where=there),
             "xtt": (wide.t * wide.t).sum(where=there)}  # fmt: skip
    for prefix, columns, where in (("l", LAGGED, lagged), ("c", CONCURRENT, both)):
        values = {name: wide.xb if (prefix, name) == ("l", "x") else wide[name] for name in columns}
        for a, b in combinations_with_replacement(columns, 2):
            sums[f"{prefix}_{a}_{b}"] = (values[a] * values[b]).sum(where=where).fill_null(0.0)
    return wide.group_by(*COURSE).aggregate(**sums)


def _fit(courses: Any, model: _Model, centres: dict[str, float]) -> MixedFit:
    """One model from the courses: their sums by design, then the solver."""
    names = tuple(NAMES[name] for name in model.columns[:-1])
    shift = {"b": centres["y"], "m": centres["x"], "y": centres["y"]}
    around = np.array([shift.get(name, 0.0) for name in model.columns])
    sums = _grouped(courses, model, around)
    if not sums.persons.size:
        raise BadInput(NOT_BEFORE if model.prefix == "l" else "no session has both scores. Choose other scores.")
    _check_moves(sums, model)
    return fit_groups(sums, names)


def _grouped(courses: Any, model: _Model, around: Floats) -> GroupedSums:
    """The expression and its run: counts, sums and products by n, with a slope by n, Σt and Σt²."""
    moments = _moments(courses, model)
    design = {"n": moments["one", "one"]}
    if model.line:
        design |= {"ts": moments["one", "t"], "tts": moments["t", "t"]}
    z = ("one", "t") if model.line else ("one",)
    free = [(column, by) for column in model.columns if column not in z for by in z]
    columns = {f"f{k}": _between(moments, column, by) for k, (column, by) in enumerate(free)}
    whole = list(combinations_with_replacement(model.columns, 2))
    columns |= {f"w{k}": _between(moments, a, b) for k, (a, b) in enumerate(whole)}
    used = courses.mutate(**design, **columns).filter(lambda t: t.n > 0)
    if model.line:
        used = used.filter(used.xn >= LINE)
    pairs = list(combinations_with_replacement(range(len(free)), 2))
    table = used.group_by(*design).aggregate(
        persons=used.count(), **{f"f{k}": used[f"f{k}"].sum() for k in range(len(free))},
        **{f"p{i}_{j}": (used[f"f{i}"] * used[f"f{j}"]).sum() for i, j in pairs},
        **{f"w{k}": used[f"w{k}"].sum() for k in range(len(whole))},
    ).order_by(*design).execute()  # fmt: skip
    values = {name: table[name].to_numpy().astype(np.float64) for name in table.columns}
    second = np.empty((len(free), len(free), len(table)))
    for i, j in pairs:
        second[i, j] = second[j, i] = values[f"p{i}_{j}"]
    m = len(model.columns)
    all_rows = np.empty((m, m))
    for k, (a, b) in enumerate(whole):
        i, j = model.columns.index(a), model.columns.index(b)
        all_rows[i, j] = all_rows[j, i] = values[f"w{k}"].sum()
    first = np.array([values[f"f{k}"] for k in range(len(free))])
    return GroupedSums(np.array([values[name] for name in design]), values["persons"], first, second, all_rows, around)


def _moments(courses: Any, model: _Model) -> dict[tuple[str, str], Any]:
    """Of each course, Σ of every product of two columns, with w = x − level − slope · t and m the own mean of x."""
    columns = LAGGED if model.prefix == "l" else CONCURRENT
    raw = {(a, b): courses[f"{model.prefix}_{a}_{b}"] for a, b in combinations_with_replacement(columns, 2)}
    raw |= {(b, a): value for (a, b), value in raw.items()}
    mean = courses.xs / courses.xn.nullif(0)
    level, slope = mean, 0.0
    if model.line:
        middle = courses.xt / courses.xn.nullif(0)
        slope = (courses.xtx - middle * courses.xs) / (courses.xtt - middle * courses.xt).nullif(0)
        level = mean - slope * middle
        if model.prefix == "l":
            level = level - slope  # the line one session before
    moments = {key: value for key, value in raw.items() if "x" not in key}
    others = [name for name in columns if name != "x"]
    for name in others:
        moments["w", name] = raw["x", name] - level * raw["one", name] - slope * raw["t", name]
        moments["m", name] = mean * raw["one", name]
    moments["w", "w"] = (
        raw["x", "x"] - level * raw["x", "one"] - slope * raw["x", "t"]
        - level * moments["w", "one"] - slope * moments["w", "t"]
    )  # fmt: skip
    moments["m", "w"] = mean * moments["w", "one"]
    moments["m", "m"] = mean * mean * raw["one", "one"]
    return moments


def _between(moments: dict[tuple[str, str], Any], a: str, b: str) -> Any:
    return moments[a, b] if (a, b) in moments else moments[b, a]


def _check_moves(sums: GroupedSums, model: _Model) -> None:
    """As `coupling` refuses: an alliance that moves within nobody, or lies on everybody's own line."""
    at = model.columns.index("w")
    spread, level = sums.whole[at, at], sums.whole[at + 1, at + 1]
    if spread <= 1e-12 * max(level, 1e-300) and not model.line:
        raise BadInput("the alliance moves within nobody: each person has one value. There is no effect within.")
    if spread <= 1e-12 * max(level, 1e-300):
        raise BadInput("the alliance lies on each person's own line; without trends nothing is left of it.")
