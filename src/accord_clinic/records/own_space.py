"""What one course of care holds for its client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accord.course import Course
    from accord_clinic.models import Response, Session


@dataclass(frozen=True)
class OwnRows:
    """What one course of care holds for its client. `moves`: (strain, move, number of the session), oldest first.

    A strain has the `number` of its session.
    """

    sessions: list[Session]
    responses: list[Response]
    strains: Sequence[Any]
    moves: list[tuple[int, str, int]]
    course: Course
