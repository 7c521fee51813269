"""`accord fit therapists`: how much therapists differ in what their clients report, without naming one."""

from __future__ import annotations

import argparse

from accord.cli.fit_shared import add_analysis, floats, labels, listed, show, wide
from accord.errors import BadInput, BadTable
from accord.stats.therapists import TherapistSpread, therapist_spread
from accord.tables.study import check_once, read_table

EXAMPLE = """example:
  accord fit therapists clients.csv --outcome phq9_last --therapist therapist --fixed phq9_first --json
  accord fit therapists sessions.csv --outcome wai --therapist therapist --person client --time session --fixed session

clients.csv has one row a client; with --person, several rows a client. --fixed takes out what clients bring. No
therapist is named or put in order: below a reliability of .7 a therapist cannot be told from the average."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `therapists` to the analyses of `fit`."""
    command = add_analysis(
        analyses,
        "therapists",
        "how much therapists differ in what their clients report",
        "Estimate the variance between therapists by REML, with the interval of its share and the reliability of a "
        "therapist's mean.",
        EXAMPLE,
        "one row a client or a session",
    )
    command.add_argument("--outcome", metavar="COLUMN", required=True, help="what clients report")
    command.add_argument("--therapist", metavar="COLUMN", required=True, help="whose client it is")
    command.add_argument("--person", metavar="COLUMN", help="the client, where a client has several rows")
    command.add_argument("--time", metavar="COLUMN", help="the session of a person, so that a second row is found")
    command.add_argument("--fixed", metavar="A,B", default="", help="what clients bring, by comma")
    command.set_defaults(run=lambda arguments: show(arguments, _fit))


def _fit(arguments: argparse.Namespace) -> TherapistSpread:
    path, names = arguments.file, listed(arguments.fixed)
    whose = [name for name in (arguments.therapist, arguments.person, arguments.time) if name]
    if arguments.time and not arguments.person:
        raise BadInput("--time needs --person: it says which of a person's rows is which.")
    table = read_table(path, list(dict.fromkeys([arguments.outcome, *names, *whose])))
    person = labels(table, arguments.person, path) if arguments.person else None
    if arguments.time:
        check_once(table, [arguments.person, arguments.time], path)
    if arguments.person:
        if 0 < table[arguments.person].n_unique() == len(table):
            raise BadTable(f"{path}: each {arguments.person} has one row. Leave out --person: it is for several rows.")
        therapists = table.group_by(arguments.person, maintain_order=True).n_unique()
        torn = therapists.filter(therapists[arguments.therapist] > 1)
        if len(torn):
            who = f"{arguments.person} {torn[arguments.person][0]}"
            raise BadTable(f"{path}: {who} appears under several therapists. Give each course of therapy its own id.")
    return therapist_spread(
        floats(table, arguments.outcome, path),
        labels(table, arguments.therapist, path),
        person=person,
        fixed=wide(table, names, path),
        names=tuple(names),
    )
