"""`accord fit dropout`: who leaves, and when, from rows of persons and sessions."""

from __future__ import annotations

import argparse

from accord.cli.fit_shared import add_analysis, floats, labels, listed, show, wide
from accord.stats.hazard import LINKS, HazardFit, hazard_of_ending
from accord.tables.study import check_once, read_table

EXAMPLE = """example:
  accord fit dropout sessions.csv --id client --time session --event ended --fixed alliance_before --therapist therapist

sessions.csv has one row for each client and session up to the ending or the last session known: ended is 1 in the row
before an unplanned ending, 2 before a planned one, else 0. Or one row a client: session then says how many there were.
Both kinds of endings compete; with 0 and 1 alone, a planned ending is one after which nothing is known. Predictions are
judged for therapists that the fit has not seen."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `dropout` to the analyses of `fit`."""
    command = add_analysis(
        analyses,
        "dropout",
        "who leaves, and when: a discrete-time hazard",
        "Fit the chance that a course ends in a session, given that it has lasted so far, with a baseline value for "
        "each session or a smooth one.",
        EXAMPLE,
        "one row a session, or one a person",
    )
    command.add_argument("--id", metavar="COLUMN", required=True, help="the client (or course)")
    command.add_argument("--time", metavar="COLUMN", required=True, help="the number of the session, from 1")
    command.add_argument("--event", metavar="COLUMN", required=True, help="1 unplanned, 2 planned, 0 goes on")
    command.add_argument("--fixed", metavar="A,B", default="", help="covariates as known in that session, by comma")
    command.add_argument("--link", choices=tuple(LINKS), default="logit", help="(default %(default)s)")
    command.add_argument("--smooth", action="store_true", help="a baseline of level, session and its logarithm")
    command.add_argument("--therapist", metavar="COLUMN", help="judge predictions leaving each therapist out")
    command.set_defaults(run=lambda arguments: show(arguments, _fit))


def _fit(arguments: argparse.Namespace) -> HazardFit:
    path, person, time, names = arguments.file, arguments.id, arguments.time, listed(arguments.fixed)
    whose = [person, *([arguments.therapist] if arguments.therapist else [])]
    table = read_table(path, list(dict.fromkeys([*whose, time, arguments.event, *names])))
    who = labels(table, person, path)
    check_once(table, [person, time], path)
    return hazard_of_ending(
        who,
        floats(table, time, path),
        floats(table, arguments.event, path),
        wide(table, names, path),
        names=tuple(names),
        link=arguments.link,
        smooth=arguments.smooth,
        therapist=labels(table, arguments.therapist, path) if arguments.therapist else None,
    )
