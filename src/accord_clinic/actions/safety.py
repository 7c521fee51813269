"""Note what was done after a safety answer, and that a line to *someone else here* was read."""

from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions.audit import record
from accord_clinic.models import Member, Practice, PrivateLine, SafetyLook, Signal, codes
from accord_clinic.permissions import check_look_after_safety, check_read_outside_line

OFFERED = ("spoke", "assessment", "passed_on")
"""What can be said to have been done. That somebody only looked ends no notice."""


@transaction.atomic
def look_after(signal: Signal, done: str, to: str = "", *, by: Member) -> None:
    """Record what was done after a safety answer. The notice ends until the client answers so again."""
    check_look_after_safety(by, signal.dyad, Practice.objects.get())
    if done not in OFFERED:
        raise BadInput("Say what was done: spoken with the client, an assessment in the care record, or passed on.")
    codes.check(SafetyLook, done=done)
    SafetyLook.objects.create(
        signal=signal, member=by, at=timezone.now(), done=done, to=to.strip()[:120] if done == "passed_on" else ""
    )
    record(by, "look_after_safety", f"signal:{signal.pk}", ["done", "to"])


@transaction.atomic
def acknowledge(line: PrivateLine, *, by: Member) -> None:
    """Note that the outside reader has read a line. Only the client sees this."""
    check_read_outside_line(by, line)
    if PrivateLine.objects.filter(pk=line.pk, acknowledged_at=None).update(acknowledged_at=timezone.now()):
        record(by, "acknowledge_line", f"private_line:{line.pk}", ["acknowledged_at"])
