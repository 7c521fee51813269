"""A therapist is ill or has left: an admin gives the running courses to a cover or a successor, all of them at once."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions import care, cover_and_emergency
from accord_clinic.actions.audit import record
from accord_clinic.messages import notices
from accord_clinic.models import CaseloadMove, Dyad, Member, codes
from accord_clinic.permissions import check_give_away

FEWEST_LETTERS = 3


@transaction.atomic
def give_caseload(
    therapist: Member, to: Member, kind: str, days: tuple[date, date | None], why: str, *, by: Member
) -> CaseloadMove:
    """Give every running course of a therapist to a colleague, from the first day on, or to the last for a cover.

    The page asks that a person has told the clients before. The reason is for admins alone; both therapists get one
    notice, and the first one sees that it was done. The successor begins a course of their own; what it shows of the
    old one is chosen by the client (`actions.earlier_course`).
    """
    check_give_away(by, therapist)
    codes.check(CaseloadMove, kind=kind)
    first, last = days
    if sum(letter.isalpha() for letter in why) < FEWEST_LETTERS:
        raise BadInput("Say in a few words why. Admins alone read it.")
    courses = list(Dyad.objects.filter(therapist=therapist, ended=None).select_related("client", "therapist"))
    if not courses:
        raise BadInput(f"{therapist.name} has no running course of care.")
    if not to.is_a("therapist") or to.pk == therapist.pk:
        raise BadInput("Another therapist of this practice takes over.")
    for dyad in courses:
        if kind == "cover":
            if last is None:
                raise BadInput("Enter the last day of the cover.")
            cover_and_emergency.give_cover(dyad, to, first, last, by=by)
        else:
            care.give_to_successor(dyad, to, max(first, dyad.started), by=by)
    row = CaseloadMove.objects.create(
        therapist=therapist, to=to, kind=kind, courses=len(courses), first=first,
        last=last if kind == "cover" else None, why=why.strip()[:2000], by=by, at=timezone.now(),
    )  # fmt: skip
    record(by, "give_caseload", f"member:{therapist.pk}", ["to", "kind", "first", "last", "why"])
    for member in (therapist, to):
        notices.tell("caseload_moved", str(row.pk), member=member)
    return row
