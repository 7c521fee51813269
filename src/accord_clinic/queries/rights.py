"""What a client may ask for, as pages show it: corrections with their answers, and codes that wait."""

from django.utils import timezone

from accord_clinic.models import Client, Code, Correction


def corrections(client: Client) -> list[Correction]:
    """What the client said was wrong, with the answers, newest first."""
    rows = Correction.objects.filter(dyad__client=client).select_related("dyad__therapist", "answered_by")
    return list(rows.order_by("-asked_at"))


def code_waits(client: Client, purpose: str) -> bool:
    """Whether a code for this purpose was sent and is still good."""
    return Code.objects.filter(client=client, purpose=purpose, used_at=None, expires_at__gt=timezone.now()).exists()
