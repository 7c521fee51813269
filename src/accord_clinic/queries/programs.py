"""Programs of others that may read here by FHIR: which there are, what a client is asked for each, and a manager."""

from collections.abc import Iterable

from accord_clinic.models import Client, Consent, Dyad, Member, Recipient
from accord_clinic.models.exchange import NUMBERS
from accord_clinic.permissions import check_see_service
from accord_clinic.records.programs import OfClient
from accord_clinic.records.shared_record import ProgramReader
from accord_clinic.rules.consent import needed
from accord_clinic.rules.shared_record import readable
from accord_clinic.words.wordings import OF_PROGRAMS, ConsentWording, consent


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
        if recipient.use == NUMBERS:
            continue
        shared = readable(ProgramReader(recipient, member), [dyad.client.uid])
        reads, answers = bool(shared), any(row.answers for row in shared)
        may_open = reads and recipient.use == "app" and bool(recipient.launch_url)
        rows.append(OfClient(recipient, reads, answers, may_open))
    return rows


def program(uid: str) -> Recipient | None:
    """One that is open."""
    return Recipient.objects.filter(uid=uid, closed_at=None).select_related("application").first()


def any_program(uid: str) -> Recipient | None:
    """One that is open or was: what was agreed to can be taken back whatever became of it."""
    return Recipient.objects.filter(uid=uid).first()


def asked_of(client: Client, rows: Iterable[Consent]) -> list[tuple[Recipient, str]]:
    """What this client is asked, program by program; of one that is closed, what was once agreed to."""
    agreed = {(row.recipient_id, row.purpose) for row in rows if row.recipient_id}
    programs = Recipient.objects.order_by("name", "pk")
    return [
        (recipient, purpose)
        for recipient in programs
        for purpose in OF_PROGRAMS
        if is_offered(recipient, purpose) or (recipient.pk, purpose) in agreed
    ]


def wording_of(recipient: Recipient, purpose: str, language: str) -> ConsentWording:
    """What is agreed to, with the names of the program in it."""
    return consent(purpose, language, program=recipient.name, keeper=recipient.keeper, use=recipient.purpose)


def agreed_programs(client: Client) -> list[tuple[Recipient, bool]]:
    """The programs that may read of this client now, and whether they may read answers."""
    rows = Consent.objects.filter(client=client, recipient__closed_at=None, withdrawn_at=None, recipient__isnull=False)
    agreed: dict[tuple[Recipient, str], set[str]] = {}
    for row in rows.select_related("recipient").order_by("recipient__name", "pk"):
        if row.recipient is not None:
            agreed.setdefault((row.recipient, row.purpose), set()).add(row.by)
    if not agreed:
        return []
    must, (first, second) = needed(client), OF_PROGRAMS
    return [
        (program, program.asks_answers and must <= agreed.get((program, second), set()))
        for (program, purpose), voices in agreed.items()
        if purpose == first and must <= voices
    ]


def is_offered(recipient: Recipient, purpose: str) -> bool:
    """Whether clients are asked for this: the second yes only where the program is for it, and none for numbers."""
    if recipient.closed_at is not None or recipient.use == NUMBERS:
        return False
    return purpose == OF_PROGRAMS[0] or recipient.asks_answers
