"""Whether the false-alarm budget holds: practices that calibrated themselves, judged by uneventful courses.

Every practice is judged by courses that are drawn for it alone, so the standard error beside a mean holds for both.
Practices are shared out over the cores.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from accord.simulation import simulate
from accord.stats.courses import PLAIN, Noise, draw
from accord.stats.hyper import Hyper
from accord.stats.thresholds import BUDGET, allowed, calibrate
from benchmarks.signals.tables import COLLABORATION, NINE, Size, flags, mean_error_spread, read, show

OTHER = 10_000  # added to the seed of a practice for the courses that judge it


@dataclass(frozen=True)
class Condition:
    """What a practice's courses are like, and the uneventful ones that judge it: (courses, seed) to ratings (n, T)."""

    own: Callable[[int, int], np.ndarray]
    calm: Callable[[int, int], np.ndarray]
    sessions: int = 15
    prior: Hyper | None = None


def _plain(hyper: Hyper = NINE, noise: Noise = PLAIN, sessions: int = 15) -> Condition:
    times = np.arange(1.0, sessions + 1)

    def make(n: int, seed: int) -> np.ndarray:
        return draw(hyper, n, times, np.random.default_rng(seed), noise)

    return Condition(make, make, sessions)


def _strained(share: float, after: float = 0.0) -> Condition:
    return Condition(
        lambda n, seed: simulate(n, 15, seed, share=share, missing_after=after).client,
        lambda n, seed: simulate(n, 15, seed, "none").client,
    )


def _coarse() -> Condition:
    def make(n: int, seed: int) -> np.ndarray:
        return simulate(n, 15, seed, "none", items=4).client

    return Condition(make, make, prior=COLLABORATION)


UNEVENTFUL = {
    "as the trial (15 sessions, person CV .36)": _plain(),
    "persons alike": _plain(replace(NINE, spread=0.0)),
    "AR 0": _plain(replace(NINE, phi=0.0)),
    "AR .4": _plain(replace(NINE, phi=0.4)),
    "t noise, kurtosis 5": _plain(noise=Noise(kurtosis=5.0)),
    "25 % missing": _plain(noise=Noise(missing=0.25)),
    "drift upward .06 a session": _plain(replace(NINE, b1=0.06)),
    "30 % at the ceiling": _plain(replace(NINE, b0=4.53)),
    "5 sessions": _plain(sessions=5),
    "40 sessions": _plain(sessions=40),
    "four five-point items": _coarse(),
}
STRAINED = {
    "20 % of courses strained": _strained(0.2),
    "20 % strained, half of the answers skipped after": _strained(0.2, 0.5),
    "45 % of courses strained": _strained(0.45),
    "45 % strained, half of the answers skipped after": _strained(0.45, 0.5),
}
CONDITIONS = UNEVENTFUL | STRAINED
HEAD = (
    "condition", "courses of a practice", "drop: flagged / budget", "standard error", "spread (SD)",
    "slide: flagged / budget", "standard error", "spread (SD)", "thresholds",
)  # fmt: skip


def budget(size: Size) -> None:
    """Share of uneventful courses flagged over practices in which nothing happened, against the budget."""
    rows = _rows(UNEVENTFUL, size)
    show("The budget, one voice (1 is exact; within .8 to 1.2 is the aim for practices of 200)", HEAD, rows)


def strained_budget(size: Size) -> None:
    """The same for practices with real strains in them, answers skipped more often after one."""
    rows = _rows(STRAINED, size)
    show("The budget where strains and skipped answers meet", HEAD, rows)


def pair_budget(size: Size) -> None:
    """The budget of what needs both voices."""
    names = {"gap": _gap, "drop, both voices": _both}
    rows = ((name, *_in_cells(_spread_out(partial(one, size), size.pairs))) for name, one in names.items())
    show(f"The budget of gap and of both voices ({size.pairs} practices)", ("what", *HEAD[2:5]), rows)


def _rows(names: Iterable[str], size: Size) -> Iterator[Iterator[object]]:
    counts = {20: size.small, 200: size.practices, 5000: size.large}
    return (_row(name, n, count, size) for name in names for n, count in counts.items())


def _row(name: str, n: int, count: int, size: Size) -> Iterator[object]:
    got = _spread_out(partial(_practice, name, n, size), count)
    limits = got[:, 2:].mean(axis=0)
    yield from (name, f"{n:,} ({count} practices)", *_in_cells(got[:, :2]))
    yield f"{limits[0]:.2f}, {limits[1]:.2f}"


def _spread_out(one: Callable[[int], list[float]], count: int) -> np.ndarray:
    """One row for each seed, worked out on all cores."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return np.array(list(pool.map(one, range(count))))


def _practice(name: str, n: int, size: Size, seed: int) -> list[float]:
    """One practice calibrates itself: drop and slide against their budgets, and its thresholds."""
    condition = CONDITIONS[name]
    made = calibrate(condition.own(n, seed), prior=condition.prior, draws=size.draws, seed=seed)
    found = read(made, condition.calm(size.judged, OTHER + seed))
    shares = [
        float(flags(made, found, kind).any(axis=1).mean()) / allowed(getattr(BUDGET, kind), condition.sessions)
        for kind in ("drop", "slide")
    ]
    return [*shares, made.drop.level, made.slide.level]


def _gap(size: Size, seed: int) -> list[float]:
    own, calm = simulate(200, 15, seed, "none"), simulate(size.judged, 15, OTHER + seed, "none")
    made = calibrate(own.client - own.therapist, draws=size.draws, seed=seed)
    return [flags(made, read(made, calm.client - calm.therapist), "gap").any(axis=1).mean() / BUDGET.gap]


def _both(size: Size, seed: int) -> list[float]:
    own, calm = simulate(200, 15, seed, "none"), simulate(size.judged, 15, OTHER + seed, "none")
    made = calibrate(own.client, second=own.therapist, draws=size.draws, seed=seed)
    return [flags(made, read(made, calm, both=True)).any(axis=1).mean() / BUDGET.drop]


def _in_cells(rates: np.ndarray) -> list[float]:
    """Mean, its standard error and SD over practices, column by column."""
    return mean_error_spread(rates).T.ravel().tolist()
