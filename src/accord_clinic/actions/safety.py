"""Note that somebody looked, and when: after a safety notice, and after a line to *someone else here*."""

from django.db import transaction
from django.utils import timezone

from accord_clinic.actions.audit import record
from accord_clinic.models import Member, Practice, PrivateLine, SafetyLook, Signal
from accord_clinic.permissions import check_read_outside_line, check_see_safety


@transaction.atomic
def look(signal: Signal, *, by: Member) -> None:
    """Note that the safety contact has looked after a notice; doing it twice is the same as once."""
    check_see_safety(by, Practice.objects.get())
    _look, made = SafetyLook.objects.get_or_create(signal=signal, member=by, defaults={"at": timezone.now()})
    if made:
        record(by, "look_after_safety", f"signal:{signal.pk}", ["looks"])


@transaction.atomic
def acknowledge(line: PrivateLine, *, by: Member) -> None:
    """Note that the outside reader has read a line. Only the client sees this."""
    check_read_outside_line(by, line)
    if PrivateLine.objects.filter(pk=line.pk, acknowledged_at=None).update(acknowledged_at=timezone.now()):
        record(by, "acknowledge_line", f"private_line:{line.pk}", ["acknowledged_at"])
