"""How long each kind of record is kept where a client asks for erasure."""

from datetime import date

from django.utils import timezone

from accord_clinic.models import Client, Erasure, Practice, Session, Signal
from accord_clinic.records.rights import Retention, end_of_keeping, retention_years


def retention(client: Client) -> tuple[Retention, ...]:
    """By kind of record, in the order of `Erasure.KINDS`, for the pages that ask and decide."""
    practice = Practice.objects.get()
    return tuple(
        Retention(kind, retention_years(practice, kind), kept_until(client, practice, kind))
        for kind, _words in Erasure.KINDS
    )


def kept_until(client: Client, practice: Practice, kind: str) -> date | None:
    """Until when one kind of record is kept; `None` where the practice keeps none of it, or there is none."""
    years = retention_years(practice, kind)
    if kind == "safety" and not Signal.objects.filter(dyad__client=client, kind="safety").exists():
        return None
    dyads = list(client.dyads.all())
    last = Session.objects.filter(dyad__in=dyads, state="held").order_by("-start").values_list("start").first()
    # A course that still runs ends when erasure is asked for.
    days = [d.ended or timezone.localdate() for d in dyads] + ([last[0].date()] if last else [])
    return end_of_keeping(years, days)
