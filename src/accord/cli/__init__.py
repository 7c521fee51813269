"""The `accord` command: a thin skin, each subcommand one call of the Python interface.

A new subcommand is a module of this package and a line in `SUBCOMMANDS`. Only the module of the subcommand that was
typed is loaded, so that `accord --help` waits for no analysis.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from accord.errors import AccordError

SUBCOMMANDS = {
    "instruments": "list the questionnaires, or show one",
    "score": "score a table of answers",
    "signals": "find possible strains in ratings of many sessions",
    "fit": "fit a statistical model to a table",
    "simulate": "make believable ratings of which the truth is known",
    "learn": "write a practice case as a folder of pages",
    "study": "check study files and join them into a registry",
    "registry": "analyse a registry on DuckDB or Spark",
    "report": "answer a preregistered plan from a study file",
    "fhir": "take questionnaire responses out of FHIR",
}
"""Each subcommand is described by the module of its name, whose `describe` gives its parser options and `run`."""


def parser(subcommands: Sequence[str] = tuple(SUBCOMMANDS)) -> argparse.ArgumentParser:
    """The command line as one parser. Only the `subcommands` named get their options; the others are listed."""
    about = "Questionnaires, signals and statistics of the working alliance."
    top = argparse.ArgumentParser(prog="accord", description=about)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in SUBCOMMANDS.items():
        command = commands.add_parser(name, help=text, formatter_class=argparse.RawDescriptionHelpFormatter)
        if name in subcommands:
            import_module(f"accord.cli.{name}").describe(command)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Bad input gives a sentence on standard error and exit code 2."""
    typed = sys.argv[1:] if argv is None else argv
    arguments = parser(typed[:1]).parse_args(typed)
    try:
        arguments.run(arguments)
    except AccordError as error:
        print(f"accord: {error}", file=sys.stderr)
        return error.exit_code
    except MemoryError as error:
        print(f"accord: there is not enough memory for this ({error}). Give it in parts.", file=sys.stderr)
        return AccordError.exit_code
    except BrokenPipeError:
        return 0
    except OSError as error:
        what = error.strerror or str(error)
        print(f"accord: {error.filename or 'a file'}: {what}. Check the path and its permissions.", file=sys.stderr)
        return AccordError.exit_code
    return 0
