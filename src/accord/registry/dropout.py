"""Who leaves, and when, in a whole registry: an Ibis expression counts sessions by what is known of them.

A cell is a session number, how it went on, the covariates and the practice; the hazard of `stats.hazard` needs their
counts alone. Scores of whole points make few cells. What a further covariate is goes into `_sessions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from accord.errors import BadInput
from accord.registry.engine import connected, courses_of, shares, table_of
from accord.registry.join import Registry
from accord.registry.measures import PLANNED, UNPLANNED, RatedScore
from accord.stats.hazard import HazardFit, hazard_of_cells
from accord.stats.hazard_rows import PersonPeriods

COURSE = ("practice", "dyad")
MOST_CELLS = 2_000_000
"""As many as are fitted here in a minute or so; more are covariates without common values."""


def registry_dropout(
    registry: Registry, covariates: tuple[RatedScore, ...] = (), engine: str = "duckdb", link: str = "logit",
    smooth: bool = False,
) -> HazardFit:  # fmt: skip
    """The hazard of an unplanned ending over all courses of a registry, planned endings competing.

    A person is a course of care of one practice. `covariates`: scores given in that session, so before the ending that
    may follow it; rows without one of them are left out and counted. How courses end: `measures.session_rows`. The
    numbers are those of `stats.hazard` from a row for each course and session, judged for practices that a fit has not
    seen. Formula, source and units as there; `engine` as in `growth`. Raises `BadInput` where the extra is not
    installed, practices did not hand out how courses ended, scores have too many different values, and as
    `hazard_of_ending`.
    """
    with connected(engine) as backend:
        by = ["practice", "session", "event", *(f"x{k}" for k in range(len(covariates)))]
        tables, cells, persons = [], 0, 0
        for practices in shares(backend, registry):
            rows = _sessions(backend, registry, covariates, practices)
            tables.append(rows.group_by(*by).aggregate(n=rows.count()).limit(MOST_CELLS + 1 - cells).to_polars())
            cells += len(tables[-1])
            if cells > MOST_CELLS:
                what = f"{registry.root}: sessions and scores make more than {MOST_CELLS:,} different combinations"
                raise BadInput(f"{what}. Give fewer scores, or scores of whole points.")
            whole = rows.filter([rows[name].notnull() for name in by[2:]])
            persons += int(courses_of(whole).count().execute())
    table = pl.concat(tables, how="vertical_relaxed").with_columns(pl.col(pl.Float64).fill_nan(None))
    absent = [str(measure) for k, measure in enumerate(covariates) if table[f"x{k}"].is_null().all()]
    if absent:
        raise BadInput(f"{registry.root}: there is no score {', '.join(absent)}. See accord registry describe.")
    every = int(table["n"].sum())
    table = table.drop_nulls().sort(by)
    dropped = every - int(table["n"].sum())
    x = np.column_stack([np.empty((len(table), 0)), *(table[name].to_numpy() for name in by[3:])])
    _practices, group = np.unique(table["practice"].to_numpy(), return_inverse=True)
    session, count, event = (table[name].cast(pl.Float64).to_numpy() for name in ("session", "n", "event"))
    periods = PersonPeriods(session, event.astype(np.intp), x, group, count, persons, dropped)
    names = tuple(str(measure) for measure in covariates)
    return hazard_of_cells(periods, names=names, groups="practice", link=link, smooth=smooth)


def _sessions(
    backend: Any, registry: Registry, covariates: tuple[RatedScore, ...], practices: Sequence[str]
) -> Any:
    """The expression: a row for each course and numbered session, with `event` and the covariates `x0`, `x1` ..."""
    import ibis  # noqa: PLC0415 - only where the extra is installed

    def table(name: str) -> Any:
        rows = table_of(backend, registry, name)
        return rows if len(practices) == len(registry.practices) else rows.filter(rows.practice.isin(practices))

    endings = table("dyads")
    if "ending" not in endings.columns:
        raise BadInput(f"{registry.root}: no practice hands out how courses ended (dyads.ending). Ask for it.")
    names = [f"x{k}" for k in range(len(covariates))]
    parts = []
    if any("sessions" in entry["tables"] for entry in registry.practices.values()):
        sessions = table("sessions")
        empty = {name: ibis.null("float64") for name in names}
        parts.append(sessions.select(*COURSE, "session", **empty))
    if covariates or not parts or any("scores" in entry["tables"] for entry in registry.practices.values()):
        scores = table("scores")
        values = {name: measure.of(scores) for name, measure in zip(names, covariates, strict=True)}
        parts.append(scores.mutate(**values).select(*COURSE, "session", *names))
    rows = parts[0] if len(parts) == 1 else parts[0].union(parts[1])
    rows = rows.filter(rows.session.notnull())
    endings = endings.select(*COURSE, code=ibis.cases(
        (endings.ending.isin(UNPLANNED), 1), (endings.ending.isin(PLANNED), 2), (endings.ending.notnull(), 0),
    ))  # fmt: skip
    ends = rows.group_by(*COURSE).aggregate(last=rows.session.max()).left_join(endings, COURSE)
    ends = ends.select(*COURSE, "last", "code")
    rows = rows.group_by(*COURSE, "session").aggregate(**{name: rows[name].max() for name in names})
    joined = rows.inner_join(ends, COURSE)
    event = (joined.session == joined.last).ifelse(joined.code, 0)
    return joined.mutate(event=event).select(*COURSE, "session", "event", *names)
