"""Strains with their moves, and what is known of whether one was talked about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from accord.records import StrainFacts
from accord_clinic.records.strain_workflow import ON_TALKING, OPEN_STATES, UNSETTLED, standing

if TYPE_CHECKING:
    from accord_clinic.models import Session


@dataclass(frozen=True, slots=True)
class StrainHistory:
    """One strain with the moves that stand, oldest first: (move, session number or None, when, whose)."""

    uid: str
    facts: StrainFacts
    moves: tuple[tuple[str, int | None, datetime, str], ...]


@dataclass(frozen=True, slots=True)
class OpenStrain:
    """A strain that is not settled. `talked` is what is known of whether it was talked about.

    By the client's last word it is "yes", "in_part" or "no". "ticked": the therapist ticked it, and no later session
    has opened since; "unsaid": one has, and the client has not said so. Whether that is because it was kept, skipped or
    not asked, nobody else can tell.
    """

    session: int
    opened_by: str
    state: str
    talked: str = ""
    uid: str = ""


def is_open(state: str) -> bool:
    """Whether a check-in still asks about a strain in this state."""
    return state in OPEN_STATES


def is_unsettled(state: str) -> bool:
    """Whether it is open, or was when the course ended."""
    return state in UNSETTLED


CLIENTS_WORD = dict(zip(ON_TALKING, ("yes", "in_part", "no"), strict=True))


def word_on_talking(moves: Iterable[tuple[str, str, bool]]) -> str:
    """What is known of whether it was talked about, as `OpenStrain.talked` has it.

    `moves`: (move, side, whether a later session has opened since), oldest first. A yes of the client's stands.
    """
    word, ticked, opened_since = "", False, False
    for move, side, later in moves:
        if move == "reopen":
            word, ticked = "", False
        elif side == "client":
            word, ticked = CLIENTS_WORD.get(move, word), ticked and move not in CLIENTS_WORD
        elif move == "talk":
            ticked, opened_since = True, later
    if ticked and word != "yes":
        return "unsaid" if opened_since else "ticked"
    return word


def histories_of(rows: Iterable[tuple[Any, ...]]) -> list[StrainHistory]:
    """Strains with the moves that stand, oldest first. `rows` in their order: every strain has at least its opening.

    Each: uid, number, kind, who opened it and state of the strain; move, session, its number, moment and side.
    """
    by_strain: dict[str, tuple[StrainFacts, list]] = {}
    for uid, number, kind, opened_by, state, move, session, at_number, at, side in rows:
        place = None if session is None else at_number
        by_strain.setdefault(uid, (StrainFacts(number, kind, opened_by, state), []))[1].append((move, place, at, side))
    return [StrainHistory(uid, facts, tuple(standing(moves, side=3))) for uid, (facts, moves) in by_strain.items()]


def open_by_dyad(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[OpenStrain]]:
    """Strains that are not settled, by dyad, in the order of their moves.

    Each row: dyad, number, who opened it, state and uid of the strain; move, side, whether a later one opened since.
    """
    by_strain: dict[tuple, list[tuple[str, str, bool]]] = {}
    for *strain, move, side, opened_since in rows:
        by_strain.setdefault(tuple(strain), []).append((move, side, opened_since))
    strains: dict[int, list[OpenStrain]] = {}
    for (dyad, number, opened_by, state, uid), steps in by_strain.items():
        word = word_on_talking(standing(steps, side=1))
        strains.setdefault(dyad, []).append(OpenStrain(number, opened_by, state, word, uid))
    return strains


def as_open(history: StrainHistory, sessions: Sequence[Session]) -> OpenStrain:
    """The same of a history that was read already. `sessions` are those of its dyad."""
    facts = history.facts
    opened = [s.revealed_at for s in sessions if s.number > facts.session and s.revealed_at]
    steps = ((move, side, any(at > moved for at in opened)) for move, _number, moved, side in history.moves)
    return OpenStrain(facts.session, facts.opened_by, facts.state, word_on_talking(steps), history.uid)
