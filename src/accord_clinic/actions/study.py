"""Make a study file from clients who agree at this moment. It is logged, and each client can see that."""

from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accord.errors import BadInput
from accord_clinic.actions.audit import record
from accord_clinic.exports import study
from accord_clinic.exports.study_file import pack
from accord_clinic.exports.study_rows import Courses
from accord_clinic.models import Member, ReadLog
from accord_clinic.permissions import check_study


def make(*, by: Member) -> tuple[datetime, bytes]:
    """A zip with every table, and when it was made. Raises `BadInput` where too few clients agree.

    It is noted first. Then the tables are read outside of any transaction: it takes seconds, and others go on sending.
    """
    check_study(by)
    at, courses = timezone.now(), study.courses()
    if courses is None:
        raise BadInput(_("A study file is about {n} clients or more; fewer agree so far.").format(n=study.FEWEST))
    _note(courses, at, by)
    return at, pack(courses, at)


@transaction.atomic
def _note(courses: Courses, at: datetime, by: Member) -> None:
    sessions = defaultdict(list)
    for place in sorted(courses.sessions.values()):
        sessions[place.dyad].append(place.uid)
    ReadLog.objects.bulk_create(
        ReadLog(member=by, dyad_id=dyad, what=study.READ, sessions=sessions[number], at=at)
        for dyad, number in courses.number.items()
    )
    record(by, "make_study_file", f"courses:{len(courses.number)}", [table.name for table in study.TABLES])
