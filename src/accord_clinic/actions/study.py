"""Studies: ask for one, answer, make a file of clients who agree at this moment, release it, take it.

What is made lies sealed until a second member has released it. Each client in it can see that it was made.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accord.errors import BadInput
from accord.tables import vocabulary
from accord_clinic import links
from accord_clinic.actions.audit import record
from accord_clinic.actions.study_forgotten import READ
from accord_clinic.exports import study as export
from accord_clinic.exports.study_file import pack
from accord_clinic.exports.study_rows import Courses
from accord_clinic.models import Member, ReadLog, Study, StudyFile
from accord_clinic.permissions import check_answer_study, check_release, check_study
from accord_clinic.rules.consent import clients_who_consent

SEALED = "study file"
LONGEST = timedelta(days=5 * 366)
"""A study of more than five years asks again."""


@transaction.atomic
def ask(title: str, purpose: str, variables: Collection[str], until: date, *, by: Member) -> Study:
    """Ask the practice for a study. `variables`: what its files are to hold, as `table.column`."""
    check_study(by)
    offered = {name for names in vocabulary.variables().values() for name in names}
    if not title.strip() or not purpose.strip():
        raise BadInput(_("Say what the study is called and what it is for."))
    if not variables or not set(variables) <= offered:
        raise BadInput(_("Choose at least one of the variables that are offered."))
    today = timezone.localdate()
    if not today <= until <= today + LONGEST:
        raise BadInput(_("Choose a last day between today and five years from now."))
    row = Study.objects.create(
        title=title.strip(), purpose=purpose.strip(), variables=sorted(variables), until=until, asked_by=by,
        asked_at=timezone.now(),
    )  # fmt: skip
    record(by, "ask_for_study", f"study:{row.pk}", ["title", "purpose", "variables", "until"])
    return row


@transaction.atomic
def answer(study: Study, answered: str, *, by: Member) -> None:
    """Approve a study or refuse it. An approval can be taken back; what lies there for it then goes."""
    check_answer_study(by, study)
    _hold(study)
    if answered not in dict(Study.ANSWERS):
        raise BadInput(_("Choose one of the answers that are offered."))
    if study.answer == "refused":
        raise BadInput(_("This study was refused. The researcher can ask for a new one."))
    study.answer, study.answered_by, study.answered_at = answered, by, timezone.now()
    study.save(update_fields=["answer", "answered_by", "answered_at"])
    if answered == "refused":
        StudyFile.objects.filter(study=study).update(contents=None)
    record(by, "answer_study", f"study:{study.pk}", [answered])


def make(*, by: Member, study: Study | None = None) -> StudyFile:
    """Every table as a zip, sealed until a second member releases it. Raises `BadInput` where too few clients agree.

    It is noted first. Then the tables are read outside of any transaction: it takes seconds, and others go on sending.
    """
    courses, at = begin(by, study, "rows")
    return store(pack(courses, at, study), courses, at, "rows", study.title if study else "", by=by, study=study)


def begin(by: Member, study: Study | None, kind: str) -> tuple[Courses, datetime]:
    """The courses of a file that may be made, noted for each client who is in it."""
    check_study(by)
    if study is not None:
        _check_runs(study)
    at, courses = timezone.now(), export.courses(study)
    if courses is None and study is not None:
        raise BadInput(
            _(
                "A file with codes needs at least {therapists} therapists, each with at least {clients} "
                "clients who agree to approved studies. There are not enough yet."
            ).format(therapists=export.FEWEST_IN_STUDY, clients=export.FEWEST_OF_THERAPIST)
        )
    if courses is None:
        raise BadInput(
            _("A study file needs at least {n} clients who agree. There are not enough yet.").format(n=export.FEWEST)
        )
    _note(courses, at, READ[kind], study, by)
    return courses, at


@transaction.atomic
def store(
    contents: bytes, courses: Courses, at: datetime, kind: str, title: str, *, by: Member, study: Study | None
) -> StudyFile:
    """Seal what was made. Raises `BadInput` where the approval is gone, or somebody in it has withdrawn, meanwhile."""
    if study is not None:
        _hold(study)
        _check_runs(study)
    if export.no_longer_agree(courses, study):
        raise BadInput(_("A client withdrew consent while the file was being made. Please make it again."))
    sealed = links.seal_file(SEALED, contents, settings.SECRET_KEY)
    return StudyFile.objects.create(
        study=study, kind=kind, title=title, made_by=by, made_at=at, courses=len(courses.number),
        clients=courses.clients, sha256=hashlib.sha256(contents).hexdigest(), contents=sealed,
    )  # fmt: skip


@transaction.atomic
def release(file: StudyFile, answered: str, *, by: Member) -> None:
    """A second member releases or refuses it; what is refused is destroyed."""
    check_release(by, file)
    if answered not in dict(StudyFile.ANSWERS):
        raise BadInput(_("Choose one of the answers that are offered."))
    _hold(file)
    _check_lies_there(file)
    if file.answer:
        raise BadInput(_("This has already been answered."))
    if answered == "released" and _has_withdrawn(file):
        raise BadInput(
            _("A client in this file has withdrawn consent. Refuse the file; the researcher can make a new one.")
        )
    file.answer, file.answered_by, file.answered_at = answered, by, timezone.now()
    changed = ["answer", "answered_by", "answered_at"]
    if answered == "refused":
        file.contents, changed = None, [*changed, "contents"]
    file.save(update_fields=changed)
    record(by, "release_study_file", f"study_file:{file.pk}", [answered, file.sha256])


@transaction.atomic
def take(file: StudyFile, *, by: Member) -> bytes:
    """The contents of what was released, for a researcher."""
    check_study(by)
    _hold(file)
    if file.answer != "released":
        raise BadInput(_("Another admin has to release this first."))
    if _has_withdrawn(file):
        raise BadInput(_("A client in this file has withdrawn consent. Please make it again."))
    contents = _contents(file)
    file.taken_at = timezone.now()
    file.save(update_fields=["taken_at"])
    record(by, "take_study_file", f"study_file:{file.pk}", [file.sha256])
    return contents


@transaction.atomic
def look(file: StudyFile, *, by: Member) -> bytes:
    """The contents, for the member who may release it."""
    check_release(by, file)
    contents = _contents(file)
    record(by, "look_at_study_file", f"study_file:{file.pk}", [file.sha256])
    return contents


def _hold(row: Study | StudyFile) -> None:
    """The row as it is now, for this act alone: two members may answer, or somebody withdraw, at the same moment."""
    rows: QuerySet[Any] = type(row)._default_manager.select_for_update(no_key=True)
    row.refresh_from_db(from_queryset=rows)


def _has_withdrawn(file: StudyFile) -> bool:
    """Also where nobody withdrew: somebody else may have to agree by now."""
    people = clients_who_consent(export.purpose_of(file.study))
    rows = ReadLog.objects.filter(at=file.made_at, what=READ[file.kind])
    return rows.exclude(dyad__client__in=people).exists()


def _contents(file: StudyFile) -> bytes:
    _check_lies_there(file)
    contents = links.unseal_file(SEALED, bytes(file.contents or b""), settings.SECRET_KEY)
    if not contents:
        raise BadInput(_("This file cannot be opened because the signing key has changed. Please make it again."))
    return contents


def _check_lies_there(file: StudyFile) -> None:
    if file.contents is None:
        raise BadInput(_("This file has been deleted. Please make it again."))


def _check_runs(study: Study) -> None:
    if study.answer != "approved":
        raise BadInput(_("This study is not approved."))
    if study.until < timezone.localdate():
        raise BadInput(_("This study has ended."))


@transaction.atomic
def _note(courses: Courses, at: datetime, what: str, study: Study | None, by: Member) -> None:
    sessions = defaultdict(list)
    for place in sorted(courses.sessions.values()):
        sessions[place.dyad].append(place.uid)
    ReadLog.objects.bulk_create(
        ReadLog(member=by, dyad_id=dyad, what=what, sessions=sessions[number], at=at)
        for dyad, number in courses.number.items()
    )
    record(by, f"make_{what}", f"courses:{len(courses.number)}", [table.name for table in export.tables(study)])
