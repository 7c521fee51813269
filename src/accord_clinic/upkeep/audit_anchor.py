"""Note the last audit entry in a file outside the database, to find a log that was cut short or rewritten."""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from accord.errors import BadInput
from accord_clinic.actions import audit
from accord_clinic.database import keys
from accord_clinic.models import AuditEntry

LOG = logging.getLogger("accord.audit")


class LogBroken(BadInput):
    """The audit log was changed. Somebody has to look into this; nothing is repaired automatically."""


@dataclass(frozen=True)
class Anchor:
    """Which entry was the last one, and its hash, which stands for all before it."""

    entry: int
    chain: str


def path() -> Path:
    """Where the note is: beside the keys, out of reach of somebody who can change only the database."""
    return settings.KEYS / "audit-anchor.json"


def read() -> Anchor | None:
    """The last note; `None` before the first one."""
    try:
        return Anchor(**json.loads(path().read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise LogBroken(
            f"{path()}: damaged. Compare the log with a backup (restore FILE --check) before you delete this."
        ) from None


def verify() -> int:
    """Check the whole chain and compare it with the note. Returns the number of entries, or raises `LogBroken`."""
    _same_as_noted(read())
    broken = audit.first_break()
    if broken is not None:
        raise LogBroken(f"Audit entry {broken} does not follow from the one before it: the log was changed there.")
    return AuditEntry.objects.count()


def note() -> bool:
    """Move the note to the newest entry, if the new entries follow from the noted one. True when it moved."""
    noted = read()
    _same_as_noted(noted)
    fresh = AuditEntry.objects.filter(id__gt=noted.entry if noted else 0)
    broken = audit.first_break(fresh, noted.chain if noted else "")
    if broken is not None:
        raise LogBroken(f"Audit entry {broken} does not follow from the one before it: the log was changed there.")
    last = fresh.order_by("-id").first()
    if last is not None:
        write(Anchor(last.id, last.chain))
    return last is not None


def note_or_warn() -> None:
    """Do the same for the sweep, which must go on: a broken log is logged as an error each time."""
    try:
        note()
    except LogBroken as error:
        LOG.error("%s", error)


def write(anchor: Anchor) -> None:
    """Set the note, also backwards: a restored backup ends earlier."""
    keys.replace(path(), json.dumps(asdict(anchor)))


def _same_as_noted(noted: Anchor | None) -> None:
    if noted is None:
        return
    chain = AuditEntry.objects.filter(id=noted.entry).values_list("chain", flat=True).first()
    if chain is None:
        raise LogBroken(f"Audit entry {noted.entry} was there and is gone: the end of the log was cut off.")
    if chain != noted.chain:
        raise LogBroken(f"Audit entry {noted.entry} is not the one that was there: the log was written anew.")
