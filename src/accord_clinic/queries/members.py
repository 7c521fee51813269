"""What the admin needs to keep the practice: its settings, who works here, what waits. Never what clients said."""

from datetime import date, datetime

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import Count, Q

from accord_clinic.models import CaseloadMove, Correction, Member, Notice, Practice
from accord_clinic.permissions import can, check_answer_correction, check_give_away, check_keep_practice
from accord_clinic.records.members import Colleague, Waits


def practice(member: Member) -> Practice:
    """The one row, for its admin."""
    check_keep_practice(member)
    return Practice.objects.select_related("safety_contact", "outside_reader").get()


def colleagues(member: Member) -> list[Colleague]:
    """Everybody, those who left last. One query."""
    check_keep_practice(member)
    rows = Member.objects.annotate(running=Count("dyads", filter=Q(dyads__ended=None))).order_by("-is_active", "name")
    return [
        Colleague(m.uid, m.name, m.email, tuple(m.roles), m.is_active, m.running, m.last_login is not None)
        for m in rows
    ]


def colleague(member: Member, uid: str) -> Member | None:
    """Somebody who works here, for the admin to change."""
    check_keep_practice(member)
    return Member.objects.filter(uid=uid).first()


def sessions(member: Member, colleague: Member) -> tuple[int, datetime | None]:
    """In how many places a colleague is signed in, and since when at the latest. Not where: that is the colleague's."""
    check_keep_practice(member)
    running = UserSession.objects.purge_and_list(colleague)
    return len(running), max((session.created_at for session in running), default=None)


def is_linked(member: Member, colleague: Member) -> bool:
    """Whether a colleague has signed in elsewhere, so that the provider's subject counts and not the address."""
    check_keep_practice(member)
    return SocialAccount.objects.filter(user=colleague).exists()


def has_second_factor(member: Member, colleague: Member) -> bool:
    """Whether a colleague has set one up. Not which: that is the colleague's."""
    check_keep_practice(member)
    return Authenticator.objects.filter(user=colleague).exists()


def absent(member: Member, uid: str) -> Member | None:
    """A colleague who is a therapist, for an admin to give the courses to somebody else."""
    row = colleague(member, uid)
    may = row is not None and can(check_give_away, member, row) and row.is_a("therapist")
    return row if may else None


def caseload_moves(member: Member, therapist: Member) -> list[CaseloadMove]:
    """What was given away of this therapist's, newest first, with the reasons; for admins."""
    check_give_away(member, therapist)
    rows = CaseloadMove.objects.filter(therapist=therapist).select_related("to", "by")
    return list(rows.order_by("-at"))


def given_away(member: Member, since: datetime) -> list[tuple[str, str, int, date, date | None]]:
    """What an admin gave away of one's own: kind, to whom, how many courses, from when to when. Never why."""
    rows = CaseloadMove.objects.filter(therapist=member, at__gte=since).order_by("-at")
    return list(rows.values_list("kind", "to__name", "courses", "first", "last"))


def active() -> list[Member]:
    return list(Member.objects.filter(is_active=True).order_by("name"))


def waits(member: Member) -> Waits:
    """How many corrections wait at whom, without a word of those."""
    check_keep_practice(member)
    rows = Correction.objects.filter(answered_at=None, dyad__client__locked_at=None)
    left = rows.filter(dyad__therapist__is_active=False).select_related("dyad__client", "dyad__therapist")
    there = rows.filter(dyad__therapist__is_active=True).values_list("dyad__therapist__name").annotate(n=Count("pk"))
    return Waits(tuple(left.order_by("asked_at")), tuple(there.order_by("dyad__therapist__name")))


def waiting_correction(member: Member, uid: str) -> Correction | None:
    """What was said to be wrong to somebody who has left, for the admin to answer."""
    check_keep_practice(member)
    row = Correction.objects.filter(uid=uid, dyad__client__locked_at=None).select_related("dyad__therapist").first()
    return row if row and can(check_answer_correction, member, row.dyad) else None


def failed_notice(member: Member, pk: int | None) -> Notice | None:
    """A message that is not sent, for trying again."""
    check_keep_practice(member)
    if pk is None:
        return None
    return Notice.objects.filter(pk=pk, sent_at=None, dropped_at=None).first()
