"""Draw courses in which nothing happened from what is usual on a scale (`Hyper`), for calibration, from a seed.

Another way in which ratings stray is a field of `Noise`. Source: our own (docs/explanation/signals.md); the parameters
are the practice's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gamma
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from accord.stats.hyper import Hyper
from accord.stats.innovation import Floats


@dataclass(frozen=True, slots=True)
class Noise:
    """How ratings stray besides their size: `missing` share at random, `step` between two possible ratings (0: any).

    `tail` of the within-person noise: 0 normal, above that Student t with df 1/tail, below that lighter than normal.
    `skew`: below 0 it falls further than it rises.
    `items`: the rating is the mean of so many five-point answers (0: of none), each of which meets the ends of the
    scale by itself. So a mean that nears an end is noisier away from it than towards it.
    """

    missing: float = 0.0
    step: float = 0.0
    tail: float = 0.0
    skew: float = 0.0
    items: int = 0

    def meant(self, hyper: Hyper) -> Hyper:
        """What is meant, before it is answered item by item; `hyper` itself for a rating that is not."""
        if not self.items or hyper.low is None or hyper.high is None:
            return hyper
        unit = (hyper.high - hyper.low) / 4
        return replace(Items(self.items).state(hyper, self.items, unit), low=hyper.low, high=hyper.high)


PLAIN = Noise()


@dataclass(frozen=True, slots=True)
class Items:
    """How single five-point answers lie around what a person means, in answer units (variances from IMPLEMENT)."""

    number: int
    noise: float = 0.239
    person: float = 0.142
    item: float = 0.040

    def state(self, hyper: Hyper, k: int = 9, unit: float = 1.0) -> Hyper:
        """What is meant, without the noise of the `k` items of `hyper` (the trial's had nine); `unit`: of its scale, an
        answer."""
        meant = max(hyper.var_residual - unit**2 * self.noise / k, 0.2 * hyper.var_residual)
        intercept = max(hyper.var_intercept - unit**2 * self.person / k, 0.5 * hyper.var_intercept)
        turn = (intercept / hyper.var_intercept) ** 0.5 if hyper.var_intercept > 0 else 0.0
        return replace(
            hyper, var_residual=meant, phi=min(hyper.phi * hyper.var_residual / meant, 0.95),
            var_intercept=intercept, cov=turn * hyper.cov, low=None, high=None,
        )  # fmt: skip

    def sd(self, hyper: Hyper) -> float:
        """Within-person SD of the mean of the items, in answer units."""
        return float((self.state(hyper).var_residual + self.noise / self.number) ** 0.5)

    def answers(self, meant: Floats, rng: np.random.Generator) -> Floats:
        """Answers 0 to 4, (n, T, number), to what is meant on that scale, (n, T).

        How much lower or higher a question is answered than the others is the scale's own, so it is never drawn.
        """
        n, sessions = meant.shape
        even = [NormalDist().inv_cdf((i + 0.5) / self.number) for i in range(self.number)]
        own = self.item**0.5 * np.array(even)
        person = self.person**0.5 * rng.standard_normal((n, 1, self.number))
        noise = max(self.noise - 1 / 12, 0.0) ** 0.5  # rounding adds the 1/12
        drawn: Floats = meant[:, :, None] + own
        drawn += person
        drawn += noise * rng.standard_normal(drawn.shape)
        return np.clip(np.round(drawn, out=drawn), 0.0, 4.0, out=drawn)


def draw(
    hyper: Hyper,
    n: int,
    times: npt.ArrayLike,
    rng: np.random.Generator,
    noise: Noise = PLAIN,
    wandering: Floats | None = None,
) -> Floats:
    """`n` uneventful courses, (n, T), nan where missing, cut at the ends of the scale and rounded to its steps.

    Persons differ in intercept, slope and in the size of their noise (log-normal with CV `hyper.spread`, mean
    square one); the noise is a stationary AR(1) in the times given (`wandering`, where it was drawn already).

    >>> usual = Hyper(70.0, 0.0, var_intercept=100.0, var_slope=0.0, cov=0.0, var_residual=25.0, phi=0.0, high=100.0)
    >>> courses = draw(usual, 500, np.arange(8.0), np.random.default_rng(1))
    >>> courses.shape, bool((courses <= 100.0).all()), round(float(courses.mean()))
    ((500, 8), True, 70)
    """
    t = np.asarray(times, dtype=np.float64)
    hyper = noise.meant(hyper)
    f00, f10, f11 = hyper.root()
    a, b = rng.standard_normal((2, n))
    time = t[:, None]  # sessions lie on the first axis in memory, as the filter takes them
    course: Floats = hyper.mean(time) + f00 * a + (f10 * a + f11 * b) * hyper.along(time)
    if wandering is None:
        wandering = wander(n, t, hyper.phi, rng, noise.tail, noise.skew)
    noisy = hyper.relative_sd(time)
    sd = hyper.var_residual**0.5 * (1.0 if noisy is None else noisy)
    course += sd * person_spread(hyper.spread, n, rng).T * wandering.T
    course = course.T
    if noise.items and hyper.low is not None and hyper.high is not None:
        unit = (hyper.high - hyper.low) / 4
        answers = Items(noise.items).answers(np.ascontiguousarray((course - hyper.low) / unit), rng)
        course = np.asarray(hyper.low + unit * answers.mean(axis=2), dtype=np.float64)
        if abs(noise.step * noise.items / unit - 1.0) > 0.01:  # a sum of other than five-point answers
            course = rounded(course, hyper.low, hyper.high, noise.step)
    else:
        course = rounded(course, hyper.low, hyper.high, noise.step)
    if noise.missing:
        course[rng.random(course.shape) < noise.missing] = np.nan
    return course


def draw_pair(
    client: Hyper,
    therapist: Hyper | None,
    n: int,
    times: npt.ArrayLike,
    rng: np.random.Generator,
    noises: tuple[Noise, Noise] = (PLAIN, PLAIN),
    shared: float = 0.0,
) -> tuple[Floats, Floats | None]:
    """Uneventful courses of both voices, (n, T) each, missing as nan; `shared` is the correlation of their noise within
    a session. Without a therapist's `Hyper` there is no second voice.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=0.0, cov=0.0, var_residual=25.0, phi=0.0)
    >>> client, therapist = draw_pair(usual, None, 3, np.arange(5.0), np.random.default_rng(1))
    >>> client.shape, therapist
    ((3, 5), None)
    """
    t = np.asarray(times, dtype=np.float64)
    first = wander(n, t, noises[0].meant(client).phi, rng, noises[0].tail, noises[0].skew)
    mine = draw(client, n, t, rng, noises[0], first)
    if therapist is None:
        return mine, None
    own = wander(n, t, noises[1].meant(therapist).phi, rng, noises[1].tail, noises[1].skew)
    second = shared * first + (1.0 - shared * shared) ** 0.5 * own
    return mine, draw(therapist, n, t, rng, noises[1], second)


def person_spread(cv: float, n: int, rng: np.random.Generator) -> Floats:
    """Each person's noise SD against the usual one, (n, 1): log-normal, mean square 1. Without spread all are 1.

    >>> person_spread(0.0, 2, np.random.default_rng(1)).tolist()
    [[1.0], [1.0]]
    """
    log_variance = float(np.log1p(cv * cv))
    spread: Floats = np.exp(log_variance**0.5 * rng.standard_normal((n, 1)) - log_variance)
    return spread


def wander(
    n: int, times: Floats, phi: float, rng: np.random.Generator, tail: float = 0.0, skew: float = 0.0
) -> Floats:
    """Stationary AR(1) noise of variance 1, (n, T), with steps that are normal, skewed (a gamma's) or Student t.

    times (T,): `phi` is the correlation over a time of 1. Nothing in it is missing.

    >>> noise = wander(4000, np.arange(3.0), 0.5, np.random.default_rng(1))
    >>> round(float(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]), 1)
    0.5
    """
    steps = rng.standard_normal((n, len(times)))
    if skew:
        shape = 4.0 / skew**2
        drawn = shape * np.maximum(1.0 - 1.0 / (9.0 * shape) + steps / (3.0 * shape**0.5), 0.0) ** 3  # Wilson, Hilferty
        steps = np.copysign(1.0, skew) * (drawn - shape) / shape**0.5
    if tail > 0.0:
        steps *= np.sqrt((1.0 / tail - 2.0) / rng.chisquare(1.0 / tail, steps.shape))
    elif tail < 0.0:
        power = 1.0 + tail
        steps = np.copysign(np.abs(steps) ** power, steps) / (2.0**power * gamma(power + 0.5) / np.pi**0.5) ** 0.5
    noise = np.ascontiguousarray(steps.T)
    for gap, before, now in zip(np.diff(times), noise[:-1], noise[1:], strict=True):
        keep = phi**gap
        now *= (1.0 - keep * keep) ** 0.5
        now += keep * before
    return noise.T


def rounded(course: Floats, low: float | None, high: float | None, step: float = 0.0) -> Floats:
    """Ratings (any shape, (n, T) here) as they can be given: on the steps of the scale, not beyond its ends.

    A missing one stays nan.

    >>> rounded(np.array([[3.26, 5.4, np.nan]]), 1.0, 5.0, 0.5).tolist()
    [[3.5, 5.0, nan]]
    """
    if step:
        origin = low or 0.0
        course = origin + np.round((course - origin) / step) * step
    if low is None and high is None:
        return course
    return np.maximum(np.minimum(course, np.inf if high is None else high), -np.inf if low is None else low)
