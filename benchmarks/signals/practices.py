"""A seed in; courses of a practice as life might make them out, without a line of what judges them: numpy alone.

`LIVES` lists what differs from the plain model; a new way in which practices may differ is one entry there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BETWEEN, WITHIN, RISE, RISE_SD, ALIKE, UNEVEN = 0.53, 0.30, 0.02, 0.022, 0.2, 0.36  # as in the IMPLEMENT trial
LEVEL, LOW, HIGH = 3.8, 1.0, 5.0
ITEM_NOISE, ITEM_PERSON, ITEM_OWN = 0.239, 0.142, 0.040  # variances of single answers in the same trial
YEAR = 250.0  # days over which courses begin, one session every seven


@dataclass(frozen=True)
class Life:
    """How courses of a practice go. `sessions`: how long; `read`: how long those are that are judged (0: as long).

    `sd`: of the noise at the first and the last session, against the usual. `skew` and `df` of the noise. `curve`: the
    rise levels off. `shift`: all sessions lower by so many within-person SD; from day `since` on. `items`: the mean of
    so many answers at a `level` on 1 to 5. `lengths`: courses end after one of these. `missing`: two sessions running
    are missing in this share of courses. `strained`: share of courses with a strain, in the practice's own alone.
    `dip`: one session lies so many SD lower in each course that is judged.
    """

    sessions: int = 15
    read: int = 0
    sd: tuple[float, float] = (1.0, 1.0)
    skew: float = 0.0
    df: float = 0.0
    curve: bool = False
    shift: float = 0.0
    since: float = 0.0
    items: int = 0
    level: float = LEVEL
    lengths: tuple[int, ...] = ()
    missing: float = 0.0
    strained: float = 0.0
    dip: float = 0.0
    uneven: float = UNEVEN
    size: float = 1.0


@dataclass(frozen=True)
class Courses:
    """Ratings (n, T), missing as nan; the day of each session (n, T); where a strain goes on (n, T); the therapist's
    ratings of the same sessions, where there are any."""

    ratings: np.ndarray
    days: np.ndarray
    strained: np.ndarray
    second: np.ndarray | None = None


def courses(life: Life, n: int, seed: int, judged: bool = False) -> Courses:
    """The practice's own courses, or uneventful ones to judge it by."""
    rng = np.random.default_rng([seed, judged, 77])
    sessions = life.read if judged and life.read else life.sessions
    s = np.arange(1.0, sessions + 1)
    days = rng.uniform(0.0, YEAR, (n, 1)) // 1 + 7.0 * s
    meant = _meant(life, n, s, rng)
    wander = noise(life, n, sessions, rng)
    within = WITHIN * life.size
    y = meant + within * _sd(life, s) * person_sd(life.uneven, n, rng) * wander
    strained = np.zeros(y.shape, dtype=bool)
    if judged:
        y -= within * life.shift * (days >= life.since)
    if life.dip if judged else life.strained:
        low = dips(life, n, sessions, rng) if judged else _strains(life.strained, n, sessions, rng)
        y -= within * low
        strained = low > 0
    y = answered(y, life.items, rng) if life.items else np.clip(y, LOW, HIGH)
    if life.lengths:
        y[s > rng.choice(life.lengths, (n, 1))] = np.nan
    if life.missing:
        first = rng.integers(3, sessions - 2, (n, 1))
        gone = (rng.random((n, 1)) < life.missing) & (np.arange(sessions) >= first) & (np.arange(sessions) < first + 2)
        y[gone] = np.nan
    return Courses(y, days, strained)


def _meant(life: Life, n: int, s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each person's own line, or curve."""
    a, b = rng.standard_normal((2, n, 1))
    person = BETWEEN * a
    slope = RISE_SD * (-0.2 * a + 0.96**0.5 * b)
    clock = 12.0 * (1.0 - np.exp(-s / 5.0)) if life.curve else s
    rise = 0.06 if life.curve else RISE
    level = life.level - rise * clock.mean() if life.items else life.level - (0.3 if life.curve else 0.0)
    return level + person + (rise + slope) * clock


def _sd(life: Life, s: np.ndarray) -> np.ndarray:
    first, last = life.sd
    return first + (last - first) * (s - 1.0) / max(len(s) - 1, 1)


def person_sd(cv: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Log-normal with this coefficient of variation, mean square 1."""
    variance = np.log1p(cv * cv)
    return np.exp(variance**0.5 * rng.standard_normal((n, 1)) - variance)


def noise(life: Life, n: int, sessions: int, rng: np.random.Generator) -> np.ndarray:
    """Standard noise, neighbours alike: normal, Student t, or a gamma turned round (its skew is that of each step)."""
    if life.skew:
        shape = 4.0 / life.skew**2
        steps = np.sign(life.skew) * (rng.gamma(shape, size=(n, sessions)) - shape) / shape**0.5
    elif life.df:
        steps = rng.standard_t(life.df, (n, sessions)) * ((life.df - 2.0) / life.df) ** 0.5
    else:
        steps = rng.standard_normal((n, sessions))
    for k in range(1, sessions):
        steps[:, k] = ALIKE * steps[:, k - 1] + (1.0 - ALIKE**2) ** 0.5 * steps[:, k]
    return steps


def _strains(share: float, n: int, sessions: int, rng: np.random.Generator) -> np.ndarray:
    """Dips of one to three sessions, drops of three, slides over six; 2 to 4 SD; 42 % never come back."""
    onset = rng.integers(3, sessions, (n, 1))
    kind, size = rng.integers(0, 3, (n, 1)), rng.choice([2.0, 3.0, 4.0], (n, 1))
    length = np.where(kind == 0, rng.choice([1, 2, 3], (n, 1), p=[0.5, 0.3, 0.2]), np.where(kind == 1, 3, 6))
    since = np.arange(sessions) - onset
    stays = rng.random((n, 1)) > 0.58
    depth = np.where(kind == 2, np.minimum((since + 1) / 6.0, 1.0), 1.0)
    struck = rng.random((n, 1)) < share
    return np.where(struck & (since >= 0) & (stays | (since < length)), depth * size, 0.0)


def dips(life: Life, n: int, sessions: int, rng: np.random.Generator) -> np.ndarray:
    """By how much each session is lower: `dip` in one of them, after the third."""
    return np.where(np.arange(sessions) == rng.integers(3, sessions, (n, 1)), life.dip, 0.0)


def answered(y: np.ndarray, items: int, rng: np.random.Generator) -> np.ndarray:
    """The mean of so many answers from 1 to 5 to what is meant."""
    n, sessions = y.shape
    own = ITEM_OWN**0.5 * np.linspace(-1.3, 1.3, items)
    person = ITEM_PERSON**0.5 * rng.standard_normal((n, 1, items))
    answer = y[:, :, None] + own + person + (ITEM_NOISE - 1 / 12) ** 0.5 * rng.standard_normal((n, sessions, items))
    return np.clip(np.round(answer), LOW, HIGH).mean(axis=2)


PLAIN = "nothing differs from the model"
LIVES: dict[str, Life] = {
    PLAIN: Life(),
    "noise falls, SD 1.19 to .85": Life(sd=(1.19, 0.85)),
    "noise rises, SD .85 to 1.19": Life(sd=(0.85, 1.19)),
    "noise falls, SD 1.6 to .6": Life(sd=(1.6, 0.6)),
    "noise rises, SD .6 to 1.6": Life(sd=(0.6, 1.6)),
    "mean levels off, 6 sessions": Life(sessions=6, curve=True),
    "mean levels off, 15 sessions": Life(curve=True),
    "mean levels off, 60 sessions": Life(sessions=60, curve=True),
    "mean levels off, mixed lengths to 60": Life(sessions=60, curve=True, lengths=(6, 10, 15, 25, 40, 60)),
    "calibrated on 15 sessions, read to 60": Life(curve=True, read=60),
    "all sessions 1 SD lower": Life(shift=1.0),
    "all 1 SD lower from a date on": Life(shift=1.0, since=130.0),
    "four five-point items, mean 1.7": Life(items=4, level=1.7),
    "four five-point items, mean 3.8": Life(items=4),
    "four five-point items, mean 4.7": Life(items=4, level=4.7),
    "four five-point items, mean 5.0": Life(items=4, level=5.0),
    "two sessions missing in half of the courses": Life(missing=0.5),
    "t noise, 4 df": Life(df=4.0),
    "noise skewed -1": Life(skew=-1.0),
    "noise skewed -2": Life(skew=-2.0),
    "20 % of the practice's courses strained": Life(strained=0.2),
    "37 % strained": Life(strained=0.37),
    "persons alike": Life(uneven=0.0),
}
