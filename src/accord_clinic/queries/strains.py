"""Strains and their moves: one for its own page, all of a dyad for the course, and the session that one is about."""

from dataclasses import dataclass
from datetime import datetime

from accord.records import StrainFacts
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Dyad, Member, Session, Strain, StrainMove
from accord_clinic.models.care import rank
from accord_clinic.models.strain_workflow import OPEN_STATES, UNSETTLED
from accord_clinic.permissions import dyads_visible_to
from accord_clinic.queries.from_outside import named_for

MOVES = Prepared(
    lambda dyad: (
        StrainMove.objects.filter(strain__dyad_id=dyad)
        .order_by("strain__session__start", "strain", "id")
        .values_list(
            "strain__uid", rank("strain__session"), "strain__kind", "strain__opened_by", "strain__state",
            "move", "session", rank("session"), "at",
        )
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StrainHistory:
    """One strain with its moves, oldest first: (move, session number or None, when)."""

    uid: str
    facts: StrainFacts
    moves: tuple[tuple[str, int | None, datetime], ...]


def is_open(state: str) -> bool:
    """Whether a check-in still asks about a strain in this state."""
    return state in OPEN_STATES


def is_unsettled(state: str) -> bool:
    """Whether it is open, or was when the course ended."""
    return state in UNSETTLED


def strain_for(member: Member, uid: str) -> Strain | None:
    """The strain if its dyad is visible to this member and its session is revealed (or the member's side opened it)."""
    rows = Strain.objects.filter(uid=uid, dyad__in=dyads_visible_to(member))
    rows = rows.annotate(number=rank("session"))
    strain = rows.select_related("dyad__client", "dyad__therapist", "session").first()
    if strain is not None:
        named_for(member, strain.dyad)
    return strain


def session_for(member: Member, uid: str) -> Session | None:
    """The session if its dyad is visible to this member."""
    rows = Session.objects.filter(uid=uid, dyad__in=dyads_visible_to(member))
    session = rows.select_related("dyad__client", "dyad__therapist").first()
    if session is not None:
        named_for(member, session.dyad)
    return session


def moves(strain: Strain) -> list[StrainMove]:
    """All moves of one strain, oldest first, each with the `number` of its session where it has one."""
    return list(strain.moves.annotate(number=rank("session")).order_by("id"))


def histories(dyad: Dyad) -> list[StrainHistory]:
    """All strains of a dyad, oldest first, in one query: every strain has at least its opening."""
    by_strain: dict[str, tuple[StrainFacts, list]] = {}
    for uid, number, kind, opened_by, state, move, session, at_number, at in MOVES.rows(dyad.pk):
        place = None if session is None else at_number
        by_strain.setdefault(uid, (StrainFacts(number, kind, opened_by, state), []))[1].append((move, place, at))
    return [StrainHistory(uid, facts, tuple(moves)) for uid, (facts, moves) in by_strain.items()]
