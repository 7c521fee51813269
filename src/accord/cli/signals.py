"""`accord signals`: a long table of ratings comes in; expected courses, flags and repair go out beside it."""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from accord.errors import BadTable
from accord.records import RATERS
from accord.stats.innovation import STATES, Flags, Floats, States, repair
from accord.stats.priors import Priors, shipped
from accord.stats.rules import RULES, Rule, false_alarms, rule_named
from accord.stats.thresholds import BASE_RATES, Budget, Calibration, calibrate
from accord.study import Grid, check_once, numbers, read_table, write_table
from accord.trajectory import trajectory

BLOCK = 8192  # dyads judged at once

EXAMPLE = """example:
  accord simulate --dyads 50 --sessions 15 --seed 1 --out study
  accord signals study/ratings.parquet --budget 0.05 --out signals.csv

FILE has one row a rating: dyad, session (a number), score, and as needed rater (client or therapist) and scale. The
output has the same rows in the same order with
  expected  what the earlier ratings of the same person let expect
  sd        its standard deviation, with the person's own spread
  z         (score - expected) / sd; with a therapist's rating of the same session, a low one is added. Low: strain
  flag      1: a drop, under the budget of uneventful 15-session courses that may be flagged. Or what --rule says
  state     of the latest flagged strain: none, open, partly, recovered
No rule, and no flag, is proof of anything: it is a possible strain, worth a question."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `signals`."""
    command = commands.add_parser(
        "signals",
        help="find possible strains in ratings of many sessions",
        description="Compare each rating with what the same person's earlier ratings let expect.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("file", metavar="FILE", type=Path, help="CSV or Parquet, one row a rating")
    command.add_argument(
        "--budget", metavar="SHARE", type=float, default=Budget().drop,
        help="share of uneventful 15-session courses that may be flagged (default %(default)s)",
    )  # fmt: skip
    command.add_argument("--scale", metavar="NAME", help="judge this scale only; collaboration and connection "
                         "(0 to 100) have starting values")  # fmt: skip
    command.add_argument("--rule", metavar="NAME", help=f"flag by a classical rule instead: {', '.join(RULES)}")
    command.add_argument("--out", metavar="FILE", type=Path, help="write all rows as CSV or Parquet")
    command.add_argument("--json", action="store_true", help="print all rows and the calibrations as JSON")
    command.set_defaults(run=run)


@dataclass(frozen=True, slots=True)
class _Judged:
    """One voice on one scale, judged; arrays (dyads, T)."""

    expected: Floats
    sd: Floats
    z: Floats
    flag: Flags
    state: States


def run(arguments: argparse.Namespace) -> None:
    """Read, judge each scale and voice, write or print."""
    budget = replace(Budget(), drop=arguments.budget)
    rule = rule_named(arguments.rule) if arguments.rule else None
    table = _read(arguments.file, arguments.scale)
    grid = Grid.of(table, arguments.file)
    scores = numbers(table, "score", arguments.file).to_numpy()
    if np.isnan(scores).all():
        raise BadTable(f"{arguments.file}: column 'score' holds no number at all. Give at least one rating.")
    columns = {name: np.full(len(table), np.nan) for name in ("expected", "sd", "z")}
    columns |= {name: np.zeros(len(table), dtype=np.int8) for name in ("flag", "state")}
    notes: list[dict[str, Any]] = []
    for scale, voices in _parts(table):
        _check_once(table, grid, voices, arguments.file)
        ratings = {voice: grid.fill(scores, rows) for voice, rows in voices.items()}
        for voice, rows in voices.items():
            if np.isnan(ratings[voice]).all():
                continue
            pair = ratings.get("therapist") if voice == "client" else None
            made = _calibration(ratings[voice], pair, grid.sessions, shipped().get(scale), voice, budget)
            judged = _judge(ratings[voice], pair, grid.sessions, made, rule)
            at = grid.dyad[rows], grid.session[rows]
            for name, column in columns.items():
                column[rows] = getattr(judged, name)[at]
            notes.append(_note(scale, voice, judged, ratings[voice], made, rule, grid.sessions))
    _say(arguments, _joined(table, columns), notes)


def _read(path: Path, scale: str | None) -> pl.DataFrame:
    """The table with the chosen scale only, its columns checked."""
    table = read_table(path, ["dyad", "session", "score"])
    if scale is not None and "scale" in table.columns:
        found = table["scale"].unique().sort()
        table = table.filter(pl.col("scale") == scale)
        if not len(table):
            names = ", ".join(map(str, found))
            raise BadTable(f"{path}: there is no scale {scale!r}; the file has {names}. Choose one of them.")
    elif scale is not None:
        table = table.with_columns(pl.lit(scale).alias("scale"))
    if "rater" in table.columns:
        strange = table.filter(~pl.col("rater").cast(pl.String).is_in(RATERS).fill_null(False))
        if len(strange):
            raise BadTable(f"{path}: rater {strange['rater'][0]!r} is not known. Call the raters client and therapist.")
    return table


def _check_once(table: pl.DataFrame, grid: Grid, voices: dict[str, npt.NDArray[np.bool_]], path: Path) -> None:
    """Count the cells that the rows fill; only where two rows share one is the line looked for, which takes longer."""
    for rows in voices.values():
        filled = np.zeros((grid.dyads, len(grid.sessions)), dtype=np.bool_)
        filled[grid.dyad[rows], grid.session[rows]] = True
        if np.count_nonzero(filled) < np.count_nonzero(rows):
            check_once(table, [name for name in ("dyad", "session", "rater", "scale") if name in table.columns], path)


def _parts(table: pl.DataFrame) -> list[tuple[str, dict[str, npt.NDArray[np.bool_]]]]:
    """Rows of each scale by voice; a table without raters is the clients'."""
    every = np.ones(len(table), dtype=np.bool_)
    scales = {"": every}
    if "scale" in table.columns:
        column = table["scale"].cast(pl.String).fill_null("")
        scales = {name: (column == name).to_numpy() for name in column.unique().sort()}
    if "rater" not in table.columns:
        return [(scale, {"client": rows}) for scale, rows in scales.items()]
    raters = {rater: (table["rater"] == rater).to_numpy() for rater in RATERS}
    return [
        (scale, {rater: rows & at for rater, at in raters.items() if (rows & at).any()})
        for scale, rows in scales.items()
    ]


def _calibration(
    y: Floats, pair: Floats | None, sessions: Floats, priors: Priors | None, voice: str, budget: Budget
) -> Calibration:
    prior = None if priors is None else getattr(priors, voice)
    second = None if priors is None else priors.therapist
    return calibrate(y, sessions, second=pair, prior=prior, second_prior=second, budget=budget)


def _judge(y: Floats, pair: Floats | None, sessions: Floats, made: Calibration, rule: Rule | None) -> _Judged:
    """Judge a block of dyads at a time, on all cores: what is needed besides stays small and near the processor."""
    ruled = None if rule is None else rule.flag(y)
    expected, sd, z = (np.empty(y.shape) for _ in range(3))
    out = _Judged(expected, sd, z, np.empty(y.shape, np.bool_), np.empty(y.shape, np.int8))

    def judge(start: int) -> None:
        rows = slice(start, start + BLOCK)
        path = trajectory(y[rows], sessions, made, None if pair is None else pair[rows])
        flag = path.flag_drop if ruled is None else ruled[rows]
        out.expected[rows], out.sd[rows], out.z[rows], out.flag[rows] = path.expected, path.sd, path.z, flag
        out.state[rows] = repair(y[rows], path.expected, path.sd, flag)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(judge, range(0, len(y), BLOCK)))
    return out


def _note(
    scale: str, voice: str, judged: _Judged, y: Floats, made: Calibration, rule: Rule | None, sessions: Floats
) -> dict[str, Any]:
    """What was judged, by what, and how often that is wrong when nothing happened."""
    note: dict[str, Any] = {
        "scale": scale, "rater": voice, "dyads": int((~np.isnan(y)).any(axis=1).sum()),
        "flagged_dyads": int(judged.flag.any(axis=1).sum()), "calibration": made.to_dict() | {"id": made.id},
    }  # fmt: skip
    if rule is None:
        nothing = dict(zip((f"{base:.0%}" for base in BASE_RATES), made.nothing["drop"], strict=True))
        return note | {"rule": made.method, "false_alarms": made.budget.drop, "nothing": nothing}
    return note | {"rule": rule.name, "false_alarms": round(false_alarms(rule, made.hyper), 3)}


def _joined(table: pl.DataFrame, columns: dict[str, npt.NDArray[np.float64]]) -> pl.DataFrame:
    """The input's rows with the new columns; nothing to say is null, not nan."""
    states = pl.Series("state", STATES).gather(columns["state"].astype(np.uint32))
    added = [pl.Series(name, columns[name]).fill_nan(None) for name in ("expected", "sd", "z")]
    return table.with_columns(*added, pl.Series("flag", columns["flag"]), states)


def _say(arguments: argparse.Namespace, result: pl.DataFrame, notes: list[dict[str, Any]]) -> None:
    if arguments.out:
        write_table(result, arguments.out)
    if arguments.json:
        print(json.dumps({"calibrations": notes, "rows": result.to_dicts()}, indent=1))
        return
    for note in notes:
        name = f"{note['scale']} ({note['rater']})" if note["scale"] else note["rater"]
        print(f"{name}: {note['flagged_dyads']} of {note['dyads']} dyads flagged by {note['rule']}, which flags "
              f"{note['false_alarms']:.1%} of 15-session courses in which nothing happened.")  # fmt: skip
        if "nothing" in note:
            print(f"  Of 100 such flags, about {_nothing(note['nothing'])}.")
    flagged = result.filter(pl.col("flag") == 1)
    with pl.Config(tbl_rows=50, tbl_cols=20, tbl_width_chars=120, tbl_hide_dataframe_shape=True, float_precision=2):
        print(flagged if len(flagged) else "No rating is flagged.")
    print(f"{len(result):,} rows; " + (f"all are in {arguments.out}." if arguments.out else "--out FILE writes all."))


def _nothing(shares: dict[str, float]) -> str:
    """How many flags are nothing, by how common strains are."""
    said = [f"{100 * share:.0f} if {base} have one" for base, share in shares.items()]
    said[0] = said[0].replace(" if", " are nothing if").replace("have one", "of courses have a strain")
    return ", ".join(said)
