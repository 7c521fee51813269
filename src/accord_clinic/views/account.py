"""Sign-in and own account of a member, beyond allauth's pages: single sign-on, sessions and ending them."""

from allauth.account.decorators import reauthentication_required
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import login
from allauth.core.internal import ratelimit
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord_clinic.accounts import sso
from accord_clinic.actions import sign_in
from accord_clinic.posted import whole_number
from accord_clinic.queries import user_sessions as user_session_queries
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do


def entrance(request: HttpRequest) -> HttpResponse:
    """The sign-in page. If the practice has a provider, only this page may redirect to it."""
    response = login(request)
    if settings.SSO is not None and hasattr(response, "context_data"):
        response.context_data["sso"] = settings.SSO.name
        response._csp_update = {"form-action": settings.SSO.form_action}
    return response


@require_POST
def sso_start(request: HttpRequest) -> HttpResponse:
    """Redirect to the provider. The address or form can change only where to go afterwards, not what is asked there."""
    provider = _provider(request)
    try:
        return _limited(request) or provider.redirect(request, "login", get_next_redirect_url(request))
    except sso.Refused as error:
        return render_authentication_error(request, provider, exception=error)


@require_safe
def sso_back(request: HttpRequest) -> HttpResponse:
    """Handle the response of the provider, with or without a code."""
    provider = _provider(request)
    return _limited(request) or sso.Callback.adapter_view(provider.get_oauth2_adapter(request))(request)


def _provider(request: HttpRequest):
    if settings.SSO is None:
        raise Http404
    return get_adapter().get_provider(request, settings.SSO.id)


def _limited(request: HttpRequest) -> HttpResponse | None:
    return ratelimit.consume_or_429(request, app="allauth.account", action="sso", limit_get=True)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required(allow_get=True)
def user_sessions(request: MemberRequest) -> HttpResponse:
    """The member's own sessions. Ending one asks for a password or code, unless just given."""
    if request.method == "POST":
        which = request.POST.get("end", "")
        others = which == "others"
        rows = (
            user_session_queries.other_sessions(request.user)
            if others
            else user_session_queries.own_session(request.user, whole_number(which))
        )
        return do(
            request, reverse("usersessions_list"), sign_in.end_sessions, rows, by=request.user, done=_("Signed out.")
        )
    return render(
        request, "usersessions/usersession_list.html", {"user_sessions": user_session_queries.signed_in(request.user)}
    )


@require_safe
@login_required
def passkeys(request: MemberRequest) -> HttpResponse:
    """Redirect to the page about the second factor, which also lists passkeys; allauth has a page of its own."""
    return redirect("mfa_index")


class ShowPasskey(ReauthenticateWebAuthnView):
    """Ask again on the same page after a wrong passkey; allauth would redirect to the sign-in page."""

    def form_invalid(self, form) -> HttpResponse:
        return self.render_to_response(self.get_context_data() | {"form": form})
