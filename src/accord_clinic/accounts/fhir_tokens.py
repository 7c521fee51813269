"""Codes and tokens for programs of others that read by FHIR: what django-oauth-toolkit leaves out of SMART App Launch.

A code that a clinician gives, with PKCE, becomes a token for an hour; a service proves itself by its key and gets one
for five minutes. There are no secrets, no refresh tokens and no other grants. Which scopes there are is said in
`granted`; who may read what, in `rules/shared_record.py`.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jwt
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, Grant
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.endpoints import AuthorizationEndpoint, TokenEndpoint
from oauthlib.oauth2.rfc6749.grant_types import AuthorizationCodeGrant, ClientCredentialsGrant
from oauthlib.oauth2.rfc6749.tokens import BearerToken

from accord.tables.fhir_search import ABOUT_PRACTICE, PARAMETERS
from accord_clinic.accounts.jwks import signing_key
from accord_clinic.actions import sign_in
from accord_clinic.exports.fhir_capability import SIGNED_BY
from accord_clinic.links import digest
from accord_clinic.models import Client, Recipient, TokenContext
from accord_clinic.models.exchange import NUMBERS
from accord_clinic.records.shared_record import ProgramReader, fhir_id

APP_SECONDS, SERVICE_SECONDS = 3600, 300
SKEW = 60
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LEVELS = {"app": ("patient", "user"), "service": ("system",), NUMBERS: ("system",)}
CONTEXT = ("launch", "launch/patient")
SCOPE = re.compile(r"(patient|user|system)/([A-Za-z]+|\*)\.(read|\*|c?r?u?d?s?)")


def granted(asked: Iterable[str], use: str) -> list[str]:
    """The scopes that a program gets of those it asks for, as SMART v2 writes them; all others are left out.

    Reading and searching alone. `patient/*` and `system/*` become one scope for each kind; `user/*` becomes nothing.
    Whoever reads of people reads no numbers of the practice, and whoever reads these reads of nobody.

    >>> granted(["launch/patient", "patient/Goal.cruds", "user/*.rs", "patient/Media.read", "openid"], "app")
    ['launch/patient', 'patient/Goal.rs']
    >>> granted(["system/*.rs"], "numbers")
    ['system/Measure.rs', 'system/MeasureReport.rs']
    """
    scopes: list[str] = []
    readable = [kind for kind in PARAMETERS if (kind in ABOUT_PRACTICE) == (use == NUMBERS)]
    for scope in asked:
        if scope in CONTEXT and use == "app":
            scopes.append(scope)
        match = SCOPE.fullmatch(scope)
        if match is None or match[1] not in LEVELS[use] or match.group(1, 2) == ("user", "*"):
            continue
        rights = "rs" if match[3] in ("read", "*") else "".join(right for right in "rs" if right in match[3])
        kinds = readable if match[2] == "*" else [kind for kind in readable if kind == match[2]]
        scopes += [f"{match[1]}/{kind}.{rights}" for kind in kinds if rights]
    return list(dict.fromkeys(scopes))


def names_a_patient(scopes: Iterable[str]) -> bool:
    """Whether the token is about one client, so that somebody has to say which."""
    return any(scope in CONTEXT or scope.startswith("patient/") for scope in scopes)


class Validator(OAuth2Validator):
    """What a program of others may do at the two endpoints. A row of django-oauth-toolkit alone opens nothing."""

    def _load_application(self, client_id: str, request: Request) -> Application | None:
        """An application of a recipient that is let in."""
        application = super()._load_application(client_id, request)
        if application is None or recipient_of(application) is None:
            request.client = None
            return None
        return application

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        if getattr(request, "client_assertion", None) or request.client_secret or self._extract_basic_auth(request):
            return True
        application = self._load_application(request.client_id or "", request)
        return application is None or application.client_type == Application.CLIENT_CONFIDENTIAL

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """By `private_key_jwt` alone (RFC 7523): there are no secrets here that could prove anything."""
        assertion = getattr(request, "client_assertion", None)
        if not assertion or getattr(request, "client_assertion_type", None) != JWT_BEARER:
            return False
        problem = self._check_assertion(assertion, request)
        if problem:
            sign_in.note("token_refused", None, [problem])
            request.client = None
        return not problem

    def _check_assertion(self, assertion: str, request: Request) -> str:
        """Why this does not prove who the program is, as a code for the audit log; nothing when it does."""
        try:
            name = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
            application = self._load_application(name if isinstance(name, str) else "", request)
            if application is None:
                return "nobody"
            recipient = application.recipient
            key = signing_key(recipient.keys, jwt.get_unverified_header(assertion).get("kid"))
            claims = jwt.decode(
                assertion, key, algorithms=list(SIGNED_BY), audience=token_address(), issuer=application.client_id,
                subject=application.client_id, leeway=SKEW, options={"require": ["iss", "sub", "aud", "exp", "jti"]},
            )  # fmt: skip
        except (jwt.PyJWTError, AttributeError, TypeError, ValueError) as error:
            return type(error).__name__
        if int(claims["exp"]) > time.time() + SERVICE_SECONDS + SKEW:
            return "lives_too_long"
        # A name used up is remembered as long as the assertion could be shown again.
        used = digest(f"{application.client_id} {claims['jti']}")
        return "" if cache.add(f"fhir-assertion:{used}", 1, SERVICE_SECONDS + 2 * SKEW) else "used_before"

    def validate_scopes(self, client_id, scopes, client, request, *args, **kwargs) -> bool:
        """Leave what is not granted out, and refuse where nothing is left to read."""
        request.scopes = granted(scopes, client.recipient.use)
        return any("." in scope for scope in request.scopes)

    def get_default_scopes(self, client_id, request, *args, **kwargs) -> list[str]:
        return []

    def validate_code(self, client_id, code, client, request, *args, **kwargs) -> bool:
        """One about a client is good only while that client is there: see `ProgramReader.bound`.

        Where one comes again, somebody else has it: what it became ends too (RFC 6749, 4.1.2).
        """
        if not super().validate_code(client_id, code, client, request, *args, **kwargs):
            if AccessToken.objects.filter(pk=cache.get(_became(code)), application=client).delete()[0]:
                sign_in.note("token_refused", None, ["code_again"])
            return False
        context = TokenContext.objects.filter(grant__code=code).select_related("client").first()
        request.patient = context.client if context else None
        return context is not None or not names_a_patient(request.scopes)

    def _create_authorization_code(self, request: Request, code: dict, expires=None) -> Grant:
        grant = super()._create_authorization_code(request, code, expires)
        if (patient := _patient(request)) is not None:
            TokenContext.objects.create(grant=grant, client=patient)
        return grant

    def _create_access_token(self, expires, request: Request, token: dict, source_refresh_token=None) -> AccessToken:
        row = super()._create_access_token(expires, request, token, source_refresh_token)
        if request.grant_type == "authorization_code":
            cache.add(_became(request.code), row.pk, APP_SECONDS)
        if (patient := _patient(request)) is not None:
            TokenContext.objects.create(token=row, client=patient)
            token["patient"] = fhir_id(patient.uid)
        return row


class TokenServer(AuthorizationEndpoint, TokenEndpoint):
    """Two grants and no more: a code with PKCE, and a service's own key."""

    def __init__(self, request_validator: Validator, *_more: object, token_generator=None, **_others: object) -> None:
        code = AuthorizationCodeGrant(request_validator, refresh_token=False)
        service = ClientCredentialsGrant(request_validator)
        bearer = BearerToken(request_validator, token_generator, _lives)
        AuthorizationEndpoint.__init__(self, "code", bearer, {"code": code})
        grants = {"authorization_code": code, "client_credentials": service}
        TokenEndpoint.__init__(self, "authorization_code", bearer, grants)
        self.request_validator = request_validator


def _patient(request: Request) -> Client | None:
    """Whom we have set; never what the program posted under that name, which the request would give just as well."""
    patient: Client | None = vars(request).get("patient")
    return patient


def _became(code: str) -> str:
    """Under which name it is remembered, while the token is good, which token a code became."""
    return f"fhir-code:{digest(code)}"


def _lives(request: Request) -> int:
    return SERVICE_SECONDS if request.grant_type == "client_credentials" else APP_SECONDS


def recipient_of(application: Application) -> Recipient | None:
    """Whose application this is, while it is let in."""
    recipient: Recipient | None = getattr(application, "recipient", None)
    return recipient if recipient is not None and recipient.is_let_in else None


def token_address() -> str:
    """Where programs get tokens, fixed by the settings: no header can change whom an assertion is meant for."""
    return settings.PUBLIC_URL + reverse("fhir_token")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a token: the number of its row, for whom it reads, and the scopes that it has."""

    number: int
    reader: ProgramReader
    scopes: tuple[str, ...]

    def rights(self, kind: str) -> str:
        """`r` to read this kind by id, `s` to search for it."""
        scopes = (scope.partition("/")[2].partition(".") for scope in self.scopes)
        return "".join(rights for of, _dot, rights in scopes if of == kind)


def holder(secret: str) -> Holder | None:
    """Who holds this token, while it is good and its recipient is let in. One query."""
    if not secret:
        return None
    rows = AccessToken.objects.filter(token_checksum=digest(secret), expires__gt=timezone.now())
    row = rows.select_related("application__recipient", "user", "context__client").first()
    recipient = recipient_of(row.application) if row and row.application else None
    if recipient is None:
        return None
    scopes = tuple(row.scope.split())
    context = getattr(row, "context", None)
    bound = names_a_patient(scopes)
    return Holder(row.pk, ProgramReader(recipient, row.user, context.client if context else None, bound), scopes)


def is_known_origin(origin: str) -> bool:
    """Whether the page of an open recipient lives there."""
    rows = Application.objects.filter(recipient__closed_at=None, recipient__isnull=False)
    return any(origin in origins.split() for origins in rows.values_list("allowed_origins", flat=True))
