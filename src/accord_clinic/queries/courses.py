"""From rows to the spine: what was revealed in a dyad becomes `DyadRecord`, and `DyadRecord` becomes a `Course`."""

from functools import lru_cache

from accord.course import Course, course
from accord.records import DyadRecord
from accord.signals import DETECTORS, Detector
from accord.stats.level import Level
from accord.stats.thresholds import METHOD, Calibration
from accord_clinic import models
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Dyad, Pick, Session, Strain, StrainMove
from accord_clinic.models.care import rank
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.courses import dyad_record

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
