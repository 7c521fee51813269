"""How members sign in: the admin makes the account, a second factor protects it, and idle sessions end."""

import re
import time

import segno
from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    record_authentication,
)
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accord_clinic.actions import sign_in
from accord_clinic.languages import STAFF_LANGUAGE, remember_language, staff_language
from accord_clinic.messages import notices
from accord_clinic.middleware import CLIENT_PAGES
from accord_clinic.rules.practice import remembered, zone

BEGAN, SEEN = "began", "seen"
STAFF_PATHS = ("/account/", "/demo/")
TRANSLATED = re.compile(r"/learn/|/sessions/[^/]+/(rate|rated)/")
"""Pages for people who work here that stand in every language: lessons, the rating. A talk sheet is in the client's."""
HANDED_OVER = "handed_over"
CLIENT_PATHS = ("/c/", "/before/", "/check-in/", "/away")
"""What a device that was handed over opens without a second factor: a check-in, and the harmless page."""
FRESH_FOR = 300
SEEN_EVERY = 60
"""Noting each request would be a write for each read; a minute is fine enough for an hour's limit."""


class AccountAdapter(DefaultAccountAdapter):
    """Close open sign-up, since the admin makes the accounts. Show no message on a page that says the same."""

    def is_open_for_signup(self, request):
        return False

    def is_reauthentication_required(self, *, app):
        """Whether to ask again for a password or code: not within five minutes of the last one."""
        given = get_authentication_records(self.request, self.request.user)
        return not any(-SEEN_EVERY < time.time() - record["at"] < FRESH_FOR for record in given)

    def _get_login_attempts_cache_key(self, request, **credentials):
        """Failed sign-ins count for the account. With the host in it, as in allauth, another port is a new count."""
        return credentials.get("email", "").lower()

    def add_message(self, request, level, message_template=None, *args, **kwargs):
        if message_template not in ("account/messages/logged_in.txt", "account/messages/logged_out.txt"):
            super().add_message(request, level, message_template, *args, **kwargs)

    def clean_password(self, password, user=None):
        """Say in one line what is wrong with a new password, whatever the number of rules that it breaks."""
        try:
            return super().clean_password(password, user)
        except ValidationError as error:
            raise ValidationError(" ".join(error.messages)) from error

    def get_login_stages(self) -> list[str]:
        ours = {"allauth.mfa.stages.AuthenticateStage": "accord_clinic.accounts.sso.SecondFactorStage"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def get_reauthentication_methods(self, user):
        words = {
            "reauthenticate": _("Give the password"),
            "mfa_reauthenticate": _("Give a code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        return [method | {"description": words[method["id"]]} for method in super().get_reauthentication_methods(user)]


class ForgottenPassword(forms.Form):
    """Puts the address into the outbox, whoever it belongs to: known and unknown ones cost and answer the same."""

    email = forms.EmailField(max_length=254)

    def save(self, request, **_rest) -> str:
        notices.ask_password_link(self.cleaned_data["email"])
        return self.cleaned_data["email"]


class SecondFactorAdapter(DefaultMFAAdapter):
    """Texts for passkeys, and the picture for the authenticator app without a style attribute, which CSP forbids."""

    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": _("This is not right. Please try again.")}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The name that devices show when they ask for the passkey."""
        row = remembered()
        return super().get_public_key_credential_rp_entity() | {"name": f"Accord, {row.name}" if row else "Accord"}

    def generate_authenticator_name(self, user, type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey {number}").format(number=number) if number > 1 else _("Passkey")

    def build_totp_svg(self, url: str) -> str:
        return segno.make(url).svg_inline(scale=5, border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None)


class StaffPages:
    """The practice's clock for those who work here, and the language that they chose at the top of a page.

    What has no translation stays English, whatever was chosen or the browser asks for: half a page would be worse.
    `TRANSLATED` are the pages that are in every language; cards follow the choice anywhere. Clients' pages are in the
    client's language and on the same clock, or in the browser's language before it is known whose.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        signed_in = request.user.is_authenticated
        chosen = ""
        if request.path.startswith(STAFF_PATHS) or signed_in:
            chosen = staff_language(request)
            language = chosen if signed_in and TRANSLATED.match(request.path) else "en"
            translation.activate(language)
            request.LANGUAGE_CODE = language
        if not signed_in:
            return self.get_response(request)
        with timezone.override(zone()):
            response = self.get_response(request)
        if request.GET.get("in") == chosen and not request.path.startswith(CLIENT_PAGES):
            remember_language(response, STAFF_LANGUAGE, chosen)
        return response


class StaffSession:
    """End idle and old sessions of members, and show a member without a second factor no page about clients."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.user.is_authenticated:
            return self.get_response(request)
        if ended := _too_old(request.session, time.time()):
            sign_in.note("session_ended", request.user, [ended])
            request.session.flush()
            request.user = AnonymousUser()
            messages.info(request, _("You were signed out because you were inactive for a while."))
            return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
        about_accounts = request.path.startswith(reverse("account_login").removesuffix("login/"))
        with_a_client = HANDED_OVER in request.session and request.path.startswith(CLIENT_PATHS)
        if not (settings.DEMO or about_accounts or with_a_client or used_second_factor(request)):
            return _to_the_second_factor(request)
        return self.get_response(request)


def _to_the_second_factor(request):
    """To show it, for a member who has one that this session was not opened with; else to set one up."""
    ways = [
        method for method in get_adapter().get_reauthentication_methods(request.user) if method["id"].startswith("mfa")
    ]
    if not ways:
        return redirect("mfa_index")
    back = request.get_full_path() if request.method == "GET" else "/"
    return redirect(f"{ways[-1]['url']}?{urlencode({'next': back})}")


def _too_old(session, now: float) -> str:
    """Why the session is over: idle for too long, or begun too long ago. Nothing, and noted as used, when it is not.

    One that was stamped in what is now the future would live as much longer as the clock was wrong.
    """
    if max(session.get(SEEN, now), session.get(BEGAN, now)) - now > SEEN_EVERY:
        return "clock"
    if now - session.get(SEEN, now) > settings.SESSION_IDLE_AGE:
        return "idle"
    if now - session.setdefault(BEGAN, now) > settings.SESSION_COOKIE_AGE:
        return "old"
    if now - session.get(SEEN, 0) > SEEN_EVERY:
        session[SEEN] = now
    return ""


def hand_over(request) -> None:
    """Lock this session until the second factor: the device goes to a client, for a check-in and nothing else."""
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = []
    request.session[HANDED_OVER] = True


def used_second_factor(request) -> bool:
    """Whether this session was opened with a second factor, not only whether the member has one."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


@receiver(authenticator_added)
def _has_shown_it(request, user, authenticator, **_rest):
    """Who has just set up the app or a passkey has just shown it."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", type=authenticator.type)


@receiver(authenticator_removed)
def _has_it_no_longer(request, user, authenticator, **_rest):
    """What was opened with it falls back to the rest, and the next page asks for another, or to set one up anew."""
    left = [record for record in get_authentication_records(request, user) if record.get("type") != authenticator.type]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = left
