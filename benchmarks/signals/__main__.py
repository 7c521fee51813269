"""Seeds in; the error rates and the speed of possible-strain detection out, as one table after another.

    python -m benchmarks.signals            everything (about 80 minutes of CPU time, shared by all cores)
    python -m benchmarks.signals --quick    the same tables from fewer practices (some minutes)
    python -m benchmarks.signals --only detection budget ...

Every number is computed here from simulated courses of which the truth is known; nothing is read from a file.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from benchmarks.signals.budgets import budget, pair_budget, strained_budget
from benchmarks.signals.checkin import check_in
from benchmarks.signals.finding import delays, detection, meaning, rules, second_voice
from benchmarks.signals.speed import speed
from benchmarks.signals.tables import FULL, QUICK

PARTS = {
    part.__name__.replace("_", "-"): part
    for part in (detection, second_voice, budget, strained_budget, pair_budget, check_in, delays, rules, meaning, speed)
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signals", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer practices")
    parser.add_argument("--practices", type=int, metavar="N", help="simulated practices of 200 courses in a condition")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some of the tables")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    if arguments.practices:
        size = replace(size, practices=arguments.practices)
    for name in arguments.only:
        PARTS[name](size)


if __name__ == "__main__":
    main()
