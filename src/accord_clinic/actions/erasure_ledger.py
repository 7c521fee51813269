"""The ledger of erasures and merges: files beside the database and the backups, with numbers, times and codes alone.

A backup of an earlier day knows nothing of an erasure; the ledger does, so that nobody is brought back by a restore.
It also knows which records became one: the second would be back beside the first, and be missed by an erasure.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from accord_clinic.models import Client, Erasure, Practice
from accord_clinic.rules.retention import kept_until

LEDGER, MERGES = "erasures.jsonl", "merges.jsonl"
"""In files apart: an update that is taken back leaves them to a program that reads the first alone."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One erasure as the ledger knows it."""

    client: int
    uid: str
    at: datetime
    receipt: str = ""
    decided_at: datetime | None = None
    decided_by: int | None = None
    why: tuple[str, ...] = ()
    record_until: date | None = None
    dates_until: date | None = None
    safety_until: date | None = None

    @classmethod
    def of(cls, row: Erasure) -> "LedgerEntry":
        facts = {field.name: getattr(row, field.name) for field in fields(cls)}
        return cls(**facts | {"decided_by": row.decided_by_id, "why": tuple(row.why)})

    @classmethod
    def read(cls, line: str) -> "LedgerEntry":
        """A line of the file. Until 0.1 it held three facts, and all but the days of treatment was erased at once."""
        facts: dict[str, Any] = json.loads(line)
        at = datetime.fromisoformat(facts["at"])
        if "decided_at" not in facts:
            days = _days_kept(facts["client"], facts["uid"])
            return cls(facts["client"], facts["uid"], at, decided_at=at, dates_until=days)
        decided = facts["decided_at"] and datetime.fromisoformat(facts["decided_at"])
        until = {name: facts[name] and date.fromisoformat(facts[name]) for name in facts if name.endswith("_until")}
        return cls(**facts | until | {"at": at, "decided_at": decided, "why": tuple(facts["why"])})

    def columns(self) -> dict[str, Any]:
        """What is written to the row, apart from who decided: that member may not be in an earlier backup."""
        names = (field.name for field in fields(self) if field.name not in ("client", "decided_by"))
        return {name: getattr(self, name) for name in names} | {"why": list(self.why)}

    @property
    def progress(self) -> tuple[bool, int]:
        """Of two lines about one client the later state counts: decided, and with less left."""
        left = sum(bool(day) for day in (self.record_until, self.dates_until, self.safety_until))
        return self.decided_at is not None, -left


@dataclass(frozen=True, slots=True)
class LedgerMerge:
    """One merge: the record `merged`, with its `uid`, went into the record `into`."""

    merged: int
    uid: str
    into: int
    into_uid: str


def _days_kept(number: int, uid: str) -> date | None:
    client = Client.objects.filter(pk=number, uid=uid).first()
    return kept_until(client, Practice.objects.get(), "dates") if client else None


def latest_entries() -> dict[tuple[int, str], LedgerEntry]:
    """Every erasure that the ledgers or this database know of, in its latest state, by number and uid: after a restore
    a number may have been given again."""
    entries: dict[tuple[int, str], LedgerEntry] = {}
    for entry in (*_written(), *map(LedgerEntry.of, Erasure.objects.all())):
        before = entries.get((entry.client, entry.uid))
        if before is None or entry.progress > before.progress:
            entries[entry.client, entry.uid] = entry
    for row in reversed(merges()):
        into, own = entries.get((row.into, row.into_uid)), entries.get((row.merged, row.uid))
        # Who asked in the second record, too, has an erasure of their own.
        if into and (own is None or (not own.receipt and own.progress < into.progress)):
            entries[row.merged, row.uid] = replace(into, client=row.merged, uid=row.uid, receipt="")
    return entries


def merges() -> list[LedgerMerge]:
    """Every merge that the ledgers know of, the oldest first."""
    return list(dict.fromkeys(LedgerMerge(**json.loads(line)) for line in _lines(MERGES)))


def write(merge: LedgerMerge | None = None) -> None:
    """Write the latest state of each, and every merge, into files beside the database and beside the backups."""
    made = dict.fromkeys([*merges(), *([merge] if merge else [])])
    _put(LEDGER, [entry for _who, entry in sorted(latest_entries().items())])
    if made:
        _put(MERGES, made)


def _put(name: str, rows: Iterable[LedgerEntry | LedgerMerge]) -> None:
    lines = [json.dumps(asdict(row), default=lambda day: day.isoformat()) for row in rows]
    for path in _paths(name):
        partial = path.with_suffix(".partial")
        partial.write_text("".join(f"{line}\n" for line in lines))
        os.chmod(partial, 0o600)
        os.replace(partial, path)


def _written() -> list[LedgerEntry]:
    return [LedgerEntry.read(line) for line in _lines(LEDGER)]


def _lines(name: str) -> list[str]:
    lines = [line for path in _paths(name) if path.exists() for line in path.read_text().splitlines()]
    return [line for line in lines if line]  # the list of nobody, carried to the backups, is one empty line


def _paths(name: str) -> list[Path]:
    folders = [settings.DATA, getattr(settings, "BACKUPS", None)]
    return [folder / name for folder in folders if folder and folder.is_dir()]
