"""What the FHIR read API says about itself: its CapabilityStatement and SMART's configuration, made from the code."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from accord.tables.fhir_search import ABOUT_PRACTICE, PARAMETERS

OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"
SIGNED_BY = ("RS384", "ES384")
RELEASED = "2026-11-30"
CAPABILITIES = (
    "launch-ehr", "launch-standalone", "client-public", "client-confidential-asymmetric", "context-ehr-patient",
    "context-standalone-patient", "permission-patient", "permission-user", "permission-v2",
)  # fmt: skip


def base() -> str:
    """Where the API lives. Programs name it as the audience of what they ask for."""
    return f"{settings.PUBLIC_URL}/fhir/r4"


def capability_statement() -> dict[str, Any]:
    """Which kinds there are, what each can be looked for by, and where tokens come from. No writes."""
    ends = {"authorize": _address("fhir_authorize"), "token": _address("fhir_token")}
    uris = {"url": OAUTH_URIS, "extension": [{"url": name, "valueUri": address} for name, address in ends.items()]}
    security = {
        "extension": [uris],
        "cors": True,
        "service": [{"coding": [{"system": SECURITY, "code": "SMART-on-FHIR"}]}],
        "description": "SMART App Launch 2.2: a code with PKCE, or a client assertion by private_key_jwt.",
    }
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{base()}/metadata",
        "name": "Accord",
        "title": "Accord: what clients, or a manager, let another program read",
        "status": "active",
        "date": RELEASED,
        "kind": "instance",
        "implementation": {"description": "Accord", "url": base()},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{"mode": "server", "security": security, "resource": [_resource(kind) for kind in PARAMETERS]}],
    }


def _resource(kind: str) -> dict[str, Any]:
    parameters = [
        {"name": name, "type": sort, "definition": definition}
        for name, (sort, _place, definition) in PARAMETERS[kind].items()
    ]
    return {
        "type": kind,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": parameters,
    }


def smart_configuration() -> dict[str, Any]:
    """What a program has to know before it asks for a token (SMART App Launch 2.2, conformance)."""
    levels = [
        f"{level}/{kind}.rs"
        for level in ("patient", "user", "system") for kind in PARAMETERS
        if level == "system" or kind not in ABOUT_PRACTICE
    ]  # fmt: skip
    return {
        "authorization_endpoint": _address("fhir_authorize"),
        "token_endpoint": _address("fhir_token"),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(SIGNED_BY),
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "scopes_supported": ["launch", "launch/patient", *levels],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "capabilities": list(CAPABILITIES),
    }


def _address(name: str) -> str:
    return settings.PUBLIC_URL + reverse(name)
