"""What a client may ask for, as pages show it: corrections with answers, what an erasure keeps, codes."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils import timezone

from accord_clinic.actions.erasure import kept_until
from accord_clinic.models import Client, Code, Correction, Practice
from accord_clinic.upkeep import backups


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays after an erasure: until when the days are kept, by which law, and how many backups hold all."""

    until: date | None
    years: int
    law: str
    backups: int


def kept(client: Client) -> Kept:
    """For the page that asks whether one is sure."""
    practice, folder = Practice.objects.get(), settings.BACKUPS
    made = len(backups.list_in(folder)) if folder and folder.is_dir() else 0
    return Kept(kept_until(client, practice), practice.retention_years, practice.retention_law, made)


def corrections(client: Client) -> list[Correction]:
    """What the client said was wrong, with the answers, newest first."""
    rows = Correction.objects.filter(dyad__client=client).select_related("dyad__therapist", "answered_by")
    return list(rows.order_by("-asked_at"))


def code_waits(client: Client, purpose: str) -> bool:
    """Whether a code for this purpose was sent and is still good."""
    return Code.objects.filter(client=client, purpose=purpose, used_at=None, expires_at__gt=timezone.now()).exists()
