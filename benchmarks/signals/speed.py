"""How quick it is: functions at several sizes, beside segmentation by ruptures; the command from end to end."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from accord.stats.courses import Noise, draw
from accord.stats.innovation import innovations
from accord.stats.thresholds import calibrate, calibrate_both
from accord.tables.strains import find_strains
from accord.tables.study import read_table, write_table
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
    for n in (10, 10_000):
        y, other = (draw(NINE, n, TIMES, rng) for _ in range(2))
        took = _best(lambda y=y, other=other: calibrate_both(y, other), 1_000_000)
        rows.append(_row(f"calibrating both voices, {n:,} x 15, 0% missing", took, 2 * y.size))
    rows += _ruptures(draw(NINE, 1000, np.arange(1.0, 21.0), rng)) if ruptures else []
    show("speed", "Speed", ("what", "wall", "CPU, all cores", "CPU per rating"), rows)
    head = "ratings", "CPU per rating", "ratings in a second of CPU"
    show("turns", "The filter, few beside many, in turns", head, _few_beside_many(rng))
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


def _few_beside_many(rng: np.random.Generator) -> list[tuple[str, str, str]]:
    """All in the same seconds, five times, the best of each: what the machine does else meets all alike."""
    cases = [(n, gaps) for n in (10, 1_000_000) for gaps in (0.25, 0.0)]
    courses = [draw(NINE, n, TIMES, rng, Noise(missing=gaps)) for n, gaps in cases]
    rounds = [[_best(lambda y=y: innovations(y, TIMES, NINE), len(y))[1] / y.size for y in courses] for _ in range(5)]
    return [
        (f"{n:,} x 15, {gaps:.0%} missing", f"{took * 1e9:,.0f} ns", f"{1 / took / 1e6:,.1f} million")
        for (n, gaps), took in zip(cases, np.min(rounds, axis=0), strict=True)
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


def _command() -> list[tuple[str, str, str]]:
    """Best of three runs of the command, in turns, from the start of the process to its end; what many take more, and
    for what."""
    sizes = 10, 200_000
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            _process("simulate", "--dyads", str(n), "--sessions", "15", "--seed", "1", "--out", f"{folder}/{n}")
        rounds = [
            [_process("signals", f"{folder}/{n}/ratings.parquet", "--out", f"{folder}/out.parquet") for n in sizes]
            for _ in range(3)
        ]
        few, many = np.min(rounds, axis=0)
        rows = {"10 x 15": few, "200,000 x 15": many, "the difference": many - few}
        rows |= _parts(f"{folder}/{sizes[1]}/ratings.parquet", f"{folder}/out.parquet")
    return [(what, f"{wall:.1f} s", f"{cpu:.1f} s") for what, (wall, cpu) in rows.items()]


def _parts(ratings: str, out: str) -> dict[str, tuple[float, float]]:
    """What the command does one after another with many ratings, in this process."""
    table, many = read_table(ratings), 1_000_000
    strains = find_strains(table)
    return {
        "of 200,000 x 15: reading": _best(lambda: read_table(ratings), many),
        "placing the rows, calibrating both voices, judging": _best(lambda: find_strains(table), many),
        "writing": _best(lambda: write_table(strains.rows, out), many),
    }


def _process(*arguments: str) -> tuple[float, float]:
    """Wall and CPU seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "accord.cli", *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, cpu
