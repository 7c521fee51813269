"""Whether the false-alarm budget holds: practices that calibrated themselves, judged by uneventful courses.

The courses come from `practices`, which knows nothing of what judges them. Every practice is judged by courses of its
own, so the standard error beside a mean holds for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from accord.stats.evidence import Voices
from accord.stats.innovation import Floats
from accord.stats.level import followed
from accord.stats.thresholds import BUDGET, Calibration, allowed, calibrate
from benchmarks.signals.practices import LIVES, Life, courses
from benchmarks.signals.tables import Size, mean_error_spread, show, spread_out

PRACTICE = 200  # courses
SMALL = (10, 20, 30)
HEAD = (
    "condition", "drop: marked / budget", "standard error", "spread (SD)", "slide: marked / budget", "standard error",
    "spread (SD)",
)  # fmt: skip


def budget(size: Size) -> None:
    """Share of uneventful courses that are marked, against the budget, under each condition."""
    rows = ((name, *_ratios(life, PRACTICE, size.practices, size)) for name, life in LIVES.items())
    show(f"The budget, practices of {PRACTICE} courses ({size.practices} each; 1 is exact)", HEAD, rows)


def few(size: Size) -> None:
    """The same for practices that have hardly begun."""
    lives = {name: LIVES[name] for name in ("nothing", "four items at 3.8", "skew -1")}
    rows = (
        (f"{name}, {n} courses", *_ratios(life, n, size.small, size)) for name, life in lives.items() for n in SMALL
    )
    show(f"The budget in small practices ({size.small} each; no slide below twenty courses)", HEAD, rows)


def _ratios(life: Life, n: int, count: int, size: Size) -> Iterator[float]:
    yield from mean_error_spread(spread_out(partial(_practice, life, n, size), count, size.processes))


def _levels(calm: Floats, times: Floats, days: Floats, made: Calibration) -> Floats:
    """The practice's level by date, followed by what a practice of this size sees."""
    levels = [
        followed(calm[rows], times, days[rows], made.hyper).at(days[rows])
        for rows in (slice(start, start + PRACTICE) for start in range(0, len(calm), PRACTICE))
    ]
    return np.concatenate(levels)


def _practice(life: Life, n: int, size: Size, seed: int) -> list[float]:
    """One practice calibrates itself: drop and slide against their budgets."""
    own, judged = courses(life, n, seed).ratings, courses(life, size.judged, seed, judged=True)
    made = calibrate(own, draws=size.draws, seed=seed)
    calm = judged.ratings
    times = np.arange(1.0, calm.shape[1] + 1)
    if life.shift:
        calm = calm - _levels(calm, times, judged.days, made)
    found = Voices(made.hyper).read(calm, None, times)
    lengths = np.where(np.isnan(calm), 0.0, times).max(axis=1)
    shares = []
    for kind in ("drop", "slide"):
        limit = getattr(made, kind)
        marked = limit is not None and (getattr(found, kind) >= limit.at(found.steps.earlier)).any(axis=1).mean()
        shares.append(float(marked / np.mean([allowed(getattr(BUDGET, kind), int(length)) for length in lengths])))
    return shares
