"""From rows to the spine: what was revealed in a dyad becomes `DyadRecord`, and `DyadRecord` becomes a `Course`."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import cast

from accord.course import Course, course
from accord.records import DyadRecord, Picks, Rater, Response, SessionFacts, StrainFacts
from accord.signals import DETECTORS, Detector
from accord.stats.level import Level
from accord.stats.thresholds import METHOD, Calibration
from accord_clinic import models
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Dyad, Pick, Session, Strain, StrainMove
from accord_clinic.models.alliance import current_picks
from accord_clinic.models.care import current_responses, rank
from accord_clinic.questionnaires.shelf import shelf

RESPONSE_COLUMNS = (
    "pk", "session_id", "side", "instrument", "version", "form", "answers", "begun_at", "sent_at",
)  # fmt: skip
"""What a course needs of an answer: light rows, named like the model."""
SESSIONS = Prepared(
    lambda dyad: (
        Session.objects.filter(dyad_id=dyad, state="held", revealed_at__isnull=False).ranked().order_by("number")
    )
)
ANSWERS = Prepared(
    lambda dyad: (
        models.Response.objects.filter(session__dyad_id=dyad, session__revealed_at__isnull=False)
        .order_by("id")
        .values_list(*RESPONSE_COLUMNS, named=True)
    )
)
STRAINS = Prepared(lambda dyad: Strain.objects.filter(dyad_id=dyad).annotate(**{"number": rank("session")}))
MOVES = Prepared(
    lambda dyad: StrainMove.objects.filter(strain__dyad_id=dyad, move="not_talked").annotate(
        **{"about": rank("strain__session")}
    )
)
PICKS = Prepared(
    lambda dyad: (
        Pick.objects.filter(session__dyad_id=dyad, session__revealed_at__isnull=False)
        .select_related("agreement")
        .order_by("at")
    )
)
CURRENT = f"{METHOD}:"
"""How the versions of calibrations begin that this release can read. Those of an older method stay as they were, name
themselves beside the marks that they made, and judge nothing any more."""
CALIBRATIONS = Prepared(
    lambda _value: (
        models.Calibration.objects.filter(version__startswith=CURRENT)
        .order_by("id")
        .values_list("scale", "version", "level")
    )
)


def course_of(dyad: Dyad) -> Course:
    """The course of a dyad in what both may see: revealed sessions only, latest answers only."""
    pk = dyad.pk
    record = dyad_record(SESSIONS.all(pk), ANSWERS.rows(pk), STRAINS.all(pk), MOVES.all(pk), PICKS.all(pk))
    return compute(record)


def compute(record: DyadRecord, detectors: tuple[Detector, ...] = DETECTORS, *, gaps: bool = True) -> Course:
    """The spine, with what is usual in this practice and its questionnaires; their differences on demand."""
    newest = {key: row for key, row in usual().items() if gaps or key.count("/") == 1}
    return course(
        record,
        shelf().instruments,
        {key: calibration for key, (calibration, _level) in newest.items()},
        detectors,
        shelf().versions,
        {key: level for key, (_calibration, level) in newest.items()},
    )


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
            (numbers[m.session_id], m.about)
            for m in moves
            if m.session_id in numbers and m.move == "not_talked"
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


def usual() -> dict[str, tuple[Calibration, Level]]:
    """The latest calibration of each series (the shipped prior where the practice has none of its own yet), and how far
    the practice lay from it by day."""
    newest = {scale: (version, level) for scale, version, level in CALIBRATIONS.rows()}
    return {scale: (_calibration(version), Level.from_dict(level)) for scale, (version, level) in newest.items()}


def calibrations() -> dict[str, Calibration]:
    """The latest calibration of each series alone."""
    return {scale: calibration for scale, (calibration, _level) in usual().items()}


def calibration_named(version: str) -> Calibration | None:
    """The calibration that a signal names; nothing for a signal that none judged, or one of an older method."""
    try:
        return _calibration(version) if version.startswith(CURRENT) else None
    except models.Calibration.DoesNotExist:
        return None


@lru_cache(maxsize=256)
def _calibration(version: str) -> Calibration:
    """A version is the fingerprint of what it holds, so a process need read each only once."""
    return Calibration.from_dict(models.Calibration.objects.get(version=version).body)
