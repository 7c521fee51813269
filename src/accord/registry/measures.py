"""Scores as commands name them, `client:phq-9/total`, and a study file as one row a session with a column for each.

What a further analysis needs of a session, such as how the course ended, is one more column of `session_rows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from accord.errors import BadInput
from accord.records import RATERS
from accord.registry.folder import StudyFolder, typed
from accord.tables.vocabulary import TABLE

UNPLANNED, PLANNED = ("by_client",), ("planned", "agreement")
"""How courses end, of `dyads.ending`: what the client ended without a plan, and what both had planned. After another
ending (the therapist left, somebody moved on) nothing is known of the course, as of one that goes on."""


@dataclass(frozen=True, slots=True)
class RatedScore:
    """One score of one side."""

    scale: str
    rater: str = "client"

    def __str__(self) -> str:
        return f"{self.rater}:{self.scale}"

    def of(self, scores: Any) -> Any:
        """On an engine: the score of rows of the table `scores` that are of this measure, nothing of others."""
        return ((scores.scale == self.scale) & (scores.rater == self.rater)).ifelse(scores.score, None)


def measure_named(text: str) -> RatedScore:
    """The measure of a text such as `therapist:wai/total`; without a side, it is the client's.

    >>> print(measure_named("phq-9/total"), measure_named("therapist:wai/total"))
    client:phq-9/total therapist:wai/total
    """
    rater, colon, scale = text.partition(":")
    if not colon:
        rater, scale = "client", text
    if rater not in RATERS or not scale:
        raise BadInput(f"{text!r} names no score. Write it as client:phq-9/total or therapist:wai/total.")
    return RatedScore(scale, rater)


def session_rows(study: StudyFolder) -> pl.DataFrame:
    """One row for each session that took place, of a file without faults, in the order of courses and sessions.

    Columns: `dyad`, `session`; `client`, `course` and `therapist` where the file has them; `event`, where it has how
    courses ended: 1 in the last row of a course that the client ended without a plan, 2 where both had planned it,
    empty where the file does not tell, else 0; and each score by its name as commands take it (`client:phq-9/total`),
    empty where it is missing. Raises `BadInput` for a file without sessions that have numbers.
    """
    keys = ["dyad", "session"]
    parts = {name: typed(study.tables[name], TABLE[name]) for name in ("sessions", "scores") if name in study.tables}
    numbered = [part.select(keys).drop_nulls() for part in parts.values() if set(keys) <= set(part.columns)]
    rows = pl.concat(numbered).unique().sort(keys) if numbered else pl.DataFrame()
    if not len(rows):
        raise BadInput(f"{study.source}: no session in it has a number. Ask for a file that has sessions.")
    if "dyads" in study.tables:
        dyads = typed(study.tables["dyads"], TABLE["dyads"])
        about = [name for name in ("client", "course", "therapist", "ending") if name in dyads.columns]
        rows = rows.join(dyads.select("dyad", *about), on="dyad", how="left", maintain_order="left")
    if "ending" in rows.columns:
        last = pl.col("session") == pl.col("session").max().over("dyad")
        rows = rows.with_columns(event=pl.when(last).then(ended(pl.col("ending"))).otherwise(0)).drop("ending")
    scores = parts.get("scores", pl.DataFrame())
    if "score" not in scores.columns:
        return rows
    named = scores.drop_nulls([*keys, "score"]).with_columns(
        measure=pl.concat_str("rater", pl.lit(":"), "scale")
    )  # fmt: skip
    wide = named.pivot(on="measure", index=keys, values="score", sort_columns=True)
    return rows.join(wide, on=keys, how="left", maintain_order="left")


def ended(ending: pl.Expr) -> pl.Expr:
    """What `accord fit dropout` takes as the event in a course's last session; nothing where it is not known.

    >>> endings = pl.DataFrame({"ending": ["by_client", "planned", "ongoing", None]})
    >>> endings.select(ended(pl.col("ending"))).to_series().to_list()
    [1, 2, 0, None]
    """
    unplanned, planned = pl.when(ending.is_in(UNPLANNED)).then(1), ending.is_in(PLANNED)
    return unplanned.when(planned).then(2).when(ending.is_not_null()).then(0)
