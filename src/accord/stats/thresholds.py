"""A practice's own ratings in; its usual course and thresholds that keep a stated false-alarm budget out.

Thresholds come from simulated uneventful courses of the estimated kind, and are then corrected by the practice's own
residuals. Real strains are among those residuals, so the correction reads their *upward* side: noise is as likely to
lift a rating as to lower it, a strain only lowers it (and the rebound after a low rating is left out). What the end
of the scale does to the two sides is taken from the simulation.
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
from accord.stats.estimate import behind_ends, estimate, step_of
from accord.stats.innovation import Flags, Floats, Hyper, checked, cusum, innovations, together
from accord.stats.uneventful import Noise, draw, draw_pair

METHOD = "innovation-1"
QUIET = 3  # sessions after a person's first rating in which nothing is inferred
FEWEST = 2  # ratings that must be known before one is judged
WATCHED = 15 - QUIET  # sessions of a 15-session course that are judged
LENGTHS = (6, 10, 15, 25, 40)
DRAWS = 20_000
WEIGHT = 0.5
TILTS = (-0.5, -0.375, -0.25, -0.125, 0.0, 0.125, 0.25, 0.5, 0.75, 1.0)
TAIL = (0.02, 0.03, 0.05, 0.08, 0.12, 0.18)


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


BUDGET = Budget()


def allowed(share: float, sessions: int) -> float:
    """The budget of a 15-session course scaled to another length: the same rate for each session that is judged."""
    return float(1.0 - (1.0 - share) ** (max(sessions - QUIET, 0) / WATCHED))


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit that moves slowly with how much is known of a person: level + tilt log(earlier ratings / 10)."""

    level: float
    tilt: float = 0.0

    def at(self, earlier: Floats) -> Floats:
        """The limit before a rating with so many `earlier` ones (any shape)."""
        most = int(earlier.max(initial=0.0))
        table = self.level + self.tilt * np.log(np.clip(np.arange(most + 1.0), 2.0, 60.0) / 10.0)
        return np.asarray(table[earlier.astype(np.intp)])

    def times(self, factor: float) -> Threshold:
        return Threshold(self.level * factor, self.tilt * factor)


@dataclass(frozen=True)
class Calibration:
    """What a practice's signals are judged by; frozen, named by `id`, and stored as a row with `to_dict`.

    `drop`: flag where -z reaches it; `slide`: where the CUSUM crosses it; `gap`: where |z| of client minus therapist
    reaches it (None without a usual difference). `hyper`, `second`, `difference`: usual courses of the client's
    scale, the therapist's, and their difference. `weight`: of the therapist's voice. `n`: courses of the practice's
    own; `correction`: how far its residuals moved each threshold.
    """

    hyper: Hyper
    drop: Threshold
    slide: Threshold
    gap: Threshold | None = None
    second: Hyper | None = None
    difference: Hyper | None = None
    weight: float = 0.5
    budget: Budget = BUDGET
    n: int = 0
    seed: int = 0
    correction: Mapping[str, float] = field(default_factory=dict)
    method: str = METHOD

    @cached_property
    def id(self) -> str:
        """Method and a fingerprint of every number in it, such as `innovation-1:3f2a90c1d5e4`."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return f"{self.method}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def how(self) -> str:
        """How the usual course was estimated, in a sentence."""
        if self.n == 0:
            return f"No own courses yet: the starting values {self.hyper.name} are used. They are not a norm."
        if self.n < 20:
            return f"Still learning what is usual: {self.n} own courses, leaning on {self.hyper.name}."
        return f"Estimated from {self.n} own courses."

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and words, ready for JSON."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Calibration:
        """The calibration that `to_dict` stored."""
        made = dict(stored)
        for name, kind in (("hyper", Hyper), ("second", Hyper), ("difference", Hyper), ("drop", Threshold),
                           ("slide", Threshold), ("gap", Threshold), ("budget", Budget)):
            if made.get(name) is not None:
                made[name] = kind(**made[name])
        return cls(**made)


def watched(scores: Floats, times: Floats, earlier: Floats) -> Flags:
    """Where a rating may be judged: past the first three sessions of a person, with at least two ratings known."""
    clock = np.broadcast_to(times, scores.shape)
    seen = ~np.isnan(scores)
    first = np.where(seen, clock, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    return np.asarray(seen & (clock - first >= QUIET) & (earlier >= FEWEST))


@dataclass(frozen=True, slots=True)
class Statistics:
    """The statistics of a batch (high = strain), with where they count; arrays of shape (n, T)."""

    drop: Floats
    slide: Floats
    earlier: Floats
    counts: Flags


def statistics(scores: Floats, times: Floats, z: Floats, earlier: Floats) -> Statistics:
    """Drop and slide statistics of z; the CUSUM starts with the first session that is judged."""
    counts = watched(scores, times, earlier)
    return Statistics(np.where(counts, -z, -np.inf), cusum(np.where(counts, z, np.nan)), earlier, counts)


@dataclass(frozen=True, slots=True)
class Voices:
    """The usual courses by which ratings are read: the client's, and the therapist's where there is one."""

    client: Hyper
    therapist: Hyper | None = None
    weight: float = WEIGHT

    def read(self, client: Floats, therapist: Floats | None, times: Floats, *, upward: bool = False) -> Statistics:
        """Statistics of a batch of courses, or of their mirror image `upward`, from which strains are absent.

        Upward, the three sessions after a rating below -2 are left out: the way back up is part of a strain.
        """
        steps = innovations(client, times, self.client)
        sign = -1.0 if upward else 1.0
        z = sign * steps.z
        if therapist is not None and self.therapist is not None:
            z = together(z, sign * innovations(therapist, times, self.therapist).z, self.weight)
        if upward:
            z[_after(steps.z < -2.0)] = np.nan
        return statistics(np.where(np.isnan(z), np.nan, client), times, z, steps.earlier)


def _after(low: Flags) -> Flags:
    """The three sessions after each marked one."""
    later = np.zeros_like(low)
    for k in (1, 2, 3):
        later[:, k:] |= low[:, :-k]
    return later


def calibrate(
    scores: npt.ArrayLike | Hyper,
    times: npt.ArrayLike | None = None,
    *,
    second: npt.ArrayLike | Hyper | None = None,
    prior: Hyper | None = None,
    second_prior: Hyper | None = None,
    difference: Hyper | None = None,
    budget: Budget = BUDGET,
    seed: int = 0,
    draws: int = DRAWS,
) -> Calibration:
    """Thresholds that hold `budget`: from a practice's own courses (n, T), or from a prior `Hyper` without any.

    `second`: the therapist's ratings of the same questions in the same sessions (n, T); both voices are then
    calibrated together, and the usual difference is estimated too. `prior`, `second_prior`, `difference`: what the
    three estimates lean on while courses are few. Missing is nan. `draws`: simulated courses.
    """
    if isinstance(scores, Hyper):
        therapist = second if isinstance(second, Hyper) else None
        return _thresholds(Voices(scores, therapist), difference, _Noises(), budget, seed, draws)
    y = np.asarray(scores, dtype=np.float64)
    y, t = checked(y, np.arange(1.0, y.shape[-1] + 1) if times is None else times)
    if t.ndim != 1:
        raise BadInput("calibrate needs one row of session numbers for all courses; put the ratings on that grid.")
    other = None if second is None else checked(second, t)[0]
    client = estimate(y, t, prior, seed=seed)
    voices = Voices(client, None if other is None else estimate(other, t, second_prior, seed=seed))
    if other is not None:
        difference = estimate(y - other, t, difference, seed=seed)
    noises = _noises(y, other, t, voices)
    made = _thresholds(voices, difference, noises, budget, seed, draws)
    return _corrected(made, y, other, t, noises, seed, draws)


@dataclass(frozen=True, slots=True)
class _Noises:
    """What besides the usual courses shapes a practice's ratings: gaps, steps, and how the two voices move together."""

    client: Noise = Noise()
    therapist: Noise = Noise()
    shared: float = 0.2


def _noises(y: Floats, other: Floats | None, t: Floats, voices: Voices) -> _Noises:
    client = Noise(missing=gaps(y), step=step_of(y))
    if other is None or voices.therapist is None:
        return _Noises(client)
    a, b = innovations(y, t, voices.client).z, innovations(other, t, voices.therapist).z
    both = (np.abs(a) < 3) & (np.abs(b) < 3)
    shared = float(np.corrcoef(a[both], b[both])[0, 1]) if both.sum() > 30 else _Noises.shared
    return _Noises(client, Noise(missing=gaps(other), step=step_of(other)), float(np.clip(shared, 0.0, 0.95)))


def gaps(scores: Floats) -> float:
    """Share of sessions without a rating between a person's first and last."""
    seen = ~np.isnan(scores)
    inside = np.logical_or.accumulate(seen, axis=1)[:, :-2] & np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1][:, 2:]
    return float(1.0 - seen[:, 1:-1][inside].mean()) if inside.any() else 0.0


def _simulated(
    voices: Voices, noises: _Noises, n: int, times: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats | None]:
    """Uneventful courses of both voices."""
    client, therapist = draw_pair(
        behind_ends(voices.client, noises.client.step),
        None if voices.therapist is None else behind_ends(voices.therapist, noises.therapist.step),
        n, times, rng, (noises.client, noises.therapist), noises.shared,
    )
    return client, therapist


def _thresholds(
    voices: Voices, difference: Hyper | None, noises: _Noises, budget: Budget, seed: int, draws: int
) -> Calibration:
    """Thresholds from simulated uneventful courses alone."""
    rng = np.random.default_rng(seed)
    times = np.arange(1.0, LENGTHS[-1] + 1)
    read = voices.read(*_simulated(voices, noises, draws, times, rng), times)
    gap = None
    if difference is not None:
        alone = Voices(difference).read(draw(difference, draws, times, rng, noises.client), None, times)
        gap = _fitted(np.where(alone.counts, np.abs(alone.drop), -np.inf), alone, budget.gap)
    return Calibration(
        voices.client, _fitted(read.drop, read, budget.drop), _fitted(read.slide, read, budget.slide), gap,
        voices.therapist, difference, voices.weight, budget, voices.client.n_dyads, seed,
    )


def _fitted(statistic: Floats, read: Statistics, share: float) -> Threshold:
    """Level and tilt so that the budget holds at 15 sessions, and as nearly as can be at the other LENGTHS."""
    earlier = Threshold(0.0, 1.0).at(read.earlier)
    best, least = Threshold(0.0), np.inf
    for tilt in TILTS:
        most = np.maximum.accumulate(np.where(read.counts, statistic - tilt * earlier, -np.inf), axis=1)
        level = float(np.quantile(most[:, 14], 1.0 - share))
        miss = sum(np.log(((most[:, k - 1] >= level).mean() + 1e-5) / allowed(share, k)) ** 2 for k in LENGTHS)
        if miss < least:
            best, least = Threshold(level, tilt), miss
    return best


def _corrected(
    made: Calibration, y: Floats, other: Floats | None, t: Floats, noises: _Noises, seed: int, draws: int
) -> Calibration:
    """Thresholds moved by how the practice's own residuals, upward, compare with those of its simulated twin.

    The twin has the same courses with the same gaps, many times over, in which nothing happened.
    """
    rows = np.flatnonzero((~np.isnan(y)).sum(axis=1) > FEWEST)
    if not len(rows):
        return made
    rng = np.random.default_rng(seed + 1)
    rows = rng.choice(rows, min(len(rows), draws // 4), replace=False)
    again = np.tile(rows, max(1, draws // len(rows)))
    voices = Voices(made.hyper, made.second, made.weight)
    whole = replace(noises, client=replace(noises.client, missing=0.0), therapist=replace(noises.therapist, missing=0.0))
    twin, twins = _simulated(voices, whole, len(again), t, rng)
    twin[np.isnan(y[again])] = np.nan
    own_other = None
    if other is not None and twins is not None:
        twins[np.isnan(other[again])] = np.nan
        own_other = other[rows]
    own = voices.read(y[rows], own_other, t, upward=True)
    usual = voices.read(twin, twins, t, upward=True)
    moved = {
        "drop": _ratio(own.drop, own, usual.drop, usual, made.drop),
        "slide": _ratio(own.slide, own, usual.slide, usual, made.slide),
    }
    if other is not None and made.difference is not None and made.gap is not None:
        alone = Voices(made.difference)
        apart = draw(made.difference, len(again), t, rng)
        apart[np.isnan(y[again] - other[again])] = np.nan
        a, b = alone.read((y - other)[rows], None, t, upward=True), alone.read(apart, None, t, upward=True)
        moved["gap"] = _ratio(a.drop, a, b.drop, b, made.gap)
    return replace(
        made, n=len(rows), correction={k: round(v, 6) for k, v in moved.items()},
        drop=made.drop.times(moved["drop"]), slide=made.slide.times(moved["slide"]),
        gap=made.gap.times(moved["gap"]) if made.gap and "gap" in moved else made.gap,
    )


def _ratio(own: Floats, read: Statistics, usual: Floats, usual_read: Statistics, limit: Threshold) -> float:
    """Own against simulated upper quantiles of the courses' largest statistic, drawn towards 1 while courses are few."""
    mine = np.where(read.counts, own / limit.at(read.earlier), -np.inf).max(axis=1)
    theirs = np.where(usual_read.counts, usual / limit.at(usual_read.earlier), -np.inf).max(axis=1)
    shares = np.array([p for p in TAIL if p * len(mine) >= 1.0])
    if not len(shares):
        return 1.0
    a, b = np.quantile(mine, 1 - shares), np.quantile(theirs, 1 - shares)
    good = (a > 0) & (b > 0)
    if not good.any():
        return 1.0
    trust = len(mine) / (len(mine) + 30)
    return float(np.exp(trust * np.mean(np.log(a[good] / b[good]))))
