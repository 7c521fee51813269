"""Whether the false-alarm budget holds: practices that calibrated themselves, judged by uneventful courses.

The courses come from `practices`, which knows nothing of what judges them. Every practice is judged by courses of its
own, so the standard error beside a mean holds for both.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from accord.stats.evidence import Voices
from accord.stats.innovation import Floats
from accord.stats.level import followed
from accord.stats.simulated_practice import Voice
from accord.stats.thresholds import BUDGET, Calibration, allowed, calibrate
from benchmarks.signals.practices import LIVES, PLAIN, Courses, Life, courses
from benchmarks.signals.tables import Size, mean_and_spread, show, spread_out

PRACTICE = 200  # courses
SMALL = (10, 20, 30)
FEW = (PLAIN, "noise skewed -1")
SEEN = (*FEW, "37 % strained")
SIZES = (20, 30, 200)
TWICE, TWO_THIRDS = 2.0, 2 / 3
HEAD = ("condition", "practices", "drop", "drop: spread", "slide", "slide: spread")


def budget(size: Size) -> None:
    """Share of uneventful courses that are marked, against the budget, under each condition."""
    rows = ((name, size.practices, *_ratios(life, PRACTICE, size.practices, size)) for name, life in LIVES.items())
    show("budget", f"The budget, practices of {PRACTICE} courses; 1 is exact", HEAD, rows)


def few(size: Size) -> None:
    """The same for practices that have hardly begun, and which share of them lies far from the budget for drops."""
    head = (*HEAD, "above twice", "below two thirds")
    rows = ((f"{name}, {n} courses", size.small, *_far(LIVES[name], n, size)) for name in FEW for n in SMALL)
    show("few", "The budget in small practices; no slide below twenty courses", head, rows)


def lopsided(size: Size) -> None:
    """In how many practices noise is taken for lopsided, where it is and where it is not."""
    head = ("condition", "practices", "taken for lopsided", "mean skew of the twin", "spread")
    rows = (
        (f"{name}, {n} courses", size.small, *_taken_for_lopsided(LIVES[name], n, size)) for name in SEEN for n in SIZES
    )
    show("lopsided", "Noise that is taken for lopsided", head, rows)


def _taken_for_lopsided(life: Life, n: int, size: Size) -> list[float]:
    skews = spread_out(partial(_skew, life, n), size.small, size.processes)
    return [float((skews < 0).mean()), *mean_and_spread(skews)]


def _skew(life: Life, n: int, seed: int) -> list[float]:
    """The skew with which one practice simulates its noise."""
    own = courses(life, n, seed)
    return [Voice.of(own.ratings, np.arange(1.0, own.ratings.shape[1] + 1), None, seed).noise.skew]


def _ratios(life: Life, n: int, count: int, size: Size) -> list[float]:
    return mean_and_spread(_practices(life, n, count, size))


def _far(life: Life, n: int, size: Size) -> list[float]:
    ratios = _practices(life, n, size.small, size)
    drops = ratios[:, 0]
    return [*mean_and_spread(ratios), float((drops > TWICE).mean()), float((drops < TWO_THIRDS).mean())]


def _practices(life: Life, n: int, count: int, size: Size) -> Floats:
    """Drop and slide against their budgets, (count, 2)."""
    return spread_out(partial(_practice, life, n, size), count, size.processes)


def _levels(calm: Floats, times: Floats, days: Floats, made: Calibration) -> Floats:
    """The practice's level by date, followed by what a practice of this size sees."""
    levels = [
        followed(calm[rows], times, days[rows], made.hyper).at(days[rows])
        for rows in (slice(start, start + PRACTICE) for start in range(0, len(calm), PRACTICE))
    ]
    return np.concatenate(levels)


def _practice(life: Life, n: int, size: Size, seed: int) -> list[float]:
    """One practice calibrates itself: drop and slide against their budgets."""
    own, judged = courses(life, n, seed), courses(life, size.judged, seed, judged=True)
    made = calibrated(own, size, seed)
    if life.shift:
        times = np.arange(1.0, judged.ratings.shape[1] + 1)
        judged = replace(judged, ratings=judged.ratings - _levels(judged.ratings, times, judged.days, made))
    return [against_budget(made, judged, kind) for kind in ("drop", "slide")]


def calibrated(own: Courses, size: Size, seed: int) -> Calibration:
    """What a practice learns from its own courses."""
    return calibrate(own.ratings, second=own.second, draws=size.draws, seed=seed)


def marked(made: Calibration, judged: Courses, kind: str) -> np.ndarray:
    """Where the evidence reaches the limit, (n, T)."""
    times = np.arange(1.0, judged.ratings.shape[1] + 1)
    found = Voices(made.hyper, made.second).read(judged.ratings, judged.second, times)
    limit = getattr(made, kind)
    if limit is None:
        return np.zeros(judged.ratings.shape, dtype=bool)
    return np.asarray(getattr(found, kind) >= limit.at(found.steps.earlier))


def against_budget(made: Calibration, judged: Courses, kind: str) -> float:
    """Share of uneventful courses with a mark, over the budget of courses of their lengths."""
    times = np.arange(1.0, judged.ratings.shape[1] + 1)
    lengths = np.where(np.isnan(judged.ratings), 0.0, times).max(axis=1)
    budget = np.mean([allowed(getattr(BUDGET, kind), int(length)) for length in lengths])
    return float(marked(made, judged, kind).any(axis=1).mean() / budget)
