"""Ratings of many dyads and a practice's calibration in; the expected course, its band, flags and repair out.

One dyad is a batch of one: the page of a client and a table of a million go through the same function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.innovation import STATES, Flags, Floats, Innovations, States, checked, innovations, repair, together
from accord.stats.thresholds import Calibration, statistics

__all__ = ["STATES", "Differences", "Trajectory", "differences", "reliable_change", "trajectory"]

BAND = 1.2816  # four in five answers of a person with the usual course fall within so many sd


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The course of each dyad; arrays of shape (n, T).

    `expected`, `sd`: one step ahead, from the earlier ratings alone, with the person's own spread. `low`, `high`:
    where four in five of this person's answers would usually fall, within the scale. `z`: low means strain.
    `flag_drop`, `flag_slide`: under the calibration's budget. `state`: 0 none, 1 open, 2 partly, 3 recovered
    (`STATES`). `earlier`: ratings known before the session. `calibration`: the id of what judged them.
    """

    expected: Floats
    sd: Floats
    low: Floats
    high: Floats
    z: Floats
    flag_drop: Flags
    flag_slide: Flags
    state: States
    earlier: Floats
    calibration: str


@dataclass(frozen=True, slots=True)
class Differences:
    """Client minus therapist against its usual; arrays of shape (n, T)."""

    expected: Floats
    sd: Floats
    z: Floats
    flag_gap: Flags
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
    steps = innovations(y, t, calibration.hyper)
    z = steps.z
    if second is not None and calibration.second is not None:
        other, _ = checked(second, t)
        z = together(z, innovations(other, t, calibration.second).z, calibration.weight)
    found = statistics(y, t, z, steps.earlier)
    drop = found.drop >= calibration.drop.at(steps.earlier)
    above = found.slide >= calibration.slide.at(steps.earlier)
    slide = above & found.counts
    slide[:, 1:] &= ~above[:, :-1]
    low, high = _band(steps, calibration)
    return Trajectory(
        steps.expected, steps.sd, low, high, z, drop, slide,
        repair(y, steps, drop | slide, _before_slide(steps.expected, found.slide, drop)), steps.earlier, calibration.id,
    )


def _band(steps: Innovations, calibration: Calibration) -> tuple[Floats, Floats]:
    """Where answers usually fall, cut at the ends of the scale."""
    low, high = steps.expected - BAND * steps.sd, steps.expected + BAND * steps.sd
    ends = calibration.hyper.low, calibration.hyper.high
    if ends == (None, None):
        return low, high
    return np.clip(low, *ends), np.clip(high, *ends)


def _before_slide(expected: Floats, slide: Floats, drop: Flags) -> Floats:
    """The level to come back to: what was expected at a drop, or when the slide began."""
    index = np.arange(expected.shape[1])
    began = np.maximum.accumulate(np.where(slide <= 0, np.minimum(index + 1, index[-1:]), 0), axis=1)
    began = np.minimum(began, index)
    return np.where(drop, expected, np.take_along_axis(expected, began, axis=1))


def differences(
    client: npt.ArrayLike, therapist: npt.ArrayLike, times: npt.ArrayLike, calibration: Calibration
) -> Differences:
    """Client minus therapist, on answers to the same questions, against the dyad's own usual difference; (n, T).

    Raises `BadInput` when the calibration knows no usual difference.
    """
    if calibration.difference is None or calibration.gap is None:
        raise BadInput("this calibration knows no usual difference. Calibrate with both voices, or give `difference`.")
    y = np.asarray(client, dtype=np.float64) - np.asarray(therapist, dtype=np.float64)
    y, t = checked(y, times)
    steps = innovations(y, t, calibration.difference)
    counts = statistics(y, t, steps.z, steps.earlier).counts
    flag = counts & (np.abs(np.nan_to_num(steps.z)) >= calibration.gap.at(steps.earlier))
    return Differences(steps.expected, steps.sd, steps.z, flag, calibration.id)


def reliable_change(sd: float, reliability: float) -> float:
    """The change that exceeds 1.96 standard errors of a difference: 1.96 sqrt(2) sd sqrt(1 - reliability).

    sd in the scale's units, reliability 0 to 1 (Jacobson and Truax 1991). Raises `BadInput` outside these.

    >>> round(reliable_change(8.16, 0.801), 2)
    10.09
    """
    if not (sd >= 0 and 0 <= reliability <= 1):
        raise BadInput(f"sd {sd} and reliability {reliability}: give sd of at least 0 and reliability between 0 and 1.")
    return float(1.96 * 2**0.5 * sd * (1.0 - reliability) ** 0.5)
