"""Out to the care record: a note to copy, and a course as PDF or CSV. For whoever treats the client now."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accord_clinic import permissions
from accord_clinic.actions import read_log
from accord_clinic.exports.care_record import course_csv, course_pdf
from accord_clinic.pages.care_record import CourseRecord, course_record
from accord_clinic.pages.care_record import note as note_text
from accord_clinic.rules.practice import practice, zone
from accord_clinic.rules.visible import dyad_for, revealed_session
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import or_404


@require_safe
@login_required
def note(request: MemberRequest, uid: str) -> HttpResponse:
    """A note on one session, to be changed and copied. What is changed stays in the browser."""
    session = or_404(revealed_session(request.user, uid))
    if not permissions.can(permissions.check_treat, request.user, session.dyad):
        raise Http404
    read_log.log_read(request.user, session.dyad, "note", [session.uid])
    context = {"dyad": session.dyad, "session": session, "note": note_text(session, zone())}
    return render(request, "therapist/note.html", context)


@require_safe
@login_required
def pdf(request: MemberRequest, uid: str) -> HttpResponse:
    """The course as a tagged PDF."""
    answer = HttpResponse(course_pdf(_record(request, uid), practice().name), content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="course.pdf"'
    return answer


@require_safe
@login_required
def table(request: MemberRequest, uid: str) -> HttpResponse:
    """The scores of the course for a spreadsheet program."""
    answer = HttpResponse(course_csv(_record(request, uid)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="course.csv"'
    return answer


def _record(request: MemberRequest, uid: str) -> CourseRecord:
    """What may leave of this course. Taking it out is noted, for the client to see."""
    dyad = or_404(dyad_for(request.user, uid))
    if not permissions.can(permissions.check_treat, request.user, dyad):
        raise Http404
    read_log.log_read(request.user, dyad, "course_file", [])
    return course_record(dyad, zone())
