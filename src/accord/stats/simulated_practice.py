"""A practice's ratings in; its uneventful twin out: the same courses and gaps, simulated, in which nothing happened.

The twin is made to look like the practice with what looks strained left out: as far apart, as steep, as alike from one
session to the next. Its noise is made to look like the practice's own on the side that strains do not touch, upward:
as large, as uneven between persons, and as peaked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from accord.stats.courses import Noise, draw_pair
from accord.stats.estimate import LEAN, LOOKED_AT, behind_ends, correlation, estimate, items_of, step_of
from accord.stats.evidence import DOUBTFUL, FEWEST, Voices, in_strain
from accord.stats.innovation import Floats, Hyper, innovations
from accord.stats.moment_matching import Moments, nearer

TRUST = 30  # own courses at which what they say about noise counts half
TRUST_PEAK = 150  # the same for peakedness, which few ratings decide
ROUNDS = 2  # of making the twin alike in its moments, then in its noise
STEPS = 4  # of each search
SPREADS = (0.0, 0.18, 0.36, 0.55)
KURTOSES = (3.0, 3.8, 5.0, 7.0)
MOST_MISSING = 0.5  # share of gaps for which a budget is met; with more, few ratings would have to bear all false marks
SHARED = 0.2  # assumed correlation of the two voices within a session while sessions are few


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of a practice: `usual` reads its ratings; `hidden` lies behind the ends of the scale and, with
    `noise`, simulates them."""

    usual: Hyper
    hidden: Hyper
    noise: Noise = Noise()

    @classmethod
    def assumed(cls, usual: Hyper) -> Voice:
        """Without own ratings: the prior alone."""
        return cls(usual, behind_ends(usual))

    @classmethod
    def of(cls, y: Floats, t: Floats, prior: Hyper | None, seed: int) -> Voice:
        """Estimated from (n, T) ratings, leaning on the prior while they are few."""
        usual = estimate(y, t, prior, seed=seed)
        noise = Noise(min(gaps(y), MOST_MISSING), step_of(y))
        noise = replace(noise, items=items_of(noise.step, usual))
        voice = cls(usual, behind_ends(usual, t, noise), noise)
        rows = np.flatnonzero((~np.isnan(y)).sum(axis=1) > FEWEST)[:2000]
        return voice._matched(y[rows], t, seed) if len(rows) >= 10 else voice

    def simulate(self, n: int, t: Floats, rng: np.random.Generator) -> Floats:
        """Uneventful courses of this voice."""
        return draw_pair(self.hidden, None, n, t, rng, (self.noise, self.noise))[0]

    def _matched(self, y: Floats, t: Floats, seed: int) -> Voice:
        """A twin that looks like the practice: first in how courses differ and go on, then in its noise, upward.

        Both are read in the same way, with what looks strained left out, so what that takes away from calm courses
        is taken from the twin's too. Few courses are trusted little: the rest is as the estimate says.
        """
        like = y[np.tile(np.arange(len(y)), -(-LOOKED_AT // len(y)))]
        holes = np.isnan(like)

        def twin(guess: Voice) -> Floats:
            courses = guess.simulate(len(like), t, np.random.default_rng(seed))
            courses[holes] = np.nan
            return courses

        noise, trust = self.noise, len(y) / (len(y) + LEAN)
        voice = replace(self, noise=replace(noise, missing=0.0))
        goal = Moments.of(calm(y, t, self.usual)).between_both(Moments.of(calm(twin(voice), t, self.usual)), trust)
        own = Looks.of(y, t, self.usual)
        for _ in range(ROUNDS):
            voice = voice._with_moments(goal, t, twin)
            voice = voice._with_noise(own, t, twin, len(y))
        found = replace(voice.noise, missing=noise.missing)
        return Voice(_moved(self.usual, self.hidden, voice.hidden), voice.hidden, found)

    def _with_moments(self, goal: Moments, t: Floats, twin: Callable[[Voice], Floats]) -> Voice:
        """Other persons and another course of noise in time, until the twin's moments are those of `goal`."""
        voice = self
        for _ in range(STEPS):
            now = Moments.of(calm(twin(voice), t, self.usual))
            voice = replace(voice, hidden=nearer(voice.hidden, goal, now, t))
        return voice

    def _with_noise(self, own: Looks, t: Floats, twin: Callable[[Voice], Floats], n: int) -> Voice:
        """Noise whose unevenness, peakedness and size upward look like the practice's own."""

        def looks(guess: Voice) -> Looks:
            return Looks.of(twin(guess), t, self.usual)

        def nearest(values: tuple[float, ...], found: list[float], wanted: float, prior: float, half: int) -> float:
            trust = n / (n + half)
            return trust * float(np.interp(wanted, np.maximum.accumulate(found), values)) + (1 - trust) * prior

        voice = self
        tried = [looks(voice._with(spread=s)).uneven for s in SPREADS]
        voice = voice._with(spread=nearest(SPREADS, tried, own.uneven, self.usual.spread, TRUST))
        tried = [looks(voice._with(kurtosis=k)).peaked for k in KURTOSES]
        voice = voice._with(kurtosis=nearest(KURTOSES, tried, own.peaked, 3.0, TRUST_PEAK))
        trust = n / (n + TRUST)
        for _ in range(STEPS):  # at the ceiling a rise tells little of the noise: the search is slow there
            voice = voice._with(size=float(np.clip(own.size / looks(voice).size, 0.5, 2.0)) ** trust)
        return voice

    def _with(self, *, spread: float | None = None, kurtosis: float | None = None, size: float = 1.0) -> Voice:
        """Another guess at what is simulated."""
        noise = self.noise if kurtosis is None else replace(self.noise, kurtosis=kurtosis)
        hidden = replace(
            self.hidden, var_residual=self.hidden.var_residual * size,
            spread=self.hidden.spread if spread is None else spread,
        )  # fmt: skip
        return Voice(self.usual, hidden, noise)


def calm(y: Floats, t: Floats, usual: Hyper) -> Floats:
    """The ratings without those that may be strained."""
    return np.where(in_strain(y, innovations(y, t, usual), DOUBTFUL), np.nan, y)


def _moved(usual: Hyper, first: Hyper, last: Hyper) -> Hyper:
    """What reads the ratings, moved as the search moved what simulates them: it, too, was estimated cut."""
    intercept = usual.var_intercept * last.var_intercept / max(first.var_intercept, 1e-300)
    slope = usual.var_slope * last.var_slope / max(first.var_slope, 1e-300)
    turn = float(np.clip(correlation(usual) + correlation(last) - correlation(first), -0.95, 0.95))
    return replace(
        usual, b0=usual.b0 + last.b0 - first.b0, b1=usual.b1 + last.b1 - first.b1, var_intercept=intercept,
        var_slope=slope, cov=turn * (intercept * slope) ** 0.5,
        var_residual=usual.var_residual * last.var_residual / first.var_residual,
        phi=float(np.clip(usual.phi + last.phi - first.phi, 0.0, 0.95)), spread=last.spread,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Looks:
    """How a practice's noise looks upward. `size`: mean square of a rise; `uneven`: how alike the rises of one person
    are in size, against all (1: all persons are equally noisy); `peaked`: mean fourth power over squared `size`."""

    size: float
    uneven: float
    peaked: float

    @classmethod
    def of(cls, y: Floats, t: Floats, usual: Hyper) -> Looks:
        """Looks of the ratings (n, T) as read by `usual`."""
        steps, z = Voices(usual).upward(y, None, t)
        square = (np.where(z < 0, z * steps.scale, np.nan)) ** 2
        size = float(np.nanmean(square)) if not np.isnan(square).all() else 1.0
        square = np.minimum(square / max(size, 1e-12), 16.0)
        known = (~np.isnan(square)).sum(axis=1)
        sums, fourth = np.nansum(square, axis=1), np.nansum(square**2, axis=1)
        pairs = max(float((known * (known - 1)).sum()), 1.0)
        mean = max(float(sums.sum() / max(known.sum(), 1)), 1e-12)
        peaked = float(fourth.sum() / max(known.sum(), 1)) / mean**2
        return cls(size, float((sums**2 - fourth).sum()) / pairs / mean**2, peaked)


@dataclass(frozen=True, slots=True)
class Practice:
    """Both voices of a practice, and how they move together within a session."""

    client: Voice
    therapist: Voice | None = None
    shared: float = SHARED

    @classmethod
    def of(
        cls, y: Floats, pair: Floats | None, t: Floats, prior: Hyper | None, second_prior: Hyper | None, seed: int
    ) -> Practice:
        """Estimated from the ratings of one voice, or of both in the same sessions, (n, T)."""
        client = Voice.of(y, t, prior, seed)
        if pair is None:
            return cls(client)
        therapist = Voice.of(pair, t, second_prior, seed)
        a, b = innovations(y, t, client.usual).z, innovations(pair, t, therapist.usual).z
        both = (np.abs(a) < 3) & (np.abs(b) < 3)
        shared = float(np.corrcoef(a[both], b[both])[0, 1]) if both.sum() >= 50 else SHARED
        return cls(client, therapist, float(np.clip(np.nan_to_num(shared), 0.0, 0.95)))

    @property
    def voices(self) -> Voices:
        """How the practice's ratings are read."""
        return Voices(self.client.usual, self.therapist.usual if self.therapist else None)

    def simulate(
        self,
        n: int,
        t: Floats,
        rng: np.random.Generator,
        like: tuple[Floats, Floats | None] | None = None,
        dips: tuple[Floats, Floats] | tuple[None, None] = (None, None),
    ) -> tuple[Floats, Floats | None]:
        """Uneventful courses of both voices: with the practice's share of gaps, or with the very gaps of `like`.

        `dips`: how far each session of each voice lies below its usual instead, in within-person SD.
        """
        noises = tuple(
            voice.noise if like is None else replace(voice.noise, missing=0.0)
            for voice in (self.client, self.therapist or self.client)
        )
        hidden = self.therapist.hidden if self.therapist else None
        y, pair = draw_pair(self.client.hidden, hidden, n, t, rng, (noises[0], noises[1]), self.shared, dips)
        if like is not None:
            y[np.isnan(like[0])] = np.nan
            if pair is not None and like[1] is not None:
                pair[np.isnan(like[1])] = np.nan
        return y, pair


def gaps(scores: npt.NDArray[np.float64]) -> float:
    """Share of sessions without a rating between a person's first and last."""
    seen = ~np.isnan(scores)
    begun = np.logical_or.accumulate(seen, axis=1)[:, :-2]
    goes_on = np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1][:, 2:]
    inside = seen[:, 1:-1][begun & goes_on]
    return float(1.0 - inside.mean()) if len(inside) else 0.0
