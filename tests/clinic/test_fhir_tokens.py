"""How programs of others get tokens: who may let one in, and every forged, stale or foreign way that is refused."""

import base64
import json
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from django.test import Client as Browser
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, Grant
from tests.clinic.people import a_dyad, a_member
from tests.clinic.program import (
    BACK,
    BASE,
    Key,
    Program,
    a_code,
    a_service,
    agree,
    an_app,
    an_open_app,
    asking,
    assert_itself,
    swap,
)

from accord.errors import BadInput
from accord_clinic.accounts.fhir_tokens import Validator
from accord_clinic.actions import consent, programs
from accord_clinic.models import AuditEntry, Recipient, TokenContext
from accord_clinic.records.shared_record import fhir_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(ada, ana):
    recipient = an_app(ada, launch_url="https://app.example.org/launch")
    agree(ana, recipient)
    return recipient


@pytest.fixture
def bens(as_member, ben):
    return as_member(ben)


def refused():
    """Why the last one was refused, as the audit log has it."""
    return AuditEntry.objects.filter(act__in=("program_refused", "token_refused")).last().fields


class TestLettingOneIn:
    def test_the_page_says_who_it_is_and_lists_only_own_clients_who_agreed(self, app, bens, ben, eve):
        a_dyad(ben, "Lee")
        agree(a_dyad(eve, "Kim").client, app)
        page = bens.get("/fhir/authorize/", asking(app))
        text = page.content.decode()
        assert "Let City record read?" in text
        assert "City Hospital" in text
        assert "Ana" in text
        assert "Lee" not in text
        assert "Kim" not in text
        assert "https://app.example.org" in page["Content-Security-Policy"].split("form-action")[1].split(";")[0]

    def test_the_code_becomes_one_token_for_an_hour_about_that_client(self, app, bens, ana):
        code = a_code(bens, app, ana)
        answer = swap(app, code)
        token = answer.json()
        assert answer["Cache-Control"] == "no-store"
        assert (token["token_type"], token["expires_in"], token["patient"]) == ("Bearer", 3600, fhir_id(ana.uid))
        assert "refresh_token" not in token
        assert set(token["scope"].split()) > {"launch/patient", "patient/Goal.rs"}
        assert AuditEntry.objects.filter(act="let_program_read").count() == 1

    def test_the_token_is_stored_by_its_hash_alone(self, app, bens, ana):
        program = an_open_app(bens, app, ana)
        assert not AccessToken.objects.exclude(token="").exists()
        assert program.token not in json.dumps(list(AccessToken.objects.values()), default=str)

    def test_the_state_comes_back_and_a_no_is_a_no(self, app, bens):
        response = bens.post("/fhir/authorize/", {"allow": "no"}, query_params=asking(app))
        sent = parse_qs(urlsplit(response["Location"]).query)
        assert (sent["error"], sent["state"]) == (["access_denied"], ["some-state"])
        assert not Grant.objects.exists()

    def test_who_is_no_therapist_lets_nothing_in(self, app, as_member, ada, cy, mo, dee):
        for member in (ada, cy, mo, dee):
            assert as_member(member).get("/fhir/authorize/", asking(app)).status_code == 404
        assert Browser().get("/fhir/authorize/", asking(app))["Location"].startswith("/account/login/")

    def test_without_a_second_factor_nobody_does(self, app, ben):
        browser = Browser()
        browser.force_login(ben)
        assert browser.get("/fhir/authorize/", asking(app))["Location"] == "/account/2fa/"

    def test_whoever_has_not_agreed_or_is_not_mine_cannot_be_chosen(self, app, bens, ben, eve):
        lee, kim = a_dyad(ben, "Lee").client, a_dyad(eve, "Kim").client
        agree(kim, app)
        for client in (lee, kim):
            posted = {"allow": "yes", "client": client.uid}
            response = bens.post("/fhir/authorize/", posted, query_params=asking(app))
            assert response.status_code == 400
        assert not Grant.objects.exists()
        assert refused() == ["no_client"]


class TestForgedRequests:
    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"client_id": "nobody"}, "unknown_program"),
            ({"redirect_uri": "https://evil.example/back"}, "unknown_program"),
            ({"redirect_uri": f"{BACK}/../../evil"}, "unknown_program"),
            ({"aud": "https://another.example/fhir/r4"}, "audience"),
            ({"aud": None}, "audience"),
            ({"code_challenge_method": "plain"}, "no_pkce"),
            ({"code_challenge_method": None}, "no_pkce"),
            ({"scope": "launch patient/*.rs"}, "no_launch"),
            ({"scope": "launch patient/*.rs", "launch": "made-up"}, "no_client"),
        ],
    )
    def test_is_refused_on_a_page_of_ours_and_logged(self, app, bens, changed, why):
        response = bens.get("/fhir/authorize/", asking(app, **changed))
        assert response.status_code == 400
        assert "cannot read here" in response.content.decode()
        assert refused() == [why]

    def test_no_address_but_the_registered_one_gets_a_code(self, app, bens):
        """Not one that begins, ends or reads like it, nor one of two."""
        tricks = (
            f"{BACK}?next=https://evil.example", f"{BACK}?", f"{BACK}#evil", f"{BACK}/", f"{BACK};evil", f"{BACK}\0",
            "https://app.example.org@evil.example/back", "https://evil@app.example.org/back",
            "https://app.example.org:8443/back", "https://app.example.org.evil.example/back", "http://app.example.org/back",
            "https://app.example.org\\@evil.example/back", "https://app.example.org/%62ack", "//app.example.org/back",
            f"{BACK}\r\nLocation: https://evil.example", " ", "javascript:alert(1)",
        )  # fmt: skip
        twice = [("/fhir/authorize/?" + urlencode(asking(app)) + f"&{more}") for more in (
            "redirect_uri=https://evil.example/", "client_id=x", "scope=user/Goal.rs", "state=x", "aud=https://evil.example/",
        )]  # fmt: skip
        addresses = ["/fhir/authorize/?" + urlencode(asking(app, redirect_uri=trick)) for trick in tricks] + twice
        for address in addresses:
            for ask in (bens.get, lambda a: bens.post(a, {"allow": "yes"})):
                response = ask(address)
                assert (response.status_code, response.get("Location")) == (400, None), address
        assert not Grant.objects.exists()

    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"code_challenge": None}, "invalid_request"),
            ({"scope": "user/*.rs"}, "invalid_scope"),
            ({"scope": "openid offline_access"}, "invalid_scope"),
            ({"scope": "system/*.rs"}, "invalid_scope"),
            ({"scope": "patient/*.cud"}, "invalid_scope"),
        ],
    )
    def test_or_is_sent_back_to_the_program(self, app, bens, changed, error):
        response = bens.get("/fhir/authorize/", asking(app, **changed))
        assert response["Location"].startswith(BACK)
        assert parse_qs(urlsplit(response["Location"]).query)["error"] == [error]

    def test_an_application_without_a_recipient_opens_nothing(self, app, bens):
        bare = Application.objects.create(
            client_type="public", authorization_grant_type="authorization-code", redirect_uris=BACK
        )
        assert bens.get("/fhir/authorize/", asking(app, client_id=bare.client_id)).status_code == 400

    def test_a_closed_one_neither(self, app, bens, ada):
        programs.close(app, by=ada)
        assert bens.get("/fhir/authorize/", asking(app)).status_code == 400


class TestForgedCodes:
    def test_a_code_is_good_once(self, app, bens, ana):
        code, other = a_code(bens, app, ana), an_open_app(bens, app, ana)
        program = Program(swap(app, code).json()["access_token"])
        assert program.ask("Goal").status_code == 200
        assert swap(app, code).json()["error"] == "invalid_grant"
        assert program.ask("Goal").status_code == 401, "somebody else had the code, so what it became has ended"
        assert refused() == ["code_again"]
        assert other.ask("Goal").status_code == 200

    def test_another_program_that_shows_it_ends_nothing(self, app, bens, ana, ada):
        code = a_code(bens, app, ana)
        program = Program(swap(app, code).json()["access_token"])
        assert swap(an_app(ada, origins=""), code).json()["error"] == "invalid_grant"
        assert program.ask("Goal").status_code == 200

    def test_two_at_once_with_one_code_are_one(self, app, bens, ana, monkeypatch):
        """The other comes in between: after the code was looked at, before it is used up."""
        code, between, save = a_code(bens, app, ana), [], Validator.save_bearer_token

        def saves(validator, *what, **more):
            monkeypatch.setattr(Validator, "save_bearer_token", save)
            between.append(swap(app, code))
            return save(validator, *what, **more)

        monkeypatch.setattr(Validator, "save_bearer_token", saves)
        late = swap(app, code)
        assert [answer.status_code for answer in (between[0], late)] == [200, 400]
        assert "access_token" not in late.json()
        assert not Grant.objects.exists()

    @pytest.mark.parametrize(
        "changed",
        [
            {"code_verifier": "w" * 50},
            {"code_verifier": None},
            {"redirect_uri": "https://evil.example/back"},
            {"code": "made-up"},
            {"client_id": "nobody"},
            {"grant_type": "password"},
            {"grant_type": "refresh_token"},
            {"grant_type": "client_credentials"},
        ],
    )
    def test_is_refused(self, app, bens, ana, changed):
        answer = swap(app, a_code(bens, app, ana), **changed)
        assert answer.status_code in (400, 401)
        assert "access_token" not in answer.json()

    def test_nor_by_another_program(self, app, bens, ana, ada):
        other = an_app(ada, origins="")
        assert swap(other, a_code(bens, app, ana)).json()["error"] == "invalid_grant"

    def test_nor_after_a_minute(self, app, bens, ana):
        code = a_code(bens, app, ana)
        Grant.objects.update(expires=timezone.now())
        assert swap(app, code).json()["error"] == "invalid_grant"

    def test_nor_after_the_client_has_withdrawn(self, app, bens, ana):
        code = a_code(bens, app, ana)
        consent.withdraw(ana, "record", by=ana, recipient=app)
        assert swap(app, code).json()["error"] == "invalid_grant"

    def test_a_posted_patient_is_nobody(self, app, bens, ana, eve):
        """The parameters of the program cannot say whom the token is about."""
        kim = a_dyad(eve, "Kim").client
        answer = swap(app, a_code(bens, app, ana), patient=fhir_id(kim.uid)).json()
        assert answer["patient"] == fhir_id(ana.uid)
        assert TokenContext.objects.filter(token__isnull=False).get().client == ana


class TestTokens:
    def test_an_old_one_is_dead(self, app, bens, ana):
        program = an_open_app(bens, app, ana)
        AccessToken.objects.update(expires=timezone.now())
        assert program.ask("Goal").status_code == 401
        assert programs.drop_expired() > 0
        assert not TokenContext.objects.exists()

    def test_one_in_the_address_opens_nothing(self, app, bens, ana):
        program = an_open_app(bens, app, ana)
        assert Browser().get("/fhir/r4/Goal", {"access_token": program.token}).status_code == 401

    def test_a_token_about_a_client_whose_row_is_gone_reads_nobody(self, app, bens, ana):
        program = an_open_app(bens, app, ana, scope="launch/patient patient/*.rs user/Patient.rs")
        TokenContext.objects.all().delete()
        assert program.all("Patient") == []


class TestLaunch:
    """From somebody's page: the app opens with that client, for that member, for five minutes."""

    def launched(self, browser, app, dyad):
        response = browser.post(f"/people/{dyad.uid}/programs/", {"program": app.uid})
        assert response["Location"].startswith("https://app.example.org/launch?")
        sent = parse_qs(urlsplit(response["Location"]).query)
        assert sent["iss"] == [BASE]
        return sent["launch"][0]

    def test_the_app_reads_that_client(self, app, bens, dyad, ana, ben):
        lee = a_dyad(ben, "Lee").client
        agree(lee, app)
        launch = self.launched(bens, app, dyad)
        asked = {"scope": "launch patient/Patient.rs", "launch": launch}
        assert "Lee" not in bens.get("/fhir/authorize/", asking(app, **asked)).content.decode()
        assert an_open_app(bens, app, ana, **asked).patient == fhir_id(ana.uid)

    def test_for_nobody_else(self, app, bens, dyad, eve, as_member):
        launch = self.launched(bens, app, dyad)
        response = as_member(eve).get("/fhir/authorize/", asking(app, scope="launch patient/Goal.rs", launch=launch))
        assert response.status_code == 400

    def test_nor_later(self, app, bens, dyad, monkeypatch):
        launch = self.launched(bens, app, dyad)
        now = time.time()
        monkeypatch.setattr("accord_clinic.views.programs.time.time", lambda: now + 301)
        response = bens.get("/fhir/authorize/", asking(app, scope="launch patient/Goal.rs", launch=launch))
        assert response.status_code == 400

    def test_only_after_the_client_has_agreed(self, app, bens, dyad, ana):
        assert "Open" in bens.get(f"/people/{dyad.uid}/programs/").content.decode()
        consent.withdraw(ana, "record", by=ana, recipient=app)
        page = bens.get(f"/people/{dyad.uid}/programs/").content.decode()
        assert "may read nothing" in page
        assert bens.post(f"/people/{dyad.uid}/programs/", {"program": app.uid}).status_code == 404


class TestServices:
    @pytest.fixture
    def key(self):
        return Key()

    @pytest.fixture
    def service(self, ada, key, ana):
        recipient = a_service(ada, key)
        agree(ana, recipient)
        return recipient

    def test_a_key_gets_a_token_for_five_minutes(self, service, key):
        token = assert_itself(service, key).json()
        assert token["expires_in"] == 300
        assert "patient" not in token
        assert "system/Patient.rs" in token["scope"].split()
        assert len(Program(token["access_token"]).all("Patient")) == 1

    @pytest.mark.parametrize(
        "changed",
        [
            {"aud": "https://another.example/token"},
            {"iss": "nobody"},
            {"sub": "nobody"},
            {"exp": int(time.time()) - 200},
            {"exp": int(time.time()) + 3600},
            {"exp": str(int(time.time()) + 3600)},
            {"jti": None},
        ],
    )
    def test_a_forged_assertion_is_refused_and_logged(self, service, key, changed):
        answer = assert_itself(service, key, **changed)
        assert answer.json()["error"] == "invalid_client"
        assert refused()

    def test_so_is_another_key_and_one_without_a_signature(self, service, key):
        other = Key(key.name)
        assert assert_itself(service, other).json()["error"] == "invalid_client"
        claims = jwt.decode(key.assertion(service.application.client_id), options={"verify_signature": False})
        bare = jwt.encode(claims, "", algorithm="none")
        posted = {"grant_type": "client_credentials", "scope": "system/*.rs", "client_assertion": bare}
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        answer = Browser().post("/fhir/token/", posted | {"client_assertion_type": kind})
        assert answer.json()["error"] == "invalid_client"

    def test_an_assertion_is_good_once(self, service, key):
        assert assert_itself(service, key, jti="again").status_code == 200
        assert assert_itself(service, key, jti="again").json()["error"] == "invalid_client"
        assert refused() == ["used_before"]

    def test_what_cannot_be_read_is_refused(self, service):
        """Also by who is nobody: parts of an assertion without end, and bodies of another kind."""
        assert service
        head, deep = (
            base64.urlsafe_b64encode(text).decode().rstrip("=") for text in (b'{"alg": "ES384"}', b"[" * 99_999)
        )
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        asked = {"grant_type": "client_credentials", "scope": "system/*.rs", "client_assertion_type": kind}
        for assertion in (f"{head}.{deep}.eA", f"{deep}.{head}.eA", "\0", "a.b.c", ""):
            assert Browser().post("/fhir/token/", asked | {"client_assertion": assertion}).json()["error"]
        for body, content_type in (("&a=1" * 1100, "application/x-www-form-urlencoded"), ("x", "multipart/form-data")):
            assert Browser().post("/fhir/token/", body, content_type=content_type).status_code == 400

    def test_a_secret_proves_nothing(self, service):
        posted = {"grant_type": "client_credentials", "client_id": service.application.client_id, "client_secret": ""}
        assert Browser().post("/fhir/token/", posted).json()["error"] == "invalid_client"
        posted["client_secret"] = "x"
        assert Browser().post("/fhir/token/", posted).json()["error"] == "invalid_client"

    def test_a_service_gets_no_scopes_of_people(self, service, key):
        assert assert_itself(service, key, scope="user/*.rs patient/*.rs").json()["error"] == "invalid_scope"

    def test_an_app_with_keys_has_to_use_them(self, ada, ana, bens):
        key = Key()
        app = an_app(ada, keys=key.public)
        agree(ana, app)
        code = a_code(bens, app, ana)
        assert swap(app, code).json()["error"] == "invalid_client"
        proof = {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": key.assertion(app.application.client_id),
        }
        assert "access_token" in swap(app, code, **proof).json()


class TestTheAdminsPage:
    def test_adds_and_closes_a_program(self, as_member, ada):
        browser = as_member(ada)
        posted = {"name": "City app", "keeper": "City", "purpose": "care", "use": "app", "redirect_uris": BACK}
        assert browser.post("/practice/programs/", posted).status_code == 302
        page = browser.get("/practice/programs/").content.decode()
        recipient = Recipient.objects.get()
        assert recipient.application.client_id in page
        assert recipient.application.client_type == "public"
        browser.post(f"/practice/programs/{recipient.uid}/close/")
        assert Recipient.objects.get().closed_at is not None

    @pytest.mark.parametrize(
        "changed",
        [
            {"redirect_uris": ""},
            {"redirect_uris": "http://app.example.org/back"},
            {"redirect_uris": "javascript:alert(1)"},
            {"use": "service"},
            {"use": "service", "keys": '{"keys": []}'},
            {"use": "service", "keys": "[]"},
            {"keys": "no JSON"},
            {"launch_url": "http://app.example.org"},
            {"launch_url": "https://app.example.org https://b.example.org"},
            {"name": ""},
        ],
    )
    def test_refuses_what_would_not_be_safe(self, as_member, ada, changed):
        posted = {"name": "City app", "keeper": "City", "purpose": "care", "use": "app", "redirect_uris": BACK}
        response = as_member(ada).post("/practice/programs/", posted | changed)
        assert response.status_code == 422
        assert "City" in response.content.decode(), "what was typed is still there"
        assert not Recipient.objects.exists()

    def test_takes_no_private_key(self, ada):
        key = Key()
        private = jwt.algorithms.ECAlgorithm.to_jwk(key.private, as_dict=True)
        with pytest.raises(BadInput, match="private"):
            programs.add(by=ada, name="x", keeper="x", purpose="x", use="service", keys={"keys": [private]})

    def test_nobody_else_has_it(self, as_member, people):
        a_member("Zoe", "supervisor")
        for member in (people.ben, people.cy, people.mo, people.dee):
            assert as_member(member).get("/practice/programs/").status_code == 404
