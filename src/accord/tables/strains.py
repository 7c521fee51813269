"""A long table of ratings in; the same rows out with what was expected, flags of possible strain and their repair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from accord.errors import BadTable
from accord.records import RATERS
from accord.stats.cores import each
from accord.stats.hyper import Hyper
from accord.stats.innovation import STATES, Floats, repair
from accord.stats.level import followed
from accord.stats.priors import Priors, starting
from accord.stats.rules import Rule, false_alarms, rule_named
from accord.stats.simulated_practice import Voice
from accord.stats.thresholds import BUDGET, FEWEST_COURSES, LONG, MOST, Budget, Calibration, calibrate, calibrate_both
from accord.tables.study import Grid, check_columns, check_once, numbers, read_table
from accord.trajectories import drops

BLOCK = 16_384  # dyads judged at once: with fewer, cores wait for each other more often
SHOWN = 50  # flagged rows of a summary
NEEDED = ("dyad", "session", "score")
ADDED = {"expected": np.nan, "sd": np.nan, "z": np.nan, "flag": np.int8(0), "state": np.int8(0)}
"""The columns that are added, and what stands there of a row that says nothing."""
UNIQUE = ("dyad", "session", "rater", "scale")  # no two rows share all of them
Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class StrainTable:
    """What `find_strains` gives: prints as a summary with the flagged rows; `to_dict` holds everything.

    `rows`: the table with `expected`, `sd`, `z`, `flag`, `state` added. `judged`: for each scale and voice how many
    dyads were flagged, by what, how often that is wrong when nothing happened, and the calibration.
    """

    rows: pl.DataFrame
    judged: tuple[dict[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and words, ready for JSON."""
        rows = [{name: _plain(value) for name, value in row.items()} for row in self.rows.iter_rows(named=True)]
        return {"calibrations": list(self.judged), "rows": rows}

    def __str__(self) -> str:
        lines = []
        for judged in self.judged:
            lines += _summary(judged)
        flagged = (self.rows["flag"] == 1).arg_true()
        if len(flagged) > SHOWN:  # one more, for the line that stands for all between them
            flagged = flagged.head(SHOWN // 2 + 1).append(flagged.tail(SHOWN // 2))
        with pl.Config(
            tbl_rows=SHOWN, tbl_cols=20, tbl_width_chars=120, tbl_hide_dataframe_shape=True, float_precision=2
        ):
            lines.append(str(self.rows[flagged]) if len(flagged) else "No rating is flagged.")
        return "\n".join(lines)


def find_strains(
    ratings: pl.DataFrame | str | Path,
    *,
    scale: str | None = None,
    budget: Budget = BUDGET,
    rule: str | None = None,
    date: str | None = None,
) -> StrainTable:
    """Compare each rating with what the same person's earlier ratings let expect; flag possible strains.

    ratings: a table, or a CSV or Parquet file, with `dyad`, `session` (a number), `score` (high is good), and as
    needed `rater` (client or therapist) and `scale`, in any order. Each scale is calibrated by its own ratings
    (`calibrate`) and judged by `trajectory`, the client together with a therapist's rating of the same session.
    scale: that one alone; `collaboration` and `connection` have starting values. budget: share of uneventful courses
    that may be flagged, such as `Budget(drop=0.1)`. rule: the name of a classical rule (`RULES`), which then flags
    instead. date: the column with the day of each session; what happens to everybody from a day on is then expected of
    each (`stats.level`). Raises `BadTable`, `BadInput`.

    >>> table = pl.DataFrame({"dyad": [1] * 5, "session": range(1, 6), "score": [70, 75, 72, 74, 30]})
    >>> find_strains(table, scale="collaboration").rows["flag"].to_list()  # one short course: still learning
    [0, 0, 0, 0, 0]
    >>> find_strains(table, scale="collaboration", rule="own-mean-1sd").rows["flag"].to_list()
    [0, 0, 0, 0, 1]
    """
    source = "the table" if isinstance(ratings, pl.DataFrame) else str(ratings)
    named = rule_named(rule) if rule else None
    table = _checked(ratings if isinstance(ratings, pl.DataFrame) else read_table(ratings), scale, source)
    # Of six million rows each of these takes a tenth of a second on one core.
    works: tuple[Callable[[], Any], ...] = (
        lambda: Grid.of(table, source), lambda: numbers(table, "score", source).to_numpy(),
        lambda: _parts(table, scale, source), lambda: _nothing_yet(len(table)),
    )  # fmt: skip
    grid, scores, parts, columns = each(lambda work: work(), works)
    dated = _days(table, date, source) if date else None
    notes: list[dict[str, Any]] = []
    for name, voices in parts:
        placed = each(lambda chosen: _Voice.of(grid.rows(chosen), scores, dated), voices.values())
        rated = dict(zip(voices, placed, strict=True))
        if any(np.count_nonzero(rated[rater].rows < len(table)) < len(chosen) for rater, chosen in voices.items()):
            check_once(table, [name for name in UNIQUE if name in table.columns], source)
        notes += _judge_scale(name, rated, grid.sessions, budget, named, columns)
    if not notes:
        raise BadTable(f"{source}: column 'score' holds no number at all. Give at least one rating.")
    joined = _joined(table, {name: values[:-1] for name, values in columns.items()})
    return StrainTable(joined if scale is None else joined.filter(_named(scale)), tuple(notes))


@dataclass(frozen=True, slots=True)
class _Voice:
    """One voice on one scale: ratings `y` and their `days` (dyads, T), and the row of each in the table (T, dyads)."""

    y: Floats
    rows: npt.NDArray[np.uint32]
    days: Floats | None

    @classmethod
    def of(cls, rows: npt.NDArray[np.uint32], scores: Floats, dated: Floats | None) -> _Voice:
        """The ratings and days of rows (T, dyads)."""
        return cls(_taken(scores, rows), rows, None if dated is None else _taken(dated, rows))

    @property
    def dates(self) -> Floats | None:
        """The days, those without a rating before all others."""
        return None if self.days is None else np.where(np.isnan(self.days), -np.inf, self.days)


def _nothing_yet(rows: int) -> Columns:
    """The columns that are added, with one cell more than the table has rows, for what belongs to no row."""
    return {name: np.full(rows + 1, nothing) for name, nothing in ADDED.items()}


def _taken(values: Floats, rows: npt.NDArray[np.uint32]) -> Floats:
    """The values of rows (T, dyads) as (dyads, T), nan where there is no row; sessions lie together in memory."""
    taken = np.empty(rows.shape)
    for session, at in zip(taken, rows, strict=True):
        values.take(at, mode="clip", out=session)
        np.copyto(session, np.nan, where=at == len(values))
    return taken.T


def _checked(table: pl.DataFrame, scale: str | None, source: str) -> pl.DataFrame:
    """The table with its columns checked and the chosen scale in it. All rows stay: lines keep their number."""
    check_columns(table, NEEDED, source)
    taken = [name for name in ADDED if name in table.columns]
    if taken:
        what = f"column {', '.join(map(repr, taken))} is there already, and is what is added here"
        raise BadTable(f"{source}: {what}. Rename or remove it.")
    if scale is not None and "scale" in table.columns:
        if table.filter(_named(scale)).is_empty():
            names = ", ".join(map(str, table["scale"].unique().sort()))
            raise BadTable(f"{source}: there is no scale {scale!r}; the file has {names}. Choose one of them.")
    elif scale is not None:
        table = table.with_columns(pl.lit(scale).alias("scale"))
    return table


def _named(scale: str) -> pl.Expr:
    """Rows of that scale, whose name may be a number."""
    return pl.col("scale").cast(pl.String) == scale


def _parts(table: pl.DataFrame, only: str | None, source: str) -> list[tuple[str, dict[str, npt.NDArray[np.uint32]]]]:
    """Places of the rows of each scale, or of one only, by voice; a table without raters is the clients'."""
    every = pl.repeat(True, len(table), eager=True)
    scales = {"": every}
    if "scale" in table.columns:
        column = table["scale"].cast(pl.String).fill_null("")
        if (column == column[0]).all() and only is None:
            scales = {column[0]: every}
        else:
            scales = {name: column == name for name in (column.unique().sort() if only is None else [only])}
    raters = _raters(table["rater"], source) if "rater" in table.columns else {"client": every}
    parts = []
    for scale, rows in scales.items():
        places = {rater: (rows & at).arg_true().to_numpy() for rater, at in raters.items()}
        parts.append((scale, {rater: at for rater, at in places.items() if len(at) or len(raters) == 1}))
    return parts


def _raters(column: pl.Series, source: str) -> dict[str, pl.Series]:
    """Whose each row is, by rater. Raises `BadTable` where it is nobody's."""
    names = column.cast(pl.String)
    raters: dict[str, pl.Series] = {rater: (names == rater).fill_null(False) for rater in RATERS}
    rated = raters["client"] | raters["therapist"]
    if not rated.all():
        row = int((~rated).arg_true()[0])
        what = f"{source}: line {row + 2}: rater {column[row]!r} is not known"
        raise BadTable(f"{what}. Call the raters client and therapist.")
    return raters


def _days(table: pl.DataFrame, name: str, source: str) -> Floats:
    """The day of each row, as a number: of a date, of a date written as 2026-11-30, or of a number of days."""
    check_columns(table, [name], source)
    column = table[name]
    if column.dtype == pl.String:
        column = column.str.strip_chars().str.head(10).str.to_date("%Y-%m-%d", strict=False)
    if column.dtype.is_temporal():
        column = column.cast(pl.Date).cast(pl.Int32)
    if column.null_count():
        line = int(column.is_null().arg_true()[0]) + 2
        raise BadTable(f"{source}: line {line}: column {name!r} holds no date. Write it as 2026-11-30.")
    return numbers(column.to_frame(), name, source).to_numpy().astype(np.float64)


def _judge_scale(
    name: str, voices: dict[str, _Voice], sessions: Floats, budget: Budget, rule: Rule | None, columns: Columns
) -> Iterator[dict[str, Any]]:
    """Judge each voice that said anything on a scale, into the columns; the note on each."""
    rated = {rater: voice for rater, voice in voices.items() if not np.isnan(voice.y).all()}
    priors = starting(name)
    calibrations = _calibrations({rater: voice.y for rater, voice in rated.items()}, sessions, priors, budget)
    for rater, voice in rated.items():
        y, dates, made = voice.y, voice.dates, calibrations[rater]
        pair = rated["therapist"].y if rater == "client" and "therapist" in rated else None
        level = None if dates is None else followed(y, sessions, dates, made.hyper).at(dates)
        note = _note(name, rater, _judge(voice, pair, level, sessions, made, rule, columns), y, made)
        yield note | (_ruled(rule, y, sessions, getattr(priors, rater, None)) if rule else _budgeted(made))


def _calibrations(
    rated: dict[str, Floats], sessions: Floats, priors: Priors | None, budget: Budget
) -> dict[str, Calibration]:
    """What each voice that rated is judged by; the client together with the therapist, where both did."""
    own: dict[str, Hyper | None] = {voice: getattr(priors, voice, None) for voice in RATERS}
    if len(rated) < len(RATERS):
        return {
            voice: calibrate(y, sessions, prior=own[voice], second_prior=own["therapist"], budget=budget)
            for voice, y in rated.items()
        }
    client, therapist = (own[voice] for voice in RATERS)
    both = calibrate_both(
        rated["client"], rated["therapist"], sessions, prior=client, second_prior=therapist, budget=budget
    )
    return dict(zip(RATERS, both, strict=True))


def _judge(
    voice: _Voice, pair: Floats | None, level: Floats | None, sessions: Floats, made: Calibration,
    rule: Rule | None, columns: Columns,
) -> int:  # fmt: skip
    """Judge a block of dyads at a time, on all cores, into the columns: how many are flagged.

    What is needed besides stays small and near the processor.
    """
    ruled = None if rule is None else rule.flag(voice.y)

    def judge(start: int) -> int:
        block = slice(start, start + BLOCK)
        y = voice.y[block]
        other, shift = (None if beside is None else beside[block] for beside in (pair, level))
        expected, sd, z, flag = drops(y, sessions, made, other, shift)
        flag = flag if ruled is None else ruled[block]
        rows = np.ascontiguousarray(voice.rows[:, block].T, dtype=np.intp)  # in the order of most tables: quicker
        judged: tuple[npt.NDArray[Any], ...] = expected, sd, z, flag, repair(y, expected, sd, flag)
        for name, values in zip(ADDED, judged, strict=True):
            columns[name][rows] = values
        return int(flag.any(axis=1).sum())

    return sum(each(judge, range(0, len(voice.y), BLOCK)))


def _note(scale: str, rater: str, flagged: int, y: Floats, made: Calibration) -> dict[str, Any]:
    """What was judged, and the calibration behind what was expected."""
    return {
        "scale": scale, "rater": rater, "dyads": int((~np.isnan(y)).any(axis=1).sum()), "flagged_dyads": flagged,
        "calibration": made.to_dict() | {"id": made.id},
    }  # fmt: skip


def _budgeted(made: Calibration) -> dict[str, Any]:
    """What Accord's own flags may cost, and how many of them are false alarms where that is known."""
    return {
        "rule": made.method, "false_alarms": made.budget.drop, "learning": made.learning,
        "false_discovery": made.false_discovery.get("drop"),
    }  # fmt: skip


def _ruled(rule: Rule, y: Floats, sessions: Floats, prior: Hyper | None) -> dict[str, Any]:
    """How often a classical rule flags uneventful courses like these, with their ends of the scale, steps and gaps."""
    simulated = Voice.of(y[:: len(y) // MOST + 1], sessions, prior, seed=0)
    share = false_alarms(rule, simulated.hidden, noise=simulated.noise)
    return {"rule": rule.name, "says": rule.says, "false_alarms": round(share, 3)}


def _joined(table: pl.DataFrame, columns: dict[str, npt.NDArray[np.float64]]) -> pl.DataFrame:
    """The input's rows with the new columns; nothing to say is null, not nan."""
    # As text the states alone would take a third of a second of six million rows, in memory and to write.
    states = pl.Series("state", STATES, dtype=pl.Enum(STATES)).gather(columns["state"].astype(np.uint32))
    added = [pl.Series(name, columns[name]).fill_nan(None) for name in ("expected", "sd", "z")]
    return table.with_columns(*added, pl.Series("flag", columns["flag"]), states)


def _summary(judged: dict[str, Any]) -> list[str]:
    """One voice on one scale in a few lines: what was flagged, by what, and how often that is wrong."""
    name = f"{judged['scale']} ({judged['rater']})" if judged["scale"] else judged["rater"]
    flagged = f"{name}: {judged['flagged_dyads']:,} of {judged['dyads']:,} dyads flagged"
    share = f"{judged['false_alarms']:.1%} of 15-session courses in which nothing happened"
    if "false_discovery" not in judged:
        return [f"{flagged} by {judged['rule']} ({judged['says']}), which flags {share}, by simulation."]
    judge = judged["calibration"]
    based = f"  Judged by {judge['id']}, from {judge['n']:,} courses of the table."
    if judged["learning"]:
        few = f"{judge['long']} courses have {LONG} ratings or more; from {FEWEST_COURSES['drop']} on there are flags."
        return [f"{name}: still learning what is usual. {few}", based]
    return [f"{flagged} under a budget of {share}.", based, f"  {_false(judged['false_discovery'])}"]


def _plain(value: Any) -> Any:
    """A cell as JSON knows it: what is no number is nothing, and a date and the like is its words."""
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def _false(share_and_interval: list[float] | None) -> str:
    """How many flags are false alarms, where the table itself can tell."""
    if share_and_interval is None:
        return "How many of these flags are false alarms is not known: the table is too small to tell."
    share, low, high = (f"{100 * value:.0f}" for value in share_and_interval)
    return f"Of 100 such flags, about {share} are false alarms here (95 %: {low} to {high})."
