"""Programs of others that may read here by FHIR: those of the practice, of one client, and of its own numbers."""

from accord_clinic.models import Dyad, Member, Recipient
from accord_clinic.models.exchange import NUMBERS
from accord_clinic.permissions import check_see_service
from accord_clinic.records.programs import OfClient
from accord_clinic.records.shared_record import ProgramReader
from accord_clinic.rules.shared_record import readable


def listed() -> list[Recipient]:
    """Those that are open, by name. Not how many agreed: in a small practice that would tell who."""
    return list(Recipient.objects.filter(closed_at=None).select_related("application").order_by("name", "pk"))


def for_numbers(member: Member) -> list[Recipient]:
    """Those of them that read the practice's numbers once a manager lets them."""
    check_see_service(member)
    return [recipient for recipient in listed() if recipient.use == NUMBERS]


def of_numbers(member: Member, uid: str) -> Recipient | None:
    """One of these."""
    return next((recipient for recipient in for_numbers(member) if recipient.uid == uid), None)


def of_client(member: Member, dyad: Dyad) -> list[OfClient]:
    """The open programs that read of people, for whoever treats this client."""
    rows = []
    for recipient in listed():
        if recipient.use != NUMBERS:
            shared = readable(ProgramReader(recipient, member), [dyad.client.uid])
            rows.append(OfClient(recipient, bool(shared), any(row.answers for row in shared)))
    return rows


def program(uid: str) -> Recipient | None:
    """One that is open."""
    return Recipient.objects.filter(uid=uid, closed_at=None).select_related("application").first()


def any_program(uid: str) -> Recipient | None:
    """One that is open or was: what was agreed to can be taken back whatever became of it."""
    return Recipient.objects.filter(uid=uid).first()
