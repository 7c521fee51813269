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
from accord_clinic.models import Client, Consent, Member, Pause
from accord_clinic.permissions import check_merge
from accord_clinic.records.merging import facts_after
from accord_clinic.rules.merging import obstacles, stand_in_one_alone

MOVED = (
    models.Dyad, models.Consent, models.PrivateLine, models.StopLink, models.ExternalName, models.Notice,
    models.Pause, models.Terms,
)  # fmt: skip
"""What is said, agreed, sent and planned: it belongs to the person."""
DROPPED = (models.Code, models.StepIn, models.ClientDoor, models.TokenContext)
"""Keys: after a merge the client signs in again, and other programs ask again."""


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
