"""The sessions of a therapist's last two weeks and of the week ahead, each with the few facts that Today needs.

Nothing here depends on what a client said, or on whether a client answered, before the reveal: a session asks only for
the therapist's own rating, for whether a link was ever made, and for whether both sides are open.
"""

from datetime import UTC, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accord.signals import CHECK_IN
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Client, Invitation, Member, Pause, Response, Session, SessionChange, TalkTick
from accord_clinic.models.care import rank
from accord_clinic.permissions import check_work_as_therapist, treated_by
from accord_clinic.records.today import TodaySession, first_owed
from accord_clinic.rules.practice import practice
from accord_clinic.rules.safety import open_notices
from accord_clinic.rules.sessions import is_denied

COLUMNS = (
    "uid", rank(), "start", "modality", "state", "revealed_at", "revealed_by", "passed_over",
    "dyad", "dyad__uid", "dyad__ended", "dyad__often",
    "dyad__client__name", "dyad__client__address_as", "dyad__client__email", "dyad__client__phone",
    "dyad__schedule__by_itself", "denied", "rated", "linked", "ticked",
    "last_revealed", "last_sheet",
    "assumed", "held_back",
)  # fmt: skip


LOOKS_BACK = timedelta(days=14)
"""A rating that is older than this is not asked for any more: nobody would remember."""


def today_rows(
    member: Member, since: datetime, until: datetime
) -> tuple[list[TodaySession], list[tuple[str, str, datetime]]]:
    """The sessions of this therapist's people that start in this time, in their order; and the safety notices.

    A notice: the session, the client and since when, newest first, of answers that nobody has looked after.

    Earlier ones as well, where the client says that they did not take place and nobody has answered that.
    """
    check_work_as_therapist(member)
    treated = treated_by(member, "dyad__")
    if treated == Q(dyad__therapist=member):  # the usual day, without anybody to cover for
        rows, notices = OWN.rows(member.pk, since, until), OWN_NOTICES.rows(member.pk)
    else:
        rows, notices = list(_sessions(treated, since, until)), list(_notices(treated))
    usual = practice().often
    waiting = [(session, called or name, raised) for session, name, called, raised in notices]
    return [TodaySession(usual, *row) for row in rows], waiting


def next_to_rate(member: Member, after: str) -> str:
    """The uid of the earliest session that this therapist still has to rate, besides one; empty where none is left."""
    now = timezone.now()
    rows, _notices = today_rows(member, now - LOOKS_BACK, now)
    return first_owed(rows, after)


def _sessions(treated: Q, since: datetime, until: datetime) -> QuerySet:
    revealed = Session.objects.filter(dyad=OuterRef("dyad"), state="held", passed_over=False)
    revealed = revealed.exclude(revealed_at=None).order_by("-start", "-pk")
    lately = Q(start__gte=since, start__lt=until)
    lately |= Q(is_denied(), start__lt=until)
    paused, stopped = Q(pauses__isnull=False, pauses__until=None), Q(messages_stopped_at__isnull=False)
    rows = Session.objects.filter(treated, lately, dyad__client__locked_at=None).annotate(
        **{"denied": is_denied()},
        rated=Exists(Response.objects.filter(session=OuterRef("pk"), side="therapist", instrument=CHECK_IN)),
        linked=Exists(Invitation.objects.filter(session=OuterRef("pk"))),
        ticked=Exists(TalkTick.objects.filter(session=OuterRef("pk"))),
        last_revealed=Subquery(revealed.values(n=rank())[:1]),
        last_sheet=Subquery(revealed.values("uid")[:1]),
        assumed=Exists(SessionChange.objects.filter(session=OuterRef("pk"), side="clock", after="held")),
        held_back=Exists(Client.objects.filter(paused | stopped, pk=OuterRef("dyad__client"))),
    )
    return rows.order_by("start").values_list(*COLUMNS)


def _notices(treated: Q) -> QuerySet:
    columns = ("session__uid", "dyad__client__name", "dyad__client__address_as", "raised_at")
    return open_notices(treated).values_list(*columns)


OWN_NOTICES = Prepared(lambda therapist: _notices(Q(dyad__therapist=therapist)))
OWN = Prepared(
    lambda therapist, since, until: _sessions(Q(dyad__therapist=therapist), since, until),
    -271828182, datetime(1828, 4, 5, tzinfo=UTC), datetime(1828, 4, 6, tzinfo=UTC),
)  # fmt: skip


def _pauses(therapist: int, now: datetime) -> QuerySet:
    rows = Pause.objects.filter(
        client__dyads__therapist_id=therapist, client__dyads__ended=None, until=None, ask_again_at__lte=now
    ).order_by("since")
    return rows.values_list("client__dyads__uid", "client__name", "client__address_as", "reason", "since")


PAUSES = Prepared(_pauses, -271828182, datetime(1828, 4, 5, tzinfo=UTC))


def pauses_to_ask(member: Member, now: datetime) -> list[tuple[str, str, str, str, datetime]]:
    """Own clients whose pause is to be asked about: dyad, name, how to address them, reason, since.

    Whoever stands in for a colleague is not asked: it can wait.
    """
    return [tuple(row) for row in PAUSES.rows(member.pk, now)]
