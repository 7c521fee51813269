"""Long simulations of the studies' analyses: how often an effect is called that is not there, and what intervals hold.

    nice python -m benchmarks.studies [--runs 4500]

Prints a line a design: power (or size), its simulation error, bias, coverage, CPU seconds. The suite has short versions
of these (tests/accord/test_power.py). A further design is one more row of `DESIGNS`.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # before numpy is imported

import argparse
import time

from accord.stats.power import StudyDesign, power_by_simulation

DESIGNS = (
    ("riclpm", StudyDesign(200, 5, 0.0)),
    ("riclpm", StudyDesign(200, 5, -0.1)),
    ("riclpm", StudyDesign(100, 3, 0.0)),
    ("riclpm", StudyDesign(200, 5, 0.0, therapists=20, therapist_share=0.2)),
    ("coupling", StudyDesign(100, 5, 0.0)),
    ("coupling", StudyDesign(100, 20, 0.0)),
)


def main() -> None:
    """Run every design and print its line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4500)
    runs = parser.parse_args().runs
    heads = f"{'model':<10}{'n':>5}{'sessions':>9}{'therapists':>11}{'effect':>8}"
    print(f"{heads}{'called':>8}{'±':>7}{'bias':>9}{'holds':>7}{'CPU s':>8}")
    for model, design in DESIGNS:
        start = time.process_time()
        found = power_by_simulation(model, design, runs)
        print(
            f"{model:<10}{design.n:>5}{design.sessions:>9}{design.therapists:>11}{design.effect:>8g}{found.power:>8.4f}"
            f"{found.power_error:>7.4f}{found.bias:>9.4f}{found.coverage:>7.3f}{time.process_time() - start:>8.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
