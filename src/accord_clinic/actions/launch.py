"""Open Accord from care records: list a record, close it, tie a member to its user. What failed is noted by code."""

from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions.audit import record as note_act
from accord_clinic.addresses import safe
from accord_clinic.models import CareRecord, CareRecordUser, ConnectedCalendar, Member
from accord_clinic.permissions import check_keep_practice, check_work_as_therapist
from accord_clinic.queries.launch import tie


@transaction.atomic
def add_record(
    name: str, issuer: str, client_id: str, signs: bool, *, by: Member, numbers: str = "", plans: bool = False
) -> CareRecord:
    """List a care record. Its address is never changed: another address is another record."""
    check_keep_practice(by)
    if not safe(issuer):
        raise BadInput("The address begins with https://, or anybody on the way could open charts.")
    if CareRecord.objects.filter(issuer=issuer, closed_at=None).exists():
        raise BadInput("This care record is listed already.")
    if numbers and CareRecord.objects.filter(closed_at=None).exclude(numbers="").exists():
        raise BadInput(
            "Another care record gives the numbers that are typed here. Leave the system of its numbers empty."
        )
    CareRecord.objects.filter(issuer=issuer).delete()  # one that was closed; its ties go with it
    row = CareRecord.objects.create(
        name=name, issuer=issuer, client_id=client_id, signs=signs, numbers=numbers, plans=plans, made_at=timezone.now()
    )
    note_act(by, "add_care_record", f"record:{row.pk}", ["name", "issuer", "client_id", "signs", "numbers", "plans"])
    return row


@transaction.atomic
def close_record(row: CareRecord, *, by: Member) -> None:
    """Nobody opens Accord from there any more, and nobody is tied to its users. Sessions from there stay."""
    check_keep_practice(by)
    CareRecord.objects.filter(pk=row.pk).update(closed_at=timezone.now())
    CareRecordUser.objects.filter(record=row).delete()
    ConnectedCalendar.objects.filter(record=row).delete()
    note_act(by, "close_care_record", f"record:{row.pk}", ["closed_at"])


@transaction.atomic
def tie_user(row: CareRecord, user: str, *, by: Member) -> None:
    """From now on this user of the record is this member, and nobody else."""
    check_work_as_therapist(by)
    if tie(row, user, by) != "none":
        raise BadInput("This user of the care record, or you, are tied already. Ask your practice's admin.")
    CareRecordUser.objects.create(record=row, user=user, member=by, made_at=timezone.now())
    note_act(by, "tie_care_record_user", f"record:{row.pk}", ["member"])


def note_launch(act: str, row: CareRecord | None, codes: list[str], *, by: Member) -> None:
    """`launched` or `launch_refused`, with a code that says why."""
    with transaction.atomic():
        note_act(by, act, f"record:{row.pk}" if row else "record:unknown", codes)
