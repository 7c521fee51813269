"""A supervisor's first page: the courses of care that are shared now."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accord_clinic.pages import supervision as supervision_pages
from accord_clinic.views.requests import MemberRequest


@require_safe
@login_required
def supervision(request: MemberRequest) -> HttpResponse:
    """The courses shared with this supervisor; those that need a conversation come first."""
    return render(request, "supervisor/supervision.html", {"page": supervision_pages.supervision(request.user)})
