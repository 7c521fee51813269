"""What a client may ask for, as pages show it: corrections with answers, what an erasure keeps, codes."""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from accord_clinic.models import Client, Code, Correction, Practice, Session


@dataclass(frozen=True, slots=True)
class KeptDays:
    """What stays in the database after an erasure: until when the days are kept, for how many years, by which law."""

    until: date | None
    years: int
    law: str


def kept_days(client: Client) -> KeptDays:
    """For the page that asks whether one is sure."""
    practice = Practice.objects.get()
    return KeptDays(kept_until(client, practice), practice.retention_years, practice.retention_law)


def kept_until(client: Client, practice: Practice) -> date | None:
    """Until when the days of the sessions are kept; `None` where the practice need not, or there are none."""
    dyads = list(client.dyads.all())
    last = Session.objects.filter(dyad__in=dyads).order_by("-start").values_list("start", flat=True).first()
    days = [d.ended or d.started for d in dyads] + ([last.date()] if last else [])
    if not (practice.retention_years and days):
        return None
    # The end of the year, since records are kept by years, and no day of treatment is told by it.
    return date(max(days).year + practice.retention_years, 12, 31)


def corrections(client: Client) -> list[Correction]:
    """What the client said was wrong, with the answers, newest first."""
    rows = Correction.objects.filter(dyad__client=client).select_related("dyad__therapist", "answered_by")
    return list(rows.order_by("-asked_at"))


def code_waits(client: Client, purpose: str) -> bool:
    """Whether a code for this purpose was sent and is still good."""
    return Code.objects.filter(client=client, purpose=purpose, used_at=None, expires_at__gt=timezone.now()).exists()
