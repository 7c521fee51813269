"""The safety contact's page: neutral notices, and who has looked after each."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accord_clinic.actions import safety
from accord_clinic.queries import safety as queries
from accord_clinic.views.shortcuts import do, or_404


@require_safe
@login_required
def notices(request: HttpRequest) -> HttpResponse:
    """The notices: about whom, which session, and who has looked."""
    return render(request, "supervisor/safety.html", {"notices": queries.notices(request.user)})


@require_POST
@login_required
def look(request: HttpRequest, uid: str) -> HttpResponse:
    """Note that this member has looked after a notice."""
    signal = or_404(queries.safety_signal(request.user, uid))
    return do(request, reverse("safety"), safety.look, signal, by=request.user, done=_("Noted that you have looked."))
