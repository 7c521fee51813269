"""Requests for erasure as a decision needs them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from accord_clinic.records.rights import Retention


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """One course of care as far as a decision needs it."""

    therapist: str
    started: date
    ended: date | None
    sessions: int


@dataclass(frozen=True, slots=True)
class WaitingErasure:
    """Somebody who asked, with what the practice may keep. The admin sees the name, and no answer."""

    uid: str
    name: str
    at: datetime
    courses: tuple[CourseFacts, ...]
    retention: tuple[Retention, ...]
