"""When links and reminders go out: set for each dyad, stopped by the client in one step, put in the outbox when due."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic import links
from accord_clinic.actions import checkin
from accord_clinic.actions.audit import record
from accord_clinic.messages import notices
from accord_clinic.models import (
    Client,
    Dyad,
    Member,
    Notice,
    Pause,
    Practice,
    Response,
    Schedule,
    Session,
    StopLink,
)
from accord_clinic.models.habit import habit, how_often
from accord_clinic.permissions import check_be_client, check_own
from accord_clinic.records.often import has_check_in
from accord_clinic.records.schedule import Habit
from accord_clinic.rules.consent import terms_of, voices
from accord_clinic.rules.silence import unanswered_in_a_row

LOOKS_BACK = timedelta(days=7)
"""A session that was marked as held later than this is not asked about any more: nobody would remember it."""
MOST = {
    "link_after_minutes": 7 * 24 * 60, "remind_after_hours": 14 * 24, "most_reminders": 3,
    "quiet_from": 23, "quiet_until": 23, "pause_after": 20,
}  # fmt: skip


@transaction.atomic
def settle(dyad: Dyad, *, by: Member, **facts) -> None:
    """Set what differs for this dyad. `facts`: the fields of `Schedule`; `None` follows the practice."""
    check_own(by, dyad)
    check_times(facts)
    Schedule.objects.update_or_create(dyad=dyad, defaults=facts)
    record(by, "settle_schedule", f"dyad:{dyad.pk}", facts)


def check_times(facts) -> None:
    """Raise `BadInput` for more messages, or longer waits, than make sense."""
    for name, most in MOST.items():
        value = facts.get(name)
        if value is not None and not 0 <= value <= most:
            raise BadInput(f"{name.replace('_', ' ').capitalize()}: choose a number from 0 to {most}.")


@transaction.atomic
def stop(client: Client, *, by: Client) -> None:
    """Stop links and reminders. One-time codes that the client asks for still come."""
    check_be_client(by, client)
    if Client.objects.filter(pk=client.pk, messages_stopped_at=None).update(messages_stopped_at=timezone.now()):
        record(by, "stop_messages", f"client:{client.pk}", ["messages_stopped_at"])


@transaction.atomic
def start_again(client: Client, *, by: Client) -> None:
    """Start messages again, because the client wants them."""
    check_be_client(by, client)
    if Client.objects.filter(pk=client.pk).exclude(messages_stopped_at=None).update(messages_stopped_at=None):
        record(by, "start_messages", f"client:{client.pk}", ["messages_stopped_at"])


@transaction.atomic
def let_be_recognised(client: Client, *, recognisable: bool, by: Client) -> None:
    """Let links and reminders name the practice, or name nobody again: the client's own choice alone."""
    check_be_client(by, client)
    if Client.objects.filter(pk=client.pk, recognisable=not recognisable).update(recognisable=recognisable):
        record(
            by, "recognisable_messages" if recognisable else "neutral_messages", f"client:{client.pk}", ["recognisable"]
        )


def whose(token: str) -> Client | None:
    """The client who can stop messages with this link."""
    row = StopLink.objects.filter(token_hash=links.digest(token)).select_related("client").first()
    return row.client if row else None


def due(now: datetime | None = None) -> int:
    """Put every link and reminder whose time has come into the outbox. Returns how many. Safe to repeat."""
    now = now or timezone.now()
    practice = Practice.objects.first()
    if practice is None:
        return 0
    return sum(_tell(session, practice, now) for session in _unanswered(now))


def _unanswered(now: datetime):
    """Held sessions of the last days without an answer, with what their clients were sent so far."""
    answered = Exists(Response.objects.filter(session=OuterRef("pk"), side="client"))
    rows = Session.objects.ranked().filter(
        ~answered,
        state="held",
        revealed_at=None,
        start__gt=now - LOOKS_BACK,
        start__lte=now,
        dyad__ended=None,
        dyad__client__messages_stopped_at=None,
        dyad__client__locked_at=None,
    )
    rows = rows.exclude(dyad__client__email="", dyad__client__phone="")
    rows = rows.exclude(Exists(Pause.objects.filter(client=OuterRef("dyad__client"), until=None)))
    reminders = Notice.objects.filter(session=OuterRef("pk"), kind="reminder").order_by().values("session")
    rows = rows.annotate(
        **{
            "linked_at": Max("invitations__made_at"),
            "reminders": Coalesce(Subquery(reminders.annotate(n=Count("pk")).values("n")), 0),
            "reminded_at": Subquery(reminders.annotate(last=Max("due_at")).values("last")),
        }
    )
    return rows.select_related("dyad__client__terms", "dyad__schedule").order_by("start")


def _tell(session: Session, practice: Practice, now: datetime) -> bool:
    """One link or one reminder for one session, when it is time and everybody who has to agree has agreed."""
    if session.linked_at is None and not has_check_in(session.number, how_often(practice, session.dyad)):
        return False
    usual = habit(practice, session.dyad)
    kind = _due(session, usual, now) if usual.by_itself else ""
    if not kind or _pauses(session.dyad, usual) or not may_be_asked(session.dyad.client, practice):
        return False
    which = f":{session.reminders + 1}" if kind == "reminder" else ""
    return _put(session, kind, which, after_quiet_hours(now, usual, practice.time_zone))


def _due(session: Session, usual: Habit, now: datetime) -> str:
    """What it is time for: a link, a reminder, or nothing."""
    if session.linked_at is None:
        return "link" if now >= session.end + timedelta(minutes=usual.link_after_minutes) else ""
    last = max(filter(None, (session.linked_at, session.reminded_at)))
    late = now >= last + timedelta(hours=usual.remind_after_hours)
    return "reminder" if late and session.reminders < usual.most_reminders else ""


def _pauses(dyad: Dyad, usual: Habit) -> bool:
    """Whether so many sessions in a row went without an answer that asking by itself rests."""
    return bool(usual.pause_after) and unanswered_in_a_row(dyad) >= usual.pause_after


def may_be_asked(client: Client, practice: Practice) -> bool:
    """A guardian who has to agree must have agreed before a link goes out. The client agrees behind the first link;
    who has taken that back is not asked again."""
    rows = client.consents.filter(purpose="care").values_list("by", "withdrawn_at")
    answered = {by for by, _withdrawn in rows}
    stands = {by for by, withdrawn in rows if withdrawn is None}
    guardian = "guardian" in voices(client, terms_of(client), practice.guardian_below)
    return "client" not in answered - stands and (not guardian or "guardian" in stands)


@transaction.atomic
def _put(session: Session, kind: str, which: str, due_at: datetime) -> bool:
    """A fresh link into the outbox, held back until the quiet hours are over."""
    address = settings.PUBLIC_URL + reverse("link", args=[checkin.invite(session, by=None, mailed=True)])
    sent = notices.tell(
        kind,
        address,
        client=session.dyad.client,
        session=session,
        due_at=due_at,
        once=f"session:{session.pk}{which}",
    )
    if not sent:
        # Another sweep was faster; its link is on the way, so the one just made must not exist.
        transaction.set_rollback(True)
    return sent


def after_quiet_hours(moment: datetime, usual: Habit, time_zone: str) -> datetime:
    """The same moment, or the end of the quiet hours that it falls into, on the practice's clock."""
    there = moment.astimezone(ZoneInfo(time_zone))
    start, end = usual.quiet_from, usual.quiet_until
    quiet = start <= there.hour < end if start <= end else there.hour >= start or there.hour < end
    if start == end or not quiet:
        return moment
    morning = there.replace(hour=end, minute=0, second=0, microsecond=0)
    return morning if morning > there else morning + timedelta(days=1)
