"""What both may see of one revealed session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from accord_clinic.records.agreements import Shown

if TYPE_CHECKING:
    from accord_clinic.models import Comment, Strain


@dataclass(frozen=True, slots=True)
class ReadableResponse:
    """One response with the answers that can still be said: a practice may have changed its own questionnaire since."""

    pk: int
    side: str
    instrument: str
    version: str
    answers: Mapping[str, Any]
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnswerRows:
    """Of one session the latest response by side and instrument, its comments and ticks; the strains of its dyad.

    `missed`: the sessions of those of which the therapist said so: I did not notice this.
    """

    responses: Mapping[tuple[str, str], ReadableResponse]
    comments: Sequence[Comment]
    ticks: frozenset[str]
    strains: Sequence[Strain]
    missed: frozenset[int]


@dataclass(frozen=True, slots=True)
class SheetRows(AnswerRows):
    """With the goals of the dyad, and `picks`: what each side said matters most now, in the last words of each goal."""

    goals: Sequence[Shown]
    review_on: date | None
    picks: dict[str, tuple[str, ...]]
