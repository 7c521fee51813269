"""Merge two records of one person: everything about the one goes to the other, and the emptied one is deleted.

Each table that names a client stands in one of the lists below, so a new one cannot be forgotten: a test compares them
with the models. Courses of care stay apart, each with its therapist, its baseline and who may see it.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic import models
from accord_clinic.actions import erasure_ledger
from accord_clinic.actions.audit import record
from accord_clinic.actions.programs import end_tokens
from accord_clinic.messages import notices
from accord_clinic.models import Client, Consent, Member, Pause, Terms
from accord_clinic.permissions import check_merge
from accord_clinic.records.caseload import folded
from accord_clinic.records.merging import facts_after

MOVED = (
    models.Dyad, models.Consent, models.PrivateLine, models.StopLink, models.ExternalName, models.Notice,
    models.Pause, models.Terms,
)  # fmt: skip
"""What is said, agreed, sent and planned: it belongs to the person."""
DROPPED = (models.Code, models.StepIn, models.ClientDoor, models.TokenContext)
"""Keys: after a merge the client signs in again, and other programs ask again."""

AskedFor = tuple[str, str, int | None]
"""What a consent is to: its purpose, whose voice, and the program that may read, where that is the purpose."""


@transaction.atomic
def merge(main: Client, other: Client, *, by: Member) -> None:
    """Move everything of `other` to `main`, whose name and facts stay; then `other` is deleted. There is no way back.

    Refused where the two say different things of what decides who reads or agrees (`obstacles`).
    """
    rows = {row.pk: row for row in Client.objects.select_for_update().filter(pk__in=(main.pk, other.pk))}
    if len(rows) < 2:
        raise BadInput("Choose two records.")
    main, other = rows[main.pk], rows[other.pk]
    check_merge(by, main, other)
    if why := obstacles(main, other):
        raise BadInput(" ".join(why))
    now, before = timezone.now(), {main.email, main.phone, other.email, other.phone} - {""}
    noted = erasure_ledger.LedgerMerge(other.pk, other.uid, main.pk, main.uid)
    record(by, "merge_clients", f"client:{main.pk}", [f"client:{other.pk}"])
    _move(main, other, now)
    for address in sorted(before):
        notices.tell("records_merged", "", client=main, to=address, once=f"merged {now.isoformat()} {address}")
    transaction.on_commit(lambda: erasure_ledger.write(noted))


def merge_again() -> tuple[int, int]:
    """After a restore: merge what was merged after that day. Gives how many were, and how many have to stay apart.

    They stay apart where the older records say different things, as `merge` would: an admin puts that right first.
    Whoever asked for erasure since is left to `erasure.reapply`, which knows both records. Safe to repeat.
    """
    done = apart = 0
    noted_merges = erasure_ledger.merges()
    went_into = {(noted.merged, noted.uid): (noted.into, noted.into_uid) for noted in noted_merges}
    for noted in noted_merges:
        number, uid = noted.into, noted.into_uid
        passed: set[tuple[int, str]] = set()  # merged the other way round after a restore, two can name each other
        while (number, uid) in went_into.keys() - passed and not Client.objects.filter(pk=number, uid=uid).exists():
            passed.add((number, uid))
            number, uid = went_into[number, uid]  # a record that came and went after that day
        with transaction.atomic():
            rows = Client.objects.select_for_update()
            main = rows.filter(pk=number, uid=uid, locked_at=None).first()
            other = rows.filter(pk=noted.merged, uid=noted.uid, locked_at=None).first()
            if main is None or other is None:
                continue
            if obstacles(main, other):
                apart += 1
                continue
            record(None, "merge_again", f"client:{main.pk}", [f"client:{other.pk}"])
            _move(main, other, timezone.now())
        done += 1
    return done, apart


def _move(main: Client, other: Client, now: datetime) -> None:
    """Everything of the one goes to the other, and the emptied record is deleted."""
    _agree_to_no_more(main, other, now)
    if Pause.objects.filter(client=main, until=None).exists():
        Pause.objects.filter(client=other, until=None).update(until=now)
    if models.Terms.objects.filter(client=main).exists():
        models.Terms.objects.filter(client=other).delete()
    for table in MOVED:
        table._default_manager.filter(client=other).update(client=main)
    for client in (main, other):
        models.Code.objects.filter(client=client).delete()
        models.ClientDoor.objects.filter(client=client).delete()
        models.StepIn.objects.filter(clients=client).delete()
        end_tokens(Q(context__client=client))
    Client.objects.filter(pk=main.pk).update(**facts_after(main, other))
    other.delete()


def _agree_to_no_more(main: Client, other: Client, now: datetime) -> None:
    """What stands in one record alone was given for what that record held: but for care it is asked for again."""
    for purpose, voice, program in stand_in_one_alone(main, other):
        rows = Consent.objects.filter(client__in=(main, other), purpose=purpose, by=voice, recipient=program)
        rows.filter(withdrawn_at=None).update(withdrawn_at=now)


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


def _terms(row: Terms | None) -> tuple[object, ...]:
    return () if row is None else (row.consents, row.guardian_learns, row.by_order, row.order_learns)


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
