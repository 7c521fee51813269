"""The rows of one dyad for its page, each table read once.

What is not revealed is not read, apart from the therapist's own answers. The number of queries does not grow with
sessions.
"""

from django.db.models import Min, Q
from django.utils import timezone

from accord_clinic import models
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Comment, Dyad, Member, Progress, Session, Share, Wording
from accord_clinic.models.care import rank
from accord_clinic.queries.courses import ANSWERS, RESPONSE_COLUMNS
from accord_clinic.queries.findings import put_aside, shown_signals
from accord_clinic.queries.strains import histories
from accord_clinic.questionnaires.readable import readable
from accord_clinic.records.courses import dyad_record
from accord_clinic.records.dyad import (
    DyadRows,
    goals_of,
    last_wordings,
    moved_of,
    of_last_open,
    quotes_of,
    sides_by_session,
)
from accord_clinic.rules.sessions import is_denied

MOST_QUOTES = 4
SESSIONS = Prepared(
    lambda dyad: (
        Session.objects.filter(dyad_id=dyad)
        .ranked()
        .annotate(**{"linked_at": Min("invitations__made_at"), "denied": is_denied()})
        .order_by("start", "pk")
    )
)
# What is revealed, and beyond it what the therapist alone has answered: never the client's.
ANSWERS_AND_OWN = Prepared(
    lambda dyad: (
        models.Response.objects.filter(
            Q(session__revealed_at__isnull=False) | Q(side="therapist"), session__dyad_id=dyad
        )
        .order_by("id")
        .values_list(*RESPONSE_COLUMNS, named=True)
    )
)
COMMENTS = Prepared(
    lambda dyad: (
        Comment.objects.filter(session__dyad_id=dyad, session__revealed_at__isnull=False, side="client")
        .order_by("-session__start", "-session", "id")
        .values_list(rank("session"), "session__uid", "response", "item", "words")[: 4 * MOST_QUOTES]
    )
)
GOALS = Prepared(
    lambda dyad: (
        Wording.objects.filter(agreement__dyad_id=dyad, agreement__kind="goal", agreement__ended_at=None)
        .order_by("agreement", "id")
        .values_list("agreement", "pk", "words", "seals__side", "levels", "at")
    )
)
PROGRESS = Prepared(
    lambda dyad: (
        Progress.objects.filter(agreement__dyad_id=dyad, side="client", session__revealed_at__isnull=False)
        .order_by("id")
        .values_list("agreement", "agreement__kind", "session", "value", "at")
    )
)
SHARED = Prepared(lambda dyad: Share.objects.filter(dyad_id=dyad).values_list("member__name", "until"))


def last_session(dyad: Dyad) -> Session | None:
    """The last one that is planned or was."""
    return dyad.sessions.order_by("-start", "-pk").first()


def dyad_rows(dyad: Dyad, reader: Member | None = None, *, with_own_answers: bool) -> DyadRows:
    """What may be shown of a dyad; ask `dyad_for` first.

    `with_own_answers`: those of its therapist, also before the reveal.
    """
    sessions = SESSIONS.all(dyad.pk)
    responses = (ANSWERS_AND_OWN if with_own_answers else ANSWERS).rows(dyad.pk)
    signals = shown_signals([dyad.pk])
    wordings = last_wordings(GOALS.rows(dyad.pk))
    moved = moved_of(PROGRESS.rows(dyad.pk), wordings)
    return DyadRows(
        sessions=sessions,
        sides=sides_by_session(responses),
        record=dyad_record([s for s in sessions if s.state == "held" or s.revealed_at], responses),
        signals=signals.get(dyad.pk, ()),
        strains=histories(dyad),
        quotes=quotes_of(COMMENTS.rows(dyad.pk), responses, MOST_QUOTES),
        goals=goals_of(wordings, moved),
        moved=moved,
        shared_with=_shared_with(dyad),
        latest={(r.side, r.instrument): r for r in readable(of_last_open(sessions, responses))},
        aside=put_aside(signals, reader).get(dyad.pk, frozenset()) if reader else frozenset(),
    )


def _shared_with(dyad: Dyad) -> list[str]:
    now = timezone.now()
    return sorted(name for name, until in SHARED.rows(dyad.pk) if until is None or until > now)
