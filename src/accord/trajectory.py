"""Ratings of many dyads and a practice's calibration in; the expected course, its band, flags and repair out.

One dyad is a batch of one: the page of a client and a table of a million go through the same function.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.evidence import Evidence, Voices, crossings
from accord.stats.innovation import STATES, Flags, Floats, Innovations, States, checked, repair
from accord.stats.thresholds import Calibration

__all__ = ["STATES", "Trajectory", "reliable_change", "trajectory"]

HEAD = "session  expected       low      high        sd         z  flag   state"
BAND = 1.2816  # four in five answers of a person with the usual course fall within so many sd


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The course of each dyad; arrays of shape (n, T).

    `expected`, `sd`: one step ahead, from the earlier ratings alone, with the person's own spread. `low`, `high`:
    where four in five of this person's answers would usually fall, within the scale. `z`: low means strain.
    `flag_drop`, `flag_slide`, `flag_gap` (for a series of differences): under the calibration's budget. `state`: 0
    none, 1 open, 2 partly, 3 recovered (`STATES`). `earlier`: ratings known before the session.
    `times`: as they were given, (T,) or (n, T). `calibration`: the id of what judged them.
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
    times: Floats
    calibration: str

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and words, ready for JSON: one list a dyad, `None` where there is nothing to say."""
        other = ("state", "times", "calibration")
        told: dict[str, Any] = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name not in other}
        told["state"] = [[STATES[code] for code in row] for row in self.state]
        return told | {"times": self.times.tolist(), "calibration": self.calibration}

    def __str__(self) -> str:
        """One dyad: a row a session. Many: what was flagged."""
        if len(self.z) == 1:
            return "\n".join([HEAD, *(self._line(k) for k in range(self.z.shape[1])), f"judged by {self.calibration}"])
        flags = {"drop": self.flag_drop, "slide": self.flag_slide, "gap": self.flag_gap}
        lines = [f"{len(self.z):,} dyads, {self.z.shape[1]} sessions, judged by {self.calibration}"]
        lines += [
            f"{kind:6}{marks.sum():>8,} marks in {marks.any(axis=1).sum():,} dyads" for kind, marks in flags.items()
        ]
        return "\n".join(lines)

    def _line(self, k: int) -> str:
        numbers = (self.expected, self.low, self.high, self.sd, self.z)
        said = " ".join(f"{values[0, k]:>9.2f}" if values[0, k] == values[0, k] else f"{'':9}" for values in numbers)
        marks = {"drop": self.flag_drop, "slide": self.flag_slide, "gap": self.flag_gap}
        found = " ".join(kind for kind, flagged in marks.items() if flagged[0, k])
        return f"{self.times[..., k].flat[0]:>7g} {said}  {found:6} {STATES[self.state[0, k]]}".rstrip()


def _plain(values: npt.NDArray[Any]) -> list[list[Any]]:
    """An array (n, T) as lists, nan as `None`."""
    return [[None if value != value else value for value in row] for row in values.tolist()]


def trajectory(
    scores: npt.ArrayLike, times: npt.ArrayLike, calibration: Calibration, second: npt.ArrayLike | None = None
) -> Trajectory:
    """Expected course, band, flags and repair of (n, T) ratings, missing as nan; times (T,) or (n, T).

    `second`: the therapist's ratings of the same sessions; a low one adds to the client's, a high one never takes
    away (used where the calibration knows the therapist's usual course). Nothing is flagged in the first three
    sessions. Raises `BadInput` for infinite scores and times that do not increase.

    >>> from accord import calibrate
    >>> from accord.stats.priors import shipped
    >>> made = calibrate(shipped()["collaboration"].client, draws=2000)
    >>> trajectory([[72.0, 75.0, 70.0, 74.0, 30.0]], [1, 2, 3, 4, 5], made).to_dict()["flag_drop"]
    [[False, False, False, False, True]]
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
        found.steps.expected, found.steps.sd, low, high, found.z, drop, begun, gap, state, earlier, t, calibration.id
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
