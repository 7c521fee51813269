"""A program of others in the tests: how it is added, agreed to, and gets its tokens, by the pages and by its key."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.test import Client as Browser

from accord_clinic.actions import consent, programs
from accord_clinic.models import Client, Member, Recipient

BACK = "https://app.example.org/back"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
WORDS = {"name": "City record", "keeper": "City Hospital", "purpose": "your treatment there"}
KINDS = ("Patient", "Questionnaire", "QuestionnaireResponse", "Observation", "Goal", "CarePlan", "Encounter")
NUMBERS = ("Measure", "MeasureReport")
BASE = f"{settings.PUBLIC_URL}/fhir/r4"


class Key:
    """A key pair of a program, on the curve that SMART names."""

    def __init__(self, name: str = "") -> None:
        self.private = ec.generate_private_key(ec.SECP384R1())
        self.name = name or self._thumbprint()

    def _thumbprint(self) -> str:
        """What clients call a key that nobody has named (RFC 7638)."""
        named = jwt.algorithms.ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        parts = {name: named[name] for name in ("crv", "kty", "x", "y")}
        hashed = hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).digest()
        return base64.urlsafe_b64encode(hashed).decode().rstrip("=")

    @property
    def public(self) -> dict:
        named = jwt.algorithms.ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {"keys": [named | {"kid": self.name, "alg": "ES384"}]}

    def assertion(self, client_id: str, **changed) -> str:
        now = int(time.time())
        claims = {"iss": client_id, "sub": client_id, "aud": f"{settings.PUBLIC_URL}/fhir/token/", "exp": now + 240,
                  "jti": str(uuid4())} | changed  # fmt: skip
        return jwt.encode(claims, self.private, algorithm="ES384", headers={"kid": self.name})


def an_app(by: Member, **changed) -> Recipient:
    return programs.add(by=by, **({**WORDS, "redirect_uris": BACK} | changed), use="app")


def a_service(by: Member, key: Key, **changed) -> Recipient:
    return programs.add(by=by, **(WORDS | {"name": "City registry"} | changed), use="service", keys=key.public)


def for_numbers(by: Member, key: Key, manager: Member | None = None) -> Recipient:
    """A program that reads the practice's numbers, once a manager lets it."""
    words = {"name": "City data office", "purpose": "planning of services"}
    recipient = programs.add(by=by, **(WORDS | words), use="numbers", keys=key.public)
    if manager is not None:
        programs.let_read_numbers(recipient, by=manager)
    return recipient


def agree(client: Client, recipient: Recipient, *, answers: bool = False) -> None:
    """The client says yes in the own space; `answers`: to both questions."""
    for purpose in ("record", "record_answers")[: 2 if answers else 1]:
        consent.give(client, purpose, by=client, recipient=recipient)


def asking(recipient: Recipient, scope: str = "launch/patient patient/*.rs", **changed) -> dict:
    """What an app asks the authorization page for."""
    asked = {
        "response_type": "code", "client_id": recipient.application.client_id, "redirect_uri": BACK, "scope": scope,
        "state": "some-state", "aud": BASE, "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    } | changed  # fmt: skip
    return {name: value for name, value in asked.items() if value is not None}


def swap(recipient: Recipient, code: str, /, **changed):
    """A code becomes a token; the answer as it came."""
    posted = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER,
        "client_id": recipient.application.client_id,
    } | changed  # fmt: skip
    return Browser().post("/fhir/token/", {name: value for name, value in posted.items() if value is not None})


def a_code(browser: Browser, recipient: Recipient, client: Client | None, **asked) -> str:
    """A clinician lets the app in, on the page."""
    posted = {"allow": "yes"} | ({"client": client.uid} if client else {})
    response = browser.post("/fhir/authorize/", posted, query_params=asking(recipient, **asked))
    assert response.status_code == 302, response.content
    return parse_qs(urlsplit(response["Location"]).query)["code"][0]


@dataclass
class Program:
    """A program with a token: `get("Goal", patient=...)` asks the API as it does."""

    token: str
    patient: str = ""

    def ask(self, path: str, **parameters):
        return Browser(raise_request_exception=False).get(
            f"/fhir/r4/{path}", parameters, headers={"Authorization": f"Bearer {self.token}"}
        )

    def get(self, path: str, **parameters):
        response = self.ask(path, **parameters)
        return json.loads(response.content)

    def all(self, kind: str, **parameters) -> list[dict]:
        """Every resource of a search, over all its pages."""
        bundle, resources = self.get(kind, **parameters), []
        while True:
            assert bundle["resourceType"] == "Bundle", bundle
            resources += [entry["resource"] for entry in bundle.get("entry", [])]
            onward = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
            if not onward:
                return resources
            bundle = self.get(kind, **{name: value[0] for name, value in parse_qs(urlsplit(onward[0]).query).items()})


def an_open_app(browser: Browser, recipient: Recipient, client: Client | None, **asked) -> Program:
    """An app that a clinician has let in."""
    answer = swap(recipient, a_code(browser, recipient, client, **asked)).json()
    return Program(answer["access_token"], answer.get("patient", ""))


def a_served(recipient: Recipient, key: Key, scope: str = "system/*.rs") -> Program:
    """A service that has proved itself by its key."""
    answer = assert_itself(recipient, key, scope)
    return Program(answer.json()["access_token"])


def assert_itself(recipient: Recipient, key: Key, scope: str = "system/*.rs", **changed):
    posted = {
        "grant_type": "client_credentials", "scope": scope,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": key.assertion(recipient.application.client_id, **changed),
    }  # fmt: skip
    return Browser().post("/fhir/token/", posted)
