"""Care records from which Accord is opened, the members that their users are, and whose chart a launch came with."""

from collections.abc import Sequence

from django.db.models import Q

from accord_clinic.models import CareRecord, CareRecordUser, Dyad, ExternalName, Member
from accord_clinic.permissions import treated_by
from accord_clinic.records.launch import tie_of


def records() -> list[CareRecord]:
    """Those that are open, by name."""
    return list(CareRecord.objects.filter(closed_at=None).order_by("name", "pk"))


def record_of(issuer: str) -> CareRecord | None:
    """The open record with exactly this issuer."""
    return CareRecord.objects.filter(issuer=issuer, closed_at=None).first()


def record(uid: str) -> CareRecord | None:
    return CareRecord.objects.filter(uid=uid, closed_at=None).first()


def tie(record: CareRecord, user: str, member: Member) -> str:
    """How this user of a record and this member stand: `theirs`, `none`, or a code for why they do not fit."""
    rows = CareRecordUser.objects.filter(Q(user=user) | Q(member=member), record=record)
    return tie_of(list(rows.values_list("user", "member")), user, member.pk)


def course_with(member: Member, names: Sequence[tuple[str, str]]) -> tuple[Dyad | None, str]:
    """The running course of care that this member has with the patient of these names, or why there is none.

    A patient whom nobody here knows, one of a colleague and two at once look the same to whoever came.
    """
    wanted = Q(pk__in=())
    for system, value in names:
        wanted |= Q(system=system, value=value)
    clients = set(ExternalName.objects.filter(wanted).values_list("client", flat=True))
    if len(clients) != 1:
        return None, "several_patients" if clients else "unknown_patient"
    rows = Dyad.objects.filter(treated_by(member), client__in=clients, client__locked_at=None, client__erased_at=None)
    dyads = sorted(rows, key=lambda dyad: (dyad.ended is not None, -dyad.pk))
    return (dyads[0], "") if dyads else (None, "foreign_patient")
