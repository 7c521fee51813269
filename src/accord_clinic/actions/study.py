"""Making a study file: from those who agree at this moment; that it was made is noted, and each client can see it."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accord.errors import BadInput
from accord_clinic.actions.audit import record
from accord_clinic.models import Member, ReadLog
from accord_clinic.permissions import check_study
from accord_clinic.queries import study
from accord_clinic.study_file import pack


@transaction.atomic
def make(*, by: Member) -> tuple[datetime, bytes]:
    """A zip with every table, and when it was made. Raises `BadInput` where too few clients agree."""
    check_study(by)
    at, known = timezone.now(), study.ready(by)
    if not known:
        raise BadInput(_("A study file is about {n} clients or more; fewer agree so far.").format(n=study.FEWEST))
    courses = study.courses()
    packed, sessions = pack(courses, at)
    ReadLog.objects.bulk_create(
        ReadLog(member=by, dyad_id=dyad, what=study.READ, sessions=sessions[number], at=at)
        for dyad, number in courses.number.items()
    )
    record(by, "make_study_file", f"courses:{len(courses.number)}", [table.name for table in study.TABLES])
    return at, packed
