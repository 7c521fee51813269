"""Note what was done after a safety answer, and that a line to *someone else here* was read."""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions.audit import record
from accord_clinic.models import Member, Practice, PrivateLine, SafetyLook, Signal, codes
from accord_clinic.permissions import check_look_after_safety, check_read_outside_line

OFFERED = ("spoke", "assessment", "passed_on")
"""What can be said to have been done. That somebody only looked ends no notice."""


@transaction.atomic
def look_after(signal: Signal, done: Collection[str], to: str = "", *, by: Member) -> None:
    """Record all that was done after a safety answer. The notice ends until the client answers so again."""
    check_look_after_safety(by, signal.dyad, Practice.objects.get())
    if not done or not set(done) <= set(OFFERED):
        raise BadInput("Say what was done: spoken with the client, an assessment in the care record, or passed on.")
    whom = to.strip()[:120]
    if whom and "passed_on" not in done:
        raise BadInput("You named somebody. Tick that you passed it on, or leave the name out.")
    now = timezone.now()
    for what in (offered for offered in OFFERED if offered in done):
        codes.check(SafetyLook, done=what)
        SafetyLook.objects.create(signal=signal, member=by, at=now, done=what, to=whom if what == "passed_on" else "")
    record(by, "look_after_safety", f"signal:{signal.pk}", ["done", "to"])


@transaction.atomic
def acknowledge(line: PrivateLine, *, by: Member) -> None:
    """Note that the outside reader has read a line. Only the client sees this."""
    check_read_outside_line(by, line)
    if PrivateLine.objects.filter(pk=line.pk, acknowledged_at=None).update(acknowledged_at=timezone.now()):
        record(by, "acknowledge_line", f"private_line:{line.pk}", ["acknowledged_at"])
