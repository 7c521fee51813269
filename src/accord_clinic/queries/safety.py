"""The neutral safety notices of the practice: about whom and which session, and who has looked. Never an answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accord_clinic.models import Member, Practice, SafetyLook, Signal
from accord_clinic.permissions import check_see_safety

NOTICE_STAYS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class SafetyNotice:
    """One notice. `looks`: who has looked, and when, the therapist's own look among them."""

    session: str
    client: str
    therapist: str
    number: int
    start: datetime
    raised_at: datetime
    looks: tuple[tuple[str, datetime], ...]


def notices(member: Member) -> tuple[SafetyNotice, ...]:
    """The notices of the last 90 days: first those that nobody has looked after, newest first. Three queries."""
    check_see_safety(member, Practice.objects.get())
    rows = Signal.objects.filter(kind="safety", raised_at__gte=timezone.now() - NOTICE_STAYS).order_by("-raised_at")
    raised = list(
        rows.values_list(
            "pk", "session__uid", "dyad__client__name", "dyad__client__address_as", "dyad__therapist__name",
            "session__number", "session__start", "raised_at",
        )
    )  # fmt: skip
    looks = _looks([row[0] for row in raised])
    made = [
        SafetyNotice(session, address_as or name, therapist, number, start, raised_at, tuple(looks.get(pk, ())))
        for pk, session, name, address_as, therapist, number, start, raised_at in raised
    ]
    return tuple(sorted(made, key=lambda notice: bool(notice.looks)))


def safety_signal(member: Member, session: str) -> Signal | None:
    """The notice about a session, for the act of marking it."""
    check_see_safety(member, Practice.objects.get())
    return Signal.objects.filter(kind="safety", session__uid=session).first()


def _looks(signals: list[int]) -> dict[int, list[tuple[str, datetime]]]:
    looks: dict[int, list[tuple[str, datetime]]] = {}
    for signal, name, at in SafetyLook.objects.filter(signal__in=signals).values_list("signal", "member__name", "at"):
        looks.setdefault(signal, []).append((name, at))
    return looks
