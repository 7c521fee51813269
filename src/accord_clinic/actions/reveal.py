"""Reveal a session: open both sides' answers to each other, then update strains and signals."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accord.errors import BadInput
from accord.instruments import AnswerSet
from accord.signals import CHECK_IN, STRAIN
from accord_clinic.actions import signals, strains
from accord_clinic.actions.audit import record
from accord_clinic.messages import notices
from accord_clinic.models import Member, Practice, Response, Session, Signal
from accord_clinic.permissions import check_treat
from accord_clinic.queries.checkin import check_ins
from accord_clinic.queries.safety import open_notices
from accord_clinic.questionnaires.shelf import shelf

LOG = logging.getLogger(__name__)
MOVES_AT_ONCE = {"settled": ("settle",), "partly": ("partly",), "still_there": ("talk", "still_there")}
"""What the client said at once about where a strain stands (item t2), as moves."""


def due(session: Session, practice: Practice, next_start=None):
    """When a session is revealed by itself: some days after it, or shortly before the next, whichever is first."""
    moments = [session.start + timedelta(hours=practice.reveal_after_hours)]
    if next_start:
        moments.append(next_start - timedelta(hours=practice.reveal_before_next_hours))
    return max(min(moments), session.start)


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
    """Reveal every session whose time has come, answered or not. Returns how many."""
    now = now or timezone.now()
    rows = Session.objects.filter(state="held", revealed_at=None, reveal_due__lte=now).values_list("pk", flat=True)
    done = 0
    for pk in rows:
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
    session.save(update_fields=["revealed_at", "revealed_by"])
    record(None, "reveal", f"session:{session.pk}", ["revealed_at", "revealed_by"])
    _open(session)


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
