"""The nouns that travel through the house: frozen, without behaviour beyond what their own fields say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Rater = Literal["client", "therapist"]
Answer = int | float | str | tuple[str, ...] | None

RATERS: tuple[Rater, ...] = ("client", "therapist")


@dataclass(frozen=True, slots=True)
class Response:
    """What one person said about one session with one questionnaire.

    `answers` holds one entry per item that was asked: its value, or `None` where it was skipped.
    An item that was not asked is absent. `form` names the set of items that was asked (`full`, `minimum` ...).
    """

    session: int
    rater: Rater
    instrument: str
    version: str
    form: str
    answers: Mapping[str, Answer]
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One scale of one response. `value` is `None` when too few items were answered; `of`: items of the whole scale."""

    scale: str
    value: float | None
    answered: int
    asked: int
    of: int

    def completeness(self) -> str:
        """How complete the answer was, for example `answered 3 of 9`."""
        return f"answered {self.answered} of {self.asked}"


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What is known of a session besides what people said in it. `asked`: there was a check-in for the client."""

    number: int
    held: bool
    modality: str
    start: datetime | None = None
    asked: bool = True


@dataclass(frozen=True, slots=True)
class StrainFacts:
    """A strain that was opened: about which session, by whom, and where it stands."""

    session: int
    kind: str
    opened_by: str
    state: str


@dataclass(frozen=True, slots=True)
class Picks:
    """What each side picked as mattering most, after one session: goals by their id. Empty = nothing was picked."""

    session: int
    client: frozenset[str]
    therapist: frozenset[str]


@dataclass(frozen=True, slots=True)
class DyadRecord:
    """All that was said in one dyad and may be looked at together: nothing of it is unrevealed or kept.

    `responses` holds the latest per session, rater and instrument. `not_talked` holds (session in which the client
    said so, session of the strain) for each concern that the client says was not talked about.
    """

    sessions: tuple[SessionFacts, ...]
    responses: tuple[Response, ...] = ()
    strains: tuple[StrainFacts, ...] = ()
    picks: tuple[Picks, ...] = ()
    not_talked: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """Something worth a look in one session, with its evidence (ids and numbers, never words).

    `reported` signals are what somebody said; the others are inferred, have a false-alarm budget and name the
    `calibration` they used. `strength` orders signals of the inferred kind: larger is stronger.
    """

    kind: str
    session: int
    reported: bool
    rule: str
    scale: str | None = None
    strength: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)
    calibration: str | None = None
