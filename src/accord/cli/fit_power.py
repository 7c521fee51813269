"""`accord fit power`: how many persons and sessions a study needs, by simulated studies."""

from __future__ import annotations

import argparse
import json

from accord.cli.fit_shared import plain
from accord.stats.power import MODELS, StudyDesign, power_by_simulation

EXAMPLE = """example:
  accord fit power --model riclpm --n 150 --sessions 5 --effect -0.12 --missing 0.2 --runs 500 --seed 1

The effect is that of the alliance on the outcome one session later, within persons, in standard deviations within
persons. With --effect 0 the answer says how often an effect is called where there is none (0.05 is right). The same
seed gives the same numbers."""


def add(analyses: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `power` to the analyses of `fit`."""
    command = analyses.add_parser(
        "power",
        help="how many persons and sessions a study needs",
        description="Simulate studies with a known effect, analyse each, and say how often the effect is found.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--model", choices=tuple(MODELS), required=True, help="the analysis of the study")
    command.add_argument("--n", type=int, required=True, help="persons")
    command.add_argument("--sessions", type=int, required=True, help="of each person")
    command.add_argument("--effect", type=float, required=True, help="of one session on the next, in SD within persons")
    command.add_argument("--missing", type=float, default=0.0, help="share of ratings (default %(default)s)")
    command.add_argument("--auto", type=float, default=0.3, help="effect of a score on itself (default %(default)s)")
    command.add_argument("--levels", type=float, default=0.5, help="share of variance between persons (%(default)s)")
    command.add_argument("--therapists", type=int, default=0, help="how many (default: none)")
    command.add_argument("--therapist-share", type=float, default=0.1, help="of the levels' variance (%(default)s)")
    command.add_argument("--runs", type=int, default=500, help="simulated studies (default %(default)s)")
    command.add_argument("--seed", type=int, default=1, help="of the simulation (default %(default)s)")
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Simulate and print."""
    design = StudyDesign(
        n=arguments.n,
        sessions=arguments.sessions,
        effect=arguments.effect,
        missing=arguments.missing,
        auto=arguments.auto,
        levels=arguments.levels,
        therapists=arguments.therapists,
        therapist_share=arguments.therapist_share,
    )
    power = power_by_simulation(arguments.model, design, arguments.runs, arguments.seed)
    print(json.dumps(plain(power.to_dict()), indent=2) if arguments.json else power)
