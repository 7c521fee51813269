"""Signals and open strains of a dyad before they are put into words, and what a calibration says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from accord.records import Signal
from accord_clinic.records.strains import OpenStrain

if TYPE_CHECKING:
    from accord.stats.thresholds import Calibration

ABOUT = "about_session"
"""Evidence that names another session."""
ANSWER = "answer"
"""In the evidence of a safety notice: the session whose answer is to be read."""


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """What the calibration that judged an inferred mark says of marks of its kind.

    `by_chance`: the share of uneventful courses that get one, learnt from so many `courses`; `false_discovery`: which
    share of such marks are false alarms here and its 95 % interval, where that is known to 15 points (never for a gap).
    """

    calibration: str
    by_chance: float
    courses: int
    false_discovery: tuple[float, ...] = ()


def which(kind: str, session: int, scale: str | None) -> str:
    """What a page calls a signal of a dyad."""
    return f"{kind}:{session}:{scale or ''}"


@dataclass(frozen=True, slots=True)
class SignalsAndStrains:
    """What there is to a dyad before it is put into words: signals that are shown, strains that are not settled.

    `aside`: those of the signals that the reader has put aside, by `which`.
    """

    signals: tuple[Signal, ...] = ()
    strains: tuple[OpenStrain, ...] = ()
    aside: frozenset[str] = frozenset()


NOTHING = SignalsAndStrains()


def up_to(dyad: SignalsAndStrains, number: int) -> SignalsAndStrains:
    """What there was to the sessions up to one. Safety notices are of no one session: each that is open stays."""
    signals = tuple(s for s in dyad.signals if s.session <= number or s.kind == "safety")
    return replace(dyad, signals=signals, strains=tuple(s for s in dyad.strains if s.session <= number))


def aside_of(reader: int, rows: Iterable[tuple[Any, ...]]) -> dict[int, frozenset[str]]:
    """What this reader has put aside, by dyad, as `which` calls it. Each row: dyad, member, what names the signal."""
    aside: dict[int, set[str]] = {}
    for dyad, by, *named in rows:
        if by == reader:
            aside.setdefault(dyad, set()).add(which(*named))
    return {dyad: frozenset(names) for dyad, names in aside.items()}


def sessions_named(signals: Iterable[Signal]) -> set[str]:
    """The uids of other sessions that the evidence of these names."""
    return {str(signal.evidence[ABOUT]) for signal in signals if ABOUT in signal.evidence}


def numbered(signals: Iterable[Signal], numbers: Mapping[str, int]) -> list[Signal]:
    """The same with the present number of each session that their evidence names."""
    return [
        replace(signal, evidence={**signal.evidence, ABOUT: numbers.get(str(signal.evidence[ABOUT]), 0)})
        if ABOUT in signal.evidence
        else signal
        for signal in signals
    ]


def by_dyad(places: Iterable[tuple[int, str]], signals: Sequence[Signal]) -> dict[int, list[Signal]]:
    """Signals by dyad. `places`: of each its dyad and the uid of its session, which a safety notice then names."""
    of: dict[int, list[Signal]] = {}
    for (dyad, session), signal in zip(places, signals, strict=True):
        if signal.kind == "safety":
            signal = replace(signal, evidence={**signal.evidence, ANSWER: session})
        of.setdefault(dyad, []).append(signal)
    return of


def false_alarms_of(kind: str, version: str, calibration: Calibration | None) -> FalseAlarms | None:
    """What a calibration says of the signals of one kind that it judged; nothing where none judged them."""
    share = getattr(calibration.budget, kind, None) if calibration else None
    if calibration is None or share is None:
        return None
    return FalseAlarms(version, share, calibration.n, tuple(calibration.false_discovery.get(kind, ())))
