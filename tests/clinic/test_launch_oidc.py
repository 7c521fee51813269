"""Accord is opened from a chart in a second care record that nobody here wrote: npm's oidc-provider, honest and lying.

What django-oauth-toolkit as the record tells is in `test_launch.py`; the rules are the same for every record.
"""

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from tests.clinic.people import a_dyad
from tests.clinic.test_launch import refused

from accord_clinic.accounts.launch_key import own_key
from accord_clinic.actions import launch
from accord_clinic.models import AuditEntry, Client

FOREIGN = Path(__file__).parents[1] / "fhir"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.same_on_postgresql(reason="what is asked of the other server depends on no database"),
    pytest.mark.skipif(
        not ((FOREIGN / "node_modules" / "oidc-provider").is_dir() and shutil.which("node")),
        reason="oidc-provider is not here: `make fhir-of-others` fetches it (it needs node and npm)",
    ),
]
LIES = {
    "iss=https://evil.example": "InvalidIssuerError", "aud=another": "InvalidAudienceError", "nonce=another": "nonce",
    "exp=1": "ExpiredSignatureError", "key=another": "InvalidSignatureError", "late": "code",
}  # fmt: skip
"""What the record says that is not so, and the code by which the audit log has it."""


@pytest.fixture
def server(db):
    """The address of a record that runs. It knows the key by which this Accord signs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["node", "record.mjs", str(port), json.dumps({"keys": [own_key().public]})]
    with subprocess.Popen(command, cwd=FOREIGN, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert b"ready" in process.stdout.readline()
            yield f"http://127.0.0.1:{port}/fhir"
        finally:
            process.kill()


@pytest.fixture
def bens(as_member, ben, ana):
    ana.external_names.create(system="urn:oid:1.2.3", value="mrn-p1")
    return as_member(ben)


class Chart:
    """A browser that is signed in at the record, and at Accord as a member."""

    def __init__(self, browser, record) -> None:
        self.browser, self.record, self.there = browser, record, requests.Session()

    def answer(self, launched: str) -> dict:
        """What the record sends back with, after the clinician was let in there."""
        address = self.browser.get("/launch/", {"iss": self.record.issuer, "launch": launched})["Location"]
        while not address.startswith("https://localhost/launch/back/"):
            response = self.there.get(address, allow_redirects=False, timeout=30)
            address = requests.compat.urljoin(address, response.headers["Location"])
        return {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}

    def opens(self, launched: str, **changed):
        return self.back(self.answer(launched) | changed)

    def back(self, answer: dict):
        return self.browser.get(f"/launch/back/?{urlencode(answer)}")


def test_each_kind_of_client_lands_on_the_course(bens, server, ada, dyad):
    for client_id, signs in (("accord", False), ("accord-signing", True)):
        record = launch.add_record("City record", server, client_id, signs, by=ada)
        chart = Chart(bens, record)
        assert "Did you open Accord from your own account" in chart.opens("p1").content.decode()
        assert bens.post("/launch/confirm/")["Location"] == f"/people/{dyad.uid}/"
        assert chart.opens("p1")["Location"] == f"/people/{dyad.uid}/"
        launch.close_record(record, by=ada)
    assert AuditEntry.objects.filter(act="launched").count() == 4
    assert refused() is None


def test_what_is_forged_late_used_or_a_colleagues_opens_nothing(bens, server, ada, eve, dyad):
    """One record, one lie after the other: each is refused and logged by its code, and nothing is made."""
    a_dyad(eve, "Kim").client.external_names.create(system="urn:oid:1.2.3", value="mrn-p2")
    chart = Chart(bens, launch.add_record("City record", server, "accord", False, by=ada))
    chart.opens("p1")
    bens.post("/launch/confirm/")
    clients = Client.objects.count()
    for lie, why in LIES.items():
        answer = chart.answer(f"p1 {lie}")
        if lie == "late":
            time.sleep(1.5)
        assert chart.back(answer).status_code == 400, lie
        assert refused() == [why], lie
    for changed, why in (({"state": "forged"}, "state"), ({"iss": "https://evil.example"}, "issuer")):
        assert chart.opens("p1", **changed).status_code == 400
        assert refused() == [why]
    used = chart.answer("p1")
    assert chart.back(used).status_code == 302
    assert chart.back(used).status_code == 400
    assert chart.opens("p1", code=used["code"]).status_code == 400
    assert refused() == ["code"]
    for patient, why in (("p2", "foreign_patient"), ("p3", "unknown_patient")):
        response = chart.opens(patient)
        assert (response.status_code, refused()) == (404, [why])
        assert "Kim" not in response.content.decode()
    assert Client.objects.count() == clients
