"""`python -m benchmarks.faults [--quick] [--only NAME]`: put faults in, print acknowledged, lost and doubled."""

import argparse
import sys
import time

from tests.postgresql import NOBODY_HAS_IT, programs

from benchmarks.faults.faults import FAULTS

TIMES, QUICK = 50, 5


def main() -> int:
    names = {fault.__name__: fault for fault in FAULTS}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES, help=f"how often to kill (default {TIMES})")
    parser.add_argument("--quick", action="store_true", help=f"kill {QUICK} times only")
    parser.add_argument("--only", choices=names, action="append", help="this fault alone; may be given several times")
    asked = parser.parse_args()
    if programs() is None:
        print(NOBODY_HAS_IT)
        return 2
    print(f"{'fault':38} {'database':11} {'acknowledged':>12} {'lost':>5} {'doubled':>8}  note", flush=True)
    good = True
    for name in asked.only or names:
        began = time.monotonic()
        for one in names[name](QUICK if asked.quick else asked.times):
            took = f"{time.monotonic() - began:.0f} s"
            counts = f"{one.acknowledged:12} {one.lost:5} {one.doubled:8}"
            print(f"{one.fault:38} {one.database:11} {counts}  {one.note} ({took})", flush=True)
            good = good and (one.good or one.note.startswith("skipped"))
            began = time.monotonic()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
