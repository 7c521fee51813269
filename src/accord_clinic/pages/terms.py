"""The terms of one course of care, for its therapist: facts, messages, consents, corrections, cover."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from accord_clinic.models import BreakGlass, Correction, Cover, Dyad, Member, Practice
from accord_clinic.pages.consent import Purpose, age_of, asks_age, needed, purposes, terms_of
from accord_clinic.pages.schedule import NUMBERS, Habit, habit, unanswered_in_a_row
from accord_clinic.permissions import can, check_change_contact
from accord_clinic.queries.practice import local


@dataclass(frozen=True, slots=True)
class TermsPage:
    """Everything that the page shows beside its forms."""

    habit: Habit
    may_change_contact: bool
    stopped: bool
    paused: int
    age: int | None
    needs_guardian: bool
    asks_age: bool
    purposes: tuple[Purpose, ...]
    waiting: tuple[Correction, ...]
    answered: tuple[Correction, ...]
    covers: tuple[tuple[str, str, date, date], ...]
    colleagues: tuple[Member, ...]
    glasses: tuple[BreakGlass, ...]


def terms_page(member: Member, dyad: Dyad) -> TermsPage:
    """For the dyad's own therapist; ask `own` first."""
    client = dyad.client
    rows = list(Correction.objects.filter(dyad=dyad).select_related("answered_by").order_by("-asked_at"))
    others = Member.objects.filter(is_active=True).exclude(pk=member.pk).order_by("name")
    usual, silent = habit(Practice.objects.get(), dyad), unanswered_in_a_row(dyad)
    return TermsPage(
        habit=usual,
        paused=silent if 0 < usual.pause_after <= silent else 0,
        may_change_contact=can(check_change_contact, member, client),
        stopped=client.messages_stopped_at is not None,
        age=age_of(client),
        needs_guardian="guardian" in needed(client),
        asks_age=asks_age(client),
        purposes=tuple(purposes(client, "en")),
        waiting=tuple(r for r in rows if r.answered_at is None),
        answered=tuple(r for r in rows if r.answered_at is not None),
        covers=tuple(cover_days(row) for row in standing_covers(dyad)),
        colleagues=tuple(m for m in others if m.is_a("therapist")),
        glasses=tuple(BreakGlass.objects.filter(dyad=dyad).select_related("member").order_by("-at")),
    )


def cover_days(row: Cover) -> tuple[str, str, date, date]:
    """Whose cover, from the first day to the last, on the practice's calendar."""
    first, last = local(row.since), local(row.until - timedelta(seconds=1))
    return row.uid, row.member.name, first.date(), last.date()


def who_agrees(dyad: Dyad) -> dict:
    """First values for the form: what was written down, or the default that holds without it."""
    terms = terms_of(dyad.client)
    if terms:
        names = ("consents", "guardian_learns", "by_order", "order_learns")
        return {name: getattr(terms, name) for name in names}
    return {"consents": "both" if "guardian" in needed(dyad.client) else "client"}


def own_numbers(dyad: Dyad) -> dict:
    """First values for the form: only what differs from the practice."""
    own = getattr(dyad, "schedule", None)
    names = ("by_itself", *NUMBERS)
    return {name: getattr(own, name) for name in names} if own else {"by_itself": True}


def standing_covers(dyad: Dyad):
    """Cover that stands now or is to come."""
    return Cover.objects.filter(dyad=dyad, until__gt=timezone.now()).select_related("member", "dyad").order_by("since")


def correction(dyad: Dyad, uid: str) -> Correction | None:
    return Correction.objects.filter(dyad=dyad, uid=uid).select_related("dyad").first()


def cover(dyad: Dyad, uid: str) -> Cover | None:
    return standing_covers(dyad).filter(uid=uid).first()
