"""Simulate a practice's uneventful twin: the same courses and gaps, in which nothing happened.

Indirect inference (Source: Gourieroux, Monfort and Renault 1993, named from memory, not read here): what simulates the
twin is moved until the twin, read as the practice is read and with what looks strained left out, asks for the same
estimates.
Then its noise is made as uneven between persons, as lopsided and as peaked as the practice's own; how peaked is read
upward, since strains only lower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from accord.stats.courses import Noise, draw_pair
from accord.stats.estimate import calm, estimate, items_of, step_of
from accord.stats.evidence import COURSE, DOUBTFUL, FEWEST, QUIET, Voices, after_low, watched
from accord.stats.growth import LEAN, MOST, Slopes, fitted, means, parameters, with_means, with_parameters
from accord.stats.hyper import Hyper
from accord.stats.innovation import CAP, Floats, innovations

TRUST = 30  # own courses at which what they say about noise counts half
TOLD = 0.2  # by how much the looks of light and heavy tails must differ; at the top of a scale no rise tells them apart
TRUST_PEAK = 60  # the same for its tails, which few ratings decide
ROUNDS = 2  # of making the twin alike in its course, then in its noise
STEPS = 16  # of each search: at the ends of a scale it is slow
BELOW = np.array([1.0, 3.0, 0.7, 0.25, 0.7, 0.5])  # how far the twin's parameters may lie below what is read
ABOVE = np.array([3.0, 3.0, 0.7, 0.25, 3.0, 0.5])  # and above: at the ends of a scale the search would lose its way
REREAD = 4  # rounds of estimating from the twin
NEAR = 0.01  # a step so small ends it
FEWEST_TWINS, TWINS = 600, 15  # courses of a twin at least, and for each of the practice's own
LOOKED_AT = 30_000  # ratings simulated for each guess
ENOUGH = 10  # own courses from which on there is a twin
SPREADS = (0.0, 0.18, 0.36, 0.55, 0.75)
TAILS = (-0.3, -0.15, 0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.28)  # `Noise.tail`
DIGITS = 4  # of a tail, so that no draw hangs on the last digit of one processor's arithmetic
SKEWS = (-2.0, -1.5, -1.0, -0.5, 0.0)
LOPSIDED = -0.4  # skew above which noise is taken as even: strains that were not left out look like a little of it
CUT = 0.15  # of ratings at the ends of the scale, beyond which it cannot be seen
SEEMING = 0.15  # how lopsided even noise looks to 20 or 30 courses, strained or not (.12 to .20; .06 to 200 of them)
UNSURE = 4.6  # the standard error of how lopsided steps look, from one rating; with many courses it is smaller
FAR = 2.0  # sd beyond which a step counts no more for that
UPPER = (0.02, 0.03, 0.05, 0.08, 0.12)  # upper shares of courses by whose largest rises tails are compared
MOST_MISSING = 0.5  # share of gaps for which a budget is met; with more, few ratings would have to bear all false marks
SHARED = 0.2  # assumed correlation of the two voices within a session while sessions are few
LEAST_NU, MOST_NU = 4.0, 60.0
MIDDLE = 0.6745  # median size of a standard normal value


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of a practice: `usual` reads its ratings; `hidden` lies behind the ends of the scale and, with
    `noise`, simulates them."""

    usual: Hyper
    hidden: Hyper
    noise: Noise = Noise()

    @classmethod
    def of(cls, y: Floats, t: Floats, prior: Hyper | None, seed: int) -> Voice:
        """Estimated from (n, T) ratings, leaning on the prior while they are few."""
        usual = estimate(y, t, prior, seed=seed)
        noise = Noise(min(gaps(y), MOST_MISSING), step_of(y))
        noise = replace(noise, items=items_of(noise.step, usual))
        voice = cls(usual, usual, noise)
        rows = np.flatnonzero((~np.isnan(y)).sum(axis=1) > FEWEST)[:2000]
        return _Search(y[rows], t, seed).matched(voice) if len(rows) >= ENOUGH else voice

    def simulate(self, n: int, t: Floats, rng: np.random.Generator) -> Floats:
        """Uneventful courses of this voice."""
        return draw_pair(self.hidden, None, n, t, rng, (self.noise, self.noise))[0]


class _Search:
    """The practice's own courses (n, T), and twins with the same gaps, the same random numbers each time."""

    def __init__(self, y: Floats, t: Floats, seed: int) -> None:
        self.y, self.t, self.seed, self.n = y, t, seed, len(y)
        seen = ~np.isnan(y)
        judged = watched(y, t, np.cumsum(seen, axis=1) - seen).sum()
        self.judged = float(judged) / (COURSE - QUIET)  # in courses of 15 sessions
        few = max(FEWEST_TWINS, TWINS * len(y))  # few courses know so little that a large twin is no help
        rows = int(np.clip(min(LOOKED_AT / max(len(t), 1), few), len(y), 3000))
        self.holes = np.isnan(y[np.arange(rows) % len(y)])

    def simulated(self, voice: Voice) -> Floats:
        """Courses of the twin, with the practice's gaps."""
        courses = replace(voice, noise=replace(voice.noise, missing=0.0)).simulate(
            len(self.holes), self.t, np.random.default_rng(self.seed)
        )
        courses[self.holes] = np.nan
        return courses

    def slopes(self, courses: Floats, usual: Hyper) -> Slopes:
        return Slopes.of(calm(courses, self.t, usual, DOUBTFUL), self.t, usual)

    def matched(self, voice: Voice) -> Voice:
        """The voice with a twin that looks like the practice. Few courses are trusted little."""
        for _ in range(ROUNDS):
            voice = self.with_course(voice)
            voice = self.with_noise(voice)
            voice = self.with_reading(voice)
        return voice

    def with_reading(self, voice: Voice) -> Voice:
        """Read by what the uneventful twin gives when nothing is left out, which the practice's own cannot tell."""
        usual, _loglik = fitted(self.simulated(voice), self.t, voice.usual, voice.usual, REREAD)
        return replace(voice, usual=usual)

    def with_course(self, voice: Voice) -> Voice:
        """Another mean, other persons and another course of noise, until the twin asks for the practice's estimates."""
        usual, trust = voice.usual, self.n / (self.n + LEAN)
        own = self.slopes(self.y, usual)
        plain = replace(voice, hidden=replace(usual, low=None, high=None), noise=Noise())
        even = self.slopes(self.simulated(plain), usual)
        goal = [trust * a + (1.0 - trust) * b for a, b in ((own.mean, even.mean), (own.rest, even.rest))]
        hidden = voice.hidden
        for _ in range(STEPS):
            now = self.slopes(self.simulated(replace(voice, hidden=hidden)), usual)
            ridge = 1e-3 * np.diag(np.diag(now.rest_known)) + 1e-12 * np.eye(len(now.rest))
            step = np.clip(np.linalg.solve(now.rest_known + ridge, goal[1] - now.rest), -MOST, MOST)
            ridge = 1e-3 * np.diag(np.diag(now.mean_known)) + 1e-12 * np.eye(len(now.mean))
            hidden = with_means(hidden, means(hidden) + np.linalg.solve(now.mean_known + ridge, goal[0] - now.mean))
            moved = np.clip(parameters(hidden) + step, parameters(usual) - BELOW, parameters(usual) + ABOVE)
            hidden = with_parameters(hidden, moved)
            if np.abs(step).max() < NEAR:
                break
        return replace(voice, hidden=hidden)

    def with_noise(self, voice: Voice) -> Voice:
        """Noise as uneven between persons, as lopsided and as peaked as the practice's own."""
        trust = self.judged / (self.judged + TRUST)
        spread = self.nearest(SPREADS, lambda s: _with(voice, spread=s), uneven)
        voice = _with(voice, spread=trust * spread + (1 - trust) * voice.usual.spread)
        voice = _with(voice, skew=self.skew(voice))
        trust = self.judged / (self.judged + TRUST_PEAK)
        own = largest_rises(self.y, self.t, voice.usual)
        tried: list[float] = []
        for look in self.looks(TAILS, lambda k: _with(voice, tail=k), largest_rises):
            tried.append(look)
            if look > own and look - tried[0] >= TOLD:
                break
        trust *= min((tried[-1] - tried[0]) / TOLD, 1.0) ** 2
        tail = round(trust * float(np.interp(own, tried, TAILS[: len(tried)])), DIGITS)
        return _with(voice, tail=max(tail, 0.0) if voice.noise.skew else tail)  # its small rises are the skew's

    def skew(self, voice: Voice) -> float:
        """How much further noise falls than it rises; 0 where that is little, or may be strains or chance.

        One standard error beyond what even noise looks like: of practices with twenty courses five in six see a skew of
        -1, and one in ten takes even noise for lopsided, one in five where a third of its courses are strained. Unseen,
        such noise would give them several times their drops.
        """
        if self.at_end(voice.usual) > CUT:
            return 0.0
        even = _with(voice, skew=0.0, tail=0.0)
        seen = lopsided(self.y, self.t, voice.usual) - lopsided(self.simulated(even), self.t, voice.usual)
        if seen > -SEEMING - UNSURE / max(self.judged * (COURSE - QUIET), 1.0) ** 0.5:
            return 0.0
        skew = self.nearest(SKEWS, lambda s: _with(voice, skew=s, tail=0.0), lopsided)
        return skew if skew <= LOPSIDED else 0.0

    def at_end(self, usual: Hyper) -> float:
        """Share of ratings at an end of the scale, which makes the body of their steps lopsided by itself."""
        seen = self.y[~np.isnan(self.y)]
        ends = [end for end in (usual.low, usual.high) if end is not None]
        return float(np.isin(seen, ends).mean()) if len(seen) else 0.0

    def nearest(
        self, values: Sequence[float], guess: Callable[[float], Voice], look: Callable[[Floats, Floats, Hyper], float]
    ) -> float:
        """The value for which the twin looks most like the practice, both read in the way that belongs to it.

        None is tried beyond the first that looks like more of it: the looks rise with the value.
        """
        more = [-np.inf]
        for value, seen in zip(values, self.looks(values, guess, look), strict=False):
            more.append(max(more[-1], seen - look(self.y, self.t, guess(value).usual)))
            if more[-1] > 0.0:
                break
        return float(np.interp(0.0, more[1:], values[: len(more) - 1]))

    def looks(
        self, values: Sequence[float], guess: Callable[[float], Voice], look: Callable[[Floats, Floats, Hyper], float]
    ) -> Iterator[float]:
        """How the twin looks for each value, made to rise with it; worked out one after the other, as they are asked
        for."""
        voices = (guess(value) for value in values)
        return accumulate((look(self.simulated(voice), self.t, voice.usual) for voice in voices), max)


def _with(
    voice: Voice, *, spread: float | None = None, skew: float | None = None, tail: float | None = None
) -> Voice:
    """Another guess at the noise; how unevenly noisy persons are also says how far one's own ratings are trusted."""
    noise = replace(
        voice.noise, skew=voice.noise.skew if skew is None else skew, tail=voice.noise.tail if tail is None else tail
    )
    if spread is None:
        return replace(voice, noise=noise)
    return Voice(replace(voice.usual, nu=nu(spread), spread=spread), replace(voice.hidden, spread=spread), noise)


def nu(spread: float) -> float:
    """Ratings that the usual spread is worth against a person's own, when within-person SDs have this CV.

    The best linear estimate of a person's variance from squared steps, with log-normal SDs and normal noise.

    >>> round(nu(0.36), 1), nu(0.0)
    (5.2, 60.0)
    """
    variance = (1.0 + spread * spread) ** 4 - 1.0
    return float(np.clip(2.0 * (1.0 + variance) / max(variance, 1e-9), LEAST_NU, MOST_NU))


def uneven(y: Floats, t: Floats, usual: Hyper) -> float:
    """How alike the squared steps of one person are in size, against all (0: all persons are equally noisy).

    y (n, T), missing as nan, at sessions t (T,).

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=1.0, cov=0.0, var_residual=25.0, phi=0.1)
    >>> noise = np.random.default_rng(1).standard_normal((400, 12)) * np.repeat([[2.0], [8.0]], 200, axis=0)
    >>> uneven(70 + noise, np.arange(1.0, 13.0), usual) > 0.1
    True
    """
    steps = innovations(calm(y, t, usual, DOUBTFUL), t, usual)
    square = (steps.z * steps.scale) ** 2
    square = np.minimum(square / max(float(np.nanmean(square)), 1e-12), CAP)
    counts = (~np.isnan(square)).sum(axis=1)
    sums, fourth = np.nansum(square, axis=1), np.nansum(square**2, axis=1)
    mean = max(float(sums.sum() / max(counts.sum(), 1)), 1e-12)
    pairs = max(float((counts * (counts - 1)).sum()), 1.0)
    return float((sums**2 - fourth).sum()) / pairs / mean**2 - 1.0


def lopsided(y: Floats, t: Floats, usual: Hyper) -> float:
    """How much further steps fall than they rise (low: further): their skew, and how large the largest rises are.

    y (n, T), missing as nan, at sessions t (T,); 0 where there are too few. Strains hardly move either part: what looks
    strained is left out of the body, and the rises are none of theirs. The lower tail would tell more, and is theirs.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=1.0, cov=0.0, var_residual=25.0, phi=0.1)
    >>> lopsided(np.full((2, 4), 70.0), np.arange(1.0, 5.0), usual)
    0.0
    """
    steps = innovations(calm(y, t, usual, DOUBTFUL), t, usual)
    step = steps.z[watched(y, t, steps.earlier) & ~np.isnan(steps.z)]
    if len(step) < ENOUGH:
        return 0.0
    step = step - np.median(step)
    sd = float(np.median(np.abs(step))) / MIDDLE
    if sd == 0.0:
        return 0.0
    step = np.clip(step / sd, -FAR, FAR)
    body = float((step**3).mean() / (step**2).mean() ** 1.5)
    return body + largest_rises(y, t, usual)


def largest_rises(y: Floats, t: Floats, usual: Hyper) -> float:
    """Mean log of the upper quantiles of courses' largest rises, none after a low rating.

    y (n, T), missing as nan, at sessions t (T,); 0 where there are too few.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=1.0, cov=0.0, var_residual=25.0, phi=0.1)
    >>> y = 70 + 5 * np.random.default_rng(1).standard_normal((400, 12))
    >>> largest_rises(y, np.arange(1.0, 13.0), usual) < largest_rises(70 + 2 * (y - 70), np.arange(1.0, 13.0), usual)
    True
    """
    steps = innovations(y, t, usual)
    rises = np.where(watched(y, t, steps.earlier) & ~after_low(steps), steps.z, -np.inf)
    most = rises.max(axis=1, initial=-np.inf)
    most = most[most > -np.inf]
    shares = [1.0 - share for share in UPPER if share * len(most) >= 1.0]
    if not shares:
        return 0.0
    return float(np.log(np.maximum(np.quantile(most, shares, method="median_unbiased"), 0.05)).mean())


@dataclass(frozen=True, slots=True)
class SimulatedPractice:
    """Both voices of a practice, and how they move together within a session."""

    client: Voice
    therapist: Voice | None = None
    shared: float = SHARED

    @classmethod
    def of(
        cls, y: Floats, pair: Floats | None, t: Floats, prior: Hyper | None, second_prior: Hyper | None, seed: int
    ) -> SimulatedPractice:
        """Estimated from the ratings of one voice, or of both in the same sessions, (n, T)."""
        if pair is None:
            return cls(Voice.of(y, t, prior, seed))
        client, therapist = Voice.of(y, t, prior, seed), Voice.of(pair, t, second_prior, seed)
        a, b = innovations(y, t, client.usual).z, innovations(pair, t, therapist.usual).z
        both = (np.abs(a) < 3) & (np.abs(b) < 3)
        shared = float(np.corrcoef(a[both], b[both])[0, 1]) if both.sum() >= 50 else SHARED
        return cls(client, therapist, float(np.clip(np.nan_to_num(shared), 0.0, 0.95)))

    @property
    def voices(self) -> Voices:
        """How the practice's ratings are read."""
        return Voices(self.client.usual, self.therapist.usual if self.therapist else None)

    def simulate(
        self, n: int, t: Floats, rng: np.random.Generator, like: tuple[Floats, Floats | None] | None = None
    ) -> tuple[Floats, Floats | None]:
        """Uneventful courses of both voices: with the practice's share of gaps, or with the very gaps of `like`."""
        noises = tuple(
            voice.noise if like is None else replace(voice.noise, missing=0.0)
            for voice in (self.client, self.therapist or self.client)
        )
        hidden = self.therapist.hidden if self.therapist else None
        y, pair = draw_pair(self.client.hidden, hidden, n, t, rng, (noises[0], noises[1]), self.shared)
        if like is not None:
            y[np.isnan(like[0])] = np.nan
            if pair is not None and like[1] is not None:
                pair[np.isnan(like[1])] = np.nan
        return y, pair


def gaps(scores: npt.NDArray[np.float64]) -> float:
    """Share of sessions without a rating between a person's first and last; ratings (n, T), missing as nan.

    >>> gaps(np.array([[70.0, np.nan, 71.0, 72.0, np.nan]]))
    0.5
    """
    seen = ~np.isnan(scores)
    begun = np.logical_or.accumulate(seen, axis=1)[:, :-2]
    goes_on = np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1][:, 2:]
    inside = seen[:, 1:-1][begun & goes_on]
    return float(1.0 - inside.mean()) if len(inside) else 0.0
