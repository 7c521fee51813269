"""What every table here needs: how much is simulated, and how rows are shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from accord.simulation import nine_items

NINE = nine_items()


@dataclass(frozen=True)
class Size:
    """How much is simulated: practices in a condition, and small ones; uneventful courses that judge each; simulated
    courses behind a limit; strained courses that a practice is shown in each cell of the table of rivals; processes
    that share the practices."""

    practices: int
    small: int
    judged: int
    draws: int
    cell: int
    processes: int = os.cpu_count() or 1


FULL = Size(practices=20, small=40, judged=4000, draws=20_000, cell=5000)
QUICK = Size(practices=4, small=8, judged=2000, draws=8000, cell=1500)


def show(name: str, title: str, head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """One table in Markdown, printed as it comes, after a comment with its name by which `docs` finds its place."""
    head = list(head)
    print(f"\n### {title}\n\n<!-- {name} -->\n| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for row in rows:
        print("| " + " | ".join(f"{x:.2f}" if isinstance(x, float) else str(x) for x in row) + " |", flush=True)


def spread_out(one: Callable[[int], list[float]], count: int, processes: int) -> np.ndarray:
    """One row for each seed."""
    if processes == 1:
        return np.array([one(seed) for seed in range(count)])
    with ProcessPoolExecutor(processes) as pool:
        return np.array(list(pool.map(one, range(count))))


def mean_and_spread(rates: np.ndarray) -> list[float]:
    """For each column: mean over practices (the first axis), and the SD of one practice."""
    return np.stack([rates.mean(axis=0), rates.std(axis=0, ddof=1)]).T.ravel().tolist()
