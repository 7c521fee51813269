"""What a therapist takes to supervision: own notes, put on the agenda and taken off it by their author alone."""

from django.db import transaction
from django.utils import timezone

from accord_clinic.actions.audit import record
from accord_clinic.models import AgendaItem, Member, Reaction
from accord_clinic.permissions import check_own_note


@transaction.atomic
def take_to_supervision(note: Reaction, *, by: Member) -> None:
    """Put it on the agenda: whoever the course is shared with can read it now. Twice is the same as once."""
    check_own_note(by, note)
    AgendaItem.objects.update_or_create(reaction=note, defaults={"at": timezone.now(), "over_at": None})
    record(by, "take_to_supervision", f"reaction:{note.pk}", ["agenda"])


@transaction.atomic
def take_off_agenda(note: Reaction, *, by: Member) -> None:
    """It was talked about, or is the author's alone again."""
    check_own_note(by, note)
    AgendaItem.objects.filter(reaction=note, over_at=None).update(over_at=timezone.now())
    record(by, "take_off_agenda", f"reaction:{note.pk}", ["agenda"])
