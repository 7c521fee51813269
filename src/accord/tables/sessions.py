"""The tables of a study file in; one row a session out, with its mark and what else is known of it.

What `accord fit criterion` compares. Something else that is known of a session is one more column here.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from accord.errors import BadTable
from accord.signals import CHECK_IN, STRAIN
from accord.stats.evidence import QUIET
from accord.tables.study import check_columns

SCALE = f"{CHECK_IN}/collaboration"
KINDS = ("drop", "slide")
UNPLANNED = ("by_client",)
"""How a course ended without a plan; `dyads.csv` says how each did."""
SESSION = ("dyad", "session")
NEEDS = {
    "scores": (*SESSION, "rater", "scale", "score"), "answers": (*SESSION, "rater", "item", "answer"),
    "signals": (*SESSION, "kind", "scale"), "dyads": ("dyad", "ending"),
}  # fmt: skip


def sessions_of(tables: Mapping[str, pl.DataFrame], source: str, scale: str = SCALE) -> pl.DataFrame:
    """One row for each session that could be marked on a scale: rated by the client, and past the first three.

    tables: by name, of the study file that is called `source` in errors. `flag`: a drop or slide was marked there,
    shown or withheld. `t1`, `partner`: 1 where the client, and the therapist, said that something felt off, 0 where
    they said no; `score`: the client's. `ended`: 1 in the last row of a course that the client ended without a plan,
    else 0. Missing is null: not asked, skipped and kept look alike; an ending may be withheld. `therapist` is there
    where the study file has it. Raises `BadTable` where a table or column is missing, and for a scale without ratings.

    >>> tables = {
    ...     "scores": pl.DataFrame({"dyad": 1, "session": [3, 4], "rater": "client", "scale": "x/y", "score": [7, 4]}),
    ...     "answers": pl.DataFrame({"dyad": 1, "session": [4], "rater": "client", "item": "t1", "answer": "2"}),
    ...     "signals": pl.DataFrame({"dyad": 1, "session": [4], "kind": "drop", "scale": "x/y"}),
    ...     "dyads": pl.DataFrame({"dyad": [1], "ending": "by_client"}),
    ... }
    >>> sessions_of(tables, "study.zip", "x/y").rows(named=True)
    [{'dyad': 1, 'session': 4, 'score': 4, 'flag': 1, 't1': 1, 'partner': None, 'ended': 1}]
    """
    scores, answers, signals, dyads = (_table(tables, name, source) for name in NEEDS)
    rated = scores.filter(pl.col("scale") == scale, pl.col("rater") == "client", pl.col("score").is_not_null())
    if rated.is_empty():
        names = ", ".join(scores["scale"].unique().sort())
        raise BadTable(f"{source}: no client rated {scale!r}; rated are {names or 'no scales'}. Choose one of them.")
    marks = signals.filter(pl.col("scale") == scale, pl.col("kind").is_in(KINDS)).select(SESSION).unique()
    rows = rated.filter(pl.col("session") > QUIET).select(*SESSION, "score").unique(SESSION, keep="last")
    rows = rows.join(marks.with_columns(flag=1), on=SESSION, how="left").with_columns(pl.col("flag").fill_null(0))
    for name, rater in (("t1", "client"), ("partner", "therapist")):
        rows = rows.join(_felt_off(answers, rater, name), on=SESSION, how="left")
    others = [name for name in ("therapist",) if name in dyads.columns]
    rows = rows.join(dyads.select("dyad", "ending", *others), on="dyad", how="left").sort(SESSION)
    last = pl.col("session") == pl.col("session").max().over("dyad")
    ended = pl.when(~last).then(0).otherwise(pl.col("ending").is_in(UNPLANNED).cast(pl.Int8))
    return rows.with_columns(ended=ended).drop("ending")


def _table(tables: Mapping[str, pl.DataFrame], name: str, source: str) -> pl.DataFrame:
    """One of the tables, with the columns that are needed."""
    if name not in tables:
        raise BadTable(f"{source}: {name}.csv is missing. Take the file as the practice made it.")
    check_columns(tables[name], NEEDS[name], f"{source}/{name}.csv")
    return tables[name]


def _felt_off(answers: pl.DataFrame, rater: str, name: str) -> pl.DataFrame:
    """What one side said to *did anything feel off*, as yes (1) or no (0)."""
    asked = answers.filter(pl.col("rater") == rater, pl.col("item") == STRAIN).unique(SESSION, keep="last")
    level = pl.col("answer").cast(pl.String).cast(pl.Float64, strict=False)
    return asked.select(*SESSION, (level > 0).cast(pl.Int8).alias(name))
