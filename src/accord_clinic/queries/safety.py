"""Safety answers: the notices of them, the answers themselves, and what was done about each."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accord_clinic.models import Member, Practice, SafetyLook, Signal
from accord_clinic.models.care import rank
from accord_clinic.permissions import can, check_look_after_safety, check_read_safety_answer, check_see_safety
from accord_clinic.questionnaires.safety import given_answers
from accord_clinic.records.safety import Look, SafetyAnswer, SafetyNotice, looks_by_signal, notices_of
from accord_clinic.rules.from_outside import named_for
from accord_clinic.rules.safety import NOT_OPEN, READABLE, open_notices

NOTICE_STAYS = timedelta(days=90)


def notices(member: Member) -> tuple[SafetyNotice, ...]:
    """The notices that are open and those of the last 90 days, the open ones first, newest first. Three queries."""
    check_see_safety(member, Practice.objects.get())
    rows = Signal.objects.filter(READABLE, kind="safety").annotate(done=Q(NOT_OPEN)).order_by("-raised_at")
    recent = rows.filter(Q(done=False) | Q(raised_at__gte=timezone.now() - NOTICE_STAYS))
    raised = list(
        recent.values_list(
            "pk", "session__uid", "dyad__client__name", "dyad__client__address_as", "dyad__therapist__name",
            rank("session"), "session__start", "raised_at", "done",
        )
    )  # fmt: skip
    return notices_of(raised, _looks([row[0] for row in raised]))


def safety_answer(member: Member, session: str) -> SafetyAnswer | None:
    """The safety answer of a session, for whoever may read it. Also before the reveal: this one is never blind."""
    rows = Signal.objects.filter(READABLE, kind="safety", session__uid=session)
    signal = rows.select_related("session__dyad__client", "session__dyad__therapist").first()
    practice = Practice.objects.get()
    if signal is None or not can(check_read_safety_answer, member, signal.session.dyad, practice):
        return None
    named_for(member, signal.session.dyad)
    return SafetyAnswer(
        session=signal.session,
        signal=signal,
        answers=tuple(given_answers(signal.session.responses.filter(side="client").order_by("-id"))),
        looks=_looks([signal.pk]).get(signal.pk, ()),
        open=open_notices(Q(pk=signal.pk)).exists(),
        may_record=can(check_look_after_safety, member, signal.session.dyad, practice),
    )


def _looks(signals: list[int]) -> dict[int, tuple[Look, ...]]:
    rows = SafetyLook.objects.filter(signal__in=signals).order_by("at", "id")
    return looks_by_signal(rows.values_list("signal", "member__name", "at", "done", "to"))
