"""Score a file of answers: one row a response, one column a scale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from accord.errors import BadTable
from accord.instruments import Instrument
from accord.scoring import ScaleScores, score_array
from accord.tables.study import numbers, read_table

MISSING = ("", "NA")


def score_file(path: str | Path, instrument: Instrument, form: str = "full") -> pl.DataFrame:
    """Score a CSV or Parquet file with one column for each item id.

    Columns that are no items are passed through as they are written; the answers themselves are not. Each scale that
    the form is scored on gives a column (empty where there is no score) and one called `NAME_answered`. Empty cells
    and `NA` are missing. Raises `BadTable`: a scored item without a column, an answer that is not possible, an answer
    to an item that the form does not ask, a column with the name of a score.

    >>> import tempfile
    >>> from accord.instruments import catalogue
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "answers.csv"
    ...     items = ",".join(f"phq{i}" for i in range(1, 10))
    ...     size = path.write_text(f"client,{items}\\n007,3,3,3,3,3,3,3,3,3\\n")
    ...     score_file(path, catalogue().get("phq-9")).row(0)
    ('007', 27.0, 9)
    """
    table = read_table(path, as_text=True)
    scored = _scored_items(instrument, form)
    _check_columns(table, instrument, form, scored, path)
    columns = [item_id for item_id in instrument.numeric_items(form) if item_id in table.columns]
    answers = np.empty((table.height, len(columns)))
    for position, item_id in enumerate(columns):
        answers[:, position] = _answers(table, instrument, item_id, path)
    scores = score_array(answers, instrument, form, items=columns)
    item_ids = {item.id for item in instrument.items}
    passed = [column for column in table.get_columns() if column.name not in item_ids]
    return pl.DataFrame([*passed, *(column for name, s in scores.items() for column in _columns(name, s))])


def _scored_items(instrument: Instrument, form: str) -> tuple[str, ...]:
    """The items that a form asks and some scale uses: the columns that must be there."""
    used = {i for scale in instrument.scales if form in scale.at_least for i in scale.items}
    scored = tuple(i for i in instrument.form(form) if i in used)
    if not scored:
        raise BadTable(f"{instrument.id}: the form {form!r} has no score. Choose another form or questionnaire.")
    return scored


def _check_columns(
    table: pl.DataFrame, instrument: Instrument, form: str, scored: Sequence[str], path: str | Path
) -> None:
    missing = [i for i in scored if i not in table.columns]
    if missing:
        named = ", ".join(map(repr, missing))
        what = f"{path}: the item column {named} is missing; the file has {', '.join(table.columns)}"
        raise BadTable(f"{what}. {_form_that_fits(table, instrument) or 'Add or rename it.'}")
    for item in instrument.items:
        if item.id in table.columns and item.id not in instrument.form(form):
            given = ~_blank(table[item.id])
            if given.any():
                line = int(given.arg_true()[0]) + 2
                what = f"{path}: line {line}: {item.id!r} is answered, but the form {form!r} does not ask it"
                raise BadTable(f"{what}. Choose another form or remove the column.")
    for scale in instrument.scales:
        for name in (scale.name, f"{scale.name}_answered"):
            if name in table.columns:
                raise BadTable(f"{path}: the column {name!r} has the name of a score. Rename it.")


def _form_that_fits(table: pl.DataFrame, instrument: Instrument) -> str | None:
    """A hint where the file holds all scored items of another form."""
    for form in instrument.forms:
        used = {i for s in instrument.scales if form in s.at_least for i in s.items} & set(instrument.form(form))
        if used and used <= set(table.columns):
            return f"It fits the form {form!r}: add --form {form}."
    return None


def _answers(table: pl.DataFrame, instrument: Instrument, item_id: str, path: str | Path) -> np.ndarray:
    """One item's answers as floats, nan where missing; what is not possible is refused with its line."""
    series = table[item_id]
    if series.dtype == pl.String:
        series = series.str.strip_chars().set(_blank(series), None)
    values = numbers(table.with_columns(series), item_id, path).to_numpy()
    answers = instrument.answer_set(item_id)
    possible = (
        np.isin(values, answers.values)
        if answers.kind == "choice"
        else (values >= answers.low) & (values <= answers.high)
    )
    wrong = ~possible & ~np.isnan(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        what = (
            f"{path}: line {row + 2}, column {item_id!r}: {values[row]:g} is not possible; it can be {answers.range()}"
        )
        raise BadTable(f"{what}. Correct it or leave it empty.")
    return values


def _blank(series: pl.Series) -> pl.Series:
    if series.dtype != pl.String:
        return series.is_null()
    return series.is_null() | series.str.strip_chars().is_in(MISSING)


def _columns(name: str, scores: ScaleScores) -> tuple[pl.Series, pl.Series]:
    return pl.Series(name, scores.value).fill_nan(None), pl.Series(f"{name}_answered", scores.answered)
