"""What a program of others may read: who asks, whose record, and how ids are written."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord_clinic.models import Client, Dyad, Member, Recipient


@dataclass(frozen=True, slots=True)
class ProgramReader:
    """A token as far as it decides who may be read: whose program, for which member, about which client alone."""

    recipient: Recipient
    member: Member | None = None
    patient: Client | None = None
    bound: bool = False
    """Whether it is about one client alone; without that client it then reads nothing."""


@dataclass(frozen=True, slots=True)
class SharedRecord:
    """A client whose record a program may read: the courses of care, and whether shown answers belong to it."""

    client: Client
    dyads: tuple[Dyad, ...]
    answers: bool


def fhir_id(uid: str) -> str:
    """The id of a row as FHIR writes ids: the same for every program, and no underscores.

    >>> fhir_id("a_b"), row_uid(fhir_id("a_b"))
    ('615f62', 'a_b')
    """
    return uid.encode().hex()


def row_uid(identity: str) -> str:
    """The uid of the row with this id; empty for what is none."""
    try:
        uid = binascii.unhexlify(identity).decode("ascii") if identity.islower() or identity.isdigit() else ""
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    return uid if uid.isprintable() else ""  # some databases take no NUL in a question
