"""When links and reminders go out for a dyad, and which messages could not be delivered."""

from collections.abc import Iterable
from itertools import takewhile

from django.db.models import Exists, OuterRef, Q

from accord_clinic.messages.notices import MOST_TRIES
from accord_clinic.models import Dyad, Member, Notice, Practice, PrivateLine, Response
from accord_clinic.models.habit import Habit, habit
from accord_clinic.permissions import check_keep_practice
from accord_clinic.records.schedule import FailedNotice

MOST_SHOWN = 50


def habit_of(dyad: Dyad) -> Habit:
    """The habit that holds for a dyad. One query."""
    return habit(Practice.objects.get(), dyad)


def unanswered_in_a_row(dyad: Dyad) -> int:
    """How many of the last sessions with a check-in went without an answer of the client, of those open to both.

    Of the others nobody may know yet; so a pause can tell the therapist nothing that the pages do not.
    """
    of_client = Response.objects.filter(session=OuterRef("pk"), side="client")
    opened = dyad.sessions.filter(state="held", passed_over=False).exclude(revealed_at=None)
    newest_first: Iterable[bool] = opened.order_by("-start", "-pk").values_list(Exists(of_client), flat=True)
    return len(list(takewhile(lambda answered: not answered, newest_first)))


# A reminder goes only to somebody who has not answered, so it counts nowhere before the session is open to both.
TELLS_OF_NOBODY = ~Q(kind="reminder") | Q(session__revealed_at__isnull=False)


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
