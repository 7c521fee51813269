"""What life does beyond the conditions of `practices`: answers that are missing for a reason, raters that change.

Each entry of `LIFE` makes a practice's own courses, or uneventful ones to judge it by, from a seed, with numpy alone; a
new one belongs there. The table has no goal: it says where the budget holds and where it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.signals.budgets import HEAD, PRACTICE, against_budget, calibrated, marked
from benchmarks.signals.practices import (
    ALIKE,
    BETWEEN,
    HIGH,
    ITEM_NOISE,
    ITEM_PERSON,
    LEVEL,
    LOW,
    PLAIN,
    RISE,
    RISE_SD,
    UNEVEN,
    WITHIN,
    Courses,
    Life,
    courses,
    dips,
    noise,
    person_sd,
)
from benchmarks.signals.tables import Size, mean_and_spread, show, spread_out

Make = Callable[[Life, int, int, bool], Courses]
"""What is usual, how many courses, a seed, and whether they are those that are judged."""
SESSIONS = 15
S = np.arange(1.0, SESSIONS + 1)
USUAL = Life()


def life(size: Size) -> None:
    """Share of uneventful courses that are marked, against the budget, and of dips that are found under it."""
    count = size.practices
    rows = (
        (name, count, *mean_and_spread(spread_out(partial(_practice, name, size), count, size.processes)))
        for name in LIFE
    )
    head = (*HEAD, "dips of 3 SD found", "found: spread")
    show("life", f"Other conditions, practices of {PRACTICE} courses; 1 is exact", head, rows)


def _practice(name: str, size: Size, seed: int) -> list[float]:
    make = LIFE[name]
    made = calibrated(make(USUAL, PRACTICE, seed, False), size, seed)
    calm, strained = (make(one, size.judged, seed, True) for one in (USUAL, Life(dip=3.0)))
    found = (marked(made, strained, "drop") & strained.strained).any(axis=1).mean()
    return [*(against_budget(made, calm, kind) for kind in ("drop", "slide")), float(found)]


def skipped(life: Life, n: int, seed: int, judged: bool, low: float, high: float) -> Courses:
    """In so many sessions that were lower, or higher, than usual by half an SD or more, the rating is skipped."""
    made, rng = courses(life, n, seed, judged), _rng(seed, judged)
    off = (made.ratings - np.median(made.ratings, axis=1, keepdims=True)) / WITHIN
    chance = np.where(off < -0.5, low, np.where(off > 0.5, high, 0.0))
    return replace(made, ratings=np.where(rng.random(off.shape) < chance, np.nan, made.ratings))


def left_early(life: Life, n: int, seed: int, judged: bool, chance: float = 0.3) -> Courses:
    """After a rating 1.5 SD or more below the person's middle, this share of courses ends."""
    made, rng = courses(life, n, seed, judged), _rng(seed, judged)
    off = (made.ratings - np.median(made.ratings, axis=1, keepdims=True)) / WITHIN
    ends = (off < -1.5) & (rng.random(off.shape) < chance)
    over = np.logical_or.accumulate(ends, axis=1)
    over[:, 1:], over[:, 0] = over[:, :-1].copy(), False
    return replace(made, ratings=np.where(over, np.nan, made.ratings))


def in_turn(life: Life, n: int, seed: int, judged: bool, apart: float) -> Courses:
    """Two therapists see each client in turn; the client's ratings of them lie apart by a normal amount of this SD."""
    made, rng = courses(life, n, seed, judged), _rng(seed, judged)
    turn = np.where(np.arange(SESSIONS) % 2, 0.5, -0.5)
    moved = made.ratings + apart * WITHIN * rng.standard_normal((n, 1)) * turn
    return replace(made, ratings=np.clip(moved, LOW, HIGH))


def raters_in_turn(life: Life, n: int, seed: int, judged: bool, apart: float) -> Courses:
    """Two therapists rate in turn, each on a level of their own; the client's ratings know nothing of it."""
    made, rng = courses(life, n, seed, judged), _rng(seed, judged)
    turn = np.where(np.arange(SESSIONS) % 2, 0.5, -0.5)
    rated = LEVEL + BETWEEN * rng.standard_normal((n, 1)) + apart * WITHIN * rng.standard_normal((n, 1)) * turn
    rated = rated + WITHIN * person_sd(UNEVEN, n, rng) * noise(life, n, SESSIONS, rng)
    return replace(made, second=np.clip(rated, LOW, HIGH))


def handed_over(life: Life, n: int, seed: int, judged: bool, share: float = 0.3) -> Courses:
    """This share of courses goes on with another therapist from a session on, one SD higher or lower."""
    made, rng = courses(life, n, seed, judged), _rng(seed, judged)
    since = np.arange(SESSIONS) >= rng.integers(5, 11, (n, 1))
    moved = WITHIN * rng.standard_normal((n, 1)) * (rng.random((n, 1)) < share) * since
    return replace(made, ratings=np.clip(made.ratings + moved, LOW, HIGH))


def always_alike(life: Life, n: int, seed: int, judged: bool, share: float) -> Courses:
    """This share of persons gives the same four answers in every session; the others answer as they mean."""
    made, rng = courses(replace(life, items=4), n, seed, judged), _rng(seed, judged)
    same = rng.random((n, 1)) < share
    return replace(made, ratings=np.where(same, made.ratings[:, :1], made.ratings))


def mixed_weeks(life: Life, n: int, seed: int, judged: bool) -> Courses:
    """Half of the persons come weekly and half every second week; rise and likeness of neighbours go by the week."""
    rng = np.random.default_rng([seed, judged, 79])
    weeks = np.where(rng.random((n, 1)) < 0.5, 1.0, 2.0) * S
    wander = rng.standard_normal((n, SESSIONS))
    keep = ALIKE ** np.diff(weeks, axis=1)
    for k in range(1, SESSIONS):
        wander[:, k] = keep[:, k - 1] * wander[:, k - 1] + (1.0 - keep[:, k - 1] ** 2) ** 0.5 * wander[:, k]
    a, b = rng.standard_normal((2, n, 1))
    meant = LEVEL + BETWEEN * a + (RISE + RISE_SD * (-0.2 * a + 0.96**0.5 * b)) * weeks
    low = dips(life, n, SESSIONS, rng)
    y = meant + WITHIN * (person_sd(UNEVEN, n, rng) * wander - low)
    return Courses(np.clip(y, LOW, HIGH), 7.0 * weeks, low > 0)


def summed(life: Life, n: int, seed: int, judged: bool, items: int, answers: int, level: float) -> Courses:
    """The sum of so many answers from 0 to `answers`, at a level on 1 to 5: whole numbers that meet the top."""
    rng = np.random.default_rng([seed, judged, 80])
    a, b = rng.standard_normal((2, n, 1))
    low = dips(life, n, SESSIONS, rng)
    meant = level + BETWEEN * a + (RISE + RISE_SD * b) * S
    meant = meant + WITHIN * (person_sd(UNEVEN, n, rng) * noise(life, n, SESSIONS, rng) - low)
    own = ITEM_PERSON**0.5 * rng.standard_normal((n, 1, items))
    answer = meant[:, :, None] + own + ITEM_NOISE**0.5 * rng.standard_normal((n, SESSIONS, items))
    answer = np.clip(np.round((answer - LOW) * answers / (HIGH - LOW)), 0, answers)
    return Courses(answer.sum(axis=2), np.tile(7.0 * S, (n, 1)), low > 0)


def _rng(seed: int, judged: bool) -> np.random.Generator:
    return np.random.default_rng([seed, judged, 78])


LIFE: dict[str, Make] = {
    PLAIN: courses,
    "half of the low ratings skipped": partial(skipped, low=0.5, high=0.0),
    "half of the high ratings skipped": partial(skipped, low=0.0, high=0.5),
    "a low rating ends the course, three times in ten": left_early,
    "two therapists in turn, rated 1 SD apart": partial(in_turn, apart=1.0),
    "two therapists in turn, rated 2 SD apart": partial(in_turn, apart=2.0),
    "two therapists who rate in turn, 2 SD apart": partial(raters_in_turn, apart=2.0),
    "another therapist half-way in three of ten, 1 SD up or down": handed_over,
    "four five-point answers": partial(always_alike, share=0.0),
    "one in ten persons answers always the same": partial(always_alike, share=0.1),
    "four in ten persons answer always the same": partial(always_alike, share=0.4),
    "weekly and fortnightly mixed": mixed_weeks,
    "sum of nine answers 0 to 3, near the top": partial(summed, items=9, answers=3, level=4.4),
    "sum of four answers 0 to 10, near the top": partial(summed, items=4, answers=10, level=4.4),
    "one answer 0 to 10": partial(summed, items=1, answers=10, level=3.8),
    "sum of nine five-point answers, near the top": partial(summed, items=9, answers=4, level=4.4),
}
