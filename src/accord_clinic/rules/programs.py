"""What a client is asked for programs of others, and which of them may read."""

from __future__ import annotations

from collections.abc import Iterable

from accord_clinic.models import Client, Consent, Recipient
from accord_clinic.models.exchange import NUMBERS
from accord_clinic.rules.consent import needed
from accord_clinic.words.wordings import OF_PROGRAMS


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
