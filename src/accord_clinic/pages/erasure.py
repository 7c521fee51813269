"""What pages say about erasure: before somebody asks, how a request stands, and what the admin decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accord_clinic.queries import erasure
from accord_clinic.records.erasure import WaitingErasure
from accord_clinic.records.rights import Retention
from accord_clinic.rules.practice import practice
from accord_clinic.rules.retention import retention
from accord_clinic.words.choices import RECORD_KINDS, WHYS_KEPT

if TYPE_CHECKING:
    from accord_clinic.models import Client, Erasure, Member


@dataclass(frozen=True, slots=True)
class ErasureState:
    """How one request stands, in lines: for whoever has the receipt, and for the admin's list."""

    at: datetime
    decided_at: datetime | None
    kinds: tuple[str, ...]
    whys: tuple[str, ...]
    law: str
    opened: tuple[datetime, ...] = ()
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class KindToKeep:
    """One kind of record that the admin may keep."""

    kind: str
    label: str
    until: date


@dataclass(frozen=True, slots=True)
class RequestToDecide:
    """One request that waits, with the choices."""

    facts: WaitingErasure
    choices: tuple[KindToKeep, ...]
    safety: date | None


def before_asking(client: Client) -> dict[str, object]:
    """What the practice may keep, and for how long, in the order of the kinds."""
    return {"retention": {kind.kind: kind for kind in retention(client)}, "law": practice().retention_law}


def state(code: str) -> ErasureState | None:
    """How the request with this receipt stands; nothing for a code that is none."""
    row = erasure.of_receipt(code)
    return _state(row, opened=tuple(erasure.opened_since(row))) if row else None


def waiting(member: Member) -> list[RequestToDecide]:
    """Those who wait for a decision."""
    return [
        RequestToDecide(facts, _choices(facts.retention), _until(facts.retention, "safety"))
        for facts in erasure.waiting(member)
    ]


def decided(member: Member) -> list[ErasureState]:
    """What was decided, without a name: what is kept may be a number alone."""
    return [_state(row, decided_by=row.decided_by.name if row.decided_by else "") for row in erasure.decided(member)]


def whys() -> list[tuple[str, str]]:
    """The reasons that can be given, as codes and in words."""
    return [(code, str(words)) for code, words in WHYS_KEPT.items()]


def _choices(kinds: tuple[Retention, ...]) -> tuple[KindToKeep, ...]:
    """Records about safety are kept in any case, so they are no choice."""
    return tuple(
        KindToKeep(row.kind, str(RECORD_KINDS[row.kind]), row.until)
        for row in kinds
        if row.until and row.kind != "safety"
    )


def _until(kinds: tuple[Retention, ...], kind: str) -> date | None:
    return next(row.until for row in kinds if row.kind == kind)


def _state(row: Erasure, opened: tuple[datetime, ...] = (), decided_by: str = "") -> ErasureState:
    until = {"record": row.record_until, "dates": row.dates_until, "safety": row.safety_until}
    kinds = [_stands(kind, day) for kind, day in until.items() if day or kind != "safety"] if row.decided_at else []
    whys = tuple(str(WHYS_KEPT[code]) for code in row.why)
    law = practice().retention_law if any(until.values()) else ""
    return ErasureState(row.at, row.decided_at, tuple(kinds), whys, law, opened, decided_by)


def _stands(kind: str, until: date | None) -> str:
    words = {
        "record": (_("The care record is erased."), _("The care record is kept until {day}, locked away.")),
        "dates": (
            _("The days of treatment are erased."),
            _("Who you worked with, and on which days, is kept until {day}, locked away."),
        ),
        "safety": ("", _("What was done about safety is kept until {day}.")),
    }[kind]
    return words[1].format(day=date_format(until, "DATE_FORMAT")) if until else words[0]
