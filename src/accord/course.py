"""The spine: from all answers of one dyad to its `Course`, by scores, expected courses and signals, in this order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from accord.instruments import Instrument
from accord.records import RATERS, DyadRecord, Rater, Response, Score, Signal
from accord.scoring import comparable, kept_scores
from accord.signals import DETECTORS, SCORED, TOGETHER, Detector, Evidence
from accord.stats.level import Level, day_of
from accord.stats.thresholds import Calibration
from accord.trajectories import Trajectory, trajectory

Series = tuple[Score | None, ...]
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Course:
    """One dyad over time. Every series has one entry per session of `record.sessions`, `None` where nobody answered.

    `scores` is keyed by rater, instrument and scale. `trajectories` (the client's voice) and `gaps` (client minus
    therapist, commensurate scales only) are keyed by instrument and scale, and are batches of one, shape (1, T).
    `silent`: the scales that are followed, but not judged: the practice has too few courses for that. `earlier`, keyed
    by rater, instrument, version and scale, holds the scores of versions whose scale means another number now: nothing
    is followed or judged on them.
    """

    record: DyadRecord
    scores: Mapping[tuple[Rater, str, str], Series]
    trajectories: Mapping[tuple[str, str], Trajectory] = field(default_factory=dict)
    gaps: Mapping[tuple[str, str], Trajectory] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()
    silent: frozenset[tuple[str, str]] = frozenset()
    earlier: Mapping[tuple[Rater, str, str, str], Series] = field(default_factory=dict)

    def values(self, rater: Rater, instrument: str, scale: str) -> npt.NDArray[np.float64]:
        """The series as floats (T,), NaN where there is no score."""
        return values(self.scores.get((rater, instrument, scale), (None,) * len(self.record.sessions)))


def course(
    record: DyadRecord,
    instruments: Mapping[str, Instrument],
    calibrations: Mapping[str, Calibration],
    detectors: tuple[Detector, ...] = DETECTORS,
    versions: Mapping[tuple[str, str], Instrument] | None = None,
    levels: Mapping[str, Level] | None = None,
) -> Course:
    """Score every response, follow each calibrated scale, and look for signals.

    `instruments` holds the latest version of each. A response of another one is scored by that, where `versions` has
    it; its score counts where the scale still is the same.

    `calibrations` is keyed `instrument/scale` for the client's own course, and `instrument/scale/gap` for client
    minus therapist. The therapist's voice joins in only on scales whose questions are commensurate.
    `instrument/together`, the mean of both scales by their numbers of items, is judged and never part of the course. A
    response to an instrument that is not in `instruments` is passed over, and a scale whose key nobody has checked is
    not followed. A calibration that rests on too few courses draws the band and raises no signal. `levels`, keyed as
    the calibrations: how far the whole practice lay from its usual by the date of a session, which is then expected of
    everybody.

    >>> from accord.instruments import catalogue
    >>> from accord.records import SessionFacts
    >>> answered = Response(1, "client", "phq-9", "1.0", "full", {f"phq{i}": 1 for i in range(1, 10)})
    >>> record = DyadRecord((SessionFacts(1, True, "room"),), (answered,))
    >>> made = course(record, catalogue().instruments, {})
    >>> made.values("client", "phq-9", "total"), made.signals[0].kind
    (array([9.]), 'safety')
    """
    scored, earlier = _scores(record, instruments, versions or {})
    times = np.array([float(s.number) for s in record.sessions])
    trajectories: dict[tuple[str, str], Trajectory] = {}
    gaps: dict[tuple[str, str], Trajectory] = {}
    together: dict[tuple[str, str], Trajectory] = {}
    silent = set()
    for key, calibration in calibrations.items():
        name, scale, *gap = key.split("/")
        level = _level(record, (levels or {}).get(key))
        if key == TOGETHER:
            client, other = (_together(scored, instruments.get(name), rater) for rater in RATERS)
            if client is not None:
                together[name, scale] = trajectory(client, times, calibration, other, level)
            continue
        own = scored.get(("client", name, scale))
        if own is None or not instruments[name].scale(scale).key.verified:
            continue
        if calibration.learning and not gap:
            silent.add((name, scale))
        client, other = values(own)[None, :], _other_voice(scored, instruments[name], scale)
        if not gap:
            trajectories[name, scale] = trajectory(client, times, calibration, other, level)
        elif other is not None:
            gaps[name, scale] = trajectory(client - other, times, calibration, level=level)
    evidence = Evidence(record, instruments, scored, trajectories | together, gaps, versions or {})
    signals = tuple(signal for detector in detectors for signal in detector.detect(evidence))
    return Course(record, scored, trajectories, gaps, signals, frozenset(silent), earlier)


def values(series: Series) -> npt.NDArray[np.float64]:
    """Scores as floats (T,), in the scale's units; NaN where there is none, missing or not enough answered.

    >>> values((Score("total", 12.0, 9, 9, 9), None))
    array([12., nan])
    """
    return np.array([np.nan if s is None or s.value is None else s.value for s in series])


def mean_of_all(parts: Sequence[npt.NDArray[np.float64]], instrument: Instrument) -> npt.NDArray[np.float64]:
    """The mean of all scored answers, from the scores of the `SCORED` scales in this order (arrays of one shape).

    Each scale counts by its number of items; nan where one is missing.

    >>> from accord.instruments import catalogue
    >>> mean_of_all([np.array([70.0]), np.array([0.0])], catalogue().get("accord-check-in")).tolist()
    [40.0]
    """
    items = [len(instrument.scale(scale).items) for scale in SCORED]
    return np.asarray(np.average(parts, axis=0, weights=items), dtype=np.float64)


def _level(record: DyadRecord, level: Level | None) -> npt.NDArray[np.float64] | None:
    """The practice's level in each session, (1, T); 0 in one without a date."""
    if level is None:
        return None
    days = [-np.inf if session.start is None else day_of(session.start) for session in record.sessions]
    return level.at(np.array(days, dtype=np.float64)[None, :])


def _together(
    scores: Mapping[tuple[Rater, str, str], Series], instrument: Instrument | None, rater: Rater
) -> npt.NDArray[np.float64] | None:
    """The mean of all scored answers of one side, (1, T); `None` where a scale has no score at all."""
    parts = [scores.get((rater, instrument.id, scale)) for scale in SCORED] if instrument else [None]
    if instrument is None or None in parts:
        return None
    return mean_of_all([values(part) for part in parts if part is not None], instrument)[None, :]


def _other_voice(
    scores: Mapping[tuple[Rater, str, str], Series], instrument: Instrument, scale: str
) -> npt.NDArray[np.float64] | None:
    """The therapist's scores (1, T) where they answer the same questions about the same thing, else `None`."""
    theirs = scores.get(("therapist", instrument.id, scale))
    return None if theirs is None or not instrument.scale(scale).commensurate else values(theirs)[None, :]


def _scores(
    record: DyadRecord, instruments: Mapping[str, Instrument], versions: Mapping[tuple[str, str], Instrument]
) -> tuple[dict[tuple[Rater, str, str], Series], dict[tuple[Rater, str, str, str], Series]]:
    """The scores of scales as they are now, and those of versions in which a scale means another number."""
    place = {s.number: i for i, s in enumerate(record.sessions)}
    by_form: dict[tuple[str, str, str], list[Response]] = {}
    for response in record.responses:
        if response.instrument in instruments and response.session in place:
            by_form.setdefault((response.instrument, response.version, response.form), []).append(response)
    filled: dict[tuple[Rater, str, str], list[Score | None]] = {}
    apart: dict[tuple[Rater, str, str, str], list[Score | None]] = {}
    for (name, version, form), responses in by_form.items():
        now = instruments[name]
        asked_version = versions.get((name, version), now)
        scores = kept_scores([r.answers for r in responses], asked_version, form)
        for response, of_response in zip(responses, scores, strict=True):
            for score in of_response:
                empty: list[Score | None] = [None] * len(record.sessions)
                if comparable(score.scale, asked_version, now):
                    series = filled.setdefault((response.rater, name, score.scale), empty)
                else:
                    series = apart.setdefault((response.rater, name, asked_version.version, score.scale), empty)
                series[place[response.session]] = score
    return _frozen(filled), _frozen(apart)


def _frozen(filled: Mapping[Key, list[Score | None]]) -> dict[Key, Series]:
    return {key: tuple(series) for key, series in filled.items()}
