"""What a client said to *someone else here*."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord_clinic.models import Dyad, PrivateLine


@dataclass(frozen=True, slots=True)
class Waiting:
    """That somebody said something, and when; not what."""

    uid: str
    client: str
    therapist: str
    said_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutsideLine:
    """What was said, in the client's own words, and what it answers."""

    uid: str
    dyad: Dyad
    session: int
    session_uid: str
    client: str
    therapist: str
    said_at: datetime
    read_at: datetime | None
    about: str
    words: str


def in_turn(rows: Iterable[tuple[str, str, str, str, datetime, datetime | None]], recent: datetime) -> list[Waiting]:
    """Unread lines first, then those read since `recent`; newest first.

    Each row: uid, name, how to address the client, therapist, said when, read when.
    """
    lines = [
        Waiting(uid, address_as or name, therapist, said_at, read_at)
        for uid, name, address_as, therapist, said_at, read_at in rows
        if read_at is None or read_at > recent
    ]
    return sorted(lines, key=lambda waits: (waits.read_at is not None, -waits.said_at.timestamp()))


def outside_line(row: PrivateLine, number: int, about: str) -> OutsideLine:
    """One line with its words. `number`: that of its session; `about`: what it answers, as a phrase."""
    session = row.response.session
    return OutsideLine(
        uid=row.uid,
        dyad=session.dyad,
        session=number,
        session_uid=session.uid,
        client=row.client.called,
        therapist=session.dyad.therapist.name,
        said_at=row.response.sent_at,
        read_at=row.acknowledged_at,
        about=about,
        words=row.words,
    )
