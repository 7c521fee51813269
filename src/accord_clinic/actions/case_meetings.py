"""Set a practice case for a meeting, add choices without a name, close it."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accord.errors import BadInput
from accord.practice_cases import practice_case
from accord_clinic.actions.audit import record
from accord_clinic.models import CaseMeeting, CaseTally, Member
from accord_clinic.permissions import check_supervise


@transaction.atomic
def set_case(slug: str, *, by: Member) -> CaseMeeting:
    """Set a case for a meeting: whoever works here can add their choices at its end."""
    check_supervise(by)
    if practice_case(slug) is None:
        raise BadInput(_("Choose one of the cases."))
    meeting = CaseMeeting.objects.create(case=slug, by=by, made_at=timezone.now())
    record(by, "set_case", f"meeting:{meeting.pk}", ["case"])
    return meeting


@transaction.atomic
def close(meeting: CaseMeeting, *, by: Member) -> None:
    """Take no more choices, and show the counts. It cannot be opened again: whoever adds later would be seen."""
    check_supervise(by)
    CaseMeeting.objects.filter(pk=meeting.pk, by=by, closed_at=None).update(closed_at=timezone.now())
    record(by, "close_case", f"meeting:{meeting.pk}", ["closed_at"])


@transaction.atomic
def add(meeting: CaseMeeting, choices: Iterable[str]) -> None:
    """Add one person's choices to the counts. Nothing says whose they are, the audit log neither."""
    open_now = CaseMeeting.objects.filter(pk=meeting.pk, closed_at=None)
    if not open_now.update(people=F("people") + 1):
        raise BadInput(_("This case is closed, so no more choices can be added."))
    for choice in sorted(set(choices)):
        CaseTally.objects.get_or_create(meeting=meeting, choice=choice)
        CaseTally.objects.filter(meeting=meeting, choice=choice).update(count=F("count") + 1)
    record(None, "add_to_meeting", f"meeting:{meeting.pk}", ["people"])
