"""Strains and their moves: of one strain for its own page, of a dyad for its course."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from accord_clinic.database.prepared import Prepared, PreparedForMany
from accord_clinic.models import Dyad, Session, Signal, Strain, StrainMove
from accord_clinic.models.care import rank
from accord_clinic.records.strain_workflow import ON_TALKING, UNSETTLED, standing
from accord_clinic.records.strains import OpenStrain, StrainHistory, histories_of, open_by_dyad

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


def moves(strain: Strain) -> list[StrainMove]:
    """All moves of one strain, oldest first, each with the `number` of its session where it has one."""
    return list(strain.moves.annotate(**{"number": rank("session")}).order_by("id"))


def is_ticked(strain: Strain) -> bool:
    """Whether a tick of the therapist's stands, so that it can be taken back."""
    rows = list(strain.moves.order_by("id").values_list("move", "side"))
    return ("talk", "therapist") in standing(rows, side=1)


def histories(dyad: Dyad) -> list[StrainHistory]:
    """All strains of a dyad, oldest first, in one query: every strain has at least its opening."""
    return histories_of(MOVES.rows(dyad.pk))


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
    return open_by_dyad(OPEN.rows(dyads))


def crossed_lines(dyad: Dyad) -> frozenset[int]:
    """The numbers of the sessions of which the client shows that a line was crossed."""
    rows = Signal.objects.filter(dyad=dyad, kind="line_crossed").annotate(number=rank("session"))
    return frozenset(rows.values_list("number", flat=True))


def open_strain(strain: Strain) -> OpenStrain:
    """One that is not settled."""
    return next(s for s in open_strains([strain.dyad_id])[strain.dyad_id] if s.uid == strain.uid)
