"""`accord fit criterion`: how marks go together with what people and observers say of the same sessions."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from accord.errors import BadInput
from accord.registry.folder import read_folder, typed
from accord.stats.criterion import CriterionAgreement, agreement, ending, next_score, share
from accord.tables.sessions import SCALE, sessions_of
from accord.tables.study import check_columns, check_once, numbers, read_table
from accord.tables.vocabulary import TABLE

EXAMPLE = """example:
  accord fit criterion study.zip --scale accord-check-in/collaboration
  accord fit criterion sessions.csv --mark flag --against t1,partner --cluster therapist

study.zip is a study file, packed or as a folder: its marks are compared with what both sides said, the next score and
how courses ended. sessions.csv has one row a session, with the mark (1 or 0) and for each criterion 1, 0, or nothing
where it is unknown. --against takes the client's own answer, the partner's, or a code given by observers; --weight the
column of one over the chance that a session was looked at. --score compares the next session's score, --ended the
unplanned endings (1 in the last row before one), --up the marks upward. Intervals are 95 %, clustered. A criterion that
is often missing has bounds beside it: were every missing answer a no, and a yes."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `criterion` to the analyses of `fit`."""
    command = analyses.add_parser(
        "criterion",
        help="how marks go together with what people and observers say",
        description="Compare marks with a criterion: how many are right, how much of it is marked, what follows.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("file", metavar="FILE", type=Path, help="a table, a row a session; or a study's zip or folder")
    command.add_argument("--scale", metavar="NAME", default=SCALE, help="of a study file: which (default %(default)s)")
    command.add_argument("--person", metavar="COLUMN", default="dyad", help="whose course it is (default %(default)s)")
    command.add_argument("--time", metavar="COLUMN", default="session", help="the number of the session (%(default)s)")
    command.add_argument("--mark", metavar="COLUMN", default="flag", help="1 where marked (default %(default)s)")
    command.add_argument("--against", metavar="A,B", default="", help="columns of yes (1) and no (0), by comma")
    command.add_argument("--cluster", metavar="COLUMN", help="what rows hang together by (default: the person)")
    command.add_argument("--weight", metavar="COLUMN", help="one over the chance that a session was looked at")
    command.add_argument("--score", metavar="COLUMN", help="the rating, to be compared with the next session's")
    command.add_argument("--ended", metavar="COLUMN", help="1 in the last row before an unplanned ending")
    command.add_argument("--up", metavar="COLUMN", help="1 where a session is marked upward")
    command.add_argument("--json", action="store_true", help="print JSON instead of lines")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Read the table, compare, print."""
    try:
        comparisons = _compared(arguments)
    except BadInput as error:
        raise BadInput(f"{arguments.file}: {error}") from error
    if arguments.json:
        print(json.dumps({name: _plain(value) for name, value in comparisons.items()}, indent=2))
        return
    for name, value in comparisons.items():
        print(_lines(name, value))


def _compared(arguments: argparse.Namespace) -> dict[str, Any]:
    path, person, time, mark = arguments.file, arguments.person, arguments.time, arguments.mark
    study = _study(path, arguments.scale) if path.is_dir() or path.suffix.lower() == ".zip" else None
    if study is not None and not (arguments.against or arguments.score or arguments.ended):
        arguments.against, arguments.score, arguments.ended = "t1,partner", "score", "ended"
    against = [name for name in arguments.against.split(",") if name]
    others = [name for name in (arguments.score, arguments.ended, arguments.up) if name]
    if not against and not others:
        raise BadInput("there is nothing to compare the marks with. Name a column by --against, --score or --ended.")
    more = [name for name in (arguments.cluster, arguments.weight) if name]
    columns = list(dict.fromkeys([person, time, mark, *against, *others, *more]))
    table = read_table(path, columns) if study is None else study
    check_columns(table, columns, path)
    check_once(table, [person, time], path)
    table = table.sort(person, time)
    values = {name: _floats(table, name, path) for name in (time, mark, *against, *others)}
    cluster = table[arguments.cluster or person].rank("dense").fill_null(0).to_numpy()
    weight = _floats(table, arguments.weight, path) if arguments.weight else np.ones(len(table))
    marked = values[mark]
    comparisons: dict[str, Any] = {name: agreement(marked, values[name], cluster, weight) for name in against}
    if arguments.score:
        score = values[arguments.score]
        same = (table[person] == table[person].shift(-1)).fill_null(False).to_numpy()
        following = np.where(same, np.append(score[1:], np.nan), np.nan)
        comparisons["next score after a mark, given this one"] = next_score(marked, score, following, cluster)
    if arguments.ended:
        comparisons["log odds of an unplanned ending after a mark"] = ending(
            marked, values[time], values[arguments.ended], cluster
        )
    if arguments.up:
        up = values[arguments.up] == 1
        comparisons["upward among all marks (half is noise alone)"] = share(up, up | (marked == 1), cluster, weight)
    return comparisons


def _study(path: Path, scale: str) -> pl.DataFrame:
    """A row for each session of a study file."""
    tables = {name: typed(table, TABLE[name]) for name, table in read_folder(path).tables.items()}
    return sessions_of(tables, str(path), scale)


def _floats(table: pl.DataFrame, name: str, path: Path) -> np.ndarray:
    return numbers(table, name, path).fill_null(float("nan")).to_numpy()


def _lines(name: str, value: Any) -> str:
    """A criterion in four lines, another comparison in one."""
    if not isinstance(value, CriterionAgreement):
        return f"{name}: {value}"
    low, high = value.ppv_bounds
    few, many = value.sensitivity_bounds
    return "\n".join([
        f"{name}: known in {1 - value.missing:.0%} of the sessions",
        f"  marks that are right     {value.ppv}; whatever is missing, {low:.3f} to {high:.3f}",
        f"  events that are marked   {value.sensitivity}; whatever is missing, {few:.3f} to {many:.3f}",
        f"  other sessions marked    {value.alarms}",
    ])  # fmt: skip


def _plain(value: Any) -> Any:
    """As JSON knows it: what is no number is nothing."""
    plain = value.to_dict() if isinstance(value, CriterionAgreement) else {
        name: getattr(value, name) for name in ("value", "low", "high", "rows", "clusters")
    }  # fmt: skip
    return json.loads(json.dumps(plain), parse_constant=lambda _constant: None)
