"""What every table here needs: how much is simulated, how a calibration reads courses, how rows are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from accord.simulation import Simulated, nine_items
from accord.stats.evidence import Statistics, Voices
from accord.stats.priors import shipped
from accord.stats.thresholds import BUDGET, Calibration

NINE = nine_items()
COLLABORATION = shipped()["collaboration"].client  # four items, 0 to 100: its ends, and a practice's first guess
CONNECTION = shipped()["connection"].client  # three items
SCALES = (
    ("nine items, 1 to 5", None, None), ("four five-point items", 4, COLLABORATION),
    ("three five-point items", 3, CONNECTION),
)  # fmt: skip
HALF = BUDGET.over(2)  # what each of the two scales of the check-in has in a practice


@dataclass(frozen=True)
class Size:
    """How much is simulated: practices of 20, 200 and 5,000 courses; those with both voices; judged courses
    of each practice and of the other tables; simulated courses behind a threshold."""

    small: int
    practices: int
    large: int
    pairs: int
    judged: int
    courses: int
    draws: int


FULL = Size(small=40, practices=200, large=8, pairs=100, judged=5000, courses=20_000, draws=6000)
QUICK = Size(small=8, practices=16, large=2, pairs=4, judged=3000, courses=6000, draws=4000)


def show(title: str, head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """One table in Markdown, printed as it comes."""
    head = list(head)
    print(f"\n### {title}\n\n| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for row in rows:
        print("| " + " | ".join(f"{x:.3f}" if isinstance(x, float) else str(x) for x in row) + " |", flush=True)


def mean_error_spread(rates: np.ndarray) -> np.ndarray:
    """Mean over practices (the first axis), its standard error, and the SD of one practice: (3, ...)."""
    mean, spread = rates.mean(axis=0), rates.std(axis=0, ddof=1)
    return np.stack([mean, spread / len(rates) ** 0.5, spread])


def with_error(rates: Iterable[Iterable[float]]) -> list[str]:
    """A row for each practice in; for each column its mean and the standard error of that, as one cell."""
    mean, error, _spread = mean_error_spread(np.array(list(rates)))
    return [f"{m:.3f} ± {e:.1g}" for m, e in zip(mean, error, strict=True)]


def read(made: Calibration, one: Simulated | np.ndarray, both: bool = False) -> Statistics:
    """Statistics of simulated courses under a calibration."""
    y = one if isinstance(one, np.ndarray) else one.client
    pair = one.therapist if both and isinstance(one, Simulated) else None
    return Voices(made.hyper, made.second, made.weight).read(y, pair, np.arange(1.0, y.shape[1] + 1))


def flags(made: Calibration, found: Statistics, kind: str = "drop") -> np.ndarray:
    return np.asarray(getattr(found, kind) >= getattr(made, kind).at(found.steps.earlier))


def auc(strained: np.ndarray, calm: np.ndarray) -> float:
    """Chance that a strained session scores higher than a calm one; ties count half."""
    calm = np.sort(calm)
    below, upto = np.searchsorted(calm, strained, "left"), np.searchsorted(calm, strained, "right")
    return float(np.mean(below + upto) / 2 / len(calm))
