"""`accord fhir`: take questionnaire responses out of FHIR R4, as a table.

Another direction is another subcommand of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from accord.errors import BadInput
from accord.tables.fhir_reading import NAMED, Refusal, read_responses
from accord.tables.study import check_ending, for_spreadsheets, write_table

EXAMPLE = """example:
  accord fhir fhir.json --questionnaire accord-check-in --out answers.csv

fhir.json is a Bundle (a client's copy from Accord holds one), a single resource, or a file with one resource a line, as
bulk exports write them (also .gz); or a folder of such files. Out come
  subject        whom it is about, as the file names them
  therapist      who met the subject in that session, where the file says so
  session        1, 2 ... of this subject, by time
  date           the day of the session, or of answering
  rater          client or therapist; empty where the file does not say who answered
  questionnaire, version
and a column for each item, empty where it was skipped: for `accord score`, or `accord_clinic import-ratings`.
A Questionnaire in the file gives the order of the items and the numbers of their answers. Cells that a spreadsheet
program would run as a formula begin with an apostrophe in CSV; in Parquet they stand as they are.

What gives no row is named on standard error with its reason. An encounter that nobody answered about counts as a
session where it took place and is of the class and type of those with answers (alike); always (all), or never
(answered)."""


def describe(command: argparse.ArgumentParser) -> None:
    """Describe `fhir`: its arguments and options."""
    command.description = "Turn the QuestionnaireResponses of FHIR R4 files into a table, one row a response."
    command.epilog = EXAMPLE
    command.add_argument("file", metavar="FILE", type=Path, help="JSON or NDJSON, also .gz, or a folder of them")
    command.add_argument("--questionnaire", metavar="NAME", help="which one, where there are answers to several")
    command.add_argument(
        "--encounters",
        choices=("alike", "answered", "all"),
        default="alike",
        help="which encounters without an answer count as sessions (default %(default)s)",
    )
    command.add_argument("--time-zone", metavar="ZONE", help="where the sessions were, for their day: Europe/Berlin")
    command.add_argument("--strict", action="store_true", help="refuse all where one resource cannot be read")
    command.add_argument("--out", metavar="FILE", type=Path, help="write CSV or Parquet here, not to the screen")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Read the file and write the table."""
    if arguments.out:
        check_ending(arguments.out)
    responses = read_responses(
        arguments.file,
        arguments.questionnaire,
        encounters=arguments.encounters,
        zone=_zone(arguments.time_zone),
        strict=arguments.strict,
    )
    for line in (*_refusals(responses.refused), *responses.notes):
        print(line, file=sys.stderr)
    if arguments.out and arguments.out.suffix.lower() != ".csv":
        write_table(responses.rows, arguments.out)
    elif arguments.out:
        write_table(for_spreadsheets(responses.rows), arguments.out)
    else:
        for_spreadsheets(responses.rows).write_csv(sys.stdout)


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError) as error:
        raise BadInput(f"--time-zone: {name!r} is no time zone. Give one such as Europe/Berlin.") from error


def _refusals(refused: Iterable[Refusal]) -> Iterator[str]:
    """For each reason how many resources give no row because of it, and the first of them by name."""
    by_reason: dict[str, list[str]] = {}
    for refusal in refused:
        where = "" if refusal.resource == refusal.place else f" ({refusal.place})"
        by_reason.setdefault(refusal.reason, []).append(f"{refusal.resource}{where}")
    for reason, names in by_reason.items():
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        yield f"{len(names)} left out, {reason}: {', '.join(names[:NAMED])}{more}"
