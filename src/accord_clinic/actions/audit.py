"""The audit log: each entry has the hash of the one before, so that any change can be found."""

import hashlib
import json
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from accord_clinic.database import engine
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import AuditEntry, Client, Member

Actor = Member | Client | None
LAST = Prepared(lambda _value: AuditEntry.objects.order_by("-id").values_list("chain")[:1])


def record(by: Actor, act: str, row: str, fields: Iterable[str] = ()) -> None:
    """Add one entry. Call it inside the transaction of the change, so that both or neither happen."""
    engine.wait_for_turn("audit")
    entry = AuditEntry(at=timezone.now(), actor=actor(by), act=act, row=row, fields=sorted(fields))
    last = LAST.rows()
    entry.chain = link(last[0][0] if last else "", entry)
    entry.save()


def link(before: str, entry: AuditEntry) -> str:
    """The hash that chains an entry to the one before it."""
    content = json.dumps([before, entry.at.isoformat(), entry.actor, entry.act, entry.row, entry.fields])
    return hashlib.sha256(content.encode()).hexdigest()


def first_break(entries: QuerySet[AuditEntry] | None = None, before: str = "") -> int | None:
    """The id of the first entry that does not fit the one before it; `None` when the chain is whole.

    `entries` is the end of the log after the entry with the hash `before`; by default all of it.
    """
    entries = AuditEntry.objects.all() if entries is None else entries
    for entry in entries.order_by("id").iterator():
        if link(before, entry) != entry.chain:
            return entry.id
        before = entry.chain
    return None


def actor(by: Actor) -> str:
    """Who acted, by id only: the log stays after an erasure and must not contain a name."""
    if by is None:
        return "system"
    return f"{'member' if isinstance(by, Member) else 'client'}:{by.pk}"
