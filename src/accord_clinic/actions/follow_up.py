"""Checks after a course has ended: planned at the end, asked once when their time comes, answered by the client."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accord.errors import BadInput
from accord_clinic.actions.audit import record
from accord_clinic.actions.schedule import may_be_asked
from accord_clinic.messages import notices
from accord_clinic.models import Client, Dyad, FollowUp, Member, Pause, Practice
from accord_clinic.permissions import check_be_client, check_own

MOST_WORDS = 2_000
ASKED_WITHIN = timedelta(days=28)
"""After so long a check that could not be asked is not asked any more: it is about another time."""


@transaction.atomic
def plan_follow_ups(dyad: Dyad, months: Iterable[int], on: date, *, by: Member) -> None:
    """Plan a check so many months after the end, each."""
    check_own(by, dyad)
    for count in months:
        FollowUp.objects.create(dyad=dyad, due_on=months_after(on, count))
    record(by, "plan_follow_ups", f"dyad:{dyad.pk}", ["due_on"])


def months_after(day: date, count: int) -> date:
    """The same day so many months later; the last of the month where it has no such day.

    >>> months_after(date(2026, 11, 30), 3)
    datetime.date(2027, 2, 28)
    """
    year, month = divmod(day.month - 1 + count, 12)
    first = date(day.year + year, month + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))


def ask_due(today: date | None = None) -> int:
    """Ask each check whose time has come. Not who has stopped messages, pauses, or works with somebody here again."""
    today = today or timezone.localdate()
    practice = Practice.objects.first()
    rows = FollowUp.objects.filter(
        asked_at=None, due_on__lte=today, due_on__gt=today - ASKED_WITHIN, dyad__client__messages_stopped_at=None,
        dyad__client__locked_at=None, dyad__client__erased_at=None, dyad__ended__isnull=False,
    ).exclude(dyad__client__email="", dyad__client__phone="")  # fmt: skip
    rows = rows.exclude(Exists(Pause.objects.filter(client=OuterRef("dyad__client"), until=None)))
    rows = rows.exclude(Exists(Dyad.objects.filter(client=OuterRef("dyad__client"), ended=None)))
    waiting = rows.select_related("dyad__client__terms") if practice else []
    return sum(_ask(row) for row in waiting if practice and may_be_asked(row.dyad.client, practice))


@transaction.atomic
def _ask(row: FollowUp) -> bool:
    about = settings.PUBLIC_URL + reverse("my-look", args=[row.dyad.uid])
    FollowUp.objects.filter(pk=row.pk).update(asked_at=timezone.now())
    return notices.tell("follow_up", about, client=row.dyad.client, once=f"follow_up:{row.pk}")


@transaction.atomic
def answer(row: FollowUp, now: int | None, words: str, wants_contact: bool, *, by: Client) -> None:
    """Keep what the client says, and let the therapist know that there is something to read."""
    check_be_client(by, row.dyad.client)
    if row.asked_at is None or row.answered_at is not None:
        raise BadInput(_("This has already been answered."))
    if now is not None and now not in dict(FollowUp.NOW):
        raise BadInput(_("Choose one of the answers."))
    facts = {"now": now, "words": words.strip()[:MOST_WORDS], "wants_contact": wants_contact}
    if now is None and not any(facts.values()):
        raise BadInput(_("Nothing was filled in, so nothing was sent."))
    FollowUp.objects.filter(pk=row.pk).update(answered_at=timezone.now(), **facts)
    notices.tell_those_in_charge("follow_up_answered", row.dyad.uid, row.dyad, once=f"follow_up:{row.pk}")
    record(by, "answer_follow_up", f"follow_up:{row.pk}", [*facts])
