"""What is found at the same false alarms: Accord beside every classical rule that looks at no later session.

A practice of 200 uneventful courses calibrates itself; its limits are then moved, as those of every rule are, until one
uneventful course in twenty is marked. So this compares statistics, with everything in them estimated, and not budgets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from accord.stats.courses import draw
from accord.stats.evidence import Voices
from accord.stats.innovation import Floats
from accord.stats.rules import RULES
from accord.stats.thresholds import calibrate
from benchmarks.signals.tables import NINE, Size, show, spread_out

SHARE = 0.05
TIMES = np.arange(1.0, 16.0)
CELLS = {"dip of 2 SD": (1, 2.0), "dip of 3 SD": (1, 3.0), "2 SD over 3 sessions": (3, 2.0), "slide to 3 SD": (6, 3.0)}
UNEVEN = (0.36, 0.0)
PRACTICES = 12
FEW = 500  # strained courses at once among the calm ones


def rivals(size: Size) -> None:
    """Share of strains marked while they last, 15 sessions, nine items without an end of the scale."""
    names = ["Accord (drop)", *(name for name, rule in RULES.items() if rule.online), *_OWN]
    shares = [spread_out(partial(_cells, cv, size), PRACTICES, size.processes).mean(axis=0) for cv in UNEVEN]
    found = np.stack([share.reshape(len(names), -1) for share in shares], axis=1)
    rows = ((name, *found[k].ravel().tolist(), float(found[k].mean())) for k, name in enumerate(names))
    head = ("statistic", *(f"{cell}, CV {cv}" for cv in UNEVEN for cell in CELLS), "mean")
    show("rivals", "Strains found while they last, one uneventful course in twenty marked", head, rows)


def _cells(cv: float, size: Size, seed: int) -> list[float]:
    """For each statistic in turn, each cell."""
    usual = replace(NINE, spread=cv, low=None, high=None)

    def courses(n: int, of: int) -> Floats:
        return draw(usual, n, TIMES, np.random.default_rng([seed, of]))

    made = calibrate(courses(200, 0), draws=2000, seed=seed)
    calm = courses(2 * size.cell, 1)
    strained = [_strained(courses(size.cell, 2 + k), seed, *cell) for k, cell in enumerate(CELLS.values())]
    found = []

    def accord(y: Floats) -> Floats:
        read = Voices(made.hyper).read(y, None, TIMES)
        assert made.drop is not None
        return read.drop - made.drop.at(read.steps.earlier)

    statistics = [accord, *(partial(_among, calm, rule.statistic) for rule in RULES.values() if rule.online)]
    statistics += [partial(own, Voices(made.hyper)) for own in _OWN.values()]
    for statistic in statistics:
        limit = np.nextafter(np.quantile(statistic(calm).max(axis=1), 1.0 - SHARE), np.inf)
        found += [float(((statistic(y) >= limit) & inside).any(axis=1).mean()) for y, inside in strained]
    return found


def _among(calm: Floats, statistic: Callable[[Floats], Floats], y: Floats) -> Floats:
    """A rule that measures by the whole table sees few strained courses among many calm ones, as in a practice."""
    if y is calm:
        return statistic(calm)
    parts = [y[start : start + FEW] for start in range(0, len(y), FEW)]
    return np.concatenate([statistic(np.concatenate([calm, part]))[len(calm) :] for part in parts])


def _strained(y: Floats, seed: int, length: int, depth: float) -> tuple[Floats, np.ndarray]:
    """The same courses with a strain in each, and where it lasts."""
    onset = np.random.default_rng([seed, 99]).integers(3, 15 - length + 1, len(y))
    since = np.arange(15) - onset[:, None]
    inside = (since >= 0) & (since < length)
    low = np.minimum((since + 1) / length, 1.0) if length == 6 else 1.0
    return y - NINE.var_residual**0.5 * depth * np.where(inside, low, 0.0), inside


def _ewma(voices: Voices, y: Floats) -> Floats:
    return _along(voices, y, lambda now, z: 0.7 * now - 0.3 * z)


def _cusum(voices: Voices, y: Floats) -> Floats:
    return _along(voices, y, lambda now, z: np.maximum(now - z - 1.0, 0.0))


def _along(voices: Voices, y: Floats, step: Callable[[Floats, Floats], Floats]) -> Floats:
    """A running statistic of Accord's own steps, in the person's own sd."""
    read = voices.read(y, None, TIMES)
    now, path = np.zeros(len(y)), np.full(y.shape, -np.inf)
    for t in range(3, y.shape[1]):
        now = path[:, t] = step(now, read.z[:, t])
    return path


def _one(voices: Voices, y: Floats) -> Floats:
    return _along(voices, y, lambda _now, z: -z)


_OWN = {
    "Accord's steps, one at a time": _one, "EWMA (.3) of Accord's steps": _ewma,
    "CUSUM (k = 1) of Accord's steps": _cusum,
}  # fmt: skip
