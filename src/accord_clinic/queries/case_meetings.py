"""Practice cases that were set for meetings, and how often each thing was chosen."""

from accord_clinic.models import CaseMeeting, Member
from accord_clinic.permissions import check_supervise

FEWEST = 4
"""With fewer people, a count would say who chose what."""


def open_meetings(case: str) -> list[CaseMeeting]:
    """Those that take choices of this case now."""
    return list(CaseMeeting.objects.filter(case=case, closed_at=None).select_related("by").order_by("made_at"))


def meeting_called(uid: str) -> CaseMeeting | None:
    """A meeting, open or closed; adding to one that is closed is refused by the action."""
    return CaseMeeting.objects.filter(uid=uid).first()


def set_by(member: Member) -> list[CaseMeeting]:
    """All that this supervisor has set, the latest first."""
    check_supervise(member)
    return list(CaseMeeting.objects.filter(by=member).order_by("-made_at"))


def own_meeting(member: Member, uid: str) -> CaseMeeting | None:
    """One of them."""
    return CaseMeeting.objects.filter(by=member, uid=uid).first() if member.is_a("supervisor") else None


def counts(meeting: CaseMeeting) -> dict[str, int]:
    """How often each thing was chosen; nothing while it is open, or when too few took part."""
    if meeting.closed_at is None or meeting.people < FEWEST:
        return {}
    return dict(meeting.tallies.values_list("choice", "count"))
