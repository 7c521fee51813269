"""Safety answers: the safety contact's list, one answer for whoever may read it, and what was done about it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accord_clinic.actions import read_log, safety
from accord_clinic.pages.safety import notices_page, safety_page
from accord_clinic.queries import safety as queries
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404


@require_safe
@login_required
def notices(request: MemberRequest) -> HttpResponse:
    """The notices: about whom, which session, and what was done."""
    return render(request, "supervisor/safety.html", {"notices": notices_page(queries.notices(request.user))})


@require_safe
@login_required
def answer(request: MemberRequest, uid: str) -> HttpResponse:
    """The answer itself. Reading it is noted, for the client to see."""
    row = or_404(queries.safety_answer(request.user, uid))
    dyad = row.session.dyad
    read_log.log_read(request.user, dyad, "safety_answer", [row.session.uid])
    return render(request, "supervisor/safety_answer.html", {"page": safety_page(row), "dyad": dyad})


@require_POST
@login_required
def look_after(request: MemberRequest, uid: str) -> HttpResponse:
    """Record what was done."""
    row, posted = or_404(queries.safety_answer(request.user, uid)), request.POST
    back, done = reverse("safety_answer", args=[uid]), _("Recorded what was done about this answer.")
    act = safety.look_after
    return do(request, back, act, row.signal, posted.getlist("done"), posted.get("to", ""), by=request.user, done=done)
