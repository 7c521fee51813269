"""Launch from a care record (SMART App Launch 2.2): Accord is the app that a clinician opens from a patient's chart.

Issuers are what an admin has listed, and nothing else is ever asked. A launch signs nobody in: whoever comes is signed
in here already, with a second factor, and the record's user is tied to that member once. The record's token reads one
Patient, and its appointments where an admin said so, and is forgotten with the request. A step of the exchange that
needs another check gets it here.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import jwt
import requests
from django.conf import settings
from django.urls import reverse

from accord_clinic.accounts.jwks import signing_key
from accord_clinic.accounts.launch_key import own_key
from accord_clinic.accounts.sso import SIGNED_BY, SKEW
from accord_clinic.addresses import safe
from accord_clinic.models import CareRecord, ExternalName

SCOPE, OF_APPOINTMENTS = "launch openid fhirUser patient/Patient.r", "patient/Appointment.rs"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECONDS, LARGEST, PIECE = 10, 1_000_000, 65_536
GOOD_FOR = 600
"""Seconds between leaving for the record and coming back: time to sign in there."""
MOST_PAGES = 10
"""Of appointments of one patient, a hundred on each; a server may give fewer."""


class LaunchRefused(Exception):
    """Why a launch goes no further, as a code for the audit log. The page says the same to everybody."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came, with whose chart: the hash of the record's user, and what the record calls the patient.

    What the record calls the clinician, and its token, are for this request alone.
    """

    user: str
    names: tuple[tuple[str, str], ...]
    clinician: str
    patient: str
    token: str = field(repr=False)


@contextmanager
def _understood(code: str) -> Iterator[None]:
    """Whatever a record answers that cannot be read is a refusal, not a fault of ours."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, requests.RequestException) as error:
        raise LaunchRefused(code) from error


def leave_for(record: CareRecord, launch: str) -> tuple[str, dict[str, Any]]:
    """Where the browser goes to be let in by the record, and what to remember until it comes back."""
    config = _configuration(record)
    verifier, state, nonce = token_urlsafe(48), token_urlsafe(24), token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code", "client_id": record.client_id, "redirect_uri": back(), "state": state,
        "scope": f"{SCOPE} {OF_APPOINTMENTS}" if record.plans else SCOPE, "aud": record.issuer, "launch": launch,
        "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    address = config["authorization_endpoint"]
    joined = "&" if "?" in address else "?"
    remembered = {
        "record": record.uid, "state": state, "nonce": nonce, "verifier": verifier, "at": time.time(),
    }  # fmt: skip
    return f"{address}{joined}{urlencode(asked)}", remembered


def arrive(record: CareRecord, remembered: dict[str, Any], answer: dict[str, str]) -> Arrival:
    """Swap the code for a token, check who it is about, read that Patient's identifiers, and forget the token."""
    # As bytes: of text it compares only ASCII, and somebody may send anything.
    if not hmac.compare_digest(answer.get("state", "").encode(), remembered["state"].encode()):
        raise LaunchRefused("state")
    if time.time() - float(remembered["at"]) > GOOD_FOR:
        raise LaunchRefused("too_late")
    if "code" not in answer:
        raise LaunchRefused("denied")
    config = _configuration(record)
    if answer.get("iss", config.get("issuer", "")) != config.get("issuer", ""):
        raise LaunchRefused("issuer")
    token = _token(record, config, answer["code"], remembered["verifier"])
    claims = _verified(record, config, token, remembered["nonce"])
    with _understood("user"):
        user = claims["fhirUser"]
        if not isinstance(user, str) or not user:
            raise ValueError
    names = _names(record, token)
    return Arrival(hashlib.sha256(user.encode()).hexdigest(), names, user, token["patient"], token["access_token"])


def appointments(record: CareRecord, arrival: Arrival, first: date, last: date) -> list[dict[str, Any]]:
    """What the record has of this patient between two days, as it came. All of it in a while, or `LaunchRefused`."""
    until = time.monotonic() + SECONDS
    with _understood("appointments"):
        days = [("date", f"ge{first}"), ("date", f"le{last}")]
        query = urlencode([("patient", arrival.patient), *days, ("_count", 100)])
        address, resources = f"{record.issuer.rstrip('/')}/Appointment?{query}", []
        for _page in range(MOST_PAGES):
            bundle = _json("GET", address, headers=_as_holder(arrival.token))
            if bundle["resourceType"] != "Bundle":
                raise ValueError
            resources += [entry["resource"] for entry in bundle.get("entry", ())]
            onward = [link["url"] for link in bundle.get("link", ()) if link["relation"] == "next"]
            if not onward:
                return [row for row in resources if row["resourceType"] == "Appointment"]
            address = onward[0]
            server = record.issuer.rstrip("/")
            if not address.startswith((f"{server}/", f"{server}?")) or time.monotonic() > until:
                raise ValueError  # the token is for this server alone, and somebody waits for the page
        raise ValueError


def back() -> str:
    """The redirect address, fixed by the settings, so that no header or parameter can change it."""
    return settings.PUBLIC_URL + reverse("launch_back")


def _configuration(record: CareRecord) -> dict[str, Any]:
    """What the record says about itself. Every end has to be one that nobody on the way can read."""
    with _understood("discovery"):
        config = _json("GET", f"{record.issuer.rstrip('/')}/.well-known/smart-configuration")
        ends = [config[end] for end in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(safe(end) for end in (*ends, record.issuer)):
            raise LaunchRefused("discovery")
        if "S256" not in config.get("code_challenge_methods_supported", ()):
            raise LaunchRefused("pkce")
        return config


def _token(record: CareRecord, config: dict[str, Any], code: str, verifier: str) -> dict[str, Any]:
    posted = {"grant_type": "authorization_code", "code": code, "redirect_uri": back(), "code_verifier": verifier}
    if record.signs:
        posted |= {"client_assertion_type": JWT_BEARER, "client_assertion": _assertion(record, config)}
    else:
        posted["client_id"] = record.client_id
    with _understood("code"):
        token = _json("POST", config["token_endpoint"], data=posted)
        if token["token_type"].lower() != "bearer" or not all(token[name] for name in ("access_token", "patient")):
            raise ValueError
        return token


def _assertion(record: CareRecord, config: dict[str, Any]) -> str:
    """Who we are, signed, for this record's token endpoint alone, for five minutes."""
    now, key = int(time.time()), own_key()
    claims = {
        "iss": record.client_id, "sub": record.client_id, "aud": config["token_endpoint"], "iat": now,
        "exp": now + 300, "jti": str(uuid4()),
    }  # fmt: skip
    return jwt.encode(claims, key.private, algorithm="ES384", headers={"kid": key.name})


def _verified(record: CareRecord, config: dict[str, Any], token: dict[str, Any], nonce: str) -> dict[str, Any]:
    """The claims of the ID token: signed by the record, for us, for this launch, and fresh."""
    with _understood("token"):
        keys = _json("GET", config["jwks_uri"])
        identity = token["id_token"]
        try:
            name = jwt.get_unverified_header(identity).get("kid")
            claims = jwt.decode(
                identity, signing_key(keys, name), algorithms=list(SIGNED_BY), audience=record.client_id,
                issuer=config["issuer"], leeway=SKEW, options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise LaunchRefused(type(error).__name__) from error
        if not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
            raise LaunchRefused("nonce")
        return claims


def _names(record: CareRecord, token: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What the record calls this patient: system and value of each identifier, and its own id under its address."""
    with _understood("patient"):
        identity = token["patient"]
        address = f"{record.issuer.rstrip('/')}/Patient/{quote(identity, safe='')}"
        patient = _json("GET", address, headers=_as_holder(token["access_token"]))
        if (patient["resourceType"], patient["id"]) != ("Patient", identity):
            raise ValueError
        given = [(row.get("system"), row.get("value")) for row in patient.get("identifier", ())]
        named = [(system, value) for system, value in given if isinstance(system, str) and isinstance(value, str)]
        # A number that is noted here without a system is one of the record whose system an admin has named.
        noted = [(ExternalName.RECORD, value) for system, value in named if system == record.numbers]
        return ((record.issuer, identity), *named, *noted)


def _as_holder(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/fhir+json"}


def _json(method: str, address: str, **more: Any) -> dict[str, Any]:
    """What the record answers, of bounded length; where it would send us on, we do not go."""
    body = b""
    with requests.request(method, address, timeout=SECONDS, allow_redirects=False, stream=True, **more) as answer:
        if answer.status_code != 200:
            raise ValueError(answer.status_code)
        for part in answer.iter_content(PIECE):
            body += part
            if len(body) > LARGEST:
                raise ValueError("too long")
    content = json.loads(body)
    if not isinstance(content, dict):
        raise TypeError("no object")
    return content
