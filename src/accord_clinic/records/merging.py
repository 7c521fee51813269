"""Two records that may be one person: what each is, and what would move. What decides nothing: `facts_after`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accord_clinic.models import Client


@dataclass(frozen=True, slots=True)
class Record:
    """A client as an admin chooses one: no answer, no course, nothing that was said."""

    uid: str
    name: str
    born: int | None
    since: datetime
    therapists: tuple[str, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordCounts:
    """What hangs on a record, in numbers that tell of no answer."""

    courses: tuple[tuple[str, date, date | None], ...]
    sessions: int


def facts_after(main: Client, other: Client) -> dict[str, Any]:
    """The facts of the one record: those of `main`, filled up; of what protects somebody, the stricter."""
    stopped = [at for at in (main.messages_stopped_at, other.messages_stopped_at) if at]
    return {
        "email": main.email or other.email,
        "phone": main.phone or other.phone,
        "born": main.born or other.born,
        "address_as": main.address_as or other.address_as,
        "recognisable": main.recognisable and other.recognisable,
        "messages_stopped_at": min(stopped) if stopped else None,
    }
