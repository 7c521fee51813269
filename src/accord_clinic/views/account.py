"""A member's own pages about the account beyond allauth's: where one is signed in, and ending any of it."""

from allauth.account.decorators import reauthentication_required
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accord_clinic.actions import sign_in
from accord_clinic.queries import places as queries
from accord_clinic.views.doing import do


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required(allow_get=True)
def places(request: HttpRequest) -> HttpResponse:
    """Every session of one's own. Ending one asks who it is, unless that was shown a moment ago."""
    if request.method == "POST":
        rows = queries.sessions_to_end(request.user, request.POST.get("end", ""))
        return do(request, reverse("usersessions_list"), sign_in.end_sessions, rows, by=request.user, done=_("Ended."))
    return render(request, "usersessions/usersession_list.html", {"places": queries.places(request.user)})


@require_safe
@login_required
def passkeys(request: HttpRequest) -> HttpResponse:
    """Passkeys stand on the page about the second factor, among the rest; allauth would have them apart."""
    return redirect("mfa_index")


class ShowPasskey(ReauthenticateWebAuthnView):
    """Asks again on the same page when it did not fit; allauth sends to signing in, where one is already."""

    def form_invalid(self, form) -> HttpResponse:
        return self.render_to_response(self.get_context_data() | {"form": form})
