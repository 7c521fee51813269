"""A registry of many ratings is analysed: rows a second, CPU, memory, the solver's share; on DuckDB or on Spark.

    python -m benchmarks.registry --rows 1000000 10000000
    python -m benchmarks.registry --rows 1000000 --engine spark://127.0.0.1:7077
    python -m benchmarks.registry --rows 100000000 --analyses coupling signals

Ratings are made by DuckDB from a seed: courses of 1 to 28 sessions with two scores in whole points, about one rating in
eight missing, fifty practices. What is needed and what is there of disk and memory is printed first; a size that does
not fit is left out. With another engine, the same is done by DuckDB before, and the difference of the answers printed.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from accord.registry import coupling, dropout, growth, signals
from accord.registry.described import describe_registry
from accord.registry.join import Registry
from accord.registry.measures import RatedScore
from accord.tables.study import memory

OUTCOME, ALLIANCE = RatedScore("phq-9/total"), RatedScore("accord-check-in/collaboration")
PRACTICES, EACH = 50, 25.4
"""Ratings that a course has on average: sessions from 1 to 28, both scores, seven in eight answered."""
BYTES_A_ROW = 8
SOLVERS = (
    (growth, "fit_growth_groups"), (coupling, "fit_groups"), (dropout, "hazard_of_cells"), (signals, "calibrate")
)  # fmt: skip


def make(rows: int, folder: Path) -> Registry:
    """A registry of about so many ratings, one Parquet file of scores and one of courses a practice."""
    courses = int(rows / EACH)
    practices = {}
    for practice in range(PRACTICES):
        name = f"p{practice:02d}"
        first, last = practice * courses // PRACTICES, (practice + 1) * courses // PRACTICES
        dyads = f"SELECT range AS dyad, 1 + hash(range) % 28 AS many FROM range({first}, {last})"
        alliance = "70 + (hash(dyad * 7 + 3) % 20) - 10 + (hash(dyad * 100 + session + 5) % 20)"
        outcome = (
            "15 + (hash(dyad * 7 + 1) % 1000) / 100 - session * (hash(dyad * 7 + 2) % 100) / 300"
            " + (hash(dyad * 100 + session) % 1000) / 200 - (hash(dyad * 100 + session + 4) % 20) / 20"
        )
        _write(folder, "scores", name, f"""
            SELECT dyad, session, 1 AS session_code, 'client' AS rater, scale,
                CASE WHEN scale = '{OUTCOME.scale}' THEN round(greatest(least({outcome}, 27), 0)) ELSE {alliance} END
                    ::DOUBLE AS score
            FROM ({dyads}), range(1, 29) t(session), (VALUES ('{OUTCOME.scale}'), ('{ALLIANCE.scale}')) s(scale)
            WHERE session <= many AND hash(dyad * 31 + session * 17 + length(scale)) % 8 > 0""")  # fmt: skip
        _write(folder, "dyads", name, f"""
            SELECT dyad, CASE hash(dyad * 13) % 4 WHEN 0 THEN 'by_client' WHEN 1 THEN 'ongoing' ELSE 'planned' END
                AS ending FROM ({dyads})""")  # fmt: skip
        practices[name] = {"sha256": "x", "tables": {"scores": 0, "dyads": 0}}
    return Registry(folder, practices)


def _write(folder: Path, table: str, practice: str, query: str) -> None:
    part = folder / table / f"practice={practice}"
    part.mkdir(parents=True)
    duckdb.execute(f"COPY ({query}) TO '{part / 'x.parquet'}' (FORMAT parquet)")


@contextmanager
def timed_solvers() -> Iterator[dict[str, float]]:
    """CPU seconds that the solvers took, in whichever module they are called."""
    spent = {"s": 0.0}

    def timed_one(solver: Callable[..., Any]) -> Callable[..., Any]:
        def solve(*given: Any, **named: Any) -> Any:
            start = time.process_time()
            answer = solver(*given, **named)
            spent["s"] += time.process_time() - start
            return answer

        return solve

    before = [getattr(module, name) for module, name in SOLVERS]
    for (module, name), solver in zip(SOLVERS, before, strict=True):
        setattr(module, name, timed_one(solver))
    yield spent
    for (module, name), solver in zip(SOLVERS, before, strict=True):
        setattr(module, name, solver)


ANALYSES = ("growth", "describe", "dropout", "coupling", "signals")


def analyses(registry: Registry, engine: str) -> dict[str, Callable[[], tuple[str, float]]]:
    """By name: what is done, giving a line about the answer and the number by which engines are compared."""

    def growing() -> tuple[str, float]:
        fit = growth.growth(registry, OUTCOME.scale, engine=engine)
        return f"{fit.n:,} ratings of {fit.n_persons:,} courses; converged {fit.converged}", fit.loglik

    def coupled() -> tuple[str, float]:
        fit = coupling.registry_coupling(registry, OUTCOME, ALLIANCE, engine)
        models = [getattr(fit, name) for name in coupling.MODELS]
        effect = fit.lagged_detrended.fixed["within"]
        done = f"within, lagged, without trends {effect:.4f}; converged {all(model.converged for model in models)}"
        return done, sum(model.loglik for model in models)

    def leaving() -> tuple[str, float]:
        fit = dropout.registry_dropout(registry, (ALLIANCE,), engine, smooth=True)
        slope = fit.held_out.slope if fit.held_out else float("nan")
        return f"{fit.n:,} sessions of {fit.persons:,} courses; slope in practices left out {slope:.2f}", fit.loglik

    def described() -> tuple[str, float]:
        about = describe_registry(registry, engine)
        return f"{sum(scale.scores for scale in about.scales):,} scores", sum(s.sd_within for s in about.scales)

    def judging() -> tuple[str, float]:
        with tempfile.TemporaryDirectory() as out:
            judged = signals.registry_signals(registry, ALLIANCE.scale, out, engine)
        courses, flagged = sum(judged.courses.values()), sum(judged.flagged.values())
        return f"{flagged:,} of {courses:,} courses flagged", float(flagged)

    return {"growth": growing, "describe": described, "dropout": leaving, "coupling": coupled, "signals": judging}


def run(registry: Registry, rows: int, engine: str, asked: list[str]) -> dict[str, float]:
    """Each analysis that is asked for once, with a line on it; gives the numbers by which engines are compared."""
    answers, all_of_them = {}, analyses(registry, engine)
    for name in asked or all_of_them:
        analyse = all_of_them[name]
        with timed_solvers() as solver:
            wall, cpu = time.perf_counter(), time.process_time()
            line, answers[name] = analyse()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"  {name:<9}{wall:7.1f} s {cpu:7.1f} CPU s (solver {solver['s']:.1f}) {rows / wall:12,.0f} rows/s  "
              f"{most:.2f} GB  {line}; {answers[name]:.6f}", flush=True)  # fmt: skip
    return answers


def main() -> None:
    """Each size in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--engine", default="duckdb")
    parser.add_argument("--analyses", nargs="+", default=[], choices=ANALYSES)
    arguments = parser.parse_args()
    for rows in arguments.rows:
        free = shutil.disk_usage(tempfile.gettempdir()).free
        print(f"{rows:,} rows: about {rows * BYTES_A_ROW / 1e9:.1f} GB of disk; there is {free / 1e9:.0f} GB, "
              f"and {memory() / 1e9:.0f} GB of memory", flush=True)  # fmt: skip
        if rows * BYTES_A_ROW > free / 2:
            print("  left out")
            continue
        with tempfile.TemporaryDirectory() as folder:
            registry = make(rows, Path(folder))
            size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
            print(f"  made: {size / 1e9:.2f} GB. By DuckDB:", flush=True)
            here = run(registry, rows, "duckdb", arguments.analyses)
            if arguments.engine != "duckdb":
                print(f"  By {arguments.engine} (CPU of this process alone):", flush=True)
                there = run(registry, rows, arguments.engine, arguments.analyses)
                apart = ", ".join(f"{name} {abs(there[name] - here[name]):.1e}" for name in here)
                print(f"  difference of the answers: {apart}")


if __name__ == "__main__":
    main()
