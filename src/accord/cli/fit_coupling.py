"""`accord fit coupling`: how alliance and outcome go together within and between persons."""

from __future__ import annotations

import argparse

from accord.cli.fit_shared import add_analysis, floats, labels, show
from accord.stats.coupling import CouplingFit, coupling
from accord.tables.study import check_once, read_table

EXAMPLE = """example:
  accord fit coupling sessions.csv --outcome phq9 --alliance wai --person client --time session --json

sessions.csv has one row a session. "within" says by how much a person's outcome is higher after (lagged) or in
(concurrent) a session in which the alliance lay one unit above the person's own mean. Each model comes twice: as it is,
and without trends. A lagged model uses rows whose session before is there."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `coupling` to the analyses of `fit`."""
    command = add_analysis(
        analyses,
        "coupling",
        "how alliance and outcome go together, within and between persons",
        "Split the alliance into a person's mean and departures from it, and fit the outcome by REML: in the same "
        "session and one session later, with trends and without.",
        EXAMPLE,
        "one row a session",
    )
    command.add_argument("--outcome", metavar="COLUMN", required=True, help="the score that may change")
    command.add_argument("--alliance", metavar="COLUMN", required=True, help="the score that may go before it")
    command.add_argument("--person", metavar="COLUMN", required=True, help="whose session it is")
    command.add_argument("--time", metavar="COLUMN", required=True, help="the number of the session")
    command.set_defaults(run=lambda arguments: show(arguments, _fit))


def _fit(arguments: argparse.Namespace) -> CouplingFit:
    path, person, time = arguments.file, arguments.person, arguments.time
    table = read_table(path, [arguments.outcome, arguments.alliance, person, time])
    who = labels(table, person, path)
    check_once(table, [person, time], path)
    columns = [floats(table, name, path) for name in (arguments.outcome, arguments.alliance, time)]
    return coupling(columns[0], columns[1], who, columns[2])
