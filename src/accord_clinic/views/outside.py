"""The outside reader's pages: lines to *someone else here*, read one by one, each reading noted."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accord_clinic.actions import read_log, safety
from accord_clinic.queries import outside as queries
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404


@require_safe
@login_required
def lines(request: MemberRequest) -> HttpResponse:
    """List who wrote and when. The words are on a page of their own, so that each reading is noted."""
    waiting, promise = queries.waiting(request.user)
    return render(request, "supervisor/outside.html", {"lines": waiting, "promise": promise})


@require_safe
@login_required
def line(request: MemberRequest, uid: str) -> HttpResponse:
    """One line, in the client's own words."""
    row = queries.line(request.user, uid)
    read_log.log_read(request.user, row.dyad, "outside_line", [row.session_uid])
    return render(request, "supervisor/outside_line.html", {"line": row})


@require_POST
@login_required
def acknowledge(request: MemberRequest, uid: str) -> HttpResponse:
    """Note that the outside reader has read the line. The client sees this."""
    row = or_404(queries.private_line(request.user, uid))
    done = _("The client can now see that you have read it.")
    return do(request, reverse("outside"), safety.acknowledge, row, by=request.user, done=done)
