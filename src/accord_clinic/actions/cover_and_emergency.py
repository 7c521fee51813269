"""When the therapist cannot be there: a colleague covers, an admin looks in an emergency, a member leaves."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions.audit import actor, record
from accord_clinic.messages import notices
from accord_clinic.models import AuditEntry, BreakGlass, Cover, Dyad, Invitation, Member, Practice, Share
from accord_clinic.permissions import check_break_glass, check_give_away, check_keep_practice, check_own

GLASS_STAYS_OPEN = timedelta(hours=1)
LONGEST_COVER = timedelta(days=190)
FEWEST_LETTERS = 10
MISSED = "break_glass_missed"
MOST_MISSES = 5
"""An hour, for one admin: enough for a name that is spelt in several ways, too few to try a list of names."""


@transaction.atomic
def cover(dyad: Dyad, colleague: Member, first: date, last: date, *, by: Member) -> Cover:
    """Let a colleague cover from the first day to the last. The client can see this."""
    check_own(by, dyad)
    row = _cover(dyad, colleague, first, last, by=by)
    notices.tell("cover", row.uid, member=colleague)
    return row


@transaction.atomic
def give_cover(dyad: Dyad, colleague: Member, first: date, last: date, *, by: Member) -> Cover:
    """The same by an admin, where the therapist cannot. `actions.absence` does it for all courses, with one notice."""
    check_give_away(by, dyad.therapist)
    return _cover(dyad, colleague, first, last, by=by)


def _cover(dyad: Dyad, colleague: Member, first: date, last: date, *, by: Member) -> Cover:
    if not colleague.is_a("therapist") or colleague.pk == dyad.therapist_id:
        raise BadInput("Cover is given by another therapist of this practice.")
    if dyad.ended:
        raise BadInput("This course of care has ended; nobody has to cover.")
    if not first <= last <= first + LONGEST_COVER or last < timezone.localdate():
        raise BadInput("Give a first and a last day, the last one not over, and at most half a year between them.")
    clock = ZoneInfo(Practice.objects.get().time_zone)
    since, until = _midnight(first, clock), _midnight(last + timedelta(days=1), clock)
    row = Cover.objects.create(dyad=dyad, member=colleague, by=by, since=since, until=until)
    record(by, "cover", f"cover:{row.pk}", ["dyad", "member", "since", "until"])
    return row


@transaction.atomic
def end_cover(row: Cover, *, by: Member) -> None:
    """End a cover now; one that has not begun never begins."""
    check_own(by, row.dyad)
    now = timezone.now()
    Cover.objects.filter(pk=row.pk, until__gt=now).update(until=max(now, row.since) if row.since <= now else row.since)
    record(by, "end_cover", f"cover:{row.pk}", ["until"])


@transaction.atomic
def look_in_emergency(therapist: Member, name: str, why: str, *, by: Member) -> BreakGlass | None:
    """Open the course of this therapist with a person of exactly this name; nothing where there is not one.

    The reason comes first, so that no name can be asked out without one. A miss is in the log and told to the
    therapist, and after a few of them nothing is looked up for an hour.
    """
    check_keep_practice(by)
    _check_reason(why)
    hour, me = timezone.now() - timedelta(hours=1), actor(by)
    if AuditEntry.objects.filter(act=MISSED, actor=me, at__gt=hour).count() >= MOST_MISSES:
        raise BadInput("Too many names did not fit. Wait an hour, or ask the therapist.")
    rows = Dyad.objects.filter(therapist=therapist, client__name__iexact=name.strip(), client__erased_at=None)
    courses = list(rows.select_related("client", "therapist").order_by("-started")[:2])
    if len(courses) == 1:
        return break_glass(courses[0], why, by=by)
    record(by, MISSED, f"member:{therapist.pk}", ["name"])
    notices.tell(MISSED, "", member=therapist, once=f"{me}:{timezone.localdate()}")
    return None


@transaction.atomic
def break_glass(dyad: Dyad, why: str, *, by: Member) -> BreakGlass:
    """Let an admin read a colleague's course of care for an hour in an emergency; both people can see this."""
    check_break_glass(by, dyad)
    _check_reason(why)
    now = timezone.now()
    row = BreakGlass.objects.create(dyad=dyad, member=by, why=why.strip()[:2000], at=now, until=now + GLASS_STAYS_OPEN)
    record(by, "break_glass", f"break_glass:{row.pk}", ["dyad", "why", "until"])
    notices.tell_those_in_charge("break_glass", dyad.uid, dyad, once=f"glass:{row.pk}")
    return row


def _check_reason(why: str) -> None:
    if sum(letter.isalpha() for letter in why) < FEWEST_LETTERS:
        raise BadInput("Say in a sentence why you have to look now; the therapist and the client will read it.")


@transaction.atomic
def leave(member: Member, *, by: Member) -> None:
    """Let a member leave, once every course of care is handed over or ended. What they said and did stays.

    What they had shared ends too, since nobody could take it back any more; and their open links ask for nobody.
    """
    check_keep_practice(by)
    running = Dyad.objects.filter(therapist=member, ended=None).count()
    if running:
        raise BadInput(f"{member.name} still has {running} running courses of care. Hand them over or end them first.")
    if member.is_a("admin") and not _another_admin(member):
        raise BadInput("Somebody has to keep the practice. Make somebody else an admin first.")
    now = timezone.now()
    own = Q(member=member) | Q(dyad__therapist=member)
    Share.objects.filter(own, until=None).update(until=now)
    Cover.objects.filter(own, until__gt=now).update(until=now)
    Invitation.objects.filter(session__dyad__therapist=member, revoked_at=None).update(revoked_at=now)
    _vacate(member)
    Member.objects.filter(pk=member.pk).update(is_active=False)
    for session in UserSession.objects.filter(user=member):
        session.end()
    record(by, "leave", f"member:{member.pk}", ["is_active"])


def _vacate(member: Member) -> None:
    """Nobody who has left is named to clients, from this moment on: saved, so that what is remembered is forgotten."""
    practice = Practice.objects.get()
    if practice.outside_reader_id == member.pk:
        practice.outside_reader, practice.outside_reader_role = None, ""
    if practice.safety_contact_id == member.pk:
        practice.safety_contact = None
    practice.save(update_fields=["outside_reader", "outside_reader_role", "safety_contact"])


def _another_admin(member: Member) -> bool:
    return any(m.is_a("admin") for m in Member.objects.filter(is_active=True).exclude(pk=member.pk))


def _midnight(day: date, clock: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock)
