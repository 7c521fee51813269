"""The rows behind a therapist's prepare sheet: signals and open strains, suggestions set aside, own reactions."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Exists, OuterRef

from accord.signals import CHECK_IN
from accord_clinic.models import AgendaItem, Member, Reaction, Response, Session, StrainMove, Suggestion, Terms
from accord_clinic.models.care import rank
from accord_clinic.permissions import check_treat
from accord_clinic.queries.findings import signals_and_strains
from accord_clinic.questionnaires.plan import WIDER_LOOK
from accord_clinic.questionnaires.submission import MEMBERS
from accord_clinic.records.prepare_sheet import PrepareRows, lowest_of, of_session
from accord_clinic.records.strain_workflow import OPEN_STATES

MOST_REACTIONS = 5
NOT_RESOLVED = ("still_there", "partly")
AGAIN = 2
"""So often the client has said of one open strain that it is not resolved: the concern is back for a third time."""


def prepare_rows(session: Session, member: Member) -> PrepareRows:
    """For whoever treats this dyad now, of a session that is open to both. Ten queries."""
    check_treat(member, session.dyad)
    dyad = session.dyad
    unsettled = dyad.strains.filter(state__in=OPEN_STATES).order_by("-session__start", "-session")
    aside = Suggestion.objects.filter(session__dyad=dyad, used=False).exclude(session=session)
    own_notes = Reaction.objects.filter(session__dyad=dyad, by=member)
    on_agenda = Exists(AgendaItem.objects.filter(reaction=OuterRef("pk"), over_at=None))
    reactions = own_notes.annotate(number=rank("session"), on_agenda=on_agenda).order_by("-at")
    so_far = signals_and_strains([dyad.pk], member)[dyad.pk]
    return PrepareRows(
        so_far,
        of_session(so_far.signals, session.number),
        tuple(unsettled.values_list("kind", flat=True)),
        frozenset(aside.values_list("card", flat=True)),
        tuple(reactions[:MOST_REACTIONS]),
        session.responses.filter(side="client", context__browser=MEMBERS).exists(),
        _shown_answers(session),
        _back_again(session),
        Terms.objects.filter(client=dyad.client_id, by_order=True).exists(),
        _low(session),
    )


def _shown_answers(session: Session) -> Mapping[str, Any]:
    """The client's check-in about this session, as the therapist may read it."""
    rows = session.responses.filter(side="client", instrument=CHECK_IN).order_by("id").values_list("answers", flat=True)
    return rows.last() or {}


def _back_again(session: Session) -> bool:
    moves = StrainMove.objects.filter(
        strain__dyad=session.dyad_id, strain__state__in=OPEN_STATES, side="client", move__in=NOT_RESOLVED
    )
    return moves.values("strain").annotate(times=Count("id")).filter(times__gte=AGAIN).exists()


def _low(session: Session) -> tuple[tuple[Response, str], ...]:
    last = session.responses.filter(side="client", instrument=WIDER_LOOK).order_by("-id").first()
    return lowest_of(last) if last and session.revealed_at else ()


def own_note(member: Member, session_uid: str, number: int | None) -> Reaction | None:
    """A note that this member wrote about a session."""
    rows = Reaction.objects.filter(pk=number or 0, session__uid=session_uid, by=member)
    return rows.select_related("session__dyad").first()


def suggestion_for(member: Member, uid: str) -> Suggestion | None:
    """A suggestion that was shown to this member."""
    return Suggestion.objects.filter(uid=uid, member=member).select_related("session__dyad__client").first()
