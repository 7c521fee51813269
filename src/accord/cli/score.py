"""`accord score`: score a table of answers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from accord.cli.instruments import FOLDER
from accord.instruments import catalogue
from accord.tables.scores import score_file
from accord.tables.study import check_ending, write_table

EXAMPLE = """example:
  accord score answers.csv --instrument phq-9 --out scores.csv

answers.csv has one column for each item id (`accord instruments phq-9` lists them) and any others, such as client and
session, which are passed through. An empty cell or NA is a missing answer."""


def describe(command: argparse.ArgumentParser) -> None:
    """Describe `score`: its arguments and options."""
    command.description = (
        "Score a CSV or Parquet file: one column a scale, empty where too few items were answered, and one called "
        "NAME_answered."
    )
    command.epilog = EXAMPLE
    command.add_argument("file", metavar="FILE", type=Path, help="the answers, one row a response")
    command.add_argument("--instrument", metavar="ID", required=True, help="the questionnaire that was answered")
    command.add_argument("--form", default="full", help="which set of its items was asked (default: full)")
    command.add_argument("--out", metavar="FILE", type=Path, help="write CSV or Parquet here, not to the screen")
    command.add_argument("--folder", metavar="FOLDER", type=Path, help=FOLDER)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Score a file and write the result."""
    if arguments.out is not None:
        check_ending(arguments.out)
    instrument = catalogue(arguments.folder).get(arguments.instrument)
    scores = score_file(arguments.file, instrument, arguments.form)
    if arguments.out is None:
        scores.write_csv(sys.stdout)
    else:
        write_table(scores, arguments.out)
