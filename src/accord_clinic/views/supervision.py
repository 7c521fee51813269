"""What a supervisor opens first: the courses of care that are shared now, each read on the pages of the dyad itself."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accord_clinic.pages import supervision as queries


@require_safe
@login_required
def supervision(request: HttpRequest) -> HttpResponse:
    """Everything shared with this supervisor, first who needs a conversation."""
    return render(request, "supervisor/supervision.html", {"page": queries.supervision(request.user)})
