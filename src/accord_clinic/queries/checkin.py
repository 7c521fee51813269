"""What a client's link opens: the check-in, the concerns and goals that it asks about, and what was sent with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hmac import compare_digest
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Now
from django.utils import timezone

from accord import signals
from accord.signals import CHECK_IN
from accord_clinic import links, models
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Client, Cover, Dyad, Invitation, Member, Pick, Practice, Response, Session, Strain
from accord_clinic.models.alliance import as_levels, current_picks
from accord_clinic.models.care import current_responses, rank
from accord_clinic.models.strain_workflow import OPEN_STATES
from accord_clinic.queries.earlier_course import earlier_course
from accord_clinic.queries.practice import often, practice
from accord_clinic.questionnaires import plan
from accord_clinic.questionnaires.page import PICKS

ASKED_TIMES = 3
"""A concern is asked about in so many check-ins, and then at reviews alone: more would be nagging, fewer a shrug."""
BOTH = 2


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
        models.Wording.objects.filter(
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
COVERING = Prepared(
    lambda dyad: Cover.objects.filter(dyad_id=dyad, since__lte=Now(), until__gt=Now()).values_list("member")
)
CHECK_INS = Prepared(lambda session: Response.objects.filter(session_id=session, instrument=CHECK_IN).order_by("id"))
SENT = Prepared(lambda session: Response.objects.filter(session_id=session, side="client").values_list("id")[:1])


def outside_reader(dyad: Dyad) -> Member | None:
    """Somebody else here to write to: named with a role, not this therapist, and not in that one's place now."""
    named = practice().outside_reader
    if not named or named.pk == dyad.therapist_id or not practice().outside_reader_role:
        return None
    # Only therapists cover, so most pages need not ask.
    return None if named.is_a("therapist") and covers_now(named.pk, dyad) else named


@dataclass(frozen=True)
class Link:
    """What a check-in link opens: one session of one dyad, and the practice's words around it. Nothing of the past."""

    invitation: Invitation
    session: Session
    dyad: Dyad
    client: Client

    @cached_property
    def practice(self) -> Practice:
        """Looked up only when its words are shown."""
        return practice()

    @cached_property
    def outside_reader(self) -> Member | None:
        """Somebody else here to write to: named with a role, not this therapist, and not in that one's place now."""
        return outside_reader(self.dyad)

    @property
    def therapist(self) -> str:
        return self.dyad.therapist.name

    @property
    def shut(self) -> bool:
        """Expired or revoked: it was a link, and is none any more."""
        return self.invitation.revoked_at is not None or self.invitation.expires_at <= timezone.now()


@dataclass(frozen=True)
class SentCheckIn:
    """The client's latest answers on a session, as they were sent: kept ones and words for other readers included.

    `lines` holds (words, reader) by instrument and item; `sharing` holds raise or not_yet by them; `around` what was
    kept of the questions around the questionnaires, as it was posted.
    """

    responses: tuple[Response, ...] = ()
    answers: Mapping[tuple[str, str], object] = field(default_factory=dict)
    lines: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    sharing: Mapping[tuple[str, str], str] = field(default_factory=dict)
    progress: Mapping[str, int] = field(default_factory=dict)
    picked: tuple[str, ...] = ()
    picked_words: tuple[str, ...] = ()
    around: Mapping[str, str] = field(default_factory=dict)

    @property
    def again(self) -> tuple[dict, ...]:
        """The word on earlier concerns."""
        return tuple(answer for r in self.responses for answer in r.context.get("again", ()))


def by_token(token: str) -> Link | None:
    """What this link opens. A malformed token costs what an unknown one costs."""
    return _link(BY_TOKEN.first(links.digest(token)))


def by_uid(uid: str, token: str) -> Link | None:
    """What this check-in's address opens for a browser that holds the token of its link."""
    invitation = BY_UID.first(uid)
    fits = compare_digest(invitation.token_hash if invitation else "", links.digest(token))
    return _link(invitation) if fits else None


def _link(invitation: Invitation | None) -> Link | None:
    if invitation is None:
        return None
    session = invitation.session
    session.number = invitation.number
    return Link(invitation, session, session.dyad, session.dyad.client)


def came_from(link: Link) -> str:
    """With whom the client worked before a hand-over: told at the first check-in of the new course, then no more."""
    earlier = None if link.session.number > 1 else earlier_course(link.dyad)
    return earlier.therapist.name if earlier else ""


def outside_reader_now(dyad: Dyad) -> str:
    """Who is *someone else here* at this moment, whatever is remembered: the uid, or nothing."""
    pk, uid = Practice.objects.values_list("outside_reader", "outside_reader__uid").get()
    return uid if pk and not covers_now(pk, dyad) else ""


def covers_now(member: int, dyad: Dyad) -> bool:
    """Whether this member stands in for the therapist at this moment: a line meant to go past both would reach one."""
    return member in {covering for (covering,) in COVERING.rows(dyad.pk)}


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
    of = {r.pk: r.instrument for r in responses}
    answers = {(r.instrument, item): answer for r in responses for item, answer in r.answers.items()}
    comments = models.Comment.objects.filter(response__in=of, side="client").annotate(reader=Value("therapist"))
    lines = {(of[c.response_id], c.item): (c.words, c.reader) for c in comments}
    sharing: dict[tuple[str, str], str] = {}
    around: dict[str, Any] = {}
    for line in models.PrivateLine.objects.filter(response__in=of):
        name = (of[line.response_id], line.item)
        if line.words:
            lines[name] = (line.words, line.reader)
        elif "." in line.item or line.item in PICKS:
            around[line.item] = line.value
        else:
            answers[name], sharing[name] = line.value, line.reader
    progress = {}
    if asked_progress:
        rows = models.Progress.objects.filter(session=session, side="client").order_by("id")
        latest = dict(rows.values_list("agreement__uid", "value"))
        progress = {uid: value for uid, value in latest.items() if value is not None}
    picks: list[Pick] = []
    if asked_picks:
        made = Pick.objects.filter(session=session, side="client").select_related("agreement").order_by("at", "id")
        picks = current_picks(made).get((session.pk, "client"), [])
    return SentCheckIn(
        responses,
        answers,
        lines,
        sharing,
        progress,
        tuple(p.agreement.uid for p in picks if p.agreement),
        tuple(p.words for p in picks if p.words),
        around,
    )


def keeps(responses: Iterable[Response]) -> bool:
    """Whether the client keeps something of what was sent with these."""
    return models.PrivateLine.objects.filter(response__in=[row.pk for row in responses]).exists()


def says_line_crossed(responses: Iterable[Response]) -> bool:
    """Whether the client shows that a line was crossed."""
    return any(signals.says_line_crossed(row.answers) for row in responses)


def open_concerns(session: Session) -> list[tuple[str, datetime, int]]:
    """Open strains of earlier, revealed sessions: (uid, start of its session, answered check-ins since).

    When both felt one in the same session, it is there once.
    """
    by_session: dict[int, tuple[str, datetime, int]] = {}
    for about, uid, start, answered in CONCERNS.rows(session.dyad_id, session.start):
        by_session.setdefault(about, (uid, start, answered or 0))
    return list(by_session.values())


def concerns(session: Session) -> list[tuple[str, datetime]]:
    """The one that this check-in asks about, if any: (uid, start of its session).

    Several take turns, and each is asked about three times, then at reviews alone.
    """
    waiting, every = open_concerns(session), often(session.dyad)
    if not plan.is_review(session.number, every):
        waiting = [concern for concern in waiting if concern[2] < ASKED_TIMES * len(waiting)]
    return [waiting[session.number // every % len(waiting)][:2]] if waiting else []


def agreements(session: Session) -> list[tuple[str, str, str, bool, tuple[str, ...]]]:
    """What is agreed and has not ended, in its last words: (uid, kind, words, sealed by both, levels). One query."""
    rows = AGREEMENTS.rows(session.dyad_id)
    last = {pk: (uid, kind, words, seals == BOTH, as_levels(levels)) for pk, uid, kind, words, seals, levels in rows}
    return [last[pk] for pk in sorted(last)]
