"""What is on the page of a dyad: its lines, each ready to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accord_clinic.pages.answers import SessionAnswers
from accord_clinic.pages.findings import Headline
from accord_clinic.pages.outcomes import OutcomeChange
from accord_clinic.pages.pictures import Picture
from accord_clinic.words.sentences import Names

if TYPE_CHECKING:
    from accord_clinic.models import Dyad


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session in the list: when, where, what became of it, what the therapist may do about it now."""

    uid: str
    title: str
    line: str
    sheet: bool = False
    settle: bool = False
    cancel: bool = False
    link: bool = False
    linked: bool = False
    rate: bool = False
    change: bool = False

    @property
    def step(self) -> bool:
        return self.settle or self.cancel or self.link or self.rate


@dataclass(frozen=True, slots=True)
class Quote:
    """A client's own words, and what they answer."""

    words: str
    by: str


@dataclass(frozen=True, slots=True)
class GoalLine:
    """A goal in its last words, and whose seals it bears."""

    words: str
    by_client: bool
    by_therapist: bool
    state: str


@dataclass(frozen=True, slots=True)
class StrainLine:
    """A strain and its state."""

    uid: str
    title: str
    state: str
    open: bool


@dataclass(frozen=True, slots=True)
class DyadPage:
    """All of it, in words and strings."""

    dyad: Dyad
    names: Names
    kicker: str
    headline: Headline
    tick: str
    safety: tuple[tuple[str, int], ...]
    asks_age: bool
    before_the_first: bool
    expectations_open: bool
    attainment: str
    picture: Picture | None
    outcomes: tuple[OutcomeChange, ...]
    answers: SessionAnswers
    quotes: tuple[Quote, ...]
    goals: tuple[GoalLine, ...]
    strains: tuple[StrainLine, ...]
    sessions: tuple[SessionLine, ...]
    earlier: tuple[SessionLine, ...]
    shared_with: str
    latest: str
    latest_number: int
    can_add_strain: bool
    next_number: int
    mine: bool
    read: tuple[str, ...]
    scales: dict[str, str]
    """The scales of the check-in with their names: a *Why?* stands beside each."""
    introduction: tuple[str, ...] = ()
    """What to say before the first check-in, for whoever treats; nothing once a session is open."""
