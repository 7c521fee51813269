"""The statistics of drop, slide and gap from the ratings of both voices, before anybody sets a limit.

Another statistic is a field of `Statistics`, its limit a field of `Calibration`. Source: our own
(docs/explanation/signals.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.hyper import Hyper
from accord.stats.innovation import (
    OPEN,
    PARTLY,
    Flags,
    Floats,
    Innovations,
    checked,
    cusum,
    innovations,
    repair,
    together,
)
from accord.stats.mixture import evidence

COURSE = 15  # sessions of the course that a budget speaks of
QUIET = 3  # sessions from a person's first rating on, in which nothing is inferred
FEWEST = 2  # ratings that must be known before one is judged
WEIGHT = 0.4  # of the therapist's voice, below one sd under the usual: gains unless most strains are missed
STRAINED = -2.2  # sd below what was expected, from which on a rating is not usual: little of calm courses is lost
DOUBTFUL = -1.7  # the same where own courses are compared with simulated ones, which lose as much
LOW = -2.0  # sd from which on, to the end, a course says nothing about noise
DECLINE, SLACK = 3.0, 0.75  # a running sum of falls, each less this slack, from which on a course is no usual one
"""With 3 and .5 a practice without strains lost so many calm courses that it knew itself less well, and made a tenth
more marks. With 4 and .5 as much is gained where many are strained as with these."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics of a batch, (n, T); high means strain, -inf where a session is not `judged`.

    `drop`: the evidence for a strain of any shape, `slide`: for a slide, `gap` = |z|. `z` joins both voices where both
    are there.
    """

    steps: Innovations
    z: Floats
    drop: Floats
    slide: Floats
    judged: Flags

    @property
    def gap(self) -> Floats:
        """Worked out where it is asked for: most series are no differences."""
        return np.where(self.judged, np.abs(self.z), -np.inf)


def watched(scores: Floats, times: Floats, earlier: Floats) -> Flags:
    """Where a rating may be judged: past the first three sessions of a person, with at least two ratings known.

    All (n, T); times in sessions. A missing rating (nan) is not judged.

    >>> watched(np.array([[70.0, 71.0, 72.0, np.nan, 40.0]]), np.arange(1.0, 6.0), np.array([[0, 1, 2, 3, 3]])).tolist()
    [[False, False, False, False, True]]
    """
    seen = ~np.isnan(scores.T)  # sessions lie on the first axis in memory
    clock = times.T if times.ndim == 2 else times[:, None]
    first = np.where(seen, clock, np.inf).min(axis=0, initial=np.inf)
    seen &= clock >= first + QUIET
    seen &= earlier.T >= FEWEST
    return seen.T


@dataclass(frozen=True, slots=True)
class Voices:
    """The usual courses by which ratings are read: the client's, and the therapist's where it is used too."""

    client: Hyper
    therapist: Hyper | None = None
    weight: float = WEIGHT

    def read(self, client: Floats, therapist: Floats | None, times: Floats) -> Statistics:
        """Statistics of a batch of courses (n, T)."""
        steps = innovations(client, times, self.client)
        return self._evidence(client, times, steps, together(steps.z, self._other(therapist, times), self.weight))

    def read_both_ways(
        self, client: Floats, therapist: Floats | None, times: Floats
    ) -> tuple[Statistics, Statistics]:
        """Statistics of the courses' mirror image, rises for drops, and of the courses (n, T).

        Noise rises as it falls; strains only fall. In the mirror image what follows a rating below -2 is left out, to
        the end of the course: the way back up belongs to the strain, and a course that does not come back goes on from
        another level than the expectation knows.
        """
        steps, other = innovations(client, times, self.client), self._other(therapist, times)
        z = np.where(after_low(steps), np.nan, together(-steps.z, -other, self.weight))
        up = self._evidence(np.where(np.isnan(z), np.nan, client), times, steps, z)
        return up, self._evidence(client, times, steps, together(steps.z, other, self.weight))

    def _other(self, therapist: Floats | None, times: Floats) -> Floats:
        if therapist is None or self.therapist is None:
            return np.zeros((1, 1))
        return innovations(therapist, times, self.therapist).z

    def _evidence(self, client: Floats, times: Floats, steps: Innovations, z: Floats) -> Statistics:
        """`z` in the person's own sd; the evidence itself weighs what is known of that."""
        judged = watched(client, times, steps.earlier)
        seen = z.T == z.T
        step = np.where(seen, z.T * steps.scale.T, 0.0)
        drop, slide = evidence(step, seen, times, self.client, min(QUIET, len(step)))
        unjudged = ~judged.T
        for part in (drop, slide):
            np.copyto(part, -np.inf, where=unjudged)
        return Statistics(steps, z, drop.T, slide.T, judged)


def after_low(steps: Innovations) -> Flags:
    """Sessions (n, T) after a low rating of the same person; a missing one is never low.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=0.0, cov=0.0, var_residual=25.0, phi=0.0)
    >>> after_low(innovations([[70.0, 71.0, 30.0, np.nan, 70.0]], np.arange(1.0, 6.0), usual)).tolist()
    [[False, False, False, True, True]]
    """
    return _after((steps.z < LOW) & (steps.earlier >= FEWEST))


def paired(second: npt.ArrayLike, scores: Floats, times: Floats) -> Floats:
    """The other voice on the same sessions, (n, T), missing as nan. Raises `BadInput` where it is of other dyads.

    >>> paired([[4, 5]], np.array([[3.0, 4.0]]), np.array([1.0, 2.0])).tolist()
    [[4.0, 5.0]]
    """
    other = np.asarray(second, dtype=np.float64)
    if other.shape != scores.shape:
        raise BadInput(f"second has shape {other.shape}, scores {scores.shape}. Give both voices of the same dyads.")
    return checked(other, times)[0]


def crossings(above: Flags, judged: Flags) -> Flags:
    """A strain is marked once, when its evidence crosses the limit, and not again before it has been below.

    All (n, T). A session that is not judged, such as a missing one, changes nothing.

    >>> above, judged = np.array([[True, False, True, False, True]]), np.array([[True, False, True, True, True]])
    >>> crossings(above, judged).tolist()
    [[True, False, False, False, True]]
    """
    rows = np.flatnonzero(above.any(axis=1))  # few rows ever cross, and only these are looked at
    begun, judged = above[rows], judged[rows]
    last = np.zeros(len(rows), dtype=np.bool_)
    for t in range(above.shape[1]):
        now = begun[:, t].copy()
        begun[:, t] &= ~last
        last = np.where(judged[:, t], now, last)
    first = np.zeros_like(above)
    first[rows] = begun
    return first


def in_strain(scores: Floats, steps: Innovations, below: float = STRAINED) -> Flags:
    """Sessions (n, T) from a rating so far `below` what was expected on, or from where a slow decline began, until the
    course is back at its level.

    `below` is in the person's usual SD. A missing rating neither begins nor ends one.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=0.0, cov=0.0, var_residual=25.0, phi=0.0)
    >>> scores = np.array([[70.0, 71.0, 30.0, np.nan, 70.0]])
    >>> in_strain(scores, innovations(scores, np.arange(1.0, 6.0), usual)).tolist()
    [[False, False, True, True, False]]
    """
    state = repair(scores, steps.expected, steps.sd, (steps.z < below) & (steps.earlier >= FEWEST))
    strained = (state == OPEN) | (state == PARTLY)
    falls = cusum(np.where(steps.earlier >= FEWEST, steps.z, np.nan), SLACK)
    rows = np.flatnonzero((falls > DECLINE).any(axis=1))
    if len(rows):
        strained[rows] |= _declining(scores[rows], steps.expected[rows], steps.sd[rows], falls[rows])
    return np.asarray(strained)


def _declining(scores: Floats, expected: Floats, sd: Floats, falls: Floats) -> Flags:
    """Sessions (n, T) from where a slow decline began until the course is back at its level of then.

    Each of its ratings is usual by itself. Left among those that say what is usual, slides would hide slides.
    """
    sessions = np.arange(falls.shape[1])
    begun = np.minimum(np.maximum.accumulate(np.where(falls > 0, 0, sessions + 1), axis=1), sessions)
    declined = falls > DECLINE
    state = repair(scores, expected, sd, declined, np.take_along_axis(expected, begun, axis=1))
    inside = declined.copy()
    for k in range(len(sessions) - 2, -1, -1):
        inside[:, k] |= inside[:, k + 1] & (falls[:, k] > 0)
    return np.asarray(inside | (state == OPEN) | (state == PARTLY))


def _after(low: Flags) -> Flags:
    """All sessions after the first marked one."""
    later = np.zeros_like(low)
    np.logical_or.accumulate(low[:, :-1], axis=1, out=later[:, 1:])
    return later
