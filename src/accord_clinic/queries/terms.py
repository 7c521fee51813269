"""What there is between a client and a therapist beside the sessions: corrections, cover, emergencies."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accord_clinic.models import BreakGlass, Client, Correction, Cover, Dyad, ExternalName, Member
from accord_clinic.records.terms import StandingCover
from accord_clinic.rules.practice import local


def corrections(dyad: Dyad) -> list[Correction]:
    """What the client said was wrong, newest first."""
    return list(Correction.objects.filter(dyad=dyad).select_related("answered_by").order_by("-asked_at"))


def correction(dyad: Dyad, uid: str) -> Correction | None:
    return Correction.objects.filter(dyad=dyad, uid=uid).select_related("dyad").first()


def colleagues(member: Member) -> tuple[Member, ...]:
    """The other therapists who work here, by name."""
    others = Member.objects.filter(is_active=True).exclude(pk=member.pk).order_by("name")
    return tuple(m for m in others if m.is_a("therapist"))


def emergencies(dyad: Dyad) -> list[BreakGlass]:
    """Who opened this course in an emergency, oldest first."""
    return list(BreakGlass.objects.filter(dyad=dyad).select_related("member").order_by("at"))


def standing_covers(dyad: Dyad) -> QuerySet[Cover]:
    """Present cover, and cover that is to come."""
    return Cover.objects.filter(dyad=dyad, until__gt=timezone.now()).select_related("member", "dyad").order_by("since")


def cover(dyad: Dyad, uid: str) -> Cover | None:
    return standing_covers(dyad).filter(uid=uid).first()


def cover_days(dyad: Dyad) -> tuple[StandingCover, ...]:
    """The same, as days."""
    return tuple(
        StandingCover(row.uid, row.member.name, local(row.since).date(), local(row.until - timedelta(seconds=1)).date())
        for row in standing_covers(dyad)
    )


def number_in_record(client: Client) -> str:
    """What the practice's care record calls this client."""
    rows = ExternalName.objects.filter(client=client, system=ExternalName.RECORD)
    return rows.values_list("value", flat=True).first() or ""
