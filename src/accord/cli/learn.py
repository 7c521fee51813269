"""`accord learn`: list the practice cases, or write one as a folder of pages for teaching without the clinic."""

from __future__ import annotations

import argparse
from pathlib import Path

from accord.case_pages import write_case
from accord.errors import BadInput
from accord.practice_cases import practice_case, practice_cases

EXAMPLE = """examples:
  accord learn
  accord learn milan --out milan
  accord learn milan --language de --out milan

The folder holds plain pages: open index.html in any browser, also without a network. Each choice leads to another page.
teacher.html says what was really going on. Nothing that a learner chooses is kept."""


def describe(command: argparse.ArgumentParser) -> None:
    """Describe `learn`: its arguments and options."""
    command.description = "List the practice cases. With a case, write it as a folder of pages."
    command.epilog = EXAMPLE
    command.add_argument("case", metavar="CASE", nargs="?", help="the case to write")
    command.add_argument("--language", metavar="CODE", default="en", help="en or de (default %(default)s)")
    command.add_argument("--out", metavar="FOLDER", type=Path, help="where the pages go")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """List, or write."""
    if arguments.case is None:
        for case in practice_cases(arguments.language):
            print(f"{case.slug:8} {case.title}. {case.lead}")
        return
    chosen = practice_case(arguments.case, arguments.language)
    if chosen is None:
        raise BadInput(f"there is no case {arguments.case!r}; `accord learn` lists them.")
    if arguments.out is None:
        raise BadInput("say with --out which folder the pages go to.")
    pages = write_case(chosen, arguments.out, arguments.language)
    print(f"{arguments.out}: {pages} pages. Open index.html.")
