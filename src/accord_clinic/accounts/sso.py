"""Single sign-on: find the member of this practice whom the provider names, or show one neutral page.

Allauth speaks OpenID Connect; what it leaves out or open is closed here: a nonce, the signature, where one is sent, who
may be linked, and what is kept.
"""

import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from secrets import token_urlsafe
from typing import NoReturn

import jwt
import requests
from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import user_logged_in
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.dispatch import receiver
from django.shortcuts import render
from django.urls import reverse

from accord_clinic.accounts.jwks import signing_key
from accord_clinic.accounts.sso_settings import SignOn
from accord_clinic.actions import sign_in
from accord_clinic.addresses import safe
from accord_clinic.models import Member

SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""With a key pair only: what is signed with the client's secret could be signed by whoever reads that secret."""
SKEW = 60
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def _sign_on() -> SignOn:
    """The provider of this practice. Where there is none, nothing asks."""
    assert settings.SSO is not None
    return settings.SSO


class Refused(OAuth2Error):
    """Why somebody does not get in, as a code for the audit log. The page says the same to everybody."""


@contextmanager
def _understood(code: str) -> Iterator[None]:
    """Whatever a provider answers that cannot be read is a refusal, not a fault of ours."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, requests.RequestException) as error:
        raise Refused(code) from error


class SsoAdapter(DefaultSocialAccountAdapter):
    """Which provider there is, and who may sign in with it."""

    def list_apps(self, request, provider=None, client_id=None):
        """The provider of the settings. It is never a row of the database, which would then contain its secret."""
        chosen = settings.SSO
        if chosen is None or provider not in (None, OpenIDConnectProvider.id, chosen.id):
            return []
        return [
            SocialApp(
                provider=OpenIDConnectProvider.id, provider_id=chosen.id, name=chosen.name, client_id=chosen.client,
                secret=chosen.secret, settings={"server_url": chosen.issuer.rstrip("/"), "oauth_pkce_enabled": True},
            )
        ]  # fmt: skip

    def pre_social_login(self, request, sociallogin) -> None:
        """Find the member by the tie, or at first by a verified address. The tie is made once all factors were used."""
        if sociallogin.account.pk:
            member = sociallogin.user
            if not member.is_active:
                self._refuse(request, "left", member)
            return
        address = sociallogin.claims.get("email")
        member = Member.objects.at(address) if sociallogin.claims.get("email_verified") is True else None
        if member is None:
            self._refuse(request, "nobody")
        if sign_in.is_linked(member, _sign_on().id):
            # Whoever has an address now may not be who had it when the link was made.
            self._refuse(request, "another_subject", member)
        sociallogin.user = member

    def on_authentication_error(self, request, provider, error=None, exception=None, extra_context=None) -> None:
        self._refuse(request, exception.args[0] if isinstance(exception, Refused) else str(error or "provider"))

    def _refuse(self, request, code: str, member=None) -> NoReturn:
        sign_in.note("sign_in_failed", member, ["sso", code])
        raise ImmediateHttpResponse(render(request, "account/sso_refused.html", status=403))


class Exchange(OpenIDConnectOAuth2Adapter):
    """Swap the code for a token, and accept it only if it is signed, for us, for this sign-in and fresh."""

    expected_nonce = ""

    def get_callback_url(self, request, app):
        """The redirect address, fixed by the settings, so that no header or parameter can change it."""
        return settings.PUBLIC_URL + reverse("sso_back")

    @property
    def openid_config(self):
        with _understood("discovery"):
            config = super().openid_config
            if config["issuer"] != _sign_on().issuer:
                raise Refused("issuer")
            ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if not all(safe(config[end]) for end in ends):
                raise Refused("discovery")
        return config

    @property
    def basic_auth(self) -> bool:
        """Whether to use basic authentication: the standard's default for a provider that does not say."""
        return "client_secret_post" not in self.openid_config.get("token_endpoint_auth_methods_supported", ())

    def get_access_token_data(self, request, app, client, pkce_code_verifier=None):
        with _understood("code"):
            return super().get_access_token_data(request, app, client, pkce_code_verifier)

    def parse_token(self, data):
        with _understood("token"):
            return super().parse_token(data)

    def complete_login(self, request, app, token, **kwargs):
        with _understood("token"):
            claims = self._verified(kwargs["response"]["id_token"])
            if "email" not in claims:
                claims = self._userinfo(token.token, claims) | claims
        login = self.get_provider().sociallogin_from_response(request, claims)
        login.claims = claims
        return login

    def _verified(self, id_token: str) -> dict:
        chosen = _sign_on()
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        try:
            key = signing_key(answer.json(), jwt.get_unverified_header(id_token).get("kid"))
            claims = jwt.decode(
                id_token, key, algorithms=SIGNED_BY, audience=chosen.client, issuer=chosen.issuer, leeway=SKEW,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise Refused(type(error).__name__) from error
        others = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", chosen.client) != chosen.client or (len(others) > 1 and "azp" not in claims):
            raise Refused("azp")
        if not self.expected_nonce or not hmac.compare_digest(str(claims.get("nonce", "")), self.expected_nonce):
            raise Refused("nonce")
        return claims

    def _userinfo(self, access_token: str, claims: dict) -> dict:
        """Some providers tell the address only there. What is said of another subject is not said of this one."""
        more = self._fetch_user_info(access_token)
        if more["sub"] != claims["sub"]:
            raise Refused("subject")
        return {name: more[name] for name in ("email", "email_verified") if name in more}


class Provider(OpenIDConnectProvider):
    """Redirect to the provider with what the response is checked against; store only a hash of the subject."""

    oauth2_adapter_class = Exchange

    def redirect(self, request, process, next_url=None, data=None, **kwargs):
        nonce = token_urlsafe(32)
        params: dict[str, str | int] = {"nonce": nonce}
        if _sign_on().second_factor:
            params["max_age"] = settings.SESSION_COOKIE_AGE
        if levels := sorted(value for claim, value in _sign_on().second_factor if claim == "acr"):
            params["acr_values"] = " ".join(levels)
        return super().redirect(
            request, process, next_url, data, auth_params=params, scope=["openid", "email"], nonce=nonce
        )

    def extract_uid(self, data) -> str:
        return sha256(data["sub"].encode()).hexdigest()

    def extract_extra_data(self, data) -> dict:
        return {}

    def extract_common_fields(self, data) -> dict:
        return {}

    def extract_email_addresses(self, data) -> list:
        return []


class Callback(OAuth2CallbackView):
    """Pass on the nonce that was sent, to be compared, and refuse responses that name another issuer (RFC 9207)."""

    def _get_state(self, request, provider):
        state, response = super()._get_state(request, provider)
        if response is None and request.GET.get("iss", _sign_on().issuer) != _sign_on().issuer:
            get_adapter().on_authentication_error(request, provider, exception=Refused("issuer"))
        self.adapter.expected_nonce = (state or {}).get("nonce", "")
        return state, response


class SecondFactorStage(AuthenticateStage):
    """Ask for our second factor, unless the practice states that the provider asks for one and the token says it did.

    Never on the first visit of somebody who has one here: an address at a provider must not open what is guarded here.
    """

    def _should_handle(self, request):
        login = (self.login.signal_kwargs or {}).get("sociallogin")
        counts = login and (login.account.pk or not is_mfa_enabled(self.login.user, FACTORS))
        if counts and asked_by_provider(getattr(login, "claims", {}), time.time()):
            record_authentication(request, self.login.user, "mfa", type="provider")
            return False
        return super()._should_handle(request)


def asked_by_provider(claims: dict, now: float) -> bool:
    """Whether the token says that a second factor was used, not longer ago than a session of ours lasts."""
    methods = claims.get("amr")
    factors = {("amr", method) for method in methods if isinstance(method, str)} if isinstance(methods, list) else set()
    factors |= {("acr", claims["acr"])} if isinstance(claims.get("acr"), str) else set()
    at = claims.get("auth_time")
    fresh = isinstance(at, int | float) and -SKEW <= now - at <= settings.SESSION_COOKIE_AGE + SKEW
    return fresh and bool(factors & _sign_on().second_factor)


@receiver(user_logged_in)
def _link(user, sociallogin=None, **_rest):
    """Signed in to the end, with a second factor where there is one: from now on the subject counts."""
    if sociallogin is not None and not sociallogin.account.pk:
        sign_in.link(user, sociallogin.account.provider, sociallogin.account.uid)
