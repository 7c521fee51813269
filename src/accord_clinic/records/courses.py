"""Rows of a dyad as the core reads them: what was revealed becomes a `DyadRecord`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from accord.records import DyadRecord, Picks, Rater, Response, SessionFacts, StrainFacts
from accord_clinic.records.picks import current_picks
from accord_clinic.records.responses import current_responses

if TYPE_CHECKING:
    from accord_clinic import models
    from accord_clinic.models import Pick, Session, Strain, StrainMove


def dyad_record(
    sessions: Iterable[Session],
    responses: Iterable[models.Response],
    strains: Iterable[Strain] = (),
    moves: Iterable[StrainMove] = (),
    picks: Iterable[Pick] = (),
) -> DyadRecord:
    """Rows to records. `responses` in the order they came: the last of a session, side and instrument counts.

    Only sessions that took place have a place in a course; their numbers are its axis of time. The sessions are
    `ranked`; strains bring their `number`, and moves the number that they are `about`.
    """
    sessions = [session for session in sessions if session.state == "held"]
    numbers = {s.pk: s.number for s in sessions}
    latest = current_responses(r for r in responses if r.session_id in numbers)
    return DyadRecord(
        sessions=tuple(SessionFacts(s.number, True, s.modality, s.start, not s.passed_over) for s in sessions),
        responses=tuple(record_of(r, numbers[r.session_id]) for r in latest.values()),
        strains=tuple(StrainFacts(s.number, s.kind, s.opened_by, s.state) for s in strains),
        picks=_picks(picks, numbers),
        not_talked=tuple(
            (numbers[m.session_id], m.about) for m in moves if m.session_id in numbers and m.move == "not_talked"
        ),
    )


def record_of(row: models.Response, number: int) -> Response:
    """One response as the core reads it; `number` is that of its session."""
    answers = {item: tuple(a) if isinstance(a, list) else a for item, a in row.answers.items()}
    seconds = (row.sent_at - row.begun_at).total_seconds() if row.begun_at else None
    return Response(number, cast(Rater, row.side), row.instrument, row.version, row.form, answers, seconds)


def _picks(rows: Iterable[Pick], numbers: Mapping[int, int]) -> tuple[Picks, ...]:
    """The latest picks of each side per session; new words count as a goal of their own."""
    picked = {
        voice: frozenset(row.agreement.uid if row.agreement else f"words:{row.words.casefold()}" for row in picks)
        for voice, picks in current_picks(rows).items()
    }
    return tuple(
        Picks(number, picked.get((pk, "client"), frozenset()), picked.get((pk, "therapist"), frozenset()))
        for pk, number in numbers.items()
        if (pk, "client") in picked or (pk, "therapist") in picked
    )
