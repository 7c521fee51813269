"""A care record of somebody else: an authorization server of django-oauth-toolkit in a project of its own, with SMART's
additions, a Patient, and appointments. It is served by a process of its own; the file `mode` in its folder says which
lie it tells, `key.json` by which key Accord signs, and `appointments.json` which appointments it has of whom.
"""

import hashlib
import json
import time
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

ODD = {
    "broken_off": ("{", {"Content-Length": "1000"}), "no_gzip": ("{}", {"Content-Encoding": "gzip"}),
    "too_long": ("[" + "1," * 600_000 + "1]", {}), "too_deep": ("[" * 200_000, {}),
}  # fmt: skip
"""What comes in place of a Patient and cannot be read."""
SCOPES = ("launch", "openid", "fhirUser", "patient/Patient.r", "patient/Appointment.rs")
LIES = (
    "issuer", "audience", "nonce", "expired", "key", "user", "patient", "no_patient", "other_patient", "moved", "plain",
    *ODD,
)  # fmt: skip
CHANGED = {"issuer": ("iss", "https://evil.example"), "audience": ("aud", "another"), "nonce": ("nonce", "another")}


def serve(folder: Path, port: int) -> None:
    import django
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler

    base = f"http://127.0.0.1:{port}"
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    settings.configure(
        SECRET_KEY="foreign", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "foreign.db")}},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "oauth2_provider"],
        MIDDLEWARE=[f"{__name__}.somebody"],
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True, "OIDC_ISS_ENDPOINT": base, "OIDC_RSA_PRIVATE_KEY": pem, "PKCE_REQUIRED": True,
            "OAUTH2_VALIDATOR_CLASS": f"{__name__}.Validator",
            "SCOPES": {scope: scope for scope in SCOPES},
        },
        FOLDER=folder, BASE=base,
    )  # fmt: skip
    django.setup()
    _start()
    with make_server("127.0.0.1", port, WSGIHandler(), handler_class=_Quiet) as server:
        server.serve_forever()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_what: object) -> None:
        """The tests read nothing of it."""


def _start() -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0)
    User.objects.create_user("dr")
    for name, kind in (("accord", "public"), ("accord-signing", "confidential")):
        Application.objects.create(
            client_id=name, client_type=kind, authorization_grant_type="authorization-code", algorithm="RS256",
            redirect_uris="https://localhost/launch/back/", skip_authorization=True,
        )  # fmt: skip


def mode() -> str:
    from django.conf import settings

    return (settings.FOLDER / "mode").read_text().strip()


def somebody(get_response):
    """Whoever asks is signed in there, as in a chart that is open."""

    def middleware(request):
        from django.contrib.auth.models import User

        request.user = User.objects.get(username="dr")
        return get_response(request)

    return middleware


def _validator():
    import jwt
    from django.conf import settings
    from oauth2_provider.oauth2_validators import OAuth2Validator

    class Validator(OAuth2Validator):
        oidc_claim_scope = None

        def get_additional_claims(self, request):
            who = "2" if mode() == "user" else "1"
            return {"fhirUser": f"{settings.BASE}/fhir/Practitioner/{who}"}

        def finalize_id_token(self, id_token, token, token_handler, request):
            token["patient"] = {"patient": "p2", "other_patient": "p3"}.get(mode(), "p1")
            if mode() == "no_patient":
                del token["patient"]
            lie = mode()
            identity = super().finalize_id_token(id_token, token, token_handler, request)
            claims = jwt.decode(identity, options={"verify_signature": False})
            if lie in CHANGED:
                name, value = CHANGED[lie]
                claims[name] = value
            if lie == "expired":
                claims |= {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}
            if lie not in (*CHANGED, "expired", "key"):
                return identity
            from oauth2_provider.settings import oauth2_settings

            header = jwt.get_unverified_header(identity)
            if lie == "key":
                from cryptography.hazmat.primitives.asymmetric import rsa

                return jwt.encode(claims, rsa.generate_private_key(65537, 2048), "RS256", {"kid": header["kid"]})
            return jwt.encode(claims, oauth2_settings.OIDC_RSA_PRIVATE_KEY, "RS256", {"kid": header["kid"]})

        def authenticate_client(self, request, *args, **kwargs):
            assertion = getattr(request, "client_assertion", None)
            if not assertion:
                return super().authenticate_client(request, *args, **kwargs)
            key = jwt.PyJWK(json.loads((settings.FOLDER / "key.json").read_text()))
            claims = jwt.decode(assertion, key, algorithms=["ES384"], audience=f"{settings.BASE}/token")
            request.client_id = claims["iss"]
            return claims["iss"] == claims["sub"] and self._load_application(claims["iss"], request) is not None

        def client_authentication_required(self, request, *args, **kwargs):
            return bool(getattr(request, "client_assertion", None)) or super().client_authentication_required(
                request, *args, **kwargs
            )

    return Validator


def _urls():
    from django.conf import settings
    from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
    from django.urls import path
    from oauth2_provider.models import AccessToken
    from oauth2_provider.views import AuthorizationView, JwksInfoView, TokenView

    def configuration(request):
        base = settings.BASE
        if mode() == "moved":
            return HttpResponseRedirect("https://evil.example/")
        return JsonResponse(
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "jwks_uri": f"{base}/jwks",
                "code_challenge_methods_supported": [] if mode() == "plain" else ["S256"],
            }
        )

    def may(request, scope):
        secret = request.headers.get("Authorization", "").removeprefix("Bearer ")
        row = AccessToken.objects.filter(token_checksum=hashlib.sha256(secret.encode()).hexdigest()).first()
        return row is not None and scope in row.scope.split()

    def appointments(request):
        """One on a page, of whomever is asked for."""
        if not may(request, "patient/Appointment.rs"):
            return JsonResponse({"resourceType": "OperationOutcome"}, status=403)
        of = json.loads((settings.FOLDER / "appointments.json").read_text())[request.GET["patient"]]
        if not isinstance(of, list):
            return JsonResponse(of)
        page = int(request.GET.get("page", 0))
        onward = f"{settings.BASE}/fhir/Appointment?patient={request.GET['patient']}&page={page + 1}"
        links = [{"relation": "next", "url": onward}] if page + 1 < len(of) else []
        entries = [{"resource": resource} for resource in of[page : page + 1]]
        return JsonResponse({"resourceType": "Bundle", "link": links, "entry": entries})

    def patient(request, identity):
        if not may(request, "patient/Patient.r"):
            return JsonResponse({"resourceType": "OperationOutcome"}, status=401)
        if mode() in ODD:
            body, headers = ODD[mode()]
            return HttpResponse(body, content_type="application/fhir+json", headers=headers)
        named = [{"system": "urn:oid:1.2.3", "value": f"mrn-{identity}"}]
        return JsonResponse({"resourceType": "Patient", "id": identity, "identifier": named})

    return [
        path("fhir/.well-known/smart-configuration", configuration),
        path("fhir/Patient/<str:identity>", patient),
        path("fhir/Appointment", appointments),
        path("authorize", AuthorizationView.as_view()),
        path("token", TokenView.as_view()),
        path("jwks", JwksInfoView.as_view()),
    ]


def __getattr__(name: str):
    """What Django looks for by name, made when it has been set up."""
    if name == "urlpatterns":
        return _urls()
    if name == "Validator":
        return _validator()
    raise AttributeError(name)

