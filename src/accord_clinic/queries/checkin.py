"""What a client's link opens: the check-in, the concerns and goals that it asks about, and what was sent with it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from hmac import compare_digest
from typing import cast

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.utils.functional import SimpleLazyObject

from accord.signals import CHECK_IN
from accord_clinic import links
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import (
    Comment,
    Invitation,
    Member,
    Pick,
    Practice,
    PrivateLine,
    Progress,
    Response,
    Session,
    Strain,
    Wording,
)
from accord_clinic.models.care import rank
from accord_clinic.questionnaires import plan
from accord_clinic.records.checkin import Link, SentCheckIn, in_last_words, once_a_session, sent_check_in
from accord_clinic.records.picks import current_picks
from accord_clinic.records.responses import current_responses
from accord_clinic.records.strain_workflow import OPEN_STATES
from accord_clinic.rules.earlier_course import earlier_course
from accord_clinic.rules.outside_reader import outside_reader
from accord_clinic.rules.practice import often, practice


def _concerns(dyad: int, before: datetime) -> QuerySet:
    """Open strains of revealed sessions before a moment, each with how many answered check-ins came in between."""
    between = Session.objects.filter(dyad=OuterRef("dyad"), start__gt=OuterRef("session__start"), start__lt=before)
    answers = Response.objects.filter(session=OuterRef("pk"), side="client", instrument=CHECK_IN)
    answered = between.filter(Exists(answers)).order_by().values("dyad").annotate(n=Count("pk")).values("n")
    rows = Strain.objects.filter(dyad_id=dyad, opened_by__in=("client", "therapist"), session__start__lt=before)
    return (
        rows.filter(state__in=OPEN_STATES)
        .exclude(session__revealed_at=None)
        .annotate(answered=Subquery(answered))
        .order_by("session__start", "session", "opened_by")
        .values_list("session", "uid", "session__start", "answered")
    )


CONCERNS = Prepared(_concerns, -271828182, datetime(1828, 4, 5, tzinfo=UTC))
AGREEMENTS = Prepared(
    lambda dyad: (
        Wording.objects.filter(
            agreement__dyad_id=dyad, agreement__ended_at=None, agreement__kind__in=("goal", "task", "medication")
        )
        .annotate(seals_made=Count("seals"))
        .order_by("id")
        .values_list("agreement", "agreement__uid", "agreement__kind", "words", "seals_made", "levels")
    )
)
_INVITATIONS = Invitation.objects.select_related("session__dyad__client__terms", "session__dyad__therapist").annotate(
    **{"number": rank("session")}
)
BY_TOKEN = Prepared(lambda digest: _INVITATIONS.filter(token_hash=digest), "no digest")
BY_UID = Prepared(lambda uid: _INVITATIONS.filter(uid=uid), "no uid")
CHECK_INS = Prepared(lambda session: Response.objects.filter(session_id=session, instrument=CHECK_IN).order_by("id"))
SENT = Prepared(lambda session: Response.objects.filter(session_id=session, side="client").values_list("id")[:1])


def by_token(token: str) -> Link | None:
    """What this link opens. A malformed token costs what an unknown one costs."""
    return _numbered(BY_TOKEN.first(links.digest(token)))


def by_uid(uid: str, token: str) -> Link | None:
    """What this check-in's address opens for a browser that holds the token of its link."""
    invitation = BY_UID.first(uid)
    fits = compare_digest(invitation.token_hash if invitation else "", links.digest(token))
    return _numbered(invitation) if fits else None


def link_of(invitation: Invitation) -> Link:
    """What this invitation opens. Of the practice only what a page shows is looked up."""
    session, dyad = invitation.session, invitation.session.dyad
    reader = cast(Member | None, SimpleLazyObject(lambda: outside_reader(dyad)))
    return Link(invitation, session, dyad, dyad.client, cast(Practice, SimpleLazyObject(practice)), reader)


def _numbered(invitation: Invitation | None) -> Link | None:
    if invitation is None:
        return None
    invitation.session.number = invitation.number
    return link_of(invitation)


def came_from(link: Link) -> str:
    """With whom the client worked before a hand-over: told at the first check-in of the new course, then no more."""
    earlier = None if link.session.number > 1 else earlier_course(link.dyad)
    return earlier.therapist.name if earlier else ""


def has_sent(session: Session) -> bool:
    """Whether the client has answered this session."""
    return bool(SENT.rows(session.pk))


def check_ins(session: Session) -> dict[str, Response]:
    """The latest check-in of each side of a session, by side. One query."""
    return {side: row for (_session, side, _name), row in current_responses(CHECK_INS.all(session.pk)).items()}


def sent_responses(link: Link) -> tuple[Response, ...]:
    """The client's latest response to each questionnaire of a session; empty before anything was sent."""
    if not (link.invitation.sent_at or has_sent(link.session)):
        return ()
    rows = Response.objects.filter(session=link.session, side="client").order_by("id")
    return tuple(current_responses(rows).values())


def sent(session: Session, responses: tuple[Response, ...], *, asked_progress: bool, asked_picks: bool) -> SentCheckIn:
    """Everything that was sent with the latest responses, to be changed. Two queries, and one for each asked."""
    comments = Comment.objects.filter(response__in=responses, side="client")
    private = PrivateLine.objects.filter(response__in=responses)
    progress = Progress.objects.filter(session=session, side="client").select_related("agreement").order_by("id")
    made = Pick.objects.filter(session=session, side="client").select_related("agreement").order_by("at", "id")
    picks = current_picks(made).get((session.pk, "client"), []) if asked_picks else ()
    return sent_check_in(responses, comments, private, progress if asked_progress else (), picks)


def keeps(responses: Iterable[Response]) -> bool:
    """Whether the client keeps something of what was sent with these."""
    return PrivateLine.objects.filter(response__in=[row.pk for row in responses]).exists()


def open_concerns(session: Session) -> list[tuple[str, datetime, int]]:
    """Open strains of earlier, revealed sessions, as `once_a_session` has them."""
    return once_a_session(CONCERNS.rows(session.dyad_id, session.start))


def concerns(session: Session) -> list[tuple[str, datetime]]:
    """The one that this check-in asks about, if any: (uid, start of its session)."""
    asked = plan.asks_again(session.number, often(session.dyad), open_concerns(session))
    return [concern[:2] for concern in asked]


def agreements(session: Session) -> list[tuple[str, str, str, bool, tuple[str, ...]]]:
    """What is agreed and has not ended, as `in_last_words` has it. One query."""
    return in_last_words(AGREEMENTS.rows(session.dyad_id))
