"""How quick it is: functions at several sizes, beside segmentation by ruptures; the command from end to end."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from accord.stats.courses import Noise, draw
from accord.stats.innovation import innovations
from accord.stats.thresholds import calibrate
from accord.trajectories import trajectory
from benchmarks.signals.tables import NINE, Size, show

try:
    import ruptures
except ImportError:
    ruptures = None

TIMES = np.arange(1.0, 16.0)


def speed(size: Size) -> None:
    """Best of some runs; a quarter of the ratings missing, unless said otherwise."""
    rng = np.random.default_rng(0)
    rows = []
    for n, sessions in ((1, 20), (10, 15), (100, 15), (10_000, 15), (1_000_000, 15)):
        y = draw(NINE, n, np.arange(1.0, sessions + 1), rng, Noise(missing=0.25))
        took = _best(lambda y=y, sessions=sessions: innovations(y, np.arange(1.0, sessions + 1), NINE), n)
        rows.append(_row(f"the filter, {n:,} x {sessions}", took, y.size))
    made = calibrate(draw(NINE, 100, TIMES, rng), draws=2000)
    for gaps in (0.0, 0.25):
        y = draw(NINE, 8192, TIMES, rng, Noise(missing=gaps))
        took = _best(lambda y=y: trajectory(y, TIMES, made), len(y))
        rows.append(_row(f"filter, evidence, both limits and repair, 8,192 x 15, {gaps:.0%} missing", took, y.size))
    y = draw(NINE, 200, TIMES, rng)
    took = _best(lambda: calibrate(y), 1_000_000)
    rows.append(_row("calibrating one voice of a practice, 200 x 15", took, y.size))
    rows += _ruptures(draw(NINE, 1000, np.arange(1.0, 21.0), rng)) if ruptures else []
    show("speed", "Speed", ("what", "wall", "CPU, all cores", "CPU per rating"), rows)
    show("turns", "The filter, few beside many, in turns", ("ratings", "CPU per rating"), _few_beside_many(rng))
    title = "`accord signals`, both voices, Parquet to Parquet, a process of its own"
    show("command", title, ("dyads x sessions", "wall", "CPU"), _command())


def _best(work: Callable[[], object], n: int) -> tuple[float, float]:
    """Least wall time of some runs, and least CPU time of all threads (the wall of a busy machine says little)."""
    wall, cpu = [], []
    for _ in range(3 if n > 100_000 else 30):
        start, before = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - before)
    return min(wall), min(cpu)


def _few_beside_many(rng: np.random.Generator) -> list[tuple[str, str]]:
    """Both in the same seconds, five times, the best of each: what the machine does else meets both alike."""
    sizes = 10, 1_000_000
    y = {n: draw(NINE, n, TIMES, rng, Noise(missing=0.25)) for n in sizes}
    rounds = [[_best(lambda n=n: innovations(y[n], TIMES, NINE), n)[1] / y[n].size for n in sizes] for _ in range(5)]
    few, many = np.min(rounds, axis=0)
    return [
        *((f"{n:,} x 15", f"{took * 1e9:,.0f} ns") for n, took in zip(sizes, (few, many), strict=True)),
        ("ratio", f"{few / many:.1f}"),
    ]


def _row(what: str, took: tuple[float, float], points: int) -> tuple[str, str, str, str]:
    wall, cpu = took
    return what, f"{wall * 1e3:,.2f} ms", f"{cpu * 1e3:,.2f} ms", f"{cpu / points * 1e9:,.0f} ns"


def _ruptures(y: np.ndarray) -> list[tuple[str, str, str, str]]:
    """Offline segmentation of the same thousand courses, one by one, as its users call it."""
    penalty = 2 * np.log(y.shape[1])
    scaled = y / (np.std(np.diff(y, axis=1)) / 2**0.5)
    rows = []
    for name, make in (
        ("ruptures PELT, l2", lambda x: ruptures.Pelt(model="l2", min_size=1, jump=1).fit(x).predict(pen=penalty)),
        ("ruptures KernelCPD, linear", lambda x: ruptures.KernelCPD("linear", min_size=1).fit(x).predict(pen=penalty)),
    ):
        start, before = time.perf_counter(), time.process_time()
        changed = np.mean([len(make(row)) > 1 for row in scaled])
        took = time.perf_counter() - start, time.process_time() - before
        rows.append(_row(f"{name}, 1,000 x 20 (a change in {changed:.0%} of uneventful courses)", took, y.size))
    return rows


def _command() -> Iterator[tuple[str, str, str]]:
    """Best of three runs of the command, from the start of the process to its end."""
    with tempfile.TemporaryDirectory() as folder:
        ratings, out = Path(folder, "study/ratings.parquet"), Path(folder, "out.parquet")
        for n in (10, 200_000):
            _process("simulate", "--dyads", str(n), "--sessions", "15", "--seed", "1", "--out", str(ratings.parent))
            took = np.min([_process("signals", str(ratings), "--out", str(out)) for _ in range(3)], axis=0)
            yield f"{n:,} x 15", f"{took[0]:.1f} s", f"{took[1]:.1f} s"


def _process(*arguments: str) -> tuple[float, float]:
    """Wall and CPU seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "accord.cli", *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, cpu
