"""A supervisor sets a practice case for a meeting; learners add their choices; the group sees how far it agrees."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accord.practice_cases import practice_case, practice_cases
from accord_clinic.actions import case_meetings
from accord_clinic.forms.practice_cases import learner
from accord_clinic.languages import staff_language
from accord_clinic.pages.case_meetings import counted, state
from accord_clinic.queries import case_meetings as meeting_queries
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404

ADDED = "case_meetings"
"""In the browser's session: to which meetings this browser has added, so that nobody is counted twice."""


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def index(request: MemberRequest) -> HttpResponse:
    """The meetings of this supervisor, and the form that sets a case for one."""
    try:
        rows = meeting_queries.set_by(request.user)
    except PermissionDenied as error:
        raise Http404 from error
    if request.method == "POST":
        done = _("The case is set. Whoever plays it can add their choices at the end.")
        slug = request.POST.get("case", "")
        return do(request, reverse("case_meetings"), case_meetings.set_case, slug, by=request.user, done=done)
    language = staff_language(request)
    titles = {case.slug: case.title for case in practice_cases(language)}
    meetings = [(row, titles.get(row.case, row.case)) for row in rows]
    with translation.override(language):
        return render(request, "learning/case_meetings.html", {"meetings": meetings, "titles": titles})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: MemberRequest, uid: str) -> HttpResponse:
    """One meeting: close it; then how many chose what."""
    meeting = or_404(meeting_queries.own_meeting(request.user, uid))
    if request.method == "POST":
        return do(request, reverse("case_meeting", args=[uid]), case_meetings.close, meeting, by=request.user)
    language = staff_language(request)
    case = or_404(practice_case(meeting.case, language))
    counts = meeting_queries.counts(meeting)
    with translation.override(language):
        context = {
            "meeting": meeting,
            "case": case,
            "state": state(meeting.people, meeting.closed_at is not None, meeting_queries.FEWEST),
            "stops": counted(case, counts) if counts else (),
        }
        return render(request, "learning/case_meeting.html", context)


@sensitive_post_parameters()
@require_POST
@login_required
def add(request: MemberRequest, uid: str) -> HttpResponse:
    """Add the choices that the form carries. That this browser did so is kept until it signs out, and nothing else."""
    meeting = or_404(meeting_queries.meeting_called(uid))
    case = or_404(practice_case(meeting.case))
    added = request.session.get(ADDED, [])
    if uid in added:
        messages.error(request, _("You have added your choices to this meeting already."))
        return redirect("practice_cases")
    request.session[ADDED] = [*added, uid]
    done = _("Your choices are counted, without your name.")
    given = learner(case, request.POST)
    return do(request, reverse("practice_cases"), case_meetings.add, meeting, given.choices(), done=done)
