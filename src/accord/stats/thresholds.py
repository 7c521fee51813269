"""Calibrate a scale: the usual course of a practice's own ratings, and limits that keep a false-alarm budget.

Limits come from a simulated twin of the practice in which nothing happened (`simulated_practice`), and hold for every
number of ratings known of a person (`limits`). Source: our own (docs/explanation/signals.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.cores import each
from accord.stats.estimate import estimate
from accord.stats.evidence import COURSE, FEWEST, WEIGHT, paired
from accord.stats.false_marks import false_discovery
from accord.stats.hyper import Hyper
from accord.stats.innovation import Floats, checked
from accord.stats.limits import BUDGET, Budget, Threshold, allowed, fitted
from accord.stats.simulated_practice import SimulatedPractice

__all__ = ["BUDGET", "Budget", "Calibration", "Threshold", "allowed", "calibrate", "calibrate_both", "estimate"]

METHOD = "innovation-4"
LONG = 6  # ratings of a course from which a practice learns to judge
FEWEST_COURSES = {"drop": 10, "slide": 20, "gap": 10}
"""Such courses before a kind of mark is made: with fewer, no budget holds."""
UNSURE = 12  # courses: with so many, half of the budget is kept for what they do not know of themselves
"""A limit in error by as much up as down gives too many marks on average: they fall faster than it rises."""
MOST = 10_000  # own courses read for a calibration; more move a limit in the third digit
DRAWS = 20_000
FEWEST_DRAWS, DRAWS_A_COURSE = 4000, 400
"""Fewer are simulated for few courses: what these do not know of themselves moves a limit far more than chance does."""
FARTHEST = 60  # sessions of a simulated course at most


@dataclass(frozen=True)
class Calibration:
    """What the signals of one scale are judged by; frozen, named by `id`, and stored as a row with `to_dict`.

    `drop`, `slide`: flagged where the evidence reaches it; `gap`: where |z| does (for the series client minus
    therapist, which has a calibration of its own); `None` where there are too few courses to judge by. `hyper`: the
    usual course; `second`: that of the therapist's voice where both are judged together with `weight`. `n`: own
    courses behind it, `long` of them with six ratings or more. `false_discovery`: by kind of mark the share of false
    alarms and its 95 % interval, where that is known to 15 points (`stats.false_marks`). `reliability`: of a change on
    the scale (R_C), where it was measured.
    """

    hyper: Hyper
    drop: Threshold | None = None
    slide: Threshold | None = None
    gap: Threshold | None = None
    second: Hyper | None = None
    weight: float = WEIGHT
    budget: Budget = BUDGET
    n: int = 0
    long: int = 0
    seed: int = 0
    false_discovery: Mapping[str, list[float]] = field(default_factory=dict)
    method: str = METHOD
    reliability: float | None = None

    @cached_property
    def id(self) -> str:
        """Method and a fingerprint of every number in it, such as `innovation-4:3f2a90c1d5e4`."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return f"{self.method}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def learning(self) -> bool:
        """Whether the practice has too few own courses to make any mark."""
        return self.long < min(FEWEST_COURSES.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and words, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Calibration:
        """The calibration that `to_dict` stored."""
        made = dict(stored)
        for names, kind in _PARTS:
            for name in names:
                if made.get(name) is not None:
                    made[name] = kind(**made[name])
        return cls(**made)

    def __str__(self) -> str:
        source = f"{self.n} own courses" if self.n else "no own courses"
        lines = [f"Calibration {self.id} from {source}, leaning on {self.hyper.name}"]
        lines += [f"{'':8}{'budget':>10}{'limit':>12}{'tilt':>8}{'bend':>8}"]
        for kind in FEWEST_COURSES:
            limit: Threshold | None = getattr(self, kind)
            budget = f"{kind:8}{getattr(self.budget, kind):>10.3f}"
            if limit is None:
                lines.append(f"{budget}  no marks below {FEWEST_COURSES[kind]} courses of {LONG} sessions")
            else:
                lines.append(f"{budget}{limit.level:>12.3f}{limit.tilt:>8.3f}{limit.bend:>8.3f}")
        return "\n".join(lines)


_PARTS: tuple[tuple[tuple[str, ...], type], ...] = (
    (("hyper", "second"), Hyper), (("drop", "slide", "gap"), Threshold), (("budget",), Budget),
)  # fmt: skip


def calibrate(
    scores: npt.ArrayLike | Hyper,
    times: npt.ArrayLike | None = None,
    *,
    second: npt.ArrayLike | Hyper | None = None,
    prior: Hyper | None = None,
    second_prior: Hyper | None = None,
    budget: Budget = BUDGET,
    seed: int = 0,
    draws: int = DRAWS,
) -> Calibration:
    """Limits that hold `budget`: from a practice's own courses (n, T), or from a prior `Hyper` alone, without limits.

    times: (T,) session numbers, by default 1, 2, ... `second`: the therapist's ratings of the same questions in the
    same sessions (n, T), or a prior for them; both voices are then judged together. `prior`, `second_prior`: what
    the estimates lean on while courses are few. Missing is nan. `draws`: simulated courses. For `gap`, give the
    differences client minus therapist as `scores`. No limit is made while the practice has fewer courses of six ratings
    than `FEWEST_COURSES`. Units are those of the scores. Raises `BadInput` as `estimate` does.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=0.0, cov=0.0, var_residual=25.0, phi=0.0)
    >>> made = calibrate(usual)
    >>> made.n, made.learning, made.drop
    (0, True, None)
    """
    if isinstance(scores, Hyper):
        return Calibration(scores, second=second if isinstance(second, Hyper) else None, budget=budget, seed=seed)
    y, pair, t = _read(scores, None if isinstance(second, Hyper) else second, times, seed)
    practice = SimulatedPractice.of(y, pair, t, prior, second_prior, seed)
    return _judging(practice, y, pair, t, budget, seed, draws)


def calibrate_both(
    client: npt.ArrayLike,
    therapist: npt.ArrayLike,
    times: npt.ArrayLike | None = None,
    *,
    prior: Hyper | None = None,
    second_prior: Hyper | None = None,
    budget: Budget = BUDGET,
    seed: int = 0,
    draws: int = DRAWS,
) -> tuple[Calibration, Calibration]:
    """What `calibrate` gives for the client with the therapist as `second`, and for the therapist's ratings alone.

    Both (n, T), missing as nan, with what is usual in the therapist's ratings worked out once. Raises `BadInput` as
    `calibrate` does.

    >>> from accord import simulate
    >>> few = simulate(12, 8, seed=1)
    >>> both = calibrate_both(few.client, few.therapist, draws=1000)
    >>> both[0].second == both[1].hyper
    True
    """
    y, pair, t = _read(client, therapist, times, seed)
    assert pair is not None
    practice = SimulatedPractice.of(y, pair, t, prior, second_prior, seed)
    assert practice.therapist is not None
    # Limits come from large twins, in long steps: two cores take a third less time for them, and none for the search.
    judged = (practice, y, pair), (SimulatedPractice(practice.therapist), pair, None)
    client_made, therapist_made = each(lambda voices: _judging(*voices, t, budget, seed, draws), judged)
    return client_made, therapist_made


def _read(
    scores: npt.ArrayLike, second: npt.ArrayLike | None, times: npt.ArrayLike | None, seed: int
) -> tuple[Floats, Floats | None, Floats]:
    """Ratings of one voice or both, checked, of `MOST` courses at most; and the sessions."""
    y = np.asarray(scores, dtype=np.float64)
    y, t = checked(y, np.arange(1.0, y.shape[-1] + 1) if times is None else times)
    if t.ndim != 1:
        raise BadInput("calibrate needs one row of session numbers for all courses; put the ratings on that grid.")
    pair = None if second is None else paired(second, y, t)
    if len(y) > MOST:
        chosen = np.sort(np.random.default_rng(seed).choice(len(y), MOST, replace=False))
        y, pair = y[chosen], None if pair is None else pair[chosen]
    return y, pair, t


def _judging(
    practice: SimulatedPractice, y: Floats, pair: Floats | None, t: Floats, budget: Budget, seed: int, draws: int
) -> Calibration:
    """The limits of a practice, and what its own ratings say of them."""
    ratings = (~np.isnan(y)).sum(axis=1)
    long = int((ratings >= LONG).sum())
    limits = _limits(practice, budget, seed, draws, long, len(t))
    voices = practice.voices
    judged = np.flatnonzero(ratings > FEWEST)
    own = y[judged], None if pair is None else pair[judged]
    return Calibration(
        voices.client, second=voices.therapist, weight=voices.weight, budget=budget, n=len(judged), long=long,
        seed=seed, false_discovery=false_discovery(practice, own, t, limits, seed) if limits else {},
        **limits,  # type: ignore[arg-type]
    )  # fmt: skip


def _limits(
    practice: SimulatedPractice, budget: Budget, seed: int, draws: int, long: int, sessions: int
) -> dict[str, Threshold]:
    """Limits of those kinds of marks for which there are courses enough, from the uneventful twin."""
    kinds = [kind for kind, needed in FEWEST_COURSES.items() if long >= needed]
    if not kinds:
        return {}
    times = np.arange(1.0, min(max(2 * sessions, 2 * COURSE), FARTHEST) + 1)
    draws = min(draws, max(FEWEST_DRAWS, DRAWS_A_COURSE * long))
    n = min(draws, 2 * draws * COURSE // len(times))
    statistics = practice.voices.read(*practice.simulate(n, times, np.random.default_rng(seed)), times)
    earlier, sure = statistics.steps.earlier, long / (long + UNSURE)
    return {kind: fitted(getattr(statistics, kind), earlier, sure * getattr(budget, kind)) for kind in kinds}
