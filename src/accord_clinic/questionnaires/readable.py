"""Answers that can still be said: a practice may have changed its own questionnaire since they were given."""

from collections.abc import Iterable
from typing import Any

from accord.scoring import possible
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.courses import record_of
from accord_clinic.records.responses import current_responses
from accord_clinic.records.talk_sheet import ReadableResponse


def readable(rows: Iterable[Any]) -> list[ReadableResponse]:
    """Of responses of one session, in the order they came, those that count."""
    return [_readable(row) for row in current_responses(rows).values()]


def _readable(row: Any) -> ReadableResponse:
    instrument = shelf().answered(row.instrument, row.version)
    answers = possible(record_of(row, 0).answers, instrument, row.form) if instrument else row.answers
    return ReadableResponse(row.pk, row.side, row.instrument, row.version, answers, getattr(row, "context", {}))
