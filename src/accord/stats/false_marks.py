"""Which share of a practice's marks are false alarms, where its own ratings can tell.

Noise rises as it falls, and a strain only falls. So upward marks of the practice, put right by what the ends of the
scale do to the two sides in its uneventful twin, say how many downward marks are noise. Source: our own
(docs/explanation/signals.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from accord.stats.evidence import Statistics, crossings
from accord.stats.innovation import Floats
from accord.stats.limits import Threshold
from accord.stats.simulated_practice import SimulatedPractice

KNOWN = 0.15  # half of a 95 % interval: a share that is known less well is not said
FEWEST = 100  # downward marks below which it never is: with fewer, those that chance gave few upward ones would say it
RESAMPLED = 500
TWINS = 20_000  # courses in which nothing happened
# SD of the log of the twin's downward / upward marks against the true ones. At 5,000 courses with known strains the log
# of estimated / true share is off by .11 to .28 (root mean square; `benchmarks/signals`, table *share*), mostly upwards
# and by more than resampling foresees. The most is taken.
TWIN_SD = 0.28


def false_discovery(
    practice: SimulatedPractice,
    own: tuple[Floats, Floats | None],
    t: Floats,
    limits: Mapping[str, Threshold],
    seed: int,
) -> dict[str, list[float]]:
    """By kind of mark (drop, slide): share of false alarms, with its 95 % interval; only where known to 15 points.

    Upward marks (none after a low rating) / downward marks x the twin's downward / upward marks; the interval from
    resampled courses and from the twin's own error (`TWIN_SD`). Strains that are followed by
    ratings above the person's usual are not foreseen, so the share is too large more often than too small. `own`:
    ratings of both voices (n, T) at sessions `t` (T,), missing as nan. Nothing where there are too few marks.

    >>> from accord.stats.hyper import Hyper
    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=0.0, cov=0.0, var_residual=25.0, phi=0.0)
    >>> few, times = np.array([[70.0, 71.0, 69.0, 72.0, 30.0]]), np.arange(1.0, 6.0)
    >>> practice = SimulatedPractice.of(few, None, times, usual, None, 0)
    >>> false_discovery(practice, (few, None), times, {"drop": Threshold(2.0)}, 0)
    {}
    """
    kinds = {kind: limit for kind, limit in limits.items() if kind != "gap"}
    marks = _marks(practice, own, t, kinds)
    if not any(down.sum() >= FEWEST for _up, down in marks.values()):
        return {}
    rng = np.random.default_rng(seed)
    again = np.arange(max(len(own[0]), TWINS)) % len(own[0])
    like = own[0][again], None if own[1] is None else own[1][again]
    twin_marks = _marks(practice, practice.simulate(len(again), t, rng, like), t, kinds)
    shares = {}
    for kind, (up, down) in marks.items():
        twin_up, twin_down = (part.sum() for part in twin_marks[kind])
        courses, alike = np.unique(np.stack([up, down]), axis=1, return_counts=True)
        drawn = rng.multinomial(len(up), alike / len(up), RESAMPLED)  # courses with the same marks are drawn together
        ratios = drawn @ courses[0] / np.maximum(drawn @ courses[1], 1)
        ratios *= np.exp(TWIN_SD * rng.standard_normal(RESAMPLED)) * twin_down / max(twin_up, 1)
        low, high = np.quantile(ratios, (0.025, 0.975))
        high = max(high, _most(up.sum()) / max(down.sum(), 1) * twin_down / max(twin_up, 1))
        if down.sum() >= FEWEST and twin_up and (high - low) / 2 <= KNOWN:
            share = up.sum() / down.sum() * twin_down / twin_up
            shares[kind] = [round(float(min(value, 1.0)), 3) for value in (share, low, high)]
    return shares


def _marks(
    practice: SimulatedPractice, ratings: tuple[Floats, Floats | None], t: Floats, limits: Mapping[str, Threshold]
) -> dict[str, tuple[Floats, Floats]]:
    """Upward and downward marks of each course, (n,), by kind."""
    up, down = practice.voices.read_both_ways(*ratings, t)

    def count(statistics: Statistics, kind: str) -> Floats:
        above = getattr(statistics, kind) >= limits[kind].at(statistics.steps.earlier)
        return np.asarray(crossings(above, statistics.judged).sum(axis=1), dtype=np.float64)

    return {kind: (count(up, kind), count(down, kind)) for kind in limits}


def _most(count: float) -> float:
    """Upper end of the 95 % interval of a count (Byar): none at all, resampled, would seem to be known exactly."""
    more = count + 1.0
    return float(more * (1.0 - 1.0 / (9.0 * more) + 1.96 / (3.0 * more**0.5)) ** 3)
