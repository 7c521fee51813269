"""Which series to judge: two scales that share the budget, their common mean alone, or all three sharing it.

Seven five-point answers, four of one scale and three of the other, as in Accord's check-in. A strain lowers one of the
two scales or both.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from accord.stats.evidence import Voices
from accord.stats.thresholds import BUDGET, Calibration, calibrate
from benchmarks.signals.practices import BETWEEN, RISE, WITHIN, Life, answered, noise, person_sd
from benchmarks.signals.tables import Size, show, spread_out

PRACTICES = 4
PRACTICE = 200  # courses
T = np.arange(1.0, 16.0)
LEVELS, MOVES = 0.8, 0.5  # assumed correlations of the two scales: of persons' levels, and within a person
CHOICES = {"two scales": ("first", "second"), "the mean of all": ("both",), "all three": ("first", "second", "both")}
BOTH = (0.0, 0.5, 1.0)
LOWERED = ((1, 0), (0, 1), (1, 1))
SIZES = {"2 SD over 3 sessions": (3, 2.0), "dip of 3 SD": (1, 3.0)}


def series(size: Size) -> None:
    """Share of strains marked while they last, by how many of them lower both scales, and uneventful courses marked."""
    rates = spread_out(partial(_practice, size), PRACTICES, size.processes).mean(axis=0).reshape(len(CHOICES), -1)
    shares = ("0 % lower both", "50 %", "100 %")
    head = ("judged", *(f"{name}: {share}" for name in SIZES for share in shares), "uneventful, of 100")
    rows = ((name, *row[1:].tolist(), 100.0 * row[0]) for name, row in zip(CHOICES, rates, strict=True))
    show("series", "Which series, one budget of 5 drops in 100 courses for all that are judged", head, rows)


def _practice(size: Size, seed: int) -> list[float]:
    """For each choice: uneventful courses marked; then strains found, of each size and share that lowers both."""
    own = _ratings(PRACTICE, seed, 0)
    calm = _ratings(size.judged, seed, 1)
    n = 4 * size.cell // 5
    found = []
    strained = [
        [_ratings(n, seed, 2 + 3 * k + which, strain, lowered) for which, lowered in enumerate(LOWERED)]
        for k, strain in enumerate(SIZES.values())
    ]
    for names in CHOICES.values():
        made = {s: calibrate(own[s], budget=BUDGET.over(len(names)), draws=size.draws, seed=seed) for s in names}
        found.append(float(_marked(made, calm).any(axis=1).mean()))
        for kinds in strained:
            hits = [float((_marked(made, one) & one["inside"]).any(axis=1).mean()) for one in kinds]
            found += [share * hits[2] + (1.0 - share) * (hits[0] + hits[1]) / 2.0 for share in BOTH]
    return found


def _marked(made: dict[str, Calibration], ratings: dict[str, np.ndarray]) -> np.ndarray:
    marks = np.zeros(ratings["first"].shape, dtype=bool)
    for name, one in made.items():
        read = Voices(one.hyper).read(ratings[name], None, T)
        assert one.drop is not None
        marks |= read.drop >= one.drop.at(read.steps.earlier)
    return marks


def _ratings(
    n: int, seed: int, of: int, strain: tuple[int, float] = (0, 0.0), lowered: tuple[int, int] = (0, 0)
) -> dict[str, np.ndarray]:
    """Both scales and the mean of all answers, (n, 15), and where a strain goes on."""
    rng = np.random.default_rng([seed, of, 78])
    length, depth = strain
    since = np.arange(15) - rng.integers(3, 15 - max(length, 1) + 1, (n, 1))
    inside = (since >= 0) & (since < length)
    level, move = rng.standard_normal((n, 1)), noise(Life(), n, 15, rng)
    spread = person_sd(0.36, n, rng)
    scales = []
    for items, low in zip((4, 3), lowered, strict=True):
        own_level = LEVELS**0.5 * level + (1.0 - LEVELS) ** 0.5 * rng.standard_normal((n, 1))
        own_move = MOVES**0.5 * move + (1.0 - MOVES) ** 0.5 * noise(Life(), n, 15, rng)
        meant = 3.6 + BETWEEN * own_level + RISE * T + WITHIN * (spread * own_move - low * depth * inside)
        scales.append(answered(meant, items, rng))
    first, second = scales
    return {"first": first, "second": second, "both": (4.0 * first + 3.0 * second) / 7.0, "inside": inside}
