"""`accord registry`: analyses of a whole registry on an engine, the same command on a laptop and on a cluster."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from accord.cli.fit_shared import listed, plain
from accord.registry.coupling import registry_coupling
from accord.registry.described import describe_registry
from accord.registry.dropout import registry_dropout
from accord.registry.growth import growth
from accord.registry.join import open_registry
from accord.registry.measures import measure_named
from accord.registry.signals import registry_signals
from accord.stats.hazard import LINKS
from accord.stats.mixed import Method
from accord.stats.thresholds import BUDGET

EXAMPLE = """example:
  accord study join north=north.zip south=south.zip --out registry
  accord registry describe registry
  accord registry growth registry --scale accord-check-in/collaboration
  accord registry coupling registry --outcome client:phq-9/total --alliance client:accord-check-in/collaboration
  accord registry dropout registry --fixed client:accord-check-in/collaboration --smooth
  accord registry signals registry --scale accord-check-in/collaboration --out signals
  accord registry growth registry --scale phq-9/total --engine spark://master:7077 --json

needs the extra `accord[registry]` (DuckDB), for Spark also `accord[cluster]` and Java 17. The engine adds up the rows;
the model is fitted here, from one row a design. The answers are those of `accord fit` on all rows: growth is `accord
fit mixed ... --slope`, signals is `accord signals`, the others have its names."""

FLAGGED = "share of uneventful 15-session courses that may be flagged (default %(default)s)"
SCORE = "a side and a scale of scores.scale, such as client:phq-9/total"


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
    coupled = _add(analyses, "coupling", "how alliance and outcome go together, within and between courses")
    coupled.add_argument("--outcome", metavar="SCORE", required=True, help=f"the score that may change: {SCORE}")
    coupled.add_argument("--alliance", metavar="SCORE", required=True, help="the score that may go before it, likewise")
    coupled.set_defaults(run=_coupling)
    judging = _add(analyses, "signals", "possible strains: the ratings with what was expected, flags and repair")
    judging.add_argument("--scale", required=True, help="questionnaire and scale, as in scores.scale; high is good")
    judging.add_argument("--budget", metavar="SHARE", type=float, default=BUDGET.drop, help=FLAGGED)
    judging.add_argument("--out", metavar="FOLDER", type=Path, required=True, help="where all ratings are written")
    judging.set_defaults(run=_signals)
    leaving = _add(analyses, "dropout", "who leaves, and when: a discrete-time hazard")
    leaving.add_argument("--fixed", metavar="A,B", default="", help="scores of that session, by comma, likewise")
    leaving.add_argument("--link", choices=tuple(LINKS), default="logit", help="(default %(default)s)")
    leaving.add_argument("--smooth", action="store_true", help="a baseline of level, session and its logarithm")
    leaving.set_defaults(run=_dropout)


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


def _coupling(arguments: argparse.Namespace) -> None:
    scores = measure_named(arguments.outcome), measure_named(arguments.alliance)
    fit = registry_coupling(open_registry(arguments.registry), *scores, arguments.engine)
    print(json.dumps(plain(fit.to_dict()), indent=2) if arguments.json else fit)


def _dropout(arguments: argparse.Namespace) -> None:
    covariates = tuple(measure_named(name) for name in listed(arguments.fixed))
    fit = registry_dropout(
        open_registry(arguments.registry), covariates, arguments.engine, arguments.link, arguments.smooth
    )
    print(json.dumps(plain(fit.to_dict()), indent=2) if arguments.json else fit)


def _signals(arguments: argparse.Namespace) -> None:
    registry = open_registry(arguments.registry)
    made = registry_signals(registry, arguments.scale, arguments.out, arguments.engine, arguments.budget)
    print(json.dumps(plain(made.to_dict()), indent=2) if arguments.json else made)
