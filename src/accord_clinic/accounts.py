"""How people who work here sign in: the admin makes the account, a second factor guards it, and idle sessions end."""

import time

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    record_authentication,
)
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.dispatch import receiver
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accord_clinic.actions import sign_in

BEGAN, SEEN = "began", "seen"
FRESH_FOR = 300
SEEN_EVERY = 60
"""Noting each request would be a write for each read; a minute is fine enough for an hour's limit."""


class Adapter(DefaultAccountAdapter):
    """Closes open sign-up: a practice knows its own members. Says nothing on a page that says it already."""

    def is_open_for_signup(self, request):
        return False

    def is_reauthentication_required(self, *, app):
        """Who has given a password or a code in the last five minutes need not give it once more."""
        given = get_authentication_records(self.request, self.request.user)
        return not any(time.time() - one["at"] < FRESH_FOR for one in given)

    def _get_login_attempts_cache_key(self, request, **credentials):
        """Failed sign-ins count for the account. With the host in it, as in allauth, another port is a new count."""
        return credentials.get("email", "").lower()

    def add_message(self, request, level, message_template=None, *args, **kwargs):
        if message_template not in ("account/messages/logged_in.txt", "account/messages/logged_out.txt"):
            super().add_message(request, level, message_template, *args, **kwargs)


class SecondFactor(DefaultMFAAdapter):
    """Draws the picture for the authenticator app without a style attribute, which the content policy forbids."""

    def build_totp_svg(self, url: str) -> str:
        return segno.make(url).svg_inline(scale=5, border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None)


class StaffSession:
    """Ends idle and old sessions of members, and keeps a member without a second factor away from every client."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.user.is_authenticated:
            return self.get_response(request)
        if ended := _too_old(request.session, time.time()):
            sign_in.note("session_ended", request.user, [ended])
            request.session.flush()
            request.user = AnonymousUser()
            messages.info(request, _("You were signed out, because nobody has used this page for a while."))
            return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
        about_accounts = request.path.startswith(reverse("account_login").removesuffix("login/"))
        if not (settings.DEMO or about_accounts or used_second_factor(request)):
            return redirect("mfa_activate_totp")
        return self.get_response(request)


def _too_old(session, now: float) -> str:
    """Why the session is over: idle for too long, or begun too long ago. Nothing, and noted as used, when it is not."""
    if now - session.get(SEEN, now) > settings.SESSION_IDLE_AGE:
        return "idle"
    if now - session.setdefault(BEGAN, now) > settings.SESSION_COOKIE_AGE:
        return "old"
    if now - session.get(SEEN, 0) > SEEN_EVERY:
        session[SEEN] = now
    return ""


def used_second_factor(request) -> bool:
    """Whether this very session was opened with a second factor, not merely whether the member owns one."""
    return any(one.get("method") == "mfa" for one in get_authentication_records(request, request.user))


@receiver(authenticator_added)
def _has_shown_it(request, user, authenticator, **_rest):
    """Who has just set up the app has just shown a code of it."""
    if authenticator.type == Authenticator.Type.TOTP:
        record_authentication(request, user, "mfa", type=authenticator.type)


@receiver(authenticator_removed)
def _has_it_no_longer(request, user, **_rest):
    """Without the app the session falls back to the password alone, and the next page asks to set it up anew."""
    left = [one for one in get_authentication_records(request, user) if one.get("method") != "mfa"]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = left
