"""What the pages about research show: studies that were asked for, what was made, and which studies clients can see."""

from __future__ import annotations

from datetime import date

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone

from accord_clinic.models import Member, Study, StudyFile
from accord_clinic.permissions import check_keep_practice, check_study

AT_MOST = 50


def studies(member: Member) -> list[Study]:
    """Every study, the latest first, for a researcher."""
    check_study(member)
    return list(Study.objects.select_related("asked_by", "answered_by").order_by("-asked_at")[:AT_MOST])


def study(member: Member, uid: str) -> Study | None:
    """One of them."""
    check_study(member)
    return Study.objects.select_related("asked_by", "answered_by").filter(uid=uid).first()


def files(member: Member, of: Study | None = None) -> list[StudyFile]:
    """What was made, the latest first: for one study, or of no study."""
    check_study(member)
    return list(_files().filter(study=of)[:AT_MOST])


def file(member: Member, uid: str) -> StudyFile | None:
    """One of them, for a researcher."""
    check_study(member)
    return _files().filter(uid=uid).first()


def studies_to_answer(member: Member) -> list[Study]:
    """For an admin: those without an answer first, then those that run."""
    check_keep_practice(member)
    rows = Study.objects.select_related("asked_by", "answered_by").exclude(answer="refused")
    today = timezone.localdate()
    return sorted(
        (row for row in rows if not row.answer or row.until >= today), key=lambda row: (row.answer, row.asked_at)
    )


def files_to_release(member: Member) -> list[StudyFile]:
    """For an admin: what waits for release."""
    check_keep_practice(member)
    return list(_files().filter(answer="", contents__isnull=False))


def answered_files(member: Member) -> list[StudyFile]:
    """For an admin: what was released or refused, the latest first."""
    check_keep_practice(member)
    return list(_files().exclude(answer="")[:AT_MOST])


def any_study(member: Member, uid: str) -> Study | None:
    """A study by its name, for an admin."""
    check_keep_practice(member)
    return Study.objects.filter(uid=uid).first()


def any_file(member: Member, uid: str) -> StudyFile | None:
    """What was made, by its name, for an admin."""
    check_keep_practice(member)
    return _files().filter(uid=uid).first()


def running(today: date | None = None) -> list[Study]:
    """The studies that are approved and not over: every client can read of them."""
    return list(Study.objects.filter(answer="approved", until__gte=today or timezone.localdate()).order_by("until"))


def _files() -> QuerySet[StudyFile]:
    """Without the contents, which are large; `gone` says whether they are there no more."""
    gone = ExpressionWrapper(Q(contents__isnull=True), output_field=BooleanField())
    rows = StudyFile.objects.select_related("study", "made_by", "answered_by").order_by("-made_at")
    return rows.defer("contents").annotate(gone=gone)
