"""`accord fhir`: a file of FHIR R4 comes in; its questionnaire responses go out as a table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from accord.tables.fhir_reading import read_responses
from accord.tables.study import check_ending, write_table

EXAMPLE = """example:
  accord fhir fhir.json --questionnaire accord-check-in --out answers.csv

fhir.json is a Bundle (a client's copy from Accord holds one), a QuestionnaireResponse, or one resource a line. Out come
  subject        whom it is about, as the file names them
  therapist      who met the subject in that session, where the file says so
  session        1, 2 ... of this subject, by time
  date           the day of the session, or of answering
  rater          client or therapist; empty where the file does not say who answered
  questionnaire, version
and a column for each item, empty where it was skipped: for `accord score`, or `accord_clinic import-ratings`."""


def describe(command: argparse.ArgumentParser) -> None:
    """Describe `fhir`: its arguments and options."""
    command.description = "Turn the QuestionnaireResponses of a FHIR R4 file into a table, one row a response."
    command.epilog = EXAMPLE
    command.add_argument("file", metavar="FILE", type=Path, help="JSON or NDJSON")
    command.add_argument("--questionnaire", metavar="NAME", help="which one, where the file has answers to several")
    command.add_argument("--out", metavar="FILE", type=Path, help="write CSV or Parquet here, not to the screen")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Read the file and write the table."""
    if arguments.out:
        check_ending(arguments.out)
    found = read_responses(arguments.file, arguments.questionnaire)
    if found.left_out:
        print(f"{found.left_out} unfinished or withdrawn responses were left out.", file=sys.stderr)
    if arguments.out:
        write_table(found.rows, arguments.out)
    else:
        found.rows.write_csv(sys.stdout)
