"""Seeds in; the error rates and the speed of possible-strain detection out, as one table after another.

    python -m benchmarks.signals            everything (about ten minutes on two cores)
    python -m benchmarks.signals --quick    the same tables from fewer practices (about three minutes)
    python -m benchmarks.signals --only budget rivals ...

Every number is computed here from simulated courses of which the truth is known; nothing is read from a file.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # practices are shared out over the cores already

from benchmarks.signals.budgets import budget, few, lopsided
from benchmarks.signals.life import life
from benchmarks.signals.rivals import rivals
from benchmarks.signals.series import series
from benchmarks.signals.share import share
from benchmarks.signals.speed import speed
from benchmarks.signals.tables import FULL, QUICK

PARTS = {part.__name__: part for part in (budget, few, lopsided, share, life, rivals, series, speed)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signals", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer practices")
    parser.add_argument("--practices", type=int, metavar="N", help="simulated practices in a condition")
    parser.add_argument("--processes", type=int, metavar="N", help="processes that share the work (default: the cores)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some of the tables")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    if arguments.practices:
        size = replace(size, practices=arguments.practices)
    if arguments.processes:
        size = replace(size, processes=arguments.processes)
    for name in arguments.only:
        PARTS[name](size)


if __name__ == "__main__":
    main()
