"""A foreign table of ratings, read by a mapping file into the tables of a study. A new thing to map is a line here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from accord.errors import BadInput, BadTable
from accord.registry.folder import StudyFolder
from accord.tables.study import read_table
from accord.toml import TomlTable, read_toml

NEEDED, OPTIONAL = ("person", "score"), ("session", "date", "measure", "rater", "therapist")
DAY = r"\A\d{4}-\d\d-\d\d"
"""How days are written, so that their order is that of the text."""


@dataclass(frozen=True, slots=True)
class LongMap:
    """Which column of a long table is what; what raters and measures are called; the one of them where no column is."""

    columns: Mapping[str, str]
    raters: Mapping[str, str]
    measures: Mapping[str, str]
    rater: str
    measure: str


class BadLongMap(BadInput):
    """A mapping file that cannot be used."""


def read_map(path: str | Path) -> LongMap:
    """Read a mapping file (TOML). Raises `BadLongMap`: which key, why, and what to write instead.

    [columns] names the columns: `person` and `score`, `session` or `date`, and if there are such `measure`, `rater`,
    `therapist`. [raters] and [measures] say what the file's own words are here. Without a column, `rater = "client"`
    and `measure = "phq-9/total"` at the top say what all rows are.
    """
    file = read_toml(Path(path), BadLongMap)
    part = file.part("columns", "[columns]")
    columns = {role: part.text(role) for role in (*NEEDED, *OPTIONAL) if role in NEEDED or part.has(role)}
    part.done()
    if not {"session", "date"} & set(columns):
        raise file.wrong("[columns] has neither session nor date", 'Write session = "week", for example.')
    mapped = LongMap(
        columns, _words(file, "raters"), _words(file, "measures"),
        "" if "rater" in columns else file.one_of("rater", ("client", "therapist")),
        "" if "measure" in columns else file.text("measure"),
    )  # fmt: skip
    file.done()
    return mapped


def read_mapped(path: str | Path, columns: LongMap) -> StudyFolder:
    """The foreign table as the tables `dyads`, `sessions` and `scores` of a study, cells as text.

    Persons and therapists get numbers in the order of their labels: the labels themselves, which may be names, are in
    no table. Without a session column, sessions are numbered within a person by date. Raises `BadTable` for a row
    without a person, or without a date where dates count.
    """
    path = Path(path)
    table = read_table(path, list(columns.columns.values()), as_text=True)
    table = table.select(pl.col(name).cast(pl.String).alias(role) for role, name in columns.columns.items())
    empty = table["person"].null_count()
    if empty or not len(table):
        raise BadTable(f"{path}: {empty or 'all'} rows have no person. Say whose rating each is.")
    if "session" not in columns.columns:
        _check_days(table["date"], path)
    dyad = pl.col("person").rank("dense").cast(pl.Int64)
    session = pl.col("session") if "session" in columns.columns else pl.col("date").rank("dense").over("person")
    table = table.with_columns(
        dyad=dyad.cast(pl.String),
        session=_whole(session.cast(pl.String)),
        rater=_renamed("rater", columns.raters) if "rater" in table.columns else pl.lit(columns.rater),
        scale=_renamed("measure", columns.measures) if "measure" in table.columns else pl.lit(columns.measure),
    ).with_columns(session_code=pl.col("session"))
    dyads = table.select("dyad").unique(maintain_order=True)
    if "therapist" in table.columns:
        therapist = pl.col("therapist").rank("dense").cast(pl.Int64).cast(pl.String)
        dyads = table.select("dyad", "person", therapist=therapist).unique(maintain_order=True).drop("person")
    sessions = table.select("dyad", "session", "session_code", state=pl.lit("held")).unique(maintain_order=True)
    scores = table.select("dyad", "session", "session_code", "rater", "scale", "score")
    digest = hashlib.sha256(repr(columns).encode() + path.read_bytes()).hexdigest()
    package = {"title": path.name, "mapped": True}
    tables = {"dyads": dyads, "sessions": sessions, "scores": scores.with_columns(pl.all().replace("NA", None))}
    return StudyFolder(str(path), package, tables, digest)


def _check_days(days: pl.Series, path: Path) -> None:
    wrong = ~days.str.contains(DAY).fill_null(False)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise BadTable(f"{path}: line {row + 2}: the date is {days[row]!r}. Write it as 2026-11-30.")


def _words(file: TomlTable, name: str) -> dict[str, str]:
    part = file.part(name, f"[{name}]")
    return {key: part.text(key) for key in list(part.data)}


def _renamed(column: str, words: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace(dict(words)) if words else pl.col(column)


def _whole(text: pl.Expr) -> pl.Expr:
    """`3.0`, as other programs write a whole number, is 3."""
    return text.str.replace(r"\.0+\z", "")
