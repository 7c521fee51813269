"""Who leaves, and when, in a whole registry: an Ibis expression counts sessions by what is known of them.

A cell is a session number, how it went on, the covariates and the practice; the hazard of `stats.hazard` needs their
counts alone. Scores of whole points make few cells. What a further covariate is goes into `_sessions`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from accord.errors import BadInput
from accord.registry.engine import connected, table_of
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
        rows = _sessions(backend, registry, covariates)
        by = ["practice", "session", "event", *(f"x{k}" for k in range(len(covariates)))]
        table = rows.group_by(*by).aggregate(n=rows.count()).limit(MOST_CELLS + 1).execute()
        if len(table) > MOST_CELLS:
            what = f"{registry.root}: sessions and scores make more than {MOST_CELLS:,} different combinations"
            raise BadInput(f"{what}. Give fewer scores, or scores of whole points.")
        absent = [str(measure) for k, measure in enumerate(covariates) if not table[f"x{k}"].notna().any()]
        if absent:
            raise BadInput(f"{registry.root}: there is no score {', '.join(absent)}. See accord registry describe.")
        whole = rows.filter([rows[name].notnull() for name in by[2:]])
        persons = int(whole.select(*COURSE).distinct().count().execute())
    every = int(table["n"].sum())
    table = table.dropna().sort_values(by)
    dropped = every - int(table["n"].sum())
    x = np.column_stack([np.empty((len(table), 0)), *(table[name].to_numpy(float) for name in by[3:])])
    _practices, group = np.unique(table["practice"].to_numpy(str), return_inverse=True)
    count, event = table["n"].to_numpy(float), table["event"].to_numpy().astype(np.intp)
    periods = PersonPeriods(table["session"].to_numpy(float), event, x, group, count, persons, dropped)
    names = tuple(str(measure) for measure in covariates)
    return hazard_of_cells(periods, names=names, groups="practice", link=link, smooth=smooth)


def _sessions(backend: Any, registry: Registry, covariates: tuple[RatedScore, ...]) -> Any:
    """The expression: a row for each course and numbered session, with `event` and the covariates `x0`, `x1` ..."""
    import ibis  # noqa: PLC0415 - only where the extra is installed

    endings = table_of(backend, registry, "dyads")
    if "ending" not in endings.columns:
        raise BadInput(f"{registry.root}: no practice hands out how courses ended (dyads.ending). Ask for it.")
    names = [f"x{k}" for k in range(len(covariates))]
    parts = []
    if any("sessions" in entry["tables"] for entry in registry.practices.values()):
        sessions = table_of(backend, registry, "sessions")
        empty = {name: ibis.null("float64") for name in names}
        parts.append(sessions.select(*COURSE, "session", **empty))
    if covariates or not parts or any("scores" in entry["tables"] for entry in registry.practices.values()):
        scores = table_of(backend, registry, "scores")
        values = {name: measure.of(scores) for name, measure in zip(names, covariates, strict=True)}
        parts.append(scores.mutate(**values).select(*COURSE, "session", *names))
    rows = parts[0] if len(parts) == 1 else parts[0].union(parts[1])
    rows = rows.filter(rows.session.notnull())
    rows = rows.group_by(*COURSE, "session").aggregate(**{name: rows[name].max() for name in names})
    last = rows.session == rows.session.max().over(ibis.window(group_by=COURSE))
    rows = rows.mutate(last=last)
    endings = endings.select(*COURSE, code=ibis.cases(
        (endings.ending.isin(UNPLANNED), 1), (endings.ending.isin(PLANNED), 2), (endings.ending.notnull(), 0),
    ))  # fmt: skip
    joined = rows.left_join(endings, COURSE)
    return joined.mutate(event=joined.last.ifelse(joined.code, 0)).select(*COURSE, "session", "event", *names)
