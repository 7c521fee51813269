"""Answer a researcher's plan from the courses of this moment; the rows stay in the practice."""

from accord_clinic.actions.study import begin, store
from accord_clinic.exports.study_file import pack, zipped
from accord_clinic.models import Member, Study, StudyFile
from accord_clinic.permissions import check_study


def make(plan_text: bytes, *, by: Member, study: Study | None = None) -> StudyFile:
    """Answer a plan from the courses of this moment; the rows stay here. Raises `BadInput` as `make`, and for a plan
    that cannot be followed."""
    # Half of what a program needs to start: only who asks for a report waits for it.
    from accord.registry.folder import folder_of  # noqa: PLC0415
    from accord.report import report_files  # noqa: PLC0415
    from accord.report.plan import parse_plan  # noqa: PLC0415

    check_study(by)
    plan = parse_plan(plan_text)
    courses, at = begin(by, study, "report")
    source = folder_of(pack(courses, at, study), "study file")
    return store(zipped(report_files(source, plan)), courses, at, "report", plan.title[:120], by=by, study=study)
