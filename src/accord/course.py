"""The spine: all that was said in one dyad goes in, its Course comes out: scores, expected courses, signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from accord.stats.thresholds import Calibration
from accord.trajectory import Trajectory, trajectory

from accord.instruments import Instrument
from accord.records import RATERS, Rater, Response, Said, Score, Signal
from accord.scoring import score
from accord.signals import DETECTORS, Detector, Evidence

Series = tuple[Score | None, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """One dyad over time. Every series has one entry per session of `said.sessions`, `None` where nobody answered.

    `scores` is keyed by rater, instrument and scale; `trajectories` by instrument and scale for the client's voice;
    `gaps` likewise for the difference client minus therapist, on commensurate scales only.
    """

    said: Said
    scores: Mapping[tuple[Rater, str, str], Series]
    trajectories: Mapping[tuple[str, str], Trajectory] = field(default_factory=dict)
    gaps: Mapping[tuple[str, str], Trajectory] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()

    def values(self, rater: Rater, instrument: str, scale: str) -> np.ndarray:
        """The series as floats (T,), NaN where there is no score."""
        return values(self.scores.get((rater, instrument, scale), (None,) * len(self.said.sessions)))


def course(
    said: Said,
    instruments: Mapping[str, Instrument],
    calibrations: Mapping[str, Calibration],
    detectors: tuple[Detector, ...] = DETECTORS,
) -> Course:
    """Score every response, follow each calibrated scale, and look for signals.

    `calibrations` is keyed `instrument/scale` for the client's own course and `instrument/scale/gap` for the
    difference of the voices. A response to an instrument that is not in `instruments` is passed over.
    """
    scores = _scores(said, instruments)
    numbers = np.array([float(s.number) for s in said.sessions])
    trajectories, gaps = {}, {}
    for key, calibration in calibrations.items():
        instrument, scale, *rest = key.split("/")
        own = scores.get(("client", instrument, scale))
        if own is None or not len(numbers):
            continue
        series = values(own)
        if not rest:
            trajectories[instrument, scale] = trajectory(series[None, :], numbers, calibration)
        elif ("therapist", instrument, scale) in scores and instruments[instrument].scale(scale).commensurate:
            difference = series - values(scores["therapist", instrument, scale])
            gaps[instrument, scale] = trajectory(difference[None, :], numbers, calibration)
    evidence = Evidence(said, instruments, scores, trajectories, gaps, calibrations)
    found = tuple(signal for detector in detectors for signal in detector.detect(evidence))
    return Course(said, scores, trajectories, gaps, found)


def values(series: Series) -> np.ndarray:
    """Scores as floats, NaN where there is none."""
    return np.array([np.nan if s is None or s.value is None else s.value for s in series])


def _scores(said: Said, instruments: Mapping[str, Instrument]) -> dict[tuple[Rater, str, str], Series]:
    place = {s.number: i for i, s in enumerate(said.sessions)}
    filled: dict[tuple[Rater, str, str], list[Score | None]] = {}
    for response in said.responses:
        instrument = instruments.get(response.instrument)
        if instrument is None or response.session not in place:
            continue
        for one in _scored(response, instrument):
            series = filled.setdefault((response.rater, instrument.id, one.scale), [None] * len(said.sessions))
            series[place[response.session]] = one
    return {key: tuple(series) for key, series in filled.items()}


def _scored(response: Response, instrument: Instrument) -> tuple[Score, ...]:
    return score(response.answers, instrument, response.form)


__all__ = ["RATERS", "Course", "course", "values"]
