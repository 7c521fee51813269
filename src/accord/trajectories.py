"""Ratings of many dyads and a practice's calibration in; the expected course, its band, flags and repair out.

One dyad is a batch of one: the page of a client and a table of a million go through the same function.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.stats.evidence import Statistics, Voices, crossings, paired
from accord.stats.innovation import STATES, Flags, Floats, Innovations, States, checked, repair
from accord.stats.limits import Threshold
from accord.stats.mixture import SLIDE
from accord.stats.thresholds import Calibration

__all__ = ["STATES", "Trajectory", "drops", "trajectory"]

HEAD = "session  expected       low      high        sd         z  flag        state"
DIFFERENCES = "gap: said of differences between two voices alone; of one voice it says nothing"
BAND = 1.2816  # four in five answers of a person with the usual course fall within so many sd


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The course of each dyad; arrays of shape (n, T).

    `expected`, `sd`: one step ahead, from the earlier ratings alone, with the person's own spread. `low`, `high`:
    where four in five of this person's answers would usually fall, within the scale. `z`: low means strain.
    `flag_drop`, `flag_slide`, `flag_gap` (for a series of differences): under the calibration's budget, a drop or slide
    once, when its evidence crosses the limit. `joint_drop`, `joint_slide`: those that the client's rating alone would
    not have raised. `state`: 0 none, 1 open, 2 partly, 3 recovered (`STATES`). `earlier`: ratings known before.
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
    joint_drop: Flags
    joint_slide: Flags
    state: States
    earlier: Floats
    times: Floats
    calibration: str

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and words, ready for JSON: one list a dyad, `None` where there is nothing to say."""
        other = ("state", "times", "calibration")
        plain: dict[str, Any] = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name not in other}
        plain["state"] = [[STATES[code] for code in row] for row in self.state]
        return plain | {"times": self.times.tolist(), "calibration": self.calibration}

    def __str__(self) -> str:
        """One dyad: a row a session. Many: what was flagged."""
        about_gaps = [DIFFERENCES] if self.flag_gap.any() else []
        if len(self.z) == 1:
            lines = [HEAD, *(self._line(k) for k in range(self.z.shape[1])), f"judged by {self.calibration}"]
            return "\n".join(lines + about_gaps)
        lines = [f"{len(self.z):,} dyads, {self.z.shape[1]} sessions, judged by {self.calibration}"]
        lines += [
            f"{kind:6}{marks.sum():>8,} marks in {marks.any(axis=1).sum():,} dyads"
            for kind, marks in self._flags().items()
        ]
        return "\n".join(lines + about_gaps)

    def _flags(self) -> dict[str, Flags]:
        return {"drop": self.flag_drop, "slide": self.flag_slide, "gap": self.flag_gap}

    def _line(self, k: int) -> str:
        numbers = (self.expected, self.low, self.high, self.sd, self.z)
        columns = " ".join(f"{values[0, k]:>9.2f}" if values[0, k] == values[0, k] else f"{'':9}" for values in numbers)
        kinds = " ".join(kind for kind, flagged in self._flags().items() if flagged[0, k])
        return f"{self.times[..., k].flat[0]:>7g} {columns}  {kinds:11} {STATES[self.state[0, k]]}".rstrip()


def _plain(values: npt.NDArray[Any]) -> list[list[Any]]:
    """An array (n, T) as lists, nan as `None`."""
    return [[None if value != value else value for value in row] for row in values.tolist()]


def trajectory(
    scores: npt.ArrayLike,
    times: npt.ArrayLike,
    calibration: Calibration,
    second: npt.ArrayLike | None = None,
    level: npt.ArrayLike | None = None,
) -> Trajectory:
    """Expected course, band, flags and repair of (n, T) ratings, missing as nan; times (T,) or (n, T).

    `second`: the therapist's ratings of the same sessions; a low one adds to the client's, a high one never takes
    away (used where the calibration knows the therapist's usual course). Nothing is flagged in the first three
    sessions, nor by a calibration that rests on too few courses. `level` (n, T): how far the whole practice lay from
    its usual at each rating (`stats.level`), which is then expected of everybody. Raises `BadInput` for infinite
    scores, times that do not increase, and voices of different dyads.

    >>> from accord import calibrate, simulate
    >>> made = calibrate(simulate(60, 10, seed=1, strain="none").client, draws=2000)
    >>> trajectory([[4.0, 4.1, 3.9, 4.0, 1.5]], [1, 2, 3, 4, 5], made).to_dict()["flag_drop"]
    [[False, False, False, False, True]]
    """
    y, other, t, statistics, expected = _read(scores, times, calibration, second, level)
    drop, slide = (_begun(statistics, kind, calibration) for kind in ("drop", "slide"))
    gap = _above(statistics, "gap", calibration)
    joint = _joint(y, other, t, calibration, {"drop": drop, "slide": slide})
    steps = statistics.steps
    low, high = _band(replace(steps, expected=expected), calibration)
    state = repair(y, steps.expected, steps.sd, drop | slide, _before_slide(statistics, drop))
    return Trajectory(
        expected, steps.sd, low, high, statistics.z, drop, slide, gap, *joint, state, steps.earlier, t, calibration.id,
    )  # fmt: skip


def drops(
    scores: npt.ArrayLike,
    times: npt.ArrayLike,
    calibration: Calibration,
    second: npt.ArrayLike | None = None,
    level: npt.ArrayLike | None = None,
) -> tuple[Floats, Floats, Floats, Flags]:
    """`expected`, `sd`, `z` and `flag_drop` of what `trajectory` gives for the same, (n, T) each, missing as nan.

    For tables of millions, which hold nothing else of it. Raises `BadInput` as `trajectory` does.

    >>> from accord import calibrate, simulate
    >>> made = calibrate(simulate(60, 10, seed=1, strain="none").client, draws=2000)
    >>> drops([[4.0, 4.1, 3.9, 4.0, 1.5]], [1, 2, 3, 4, 5], made)[3].tolist()
    [[False, False, False, False, True]]
    """
    _y, _other, _t, statistics, expected = _read(scores, times, calibration, second, level)
    return expected, statistics.steps.sd, statistics.z, _begun(statistics, "drop", calibration)


def _read(
    scores: npt.ArrayLike,
    times: npt.ArrayLike,
    calibration: Calibration,
    second: npt.ArrayLike | None,
    level: npt.ArrayLike | None,
) -> tuple[Floats, Floats | None, Floats, Statistics, Floats]:
    """Ratings less the practice's level, those of the other voice, the sessions, what they say, and the expected."""
    y, t = checked(scores, times)
    other = None if second is None else paired(second, y, t)
    shift = None if level is None else np.broadcast_to(np.asarray(level, dtype=np.float64), y.shape)
    y = y if shift is None else y - shift
    statistics = Voices(calibration.hyper, calibration.second, calibration.weight).read(y, other, t)
    expected = statistics.steps.expected
    return y, other, t, statistics, expected if shift is None else expected + shift


def _above(statistics: Statistics, kind: str, calibration: Calibration) -> Flags:
    """Where a statistic reaches its limit; nowhere without one."""
    limit: Threshold | None = getattr(calibration, kind)
    if limit is None:
        return np.zeros(statistics.z.shape, dtype=np.bool_)
    return np.asarray(getattr(statistics, kind) >= limit.at(statistics.steps.earlier))


def _begun(statistics: Statistics, kind: str, calibration: Calibration) -> Flags:
    return crossings(_above(statistics, kind, calibration), statistics.judged)


def _joint(
    y: Floats, other: Floats | None, t: Floats, calibration: Calibration, flags: dict[str, Flags]
) -> tuple[Flags, Flags]:
    """Drops and slides that the client's ratings alone would not have raised."""
    joint = np.zeros((2, *y.shape), dtype=np.bool_)
    rows = np.flatnonzero((flags["drop"] | flags["slide"]).any(axis=1))
    if other is not None and calibration.second is not None and len(rows):
        alone = Voices(calibration.hyper).read(y[rows], None, t[rows] if t.ndim == 2 else t)
        for part, (kind, flag) in zip(joint, flags.items(), strict=True):
            part[rows] = flag[rows] & ~_above(alone, kind, calibration)
    return joint[0], joint[1]


def _band(steps: Innovations, calibration: Calibration) -> tuple[Floats, Floats]:
    """Where answers usually fall, cut at the ends of the scale."""
    low, high = steps.expected - BAND * steps.sd, steps.expected + BAND * steps.sd
    ends = calibration.hyper.low, calibration.hyper.high
    if ends == (None, None):
        return low, high
    return np.clip(low, *ends), np.clip(high, *ends)


def _before_slide(statistics: Statistics, drop: Flags) -> Floats:
    """The level to come back to: what was expected at a drop, or in the session in which the slide began.

    A slide is measured by the level of `SLIDE` sessions ago, and at the earliest of the first session that is judged:
    what is expected before that is what is usual for people, not for this person.
    """
    expected = statistics.steps.expected
    first = np.argmax(statistics.slide > -np.inf, axis=1)[:, None]
    began = np.minimum(np.maximum(np.arange(expected.shape[1]) - SLIDE + 1, first), np.arange(expected.shape[1]))
    return np.where(drop, expected, np.take_along_axis(expected, began, axis=1))
