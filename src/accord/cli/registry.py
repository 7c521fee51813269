"""`accord registry`: analyses of a whole registry on an engine, the same command on a laptop and on a cluster."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from accord.cli.fit_shared import plain
from accord.registry.described import describe_registry
from accord.registry.growth import growth
from accord.registry.join import open_registry
from accord.stats.mixed import Method

EXAMPLE = """example:
  accord study join north=north.zip south=south.zip --out registry
  accord registry describe registry
  accord registry growth registry --scale accord-check-in/collaboration
  accord registry growth registry --scale phq-9/total --engine spark://master:7077 --json

needs the extra `accord[registry]` (DuckDB), for Spark also `accord[cluster]` and Java 17. The engine adds up the rows;
the model is fitted here, from one row a design. The answer is that of `accord fit mixed ... --slope` on all rows."""


def describe(command: argparse.ArgumentParser) -> None:
    """Describe `registry`: one subcommand an analysis."""
    command.description = "Analyse a registry."
    command.epilog = EXAMPLE
    analyses = command.add_subparsers(dest="analysis", required=True, metavar="NAME")
    described = _add(analyses, "describe", "who is in it, and how scales are rated")
    described.set_defaults(run=_describe)
    growing = _add(analyses, "growth", "the mixed model of change over sessions")
    growing.add_argument("--scale", required=True, help="questionnaire and scale, as in scores.scale")
    growing.add_argument("--rater", choices=("client", "therapist"), default="client", help="whose rating")
    growing.add_argument("--ml", action="store_true", help="maximum likelihood instead of REML")
    growing.set_defaults(run=_growth)


def _add(
    analyses: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    command = analyses.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.add_argument("registry", metavar="REGISTRY", type=Path, help="the folder that accord study join made")
    command.add_argument("--engine", default="duckdb", help="duckdb, or a Spark master as spark://host:7077")
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return command


def _describe(arguments: argparse.Namespace) -> None:
    result = describe_registry(open_registry(arguments.registry), arguments.engine)
    print(json.dumps(plain(result.to_dict()), indent=2) if arguments.json else result)


def _growth(arguments: argparse.Namespace) -> None:
    method: Method = "ML" if arguments.ml else "REML"
    fit = growth(open_registry(arguments.registry), arguments.scale, arguments.rater, arguments.engine, method)
    print(json.dumps(plain(fit.to_dict()), indent=2) if arguments.json else fit)
