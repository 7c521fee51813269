"""A registry of many ratings is described and its growth fitted: rows a second, CPU, memory, the solver's share.

    python -m benchmarks.registry --rows 1000000 10000000

Ratings are made by DuckDB from a seed: courses of 1 to 28 sessions, about one rating in eight missing, fifty practices.
What is needed and what is there of disk and memory is printed first; a size that does not fit is left out.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from pathlib import Path

import duckdb

from accord.registry import growth as module
from accord.registry.described import describe_registry
from accord.registry.join import Registry
from accord.stats.mixed_groups import fit_growth_groups
from accord.tables.study import memory

SCALE, PRACTICES, EACH = "phq-9/total", 50, 12.5
"""Ratings that a course has on average: sessions from 1 to 28, seven in eight answered."""
BYTES_A_ROW = 12


def make(rows: int, folder: Path) -> Registry:
    """A registry of about so many ratings, one Parquet file a practice."""
    courses = int(rows / EACH)
    practices = {}
    for practice in range(PRACTICES):
        name = f"p{practice:02d}"
        part = folder / "scores" / f"practice={name}"
        part.mkdir(parents=True)
        first, last = practice * courses // PRACTICES, (practice + 1) * courses // PRACTICES
        duckdb.execute(f"""
            COPY (
                SELECT dyad, session, 1 AS session_code, 'client' AS rater, '{SCALE}' AS scale,
                    15 + (hash(dyad * 7 + 1) % 1000) / 100 - session * (hash(dyad * 7 + 2) % 100) / 300
                    + (hash(dyad * 100 + session) % 1000) / 200 AS score
                FROM (SELECT range AS dyad, 1 + hash(range) % 28 AS many FROM range({first}, {last})),
                    range(1, 29) t(session)
                WHERE session <= many AND hash(dyad * 31 + session * 17) % 8 > 0
            ) TO '{part / "x.parquet"}' (FORMAT parquet)""")
        practices[name] = {"sha256": "x", "tables": {"scores": 0}}
    return Registry(folder, practices)


def timed(label: str, rows: int, act):
    """Run it and print wall and CPU seconds, rows a second and the most memory so far."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = act()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"  {label:<10} {wall:7.1f} s, {cpu:7.1f} CPU s, {rows / wall:12,.0f} rows/s, memory {most:.2f} GB")
    return result


def main() -> None:
    """Each size in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--engine", default="duckdb")
    arguments = parser.parse_args()
    solver = {"s": 0.0}

    def solve(*given):
        start = time.process_time()
        fit = fit_growth_groups(*given)
        solver["s"] += time.process_time() - start
        return fit

    module.fit_growth_groups = solve
    for rows in arguments.rows:
        free = shutil.disk_usage(tempfile.gettempdir()).free
        print(f"{rows:,} rows: about {rows * BYTES_A_ROW / 1e9:.1f} GB of disk; there is {free / 1e9:.0f} GB, "
              f"and {memory() / 1e9:.0f} GB of memory")
        if rows * BYTES_A_ROW > free / 2:
            print("  left out")
            continue
        with tempfile.TemporaryDirectory() as folder:
            registry = make(rows, Path(folder))
            solver["s"] = 0.0
            fit = timed("growth", rows, lambda: module.growth(registry, SCALE, engine=arguments.engine))  # noqa: B023
            print(f"  {fit.n:,} ratings of {fit.n_persons:,} courses; logLik {fit.loglik:.4f}; "
                  f"solver {solver['s']:.1f} CPU s; converged {fit.converged}")
            timed("describe", rows, lambda: describe_registry(registry, arguments.engine))  # noqa: B023


if __name__ == "__main__":
    main()
