"""A supervisor's first page: the courses of care that are shared now."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accord_clinic.pages import supervision as supervision_pages
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import searched_for


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def supervision(request: MemberRequest) -> HttpResponse:
    """The courses shared with this supervisor; those that need a conversation come first. A search is posted."""
    page = supervision_pages.supervision(request.user, searched_for(request))
    return render(request, "supervisor/supervision.html", {"page": page})
