"""`accord simulate`: make a folder with believable ratings and the truth about them."""

from __future__ import annotations

import argparse
from pathlib import Path

from accord.errors import BadInput, BadTable
from accord.simulation import Simulated, simulate
from accord.stats.strains import STRAINS
from accord.tables.study import write_table

EXAMPLE = """example:
  accord simulate --dyads 50 --sessions 15 --seed 1 --strain mixed --out study

writes study/ratings.parquet (dyad, session, rater, scale, score) and study/truth.parquet: one row a dyad with the kind
of strain, its first session, size in within-person SD, how many sessions it went on, whether it was repaired and
whether the therapist saw it. The same seed gives the same files."""


def describe(command: argparse.ArgumentParser) -> None:
    """Describe `simulate`: its arguments and options."""
    command.description = "Simulate ratings of client and therapist, with and without strains."
    command.epilog = EXAMPLE
    command.add_argument("--dyads", metavar="N", type=int, required=True, help="how many dyads")
    command.add_argument("--sessions", metavar="T", type=int, required=True, help="sessions of each")
    command.add_argument("--seed", metavar="S", type=int, required=True, help="a whole number, 0 or more")
    command.add_argument(
        "--strain", metavar="KIND", default="mixed",
        help=f"{', '.join(STRAINS)}; or the share of dyads with a strain, such as 0.2 (default %(default)s, in 0.37)",
    )  # fmt: skip
    command.add_argument("--out", metavar="FOLDER", type=Path, required=True, help="where the two files go")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Simulate and write."""
    made = _simulated(arguments)
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadTable(f"{arguments.out}: this folder cannot be made ({error.strerror}). Choose another.") from error
    ratings, truth = made.tables()
    write_table(ratings, arguments.out / "ratings.parquet")
    write_table(truth, arguments.out / "truth.parquet")
    strained = int((made.truth.onset >= 0).sum())
    print(f"{arguments.out}: {len(ratings):,} ratings of {arguments.dyads:,} dyads, {strained:,} with a strain.")


def _simulated(arguments: argparse.Namespace) -> Simulated:
    for strain in STRAINS:
        if arguments.strain == strain:
            return simulate(arguments.dyads, arguments.sessions, arguments.seed, strain)
    try:
        share = float(arguments.strain)
    except ValueError:
        raise BadInput(f"there is no strain {arguments.strain!r}; choose {', '.join(STRAINS)}, or a share.") from None
    return simulate(arguments.dyads, arguments.sessions, arguments.seed, share=share)
