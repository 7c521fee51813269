"""Two records that may be one person: finding them, and what is in each."""

from __future__ import annotations

from accord_clinic.models import Client, Member, Session
from accord_clinic.permissions import check_keep_practice
from accord_clinic.queries.caseload import external_numbers
from accord_clinic.records.caseload import fits, folded
from accord_clinic.records.merging import Record, RecordCounts

MOST_FOUND = 50


def find(member: Member, words: str) -> list[Record]:
    """Records that are found by a name, initials or an external number; for the admin."""
    check_keep_practice(member)
    wanted = folded(words).split()
    if not wanted:
        return []
    clients = list(Client.objects.filter(locked_at=None).order_by("name", "pk"))
    numbers = external_numbers({client.pk for client in clients})
    fitting = [c for c in clients if fits(wanted, c.name, c.address_as, numbers.get(c.pk, ()))][:MOST_FOUND]
    return [_record(client, numbers.get(client.pk, ())) for client in fitting]


def _record(client: Client, numbers: tuple[str, ...]) -> Record:
    therapists = client.dyads.order_by("started").values_list("therapist__name", flat=True)
    return Record(client.uid, client.name, client.born, client.made_at, tuple(dict.fromkeys(therapists)), numbers)


def client_of(member: Member, uid: str) -> Client | None:
    """The client, for the admin; nobody who has asked for erasure."""
    check_keep_practice(member)
    return Client.objects.filter(uid=uid, locked_at=None).first()


def counts(client: Client) -> RecordCounts:
    """What would move."""
    courses = client.dyads.order_by("started").values_list("therapist__name", "started", "ended")
    return RecordCounts(tuple(courses), Session.objects.filter(dyad__client=client).count())
