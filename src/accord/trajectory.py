"""Ratings of many dyads and a practice's calibration in; the expected course, its band, flags and repair out.

One dyad is a batch of one: the page of a client and a table of a million go through the same function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.evidence import Evidence, Voices, crossings
from accord.stats.innovation import STATES, Flags, Floats, Innovations, States, checked, repair
from accord.stats.thresholds import Calibration

__all__ = ["STATES", "Trajectory", "reliable_change", "trajectory"]

BAND = 1.2816  # four in five answers of a person with the usual course fall within so many sd


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The course of each dyad; arrays of shape (n, T).

    `expected`, `sd`: one step ahead, from the earlier ratings alone, with the person's own spread. `low`, `high`:
    where four in five of this person's answers would usually fall, within the scale. `z`: low means strain.
    `flag_drop`, `flag_slide`, `flag_gap` (for a series of differences): under the calibration's budget. `state`: 0
    none, 1 open, 2 partly, 3 recovered (`STATES`). `earlier`: ratings known before the session.
    `calibration`: the id of what judged them.
    """

    expected: Floats
    sd: Floats
    low: Floats
    high: Floats
    z: Floats
    flag_drop: Flags
    flag_slide: Flags
    flag_gap: Flags
    state: States
    earlier: Floats
    calibration: str


def trajectory(
    scores: npt.ArrayLike, times: npt.ArrayLike, calibration: Calibration, second: npt.ArrayLike | None = None
) -> Trajectory:
    """Expected course, band, flags and repair of (n, T) ratings, missing as nan; times (T,) or (n, T).

    `second`: the therapist's ratings of the same sessions; a low one adds to the client's, a high one never takes
    away (used where the calibration knows the therapist's usual course). Nothing is flagged in the first three
    sessions. Raises `BadInput` for infinite scores and times that do not increase.
    """
    y, t = checked(scores, times)
    other = None if second is None else checked(second, t)[0]
    found = Voices(calibration.hyper, calibration.second, calibration.weight).read(y, other, t)
    earlier = found.steps.earlier
    drop = found.drop >= calibration.drop.at(earlier)
    slide = found.slide >= calibration.slide.at(earlier)
    gap = found.gap >= calibration.gap.at(earlier)
    begun = crossings(slide, found.slide > -np.inf)
    low, high = _band(found.steps, calibration)
    state = repair(y, found.steps.expected, found.steps.sd, drop | begun, _before_slide(found, drop))
    return Trajectory(
        found.steps.expected, found.steps.sd, low, high, found.z, drop, begun, gap, state, earlier, calibration.id
    )


def _band(steps: Innovations, calibration: Calibration) -> tuple[Floats, Floats]:
    """Where answers usually fall, cut at the ends of the scale."""
    low, high = steps.expected - BAND * steps.sd, steps.expected + BAND * steps.sd
    ends = calibration.hyper.low, calibration.hyper.high
    if ends == (None, None):
        return low, high
    return np.clip(low, *ends), np.clip(high, *ends)


def _before_slide(found: Evidence, drop: Flags) -> Floats:
    """The level to come back to: what was expected at a drop, or in the session in which the slide began."""
    expected = found.steps.expected
    last = expected.shape[1] - 1
    next_one = np.where(found.slide == 0.0, np.minimum(np.arange(last + 1) + 1, last), 0)
    began = np.minimum(np.maximum.accumulate(next_one, axis=1), np.arange(last + 1))
    return np.where(drop, expected, np.take_along_axis(expected, began, axis=1))


def reliable_change(sd: float, reliability: float) -> float:
    """The change that exceeds 1.96 standard errors of a difference: 1.96 sqrt(2) sd sqrt(1 - reliability).

    sd in the scale's units, reliability 0 to 1 (Jacobson and Truax 1991). Raises `BadInput` outside these.

    >>> round(reliable_change(8.16, 0.801), 2)
    10.09
    """
    if not (sd >= 0 and 0 <= reliability <= 1):
        raise BadInput(f"sd {sd} and reliability {reliability}: give sd of at least 0 and reliability between 0 and 1.")
    return float(1.96 * 2**0.5 * sd * (1.0 - reliability) ** 0.5)
