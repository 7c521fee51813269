"""Messages that could not be delivered. When links and reminders go out: `rules/schedule`."""

from accord_clinic.messages.notices import MOST_TRIES
from accord_clinic.models import Member, Notice, PrivateLine
from accord_clinic.permissions import check_keep_practice
from accord_clinic.records.schedule import FailedNotice
from accord_clinic.rules.schedule import TELLS_OF_NOBODY

MOST_SHOWN = 50


def failed(member: Member) -> list[FailedNotice]:
    """For the admin: what could not be delivered, newest first.

    Not that of a reminder while its session is closed; nor that of a message about a line to somebody else, to the
    therapist of whoever wrote it. In a practice of one the admin is the therapist.
    """
    check_keep_practice(member)
    rows = Notice.objects.filter(sent_at=None, dropped_at=None, tries__gt=0).exclude(error="", tries__lt=MOST_TRIES)
    rows = rows.filter(TELLS_OF_NOBODY)
    about_me = PrivateLine.objects.filter(response__session__dyad__therapist=member).values("uid")
    rows = rows.exclude(kind="outside_line", about__in=about_me)
    rows = rows.select_related("client", "member").order_by("-made_at")[:MOST_SHOWN]
    return [
        FailedNotice(r.pk, str(r.client or r.member or r.to), r.made_at, r.tries, r.error, r.tries >= MOST_TRIES)
        for r in rows
    ]
