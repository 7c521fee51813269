"""How many marks of a practice are false alarms, as its own ratings tell, beside how many truly are.

A mark is a false alarm where no strain goes on in that session. Practices of `SIZES` courses with strains in some of
them; what the model does not assume is one more entry in `STRAINED`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from accord.stats.evidence import Voices, crossings
from accord.stats.false_marks import KNOWN
from benchmarks.signals.budgets import calibrated
from benchmarks.signals.practices import LIVES, PLAIN, Life, courses
from benchmarks.signals.tables import Size, show, spread_out

SIZES = (200, 1000, 5000)
STRAINED = {
    "10 % of courses strained": replace(LIVES[PLAIN], strained=0.1),
    "37 % strained": LIVES["37 % strained"],
    "37 % strained, noise skewed -1": replace(LIVES["noise skewed -1"], strained=0.37),
    "37 % strained, four five-point items, mean 4.7": replace(LIVES["four five-point items, mean 4.7"], strained=0.37),
}
HEAD = (
    "condition", "practices", "known to 15 points", "false, in truth", "false, as told", "half of the interval",
    "interval holds the truth",
)  # fmt: skip


def share(size: Size) -> None:
    """The share of drops that are false alarms: in truth, and as practices of several sizes would tell it."""
    lives = ((name, life, n) for name, life in STRAINED.items() for n in SIZES)
    rows = ((f"{name}, {n} courses", size.practices, *_told(life, n, size)) for name, life, n in lives)
    show("share", f"Which share of marks are false alarms, where it is known to {KNOWN * 100:.0f} points", HEAD, rows)


def _told(life: Life, n: int, size: Size) -> list[object]:
    """Over practices: how many know it, and of those the truth, what is told, and how well."""
    truth, told, low, high = spread_out(partial(_practice, life, n, size), size.practices, size.processes).T
    known = ~np.isnan(told)
    if not known.any():
        return [0.0, float(np.nanmean(truth)), "-", "-", "-"]
    holds = (low <= truth) & (truth <= high)
    half = (high - low)[known].mean() / 2
    means = [float(part[known].mean()) for part in (truth, told)]
    return [float(known.mean()), *means, float(half), float(holds[known].mean())]


def _practice(life: Life, n: int, size: Size, seed: int) -> list[float]:
    """True share of false alarms among the drops of a practice; what it tells with its interval, nan where nothing."""
    own = courses(life, n, seed)
    made = calibrated(own, size, seed)
    times = np.arange(1.0, own.ratings.shape[1] + 1)
    found = Voices(made.hyper, made.second).read(own.ratings, own.second, times)
    assert made.drop is not None
    marks = crossings(found.drop >= made.drop.at(found.steps.earlier), found.judged)
    truth = (marks & ~own.strained).sum() / max(marks.sum(), 1)
    return [float(truth), *made.false_discovery.get("drop", [np.nan] * 3)]
