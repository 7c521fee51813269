"""What holds of a course of care as a whole: whether the two have met, and until when what they do is not open."""

from datetime import UTC, datetime

from django.db.models import Max

from accord_clinic.models import Client, Dyad, Invitation, Notice, Response


def was_never_reached(client: Client) -> bool:
    """Whether nothing has reached this client and nothing was answered, in a single course of care.

    By what went out, never by whether the client answered, which nobody may learn before the reveal.
    """
    out = Invitation.objects.filter(session__dyad__client=client).exists()
    messages = Notice.objects.filter(client=client).exclude(sent_at=None, tries=0).exists()
    answered = Response.objects.filter(session__dyad__client=client).exists()
    return not (out or messages or answered) and Dyad.objects.filter(client=client).count() == 1


def have_met(dyad: Dyad) -> bool:
    """Whether a session took place, so that there is no *before* any more."""
    return dyad.under_way or dyad.sessions.filter(state="held").exists()


def open_until(dyad: Dyad) -> datetime:
    """Until when the therapist may know what the client did: the last time that answers of this course were opened."""
    return dyad.sessions.aggregate(last=Max("revealed_at"))["last"] or datetime.min.replace(tzinfo=UTC)
