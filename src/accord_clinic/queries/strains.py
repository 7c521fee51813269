"""Strains and their moves: one for its own page, all of a dyad for the course, and the session that one is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from accord.records import StrainFacts
from accord_clinic.database.prepared import Prepared, PreparedForMany
from accord_clinic.models import Dyad, Member, Session, Signal, Strain, StrainMove
from accord_clinic.models.care import rank
from accord_clinic.models.strain_workflow import ON_TALKING, OPEN_STATES, UNSETTLED, standing
from accord_clinic.permissions import dyads_visible_to
from accord_clinic.queries.from_outside import named_for
from accord_clinic.words.sentences import OpenStrain

MOVES = Prepared(
    lambda dyad: (
        StrainMove.objects.filter(strain__dyad_id=dyad)
        .order_by("strain__session__start", "strain", "id")
        .values_list(
            "strain__uid", rank("strain__session"), "strain__kind", "strain__opened_by", "strain__state",
            "move", "session", rank("session"), "at", "side",
        )
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StrainHistory:
    """One strain with the moves that stand, oldest first: (move, session number or None, when, whose)."""

    uid: str
    facts: StrainFacts
    moves: tuple[tuple[str, int | None, datetime, str], ...]


def is_open(state: str) -> bool:
    """Whether a check-in still asks about a strain in this state."""
    return state in OPEN_STATES


def is_unsettled(state: str) -> bool:
    """Whether it is open, or was when the course ended."""
    return state in UNSETTLED


def strain_for(member: Member, uid: str) -> Strain | None:
    """The strain if its dyad is visible to this member and its session is revealed (or the member's side opened it)."""
    rows = Strain.objects.filter(uid=uid, dyad__in=dyads_visible_to(member))
    rows = rows.annotate(**{"number": rank("session")})
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
    return list(strain.moves.annotate(**{"number": rank("session")}).order_by("id"))


def is_ticked(strain: Strain) -> bool:
    """Whether a tick of the therapist's stands, so that it can be taken back."""
    rows = list(strain.moves.order_by("id").values_list("move", "side"))
    return ("talk", "therapist") in standing(rows, side=1)


def histories(dyad: Dyad) -> list[StrainHistory]:
    """All strains of a dyad, oldest first, in one query: every strain has at least its opening."""
    by_strain: dict[str, tuple[StrainFacts, list]] = {}
    for uid, number, kind, opened_by, state, move, session, at_number, at, side in MOVES.rows(dyad.pk):
        place = None if session is None else at_number
        by_strain.setdefault(uid, (StrainFacts(number, kind, opened_by, state), []))[1].append((move, place, at, side))
    return [StrainHistory(uid, facts, tuple(standing(moves, side=3))) for uid, (facts, moves) in by_strain.items()]


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


def _open_moves(dyads: Sequence[int]) -> QuerySet:
    later = Session.objects.filter(
        dyad=OuterRef("strain__dyad"), start__gt=OuterRef("strain__session__start"), revealed_at__gt=OuterRef("at")
    )
    rows = StrainMove.objects.filter(
        strain__dyad__in=dyads, strain__state__in=UNSETTLED, move__in=("open", "reopen", "take_back", *ON_TALKING)
    )
    columns = ("strain__dyad", rank("strain__session"), "strain__opened_by", "strain__state", "strain__uid")
    rows = rows.order_by("strain__session__start", "strain", "id").annotate(later=Exists(later))
    return rows.values_list(*columns, "move", "side", "later")


OPEN = PreparedForMany(_open_moves)


def open_strains(dyads: Sequence[int]) -> dict[int, list[OpenStrain]]:
    """The strains that are not settled, by dyad, oldest first. One query: every strain has at least its opening."""
    by_strain: dict[tuple, list[tuple[str, str, bool]]] = {}
    for *strain, move, side, opened_since in OPEN.rows(dyads):
        by_strain.setdefault(tuple(strain), []).append((move, side, opened_since))
    strains: dict[int, list[OpenStrain]] = {}
    for (dyad, number, opened_by, state, uid), steps in by_strain.items():
        word = word_on_talking(standing(steps, side=1))
        strains.setdefault(dyad, []).append(OpenStrain(number, opened_by, state, word, uid))
    return strains


def crossed_lines(dyad: Dyad) -> frozenset[int]:
    """The numbers of the sessions of which the client shows that a line was crossed."""
    rows = Signal.objects.filter(dyad=dyad, kind="line_crossed").annotate(number=rank("session"))
    return frozenset(rows.values_list("number", flat=True))


def open_strain(strain: Strain) -> OpenStrain:
    """One that is not settled."""
    return next(s for s in open_strains([strain.dyad_id])[strain.dyad_id] if s.uid == strain.uid)


def as_open(history: StrainHistory, sessions: Sequence[Session]) -> OpenStrain:
    """The same of a history that was read already. `sessions` are those of its dyad."""
    facts = history.facts
    opened = [s.revealed_at for s in sessions if s.number > facts.session and s.revealed_at]
    steps = ((move, side, any(at > moved for at in opened)) for move, _number, moved, side in history.moves)
    return OpenStrain(facts.session, facts.opened_by, facts.state, word_on_talking(steps), history.uid)
