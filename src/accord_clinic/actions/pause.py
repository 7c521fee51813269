"""Pause everything for a client who is ill, away or has died: nothing is assumed, nothing goes out by itself."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accord_clinic.actions.audit import record
from accord_clinic.actions.planning import plan_rhythms, take_back
from accord_clinic.models import Client, Dyad, Member, Notice, Pause, Rhythm, codes
from accord_clinic.permissions import check_treat
from accord_clinic.rules.practice import zone

ASK_AGAIN = {
    "ill": timedelta(days=14),
    "away": timedelta(days=14),
    "hospital": timedelta(days=28),
    "other": timedelta(days=14),
    "died": None,
}
"""After so long whoever treats the client is asked whether it goes on. Who has died is not asked about again."""


@transaction.atomic
def pause(dyad: Dyad, reason: str, *, by: Member) -> Pause:
    """Pause a client, whatever other courses of care they have here. Messages that wait are dropped."""
    check_treat(by, dyad)
    codes.check(Pause, reason=reason)
    client = Client.objects.select_for_update(no_key=True).get(pk=dyad.client_id)
    now = timezone.now()
    wait = ASK_AGAIN[reason]
    facts = {"reason": reason, "by": by, "ask_again_at": now + wait if wait else None}
    row, made = Pause.objects.update_or_create(
        client=client, until=None, defaults=facts, create_defaults=facts | {"since": now}
    )
    Notice.objects.filter(client=client, kind__in=("link", "reminder"), sent_at=None, dropped_at=None).update(
        dropped_at=now, about=""
    )
    if reason == "died":
        for course in Dyad.objects.filter(client=client, ended=None):
            take_back(course, "rhythm")
            take_back(course, "calendar")
    record(by, "pause" if made else "change_pause", f"client:{client.pk}", ["pause"])
    return row


@transaction.atomic
def resume(dyad: Dyad, *, by: Member) -> None:
    """Go on: links go out again for sessions from now on, and what was taken back is planned anew."""
    check_treat(by, dyad)
    now = timezone.now()
    if Pause.objects.filter(client=dyad.client_id, until=None).update(until=now):
        yesterday = timezone.localdate(now, zone()) - timedelta(days=1)
        Rhythm.objects.filter(dyad__client=dyad.client_id, planned_until__gt=yesterday).update(planned_until=yesterday)
        plan_rhythms(now)
        record(by, "resume", f"client:{dyad.client_id}", ["pause"])


@transaction.atomic
def still_paused(dyad: Dyad, *, by: Member) -> None:
    """It goes on: ask again later."""
    check_treat(by, dyad)
    row = Pause.objects.filter(client=dyad.client_id, until=None).first()
    wait = ASK_AGAIN[row.reason] if row else None
    if row and wait:
        row.ask_again_at = timezone.now() + wait
        row.save(update_fields=["ask_again_at"])
        record(by, "change_pause", f"client:{dyad.client_id}", ["ask_again_at"])
