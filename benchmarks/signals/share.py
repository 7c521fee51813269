"""The share of false alarms among a practice's marks: as the practice estimates it, and the true one.

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
    "37 % strained, t noise, 4 df": replace(LIVES["t noise, 4 df"], strained=0.37),
    "37 % strained, noise falls, SD 1.6 to .6": replace(LIVES["noise falls, SD 1.6 to .6"], strained=0.37),
    "37 % strained, noise skewed -1": replace(LIVES["noise skewed -1"], strained=0.37),
    "37 % strained, four five-point items, mean 3.8": replace(LIVES["four five-point items, mean 3.8"], strained=0.37),
    "37 % strained, four five-point items, mean 4.7": replace(LIVES["four five-point items, mean 4.7"], strained=0.37),
}
HEAD = (
    "condition", "practices", "known to 15 points", "true share", "estimated share", "log of estimated / true",
    "its SD", "half of the interval", "interval holds the true share",
)  # fmt: skip
FIRST = 1000  # seed: `TWIN_SD` was set by other practices, so that these can contradict it


def share(size: Size) -> None:
    """The share of drops that are false alarms, by condition and by how many courses a practice has."""
    lives = ((name, life, n) for name, life in STRAINED.items() for n in SIZES)
    rows = ((f"{name}, {n} courses", size.practices, *_estimated(life, n, size)) for name, life, n in lives)
    show("share", f"Which share of marks are false alarms, where it is known to {KNOWN * 100:.0f} points", HEAD, rows)


def _estimated(life: Life, n: int, size: Size) -> list[object]:
    """Over practices: how many know it, and of those the true share, the estimate, and how far they are apart."""
    true, estimate, low, high = spread_out(partial(_practice, life, n, size), size.practices, size.processes).T
    known = ~np.isnan(estimate)
    if not known.any():
        return [0.0, float(true.mean()), *["-"] * 5]
    true, estimate, low, high = (part[known] for part in (true, estimate, low, high))
    apart = np.log(np.maximum(estimate, 0.001) / np.maximum(true, 0.001))
    holds = (low <= true) & (true <= high)
    parts = (known, true, estimate, apart)
    return [*(float(p.mean()) for p in parts), float(apart.std()), float((high - low).mean() / 2), float(holds.mean())]


def _practice(life: Life, n: int, size: Size, seed: int) -> list[float]:
    """True share of false alarms among the drops of a practice; its estimate with the interval, nan where unknown."""
    own = courses(life, n, FIRST + seed)
    made = calibrated(own, size, seed)
    times = np.arange(1.0, own.ratings.shape[1] + 1)
    found = Voices(made.hyper, made.second).read(own.ratings, own.second, times)
    assert made.drop is not None
    marks = crossings(found.drop >= made.drop.at(found.steps.earlier), found.judged)
    true = (marks & ~own.strained).sum() / max(marks.sum(), 1)
    return [float(true), *made.false_discovery.get("drop", [np.nan] * 3)]
