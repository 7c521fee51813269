"""Two records that may be one person: finding them, what a merge would do, and why one cannot be made.

A new fact that decides who reads or agrees is a line of `obstacles`; one that does not, a line of `facts_after`.
"""

from __future__ import annotations

from accord_clinic.models import Client, Consent, Member, Session, Terms
from accord_clinic.permissions import check_keep_practice
from accord_clinic.queries.caseload import external_numbers
from accord_clinic.records.caseload import fits, folded
from accord_clinic.records.merging import AskedFor, Record, RecordCounts, _terms

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


def obstacles(main: Client, other: Client) -> list[str]:
    """Why these two cannot be merged, as sentences; empty where they can."""
    why = []
    if main.pk == other.pk:
        why.append("These are the same record. Choose two.")
    if main.locked_at or other.locked_at:
        why.append("One of them has asked for erasure. That is decided first.")
    for name, called in (("email", "e-mail address"), ("phone", "telephone number")):
        first, second = getattr(main, name), getattr(other, name)
        if first and second and folded(first) != folded(second):
            why.append(
                f"They have different values for the {called}. Whoever reads there would read both: ask the client, "
                "and put one of them right first."
            )
    if main.born and other.born and main.born != other.born:
        why.append("They have different years of birth. Put one of them right first, or they are two people.")
    if main.language != other.language:
        why.append("They have different languages. Put one of them right first.")
    terms = [Terms.objects.filter(client=client).first() for client in (main, other)]
    if all(terms) and _terms(terms[0]) != _terms(terms[1]):
        why.append("It differs who agrees, or who learns what. Make that the same in both first.")
    return why + _contradicting_consents(main, other)


def _standing(client: Client) -> dict[AskedFor, bool]:
    """Whether each consent stands now; what was never given is not there."""
    stands: dict[AskedFor, bool] = {}
    for purpose, voice, program, withdrawn in client.consents.values_list("purpose", "by", "recipient", "withdrawn_at"):
        asked = purpose, voice, program
        stands[asked] = stands.get(asked, False) or withdrawn is None
    return stands


def _contradicting_consents(main: Client, other: Client) -> list[str]:
    first, second = _standing(main), _standing(other)
    names = dict(Consent.PURPOSES)
    differ = sorted({str(names[key[0]]) for key in first.keys() & second.keys() if first[key] != second[key]})
    if not differ:
        return []
    return [f"One record agrees to {', '.join(differ)} and the other took it back. Ask the client to say it in both."]


def stand_in_one_alone(main: Client, other: Client) -> list[AskedFor]:
    """Consents, but for care, that only one of the two records has: they end, and can be given again."""
    first, second = _standing(main), _standing(other)
    alone = (first.keys() | second.keys()) - (first.keys() & second.keys())
    return [key for key in alone if key[0] != "care" and (first.get(key) or second.get(key))]
