"""The courses of care that therapists share with a supervisor now."""

from dataclasses import dataclass, replace
from datetime import date

from accord_clinic.models import Member
from accord_clinic.permissions import check_supervise, dyads_visible_to, shares_with
from accord_clinic.queries.caseload import LAST_REVEALED
from accord_clinic.queries.from_outside import code_of

COLUMNS = ("pk", "uid", "client__name", "client__address_as", "therapist__name", "ended", "last")


@dataclass(frozen=True, slots=True)
class SharedDyad:
    """One of them, with its last revealed session."""

    dyad: int
    uid: str
    client: str
    address_as: str
    therapist: str
    ended: date | None
    last: int | None


def shared_with(member: Member) -> list[SharedDyad]:
    """What is shared at this moment; a share that was taken back a second ago is gone. One query and the shares."""
    check_supervise(member)
    rows = dyads_visible_to(member).filter(pk__in=shares_with(member).values("dyad"))
    shared = [SharedDyad(*row) for row in rows.annotate(last=LAST_REVEALED).values_list(*COLUMNS)]
    if member.is_a("outside"):
        return [replace(course, client=code_of(course.uid), address_as="") for course in shared]
    return shared
