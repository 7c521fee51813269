"""Where a member is signed in: since when, from which address, in which browser."""

from allauth.usersessions.models import UserSession

from accord_clinic.models import Member
from accord_clinic.records.user_sessions import SignedIn
from accord_clinic.words.browsers import seen_as


def signed_in(member: Member) -> list[SignedIn]:
    """Newest first; what has run out is taken off the list."""
    running = sorted(UserSession.objects.purge_and_list(member), key=lambda row: row.created_at, reverse=True)
    return [
        SignedIn(row.pk, row.created_at, row.ip, *seen_as(row.user_agent), this_one=row.is_current()) for row in running
    ]


def own_session(member: Member, pk: int | None) -> list[UserSession]:
    """One's own session with this number, if there is one."""
    return list(UserSession.objects.filter(user=member, pk=pk))


def other_sessions(member: Member) -> list[UserSession]:
    """All of one's own but the one in use."""
    return [row for row in UserSession.objects.filter(user=member) if not row.is_current()]
