"""A practice's own ratings in; its usual course and thresholds that keep a stated false-alarm budget out.

Thresholds come from simulated uneventful courses of the estimated kind, and are then corrected by the practice's own
residuals. Real strains are among those residuals, so the correction reads their *upward* side: noise is as likely to
lift a rating as to lower it, a strain only lowers it (and the way back up is left out). What the ends of the scale do
to the two sides is taken from the simulation. The same holds for how much persons differ in their noise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.estimate import estimate
from accord.stats.evidence import FEWEST, QUIET, WEIGHT, Statistics, Voices, crossings, paired
from accord.stats.innovation import Flags, Floats, Hyper, checked
from accord.stats.simulated_practice import TRUST, Practice, Voice
from accord.stats.strains import FELT, strains

__all__ = ["Budget", "Calibration", "Threshold", "allowed", "calibrate", "estimate"]

METHOD = "innovation-1"
COURSE = 15  # sessions of the course that a budget speaks of
LENGTHS = (6, 10, 15, 25, 40)  # course lengths at which a threshold is made to fit
MOST = 10_000  # own courses read for a calibration; more move a threshold in the third digit
DRAWS = 20_000
TILTS = tuple(k / 8 for k in range(-6, 13))
TAIL = (0.02, 0.03, 0.05, 0.08, 0.12)  # upper shares of courses by which own and simulated noise are compared
BASE_RATES = (0.10, 0.20, 0.37)  # shares of courses with a strain, for which is said what a mark means
MEANT = 5000  # courses with and without a strain that are simulated for that
RESAMPLED = 60  # times that the own courses are drawn again to see how far such a comparison errs


@dataclass(frozen=True, slots=True)
class Budget:
    """Share of uneventful 15-session courses that may be flagged at least once, for each kind of signal."""

    drop: float = 0.05
    slide: float = 0.03
    gap: float = 0.03

    def __post_init__(self) -> None:
        for kind, share in asdict(self).items():
            if not 0.001 <= share <= 0.5:
                raise BadInput(f"budget for {kind} is {share}; give a share of courses between 0.001 and 0.5.")

    def over(self, scales: int) -> Budget:
        """What each of so many scales may use, so that a course that has them all keeps the budget as a whole.

        >>> Budget().over(2)
        Budget(drop=0.025, slide=0.015, gap=0.015)
        """
        return Budget(**{kind: share / scales for kind, share in asdict(self).items()})


BUDGET = Budget()


def allowed(share: float, sessions: int) -> float:
    """The budget of a 15-session course scaled to another length: the same rate for each session that is judged.

    >>> round(allowed(0.05, 15), 4), round(allowed(0.05, 40), 3), allowed(0.05, 3)
    (0.05, 0.146, 0.0)
    """
    return float(1.0 - (1.0 - share) ** (max(sessions - QUIET, 0) / (COURSE - QUIET)))


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit that moves slowly with how much is known of a person: level + tilt log(earlier ratings / 10)."""

    level: float
    tilt: float = 0.0

    def at(self, earlier: Floats) -> Floats:
        """The limit before a rating with so many `earlier` ones (any shape)."""
        known = np.arange(earlier.max(initial=0.0) + 1.0)
        table = self.level + self.tilt * np.log(np.clip(known, FEWEST, 60.0) / 10.0)
        return np.asarray(table[earlier.astype(np.intp)])

    def stretched(self, factor: float) -> Threshold:
        """The same shape, so many times as high."""
        return Threshold(self.level * factor, self.tilt * factor)


@dataclass(frozen=True)
class Calibration:
    """What the signals of one scale are judged by; frozen, named by `id`, and stored as a row with `to_dict`.

    `drop`: flagged where -z reaches it; `slide`: where the CUSUM crosses it; `gap`: where |z| reaches it (for the
    series client minus therapist, which has a calibration of its own). `hyper`: the usual course; `second`: that of
    the therapist's voice where both are judged together with `weight`. `n`: own courses behind it; `correction`: how
    far the own residuals moved each threshold. `reliability`: of a change on the scale (R_C), where it was measured.
    """

    hyper: Hyper
    drop: Threshold
    slide: Threshold
    gap: Threshold
    second: Hyper | None = None
    weight: float = WEIGHT
    budget: Budget = BUDGET
    n: int = 0
    seed: int = 0
    correction: Mapping[str, float] = field(default_factory=dict)
    nothing: Mapping[str, list[float]] = field(default_factory=dict)
    method: str = METHOD
    reliability: float | None = None

    @cached_property
    def id(self) -> str:
        """Method and a fingerprint of every number in it, such as `innovation-1:3f2a90c1d5e4`."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return f"{self.method}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def learning(self) -> bool:
        """Whether the practice has too few own courses (under 20) to know what is usual here."""
        return self.n < 20

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
        lines += [f"{'':8}{'budget':>10}{'threshold':>12}{'tilt':>8}{'corrected':>11}"]
        for kind in ("drop", "slide", "gap"):
            limit: Threshold = getattr(self, kind)
            lines.append(
                f"{kind:8}{getattr(self.budget, kind):>10.3f}{limit.level:>12.3f}{limit.tilt:>8.3f}"
                f"{self.correction.get(kind, 1.0):>11.3f}"
            )
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
    """Thresholds that hold `budget`: from a practice's own courses (n, T), or from a prior `Hyper` without any.

    times: (T,) session numbers, by default 1, 2, ... `second`: the therapist's ratings of the same questions in the
    same sessions (n, T), or a prior for them; both voices are then judged together. `prior`, `second_prior`: what
    the estimates lean on while courses are few. Missing is nan. `draws`: simulated courses. For `gap`, give the
    differences client minus therapist as `scores`. Raises `BadInput` as `estimate` does.
    """
    if isinstance(scores, Hyper):
        other = Voice.assumed(second) if isinstance(second, Hyper) else None
        practice = Practice(Voice.assumed(scores), other)
        return _explained(_from_simulation(practice, budget, seed, draws), practice)
    y = np.asarray(scores, dtype=np.float64)
    y, t = checked(y, np.arange(1.0, y.shape[-1] + 1) if times is None else times)
    if t.ndim != 1:
        raise BadInput("calibrate needs one row of session numbers for all courses; put the ratings on that grid.")
    pair = None if second is None or isinstance(second, Hyper) else paired(second, y, t)
    if len(y) > MOST:
        chosen = np.sort(np.random.default_rng(seed).choice(len(y), MOST, replace=False))
        y, pair = y[chosen], None if pair is None else pair[chosen]
    practice = Practice.of(y, pair, t, prior, second_prior, seed)
    longest = int(np.clip(2 * len(t), COURSE, LENGTHS[-1]))  # further out, a few courses' slopes say nothing
    made = _from_simulation(practice, budget, seed, draws, longest)
    return _explained(_corrected(made, practice, y, pair, t, draws), practice)


def _from_simulation(
    practice: Practice, budget: Budget, seed: int, draws: int, longest: int = LENGTHS[-1]
) -> Calibration:
    """Thresholds from simulated uneventful courses alone."""
    times = np.arange(1.0, longest + 1)
    rng = np.random.default_rng(seed)
    found = practice.voices.read(*practice.simulate(draws, times, rng), times)
    earlier = found.steps.earlier
    return Calibration(
        practice.voices.client,
        _fitted(found.drop, earlier, budget.drop),
        _fitted(found.slide, earlier, budget.slide),
        _fitted(found.gap, earlier, budget.gap),
        practice.voices.therapist, practice.voices.weight, budget, 0, seed,
    )  # fmt: skip


def _fitted(statistic: Floats, earlier: Floats, share: float) -> Threshold:
    """Level and tilt so that the budget holds at 15 sessions, and as nearly as can be at the other LENGTHS."""
    lengths = [length for length in LENGTHS if length <= statistic.shape[1]]
    goal = np.array([allowed(share, length) for length in lengths])
    shape = np.ascontiguousarray(Threshold(0.0, 1.0).at(earlier).T)
    risen = np.ascontiguousarray(statistic.T)
    moved = np.empty_like(risen)
    best, least = Threshold(0.0), np.inf
    for tilt in TILTS:
        np.subtract(risen, np.multiply(tilt, shape, out=moved), out=moved)
        parts = [moved[a:b].max(axis=0) for a, b in zip([0, *lengths], lengths, strict=False)]
        most = np.maximum.accumulate(parts, axis=0)
        level = float(np.quantile(most[lengths.index(COURSE)], 1.0 - share))
        rates = np.maximum((most >= level).mean(axis=1), 1e-4)
        miss = float(np.sum(goal * np.log(rates / goal) ** 2))
        if miss < least:
            best, least = Threshold(level, tilt), miss
    return best


def _corrected(
    made: Calibration, practice: Practice, y: Floats, pair: Floats | None, t: Floats, draws: int
) -> Calibration:
    """Thresholds moved by how the practice's own residuals, upward, compare with those of its simulated twin.

    The twin has the same courses with the same gaps, many times over, in which nothing happened.
    """
    rows = np.flatnonzero((~np.isnan(y)).sum(axis=1) > FEWEST)
    if not len(rows):
        return made
    rng = np.random.default_rng(made.seed + 1)
    rows = rng.choice(rows, min(len(rows), draws // 4), replace=False)
    own = y[rows], None if pair is None else pair[rows]
    again = np.tile(rows, max(1, draws // len(rows)))
    like = y[again], None if pair is None else pair[again]
    mine = practice.voices.read_upward(*own, t)
    twin = practice.voices.read_upward(*practice.simulate(len(again), t, rng, like), t)
    moved = {kind: _ratio(mine, twin, kind, getattr(made, kind)) for kind in ("drop", "slide", "gap")}
    moved["gap"] = moved["drop"]  # upward, a difference is as far from its usual as downward
    limits = {kind: getattr(made, kind).stretched(factor) for kind, factor in moved.items()}
    return replace(made, n=len(rows), correction=moved, **limits)


def _ratio(own: Statistics, twin: Statistics, kind: str, limit: Threshold) -> float:
    """Own against simulated upper quantiles of the courses' largest statistic, near 1 while courses are few."""
    mine, theirs = (
        (getattr(found, kind) / limit.at(found.steps.earlier)).max(axis=1) for found in (own, twin)
    )  # fmt: skip
    mine, theirs = mine[mine > -np.inf], theirs[theirs > -np.inf]
    shares = 1.0 - np.array([share for share in TAIL if share * len(mine) >= 1.0])
    if not len(shares):
        return 1.0
    there = np.quantile(theirs, shares)
    here = np.quantile(mine, shares, method="median_unbiased")
    good = (here > 0) & (there > 0)
    if not good.any():
        return 1.0
    trust = len(mine) / (len(mine) + TRUST)
    moved = trust * float(np.mean(np.log(here[good] / there[good])))
    error = trust * _error(mine, shares[good])
    return float(np.exp(moved + 0.5 * _steepness(theirs) * error**2))


def _error(mine: Floats, shares: Floats) -> float:
    """Standard error of the mean log quantile over practices of this size, from resampled courses."""
    drawn = np.random.default_rng(0).choice(mine, (RESAMPLED, len(mine)))
    found = np.quantile(drawn, shares, axis=1)
    return float(np.log(np.maximum(found, 1e-3)).mean(axis=0).std())


def _steepness(theirs: Floats) -> float:
    """How fast false marks become fewer with the log of the limit.

    They fall faster than the limit rises, so a limit in error by as much up as down gives too many on average.
    """
    low, high = np.quantile(theirs, (0.95, 0.975))
    return float(np.log(2.0) / np.log(high / low)) if high > low > 0 else 0.0


def _explained(made: Calibration, practice: Practice) -> Calibration:
    """With what a mark means: how many marks of 15 sessions are nothing, for each of `BASE_RATES`.

    A mark is nothing where no strain is going on, in a course that has none or has one at another time. Strains are
    of every kind, size and length that `simulate` makes by default.
    """
    times = np.arange(1.0, COURSE + 1)
    rng = np.random.default_rng(made.seed + 2)
    dip, truth = strains(MEANT, COURSE, rng, share=1.0)
    struck = _marks(made, *practice.simulate(MEANT, times, rng, dips=(dip, FELT * dip * truth.seen[:, None])), times)
    calm = _marks(made, *practice.simulate(MEANT, times, rng), times)
    nothing = {}
    for kind, marks in struck.items():
        false, found, idle = (marks & ~truth.strained).sum(), marks.sum(), calm[kind].sum()
        shares = [(p * false + (1 - p) * idle) / max(p * found + (1 - p) * idle, 1e-9) for p in BASE_RATES]
        nothing[kind] = [round(float(share), 3) for share in shares]
    return replace(made, nothing=nothing)


def _marks(made: Calibration, y: Floats, pair: Floats | None, t: Floats) -> dict[str, Flags]:
    """Where simulated courses are marked, as a practice's own would be."""
    found = Voices(made.hyper, made.second, made.weight).read(y, pair, t)
    slide = found.slide >= made.slide.at(found.steps.earlier)
    return {
        "drop": found.drop >= made.drop.at(found.steps.earlier),
        "slide": crossings(slide, found.slide > -np.inf),
    }  # fmt: skip
