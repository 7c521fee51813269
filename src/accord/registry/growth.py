"""Growth over time in a whole registry: one Ibis expression reduces rows to sums by design, on DuckDB or on Spark.

The engine reads the rows; what comes here is a row for each design (`stats.mixed_groups`), so memory does not grow with
persons. A further analysis on the engine is a module like this one: an expression, then the solver of `stats`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from accord.errors import BadInput
from accord.registry.engine import connected, table_of
from accord.registry.join import Registry
from accord.stats.mixed import Method, MixedFit
from accord.stats.mixed_groups import GrowthGroups, fit_growth_groups

COLUMNS = GrowthGroups._fields[:-1]


def growth(
    registry: Registry, scale: str, rater: str = "client", engine: str = "duckdb", method: Method = "REML"
) -> MixedFit:
    """The mixed model of growth over sessions of one scale and side, over all practices of a registry.

    A person is a course of care of one practice; rows without a number or a score are left out. `engine`: `duckdb`, or
    the address of a Spark master (`spark://host:7077`, `local[2]`). Both give the same sums, so the same fit.
    Raises `BadInput` where the extra is not installed, no score is there, or the sums cannot tell.
    """
    with connected(engine) as backend:
        rows = table_of(backend, registry, "scores").filter(lambda t: (t.scale == scale) & (t.rater == rater))
        rows = rows.filter(lambda t: t.session.notnull() & t.score.notnull())
        centre = rows.score.mean().execute()
        if centre is None or not np.isfinite(centre):
            raise BadInput(f"{registry.root}: the {rater} has no score {scale!r}. See accord registry describe.")
        table = sums_by_design(rows, float(centre)).execute()
    columns = [table[name].to_numpy().astype(np.float64) for name in COLUMNS]
    order = np.lexsort(columns[2::-1])
    sums: dict[str, Any] = {name: column[order] for name, column in zip(COLUMNS, columns, strict=True)}
    return fit_growth_groups(GrowthGroups(**sums, y_centre=float(centre)), method)


def sums_by_design(rows: Any, centre: float) -> Any:
    """The expression: per person n, Σt, Σt², Σy, Σty, Σy²; then by (n, Σt, Σt²) counts, sums and cross products."""
    rows = rows.mutate(t=rows.session.cast("float64"), y=rows.score - centre)
    persons = rows.group_by("practice", "dyad").aggregate(
        ratings=rows.count(), t=rows.t.sum(), tt=(rows.t * rows.t).sum(), sy=rows.y.sum(), sty=(rows.t * rows.y).sum(),
        syy=(rows.y * rows.y).sum(),
    )  # fmt: skip
    sy, sty = persons.sy, persons.sty
    return persons.group_by("ratings", "t", "tt").aggregate(
        persons=persons.count(), y=sy.sum(), ty=sty.sum(), y_y=(sy * sy).sum(), y_ty=(sy * sty).sum(),
        ty_ty=(sty * sty).sum(), yy=persons.syy.sum(),
    )  # fmt: skip
