"""Reveal a session: open both sides' answers to each other, then update strains and signals."""

import logging
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accord.errors import BadInput
from accord.instruments import AnswerSet
from accord.signals import CHECK_IN, STRAIN
from accord_clinic.actions import signals, strains
from accord_clinic.actions.audit import record
from accord_clinic.database.prepared import Prepared
from accord_clinic.messages import notices
from accord_clinic.models import Dyad, Invitation, Member, Practice, Response, Session, SessionChange, Signal
from accord_clinic.permissions import check_treat
from accord_clinic.queries.checkin import check_ins
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.often import has_check_in
from accord_clinic.rules.practice import every
from accord_clinic.rules.safety import open_notices
from accord_clinic.rules.sessions import is_asked, overdue, was_asked

LOG = logging.getLogger(__name__)
LATEST_FIRST = Prepared(
    lambda dyad: Session.objects.select_for_update(of=("self",), no_key=True)
    .filter(dyad_id=dyad)
    .annotate(asked=is_asked())
    .order_by("-start", "-pk")
)
LAST_LINK = Prepared(
    lambda dyad: Invitation.objects.filter(session__dyad_id=dyad).order_by("-made_at").values_list("made_at")[:1]
)
LAST_ANSWER = Prepared(
    lambda dyad: Response.objects.filter(session__dyad_id=dyad).order_by("-sent_at").values_list("sent_at")[:1]
)
"""Prepared, since an import plans thousands of sessions: with plain querysets each takes half as long again."""
MOVES_AT_ONCE = {"settled": ("settle",), "partly": ("partly",), "still_there": ("talk", "still_there")}
"""What the client said at once about where a strain stands (item t2), as moves."""


def due(session: Session, practice: Practice, next_start: datetime | None = None) -> datetime:
    """When a session is revealed by itself: some days after it or the evening before the next, whichever is first.

    Never before some hours after its end, so that both have the time to answer.
    """
    start = session.start.astimezone(UTC)  # in a zone with summer time, adding hours would add hours of the clock
    earliest = start + timedelta(minutes=session.minutes, hours=practice.reveal_not_before_hours)
    moments = [start + timedelta(hours=practice.reveal_after_hours)]
    if next_start:
        moments.append(_evening_before(next_start, practice))
    return max(earliest, min(moments))


def _evening_before(start: datetime, practice: Practice) -> datetime:
    zone = ZoneInfo(practice.time_zone)
    day = start.astimezone(zone).date() - timedelta(days=1)
    return datetime.combine(day, time(practice.reveal_evening), zone).astimezone(UTC)


def set_dues(dyad: Dyad) -> None:
    """Set when each session of a dyad opens by itself, after anything about one of them was planned or changed.

    Nothing that a member, a calendar or a clock does opens answers at once: what would open sooner than before opens
    after the practice's notice at the earliest. Once the client was asked the day was named to them, and an answer may
    be there, so it never becomes a later one.
    """
    practice = Practice.objects.get()
    soonest = cache(_soonest)
    changed: list[Session] = []
    next_start = None
    for session in LATEST_FIRST.all(dyad.pk):
        before = session.reveal_due
        if session.revealed_at is None:
            wanted = due(session, practice, next_start)
            if before is None:
                session.reveal_due = max(wanted, soonest(practice, dyad))
            elif wanted < before:
                session.reveal_due = min(before, max(wanted, soonest(practice, dyad)))
            elif not session.asked:
                session.reveal_due = wanted
        if session.reveal_due != before:
            changed.append(session)
        if session.state != "cancelled":
            next_start = session.start
    Session.objects.bulk_update(changed, ["reveal_due"])


def give_notice(session: Session) -> None:
    """Before a client is asked late for the first time: the answers then open after the practice's notice at least.

    Otherwise waiting with the mark or the link until the time has come would open answers to a therapist who has not
    rated. A session that opened by its time with nothing in it is closed again.
    """
    practice = Practice.objects.get()
    normal = session.end + timedelta(hours=practice.reveal_not_before_hours)
    if timezone.now() <= normal or session.revealed_by not in ("", "time") or was_asked(session):
        return
    session.reveal_due = max(filter(None, (session.reveal_due, _soonest(practice, session.dyad))))
    close_again(session)


def close_again(session: Session) -> None:
    """Close a session that opened without any answer, as its time had come; its new due is stored with it."""
    if session.revealed_at is not None:
        session.revealed_at, session.revealed_by, session.passed_over = None, "", False
        record(None, "close_again", f"session:{session.pk}", ["revealed_at", "revealed_by"])
    session.save(update_fields=["reveal_due", "revealed_at", "revealed_by", "passed_over"])


def _soonest(practice: Practice, dyad: Dyad) -> datetime:
    """The practice's notice from now. A clock that is behind cannot make it earlier than the last answer or link."""
    moments = [moment for last in (LAST_LINK, LAST_ANSWER) for (moment,) in last.rows(dyad.pk)]
    return max([timezone.now(), *moments]) + timedelta(hours=practice.reveal_notice_hours)


def when_both_answered(session: Session, sides: set[str]) -> None:
    """Reveal a session on which both sides have answered; `sides` are those that have."""
    if session.revealed_at:
        _open(session)
    elif {"client", "therapist"} <= sides:
        _reveal(session, "both")


@transaction.atomic
def waive(session: Session, why: str, *, by: Member) -> None:
    """Reveal a session to a therapist who has not answered. The reason is stored."""
    check_treat(by, session.dyad)
    if not why.strip():
        raise BadInput("Say in a few words why you look without having answered.")
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    if session.revealed_at:
        return
    session.waived_why = why.strip()[:2000]
    session.save(update_fields=["waived_why"])
    record(by, "waive", f"session:{session.pk}", ["waived_why"])
    _reveal(session, "waived")


def sweep(now=None) -> int:
    """Reveal every session whose time has come: held ones, answered or not, and whatever else has an answer.

    An answer is opened whatever the session is marked as, so that no mark can bury a concern. Returns how many.
    """
    done = 0
    for pk in overdue(now or timezone.now()).values_list("pk", flat=True):
        with transaction.atomic():
            session = Session.objects.select_for_update(of=("self",), no_key=True).select_related("dyad").get(pk=pk)
            if session.revealed_at is None:
                _reveal(session, "time")
                done += 1
    return done


def raise_safety(session: Session, instrument: str, item: str) -> None:
    """Send the therapist and the safety contact a neutral notice at once; it names no answer.

    Answered so again after somebody recorded what was done, the notice comes back.
    """
    now = timezone.now()
    signal, made = Signal.objects.get_or_create(
        dyad=session.dyad,
        kind="safety",
        session=session,
        scale="",
        defaults={
            "reported": True,
            "evidence": {"instrument": instrument, "item": item},
            "rule": "safety/1",
            "raised_at": now,
        },
    )
    if made:
        notices.tell_safety(session)
    elif not open_notices(Q(pk=signal.pk)).exists():
        signal.raised_at, signal.evidence = now, {"instrument": instrument, "item": item}
        signal.save(update_fields=["raised_at", "evidence"])
        notices.tell_safety(session, once=f"{session.uid} {now.isoformat()}")


def _reveal(session: Session, how: str) -> None:
    session.revealed_at = timezone.now()
    session.revealed_by = how
    if session.state != "held" and session.responses.exists():
        _took_place(session)
    # Kept from here on: how often there is a check-in, and the number of this session, may change later.
    session.passed_over = not (has_check_in(session.number, every(session.dyad)) or session.invitations.exists())
    session.save(update_fields=["revealed_at", "revealed_by", "passed_over", "state"])
    record(None, "reveal", f"session:{session.pk}", ["revealed_at", "revealed_by"])
    _open(session)


def _took_place(session: Session) -> None:
    """What has an answer took place, whatever it was marked as: only then it has a number and a place in the course."""
    SessionChange.objects.create(
        session=session, field="state", before=session.state, after="held", side="clock", at=timezone.now()
    )
    session.state = "held"


def _open(session: Session) -> None:
    """What follows from opened answers. Nothing of it may happen earlier: a moving strain would tell on the client."""
    strains.answers_open(session)
    _open_what_was_felt(session)
    try:
        with transaction.atomic():
            signals.refresh(session.dyad)
    except Exception as error:  # whatever goes wrong in reckoning, the answer that was just sent is kept
        LOG.error("The signals of dyad:%s could not be found (%s).", session.dyad_id, type(error).__name__)


def _open_what_was_felt(session: Session) -> None:
    """A strain that somebody felt and shows becomes a strain with a life, opened by that voice."""
    for side, response in check_ins(session).items():
        if not response.answers.get(STRAIN):
            continue
        strain = strains.open_strain(session, _kind(response), side, by=None)
        if side == "client" and strain.state == "opened":
            for move in MOVES_AT_ONCE.get(_stands(response), ()):
                strain = strains.move(strain, move, "client", by=None, session=session)


def _answers_to(response: Response, item: str) -> AnswerSet | None:
    """What could be answered when it was; nothing where the item is in no check-in of this practice any more."""
    check_in = shelf().answered(CHECK_IN, response.version)
    return check_in.answer_set(item) if check_in and any(i.id == item for i in check_in.items) else None


def _stands(response: Response) -> str:
    """The code of where the client says that it stands, at once."""
    of, stands = _answers_to(response, "t2"), response.answers.get("t2")
    return dict(zip(of.values, of.codes, strict=False)).get(stands, "") if of and isinstance(stands, int) else ""


def _kind(response: Response) -> str:
    """Withdrawal or confrontation when all that was ticked points one way, else unclear."""
    of, chosen = _answers_to(response, "t3"), response.answers.get("t3")
    group = dict(zip(of.codes, of.groups, strict=False)) if of else {}
    groups = {group[code] for code in chosen if code in group} - {"unclear"} if isinstance(chosen, list) else set()
    return groups.pop() if len(groups) == 1 else "unclear"
