"""The `accord` command: a thin skin, each subcommand one call of the Python interface."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from accord.cli import fhir, fit, instruments, signals, simulate
from accord.errors import AccordError

SUBCOMMANDS = (instruments, signals, fit, simulate, fhir)


def parser() -> argparse.ArgumentParser:
    """The whole command line as one parser; each module of this package adds its own subcommands."""
    about = "Questionnaires, signals and statistics of the working alliance."
    top = argparse.ArgumentParser(prog="accord", description=about)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in SUBCOMMANDS:
        module.add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Bad input gives a sentence on standard error and exit code 2."""
    arguments = parser().parse_args(argv)
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
    return 0
