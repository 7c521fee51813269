"""Single sign-on against a real provider on loopback: who gets in, who is linked, and everything that is refused."""

import base64
import hashlib
import time
from urllib.parse import urlsplit

import pytest
import requests
from allauth.mfa.totp.internal import auth as totp_auth
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.core.cache import cache
from django.test import Client as Browser
from tests.clinic.people import PASSWORD, a_member
from tests.clinic.phone import text
from tests.clinic.provider import Provider, asked, running

from accord.errors import BadInput
from accord_clinic.accounts import sso_settings
from accord_clinic.models import AuditEntry
from accord_clinic.upkeep import examination

START, BACK, SECOND = "/account/sso/", "/account/sso/back/", "/account/2fa/authenticate/"
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.same_on_postgresql(
        reason="a token is judged before a row is read; test_accounts signs people in there"
    ),
]


@pytest.fixture
def provider(settings, monkeypatch):
    """A provider that knows Ben, and a practice that trusts it."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    settings.PUBLIC_URL = "https://practice.example"
    cache.clear()
    with running() as one:
        client = one.register(f"https://practice.example{BACK}")
        settings.SSO = sso_settings.SignOn(one.issuer, client["client_id"], client["client_secret"], "Our Clinic")
        one.says("ben-1", email="ben@example.org", email_verified=True)
        yield one


def start(browser, address=START, **said) -> str:
    """Where the button leads."""
    return browser.post(address, said)["Location"]


def come_back(browser, address):
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}")


def sign_in(provider: Provider, subject="ben-1", browser=None):
    """The whole way; the last answer and the browser."""
    browser = browser or Browser()
    return come_back(browser, provider.sign_in(start(browser), subject)), browser


def with_app(member) -> str:
    """Gives a member an authenticator app."""
    secret = totp_auth.generate_totp_secret()
    totp_auth.TOTP.activate(member, secret)
    return secret


def code(secret: str) -> str:
    return totp_auth.format_hotp_value(totp_auth.hotp_value(secret, int(time.time()) // 30))


def linked(member) -> bool:
    return SocialAccount.objects.filter(user=member).exists()


def is_in(browser) -> bool:
    return browser.get("/account/2fa/").status_code == 200


def why() -> list:
    """What the audit log says was wrong last."""
    return AuditEntry.objects.filter(act="sign_in_failed").order_by("id").last().fields


@pytest.fixture
def ben_linked(provider, ben):
    """Ben has been here by way of the provider before."""
    sign_in(provider)
    assert linked(ben)
    return ben


class TestTheWay:
    def test_a_member_signs_in_and_is_then_known_by_the_subject(self, provider, ben):
        answer, browser = sign_in(provider)
        assert answer["Location"] == "/"
        assert is_in(browser)
        assert linked(ben)
        provider.says("ben-1", email="other@example.org", email_verified=False)
        assert is_in(sign_in(provider)[1])

    def test_it_leads_where_one_wanted_to_go_and_nowhere_else(self, ben_linked, provider):
        for wanted, comes in (("/people/", "/people/"), ("https://evil.example/", "/")):
            browser = Browser()
            address = provider.sign_in(start(browser, next=wanted), "ben-1")
            assert come_back(browser, address)["Location"] == comes

    def test_the_code_is_bound_to_this_browser_by_pkce(self, provider, ben):
        browser = Browser()
        address = start(browser)
        come_back(browser, provider.sign_in(address, "ben-1"))
        verifier = provider.posted("/oauth2/token")["code_verifier"]
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        assert asked(address)["code_challenge_method"] == "S256"
        assert asked(address)["code_challenge"] == challenge

    def test_state_nonce_and_verifier_are_new_each_time(self, provider, ben):
        one, other = (asked(start(Browser())) for _time in range(2))
        for name in ("state", "nonce", "code_challenge"):
            assert len(one[name]) >= 16
            assert one[name] != other[name]

    def test_nothing_is_kept_but_a_hash_of_the_subject(self, ben_linked):
        row = SocialAccount.objects.get()
        assert row.uid == hashlib.sha256(b"ben-1").hexdigest()
        assert row.extra_data == {}
        assert not SocialToken.objects.exists()
        assert not SocialApp.objects.exists()

    def test_the_session_has_a_new_key_afterwards(self, provider, ben):
        browser = Browser()
        address = start(browser)
        before = browser.session.session_key
        come_back(browser, provider.sign_in(address, "ben-1"))
        assert browser.session.session_key != before

    def test_who_came_by_it_stands_in_the_log(self, ben_linked):
        row = f"member:{ben_linked.pk}"
        assert ("sso_linked", []) in AuditEntry.objects.filter(row=row).values_list("act", "fields")
        assert ("signed_in", ["socialaccount"]) in AuditEntry.objects.filter(row=row).values_list("act", "fields")


class TestTheSecondFactor:
    STRONG = {"amr": ["pwd", "mfa"]}

    def trusting(self, settings, *claims):
        said = settings.SSO
        settings.SSO = sso_settings.SignOn(said.issuer, said.client, said.secret, said.name, (), frozenset(claims))

    def test_ours_is_asked_for_whatever_the_provider_says(self, provider, ben):
        secret = with_app(ben)
        provider.says("ben-1", email="ben@example.org", email_verified=True, auth_time=int(time.time()), **self.STRONG)
        answer, browser = sign_in(provider)
        assert answer["Location"].startswith(SECOND)
        browser.post(SECOND, {"code": code(secret)})
        assert browser.get("/today/").status_code == 200

    def test_without_one_of_ours_the_page_that_sets_one_up_is_all_there_is(self, provider, ben):
        assert sign_in(provider)[1].get("/today/")["Location"] == "/account/2fa/"

    @pytest.mark.parametrize(
        ("claim", "said"),
        [(("amr", "mfa"), {"amr": ["pwd", "mfa"]}), (("acr", "phr"), {"acr": "phr"})],
    )
    def test_the_providers_counts_when_the_practice_and_the_token_say_so(
        self, provider, ben_linked, settings, claim, said
    ):
        with_app(ben_linked)
        self.trusting(settings, claim)
        provider.says("ben-1", auth_time=int(time.time()), **said)
        browser = sign_in(provider)[1]
        assert browser.get("/today/").status_code == 200
        assert AuditEntry.objects.filter(act="signed_in").last().fields == ["provider", "socialaccount"]

    @pytest.mark.parametrize(
        "said",
        [{}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"acr": "mfa"}, {"amr": ["mfa"], "auth_time": None},
         {"amr": ["mfa"], "auth_time": 1}, {"amr": ["mfa"], "auth_time": "now"}],
    )  # fmt: skip
    def test_it_does_not_when_the_token_says_less_or_speaks_of_long_ago(self, provider, ben_linked, settings, said):
        with_app(ben_linked)
        self.trusting(settings, ("amr", "mfa"))
        provider.says("ben-1", **({"auth_time": int(time.time())} | said))
        assert sign_in(provider)[0]["Location"].startswith(SECOND)

    def test_it_never_does_on_the_first_visit_of_somebody_who_has_one_here(self, provider, ben, settings):
        with_app(ben)
        self.trusting(settings, ("amr", "mfa"))
        strong = {"amr": ["mfa"], "auth_time": int(time.time())}
        provider.says("ben-1", email="ben@example.org", email_verified=True, **strong)
        answer, browser = sign_in(provider)
        assert answer["Location"].startswith(SECOND)
        assert not linked(ben), "linked before the second factor was shown"
        assert not is_in(browser)

    def test_the_provider_is_asked_for_it_and_for_when(self, provider, settings):
        self.trusting(settings, ("acr", "phr"), ("amr", "mfa"))
        said = asked(start(Browser()))
        assert said["acr_values"] == "phr"
        assert int(said["max_age"]) == settings.SESSION_COOKIE_AGE


class TestWhoIsRefused:
    """All of them read the same page."""

    def refused(self, provider, subject="ben-1") -> str:
        answer, browser = sign_in(provider, subject)
        assert answer.status_code == 403
        assert not is_in(browser)
        return text(answer)

    def test_strangers_unverified_addresses_and_those_who_left_read_the_same(self, provider, ben, eve):
        provider.says("stranger", email="nobody@example.org", email_verified=True)
        pages = {self.refused(provider, "stranger")}
        for unverified in (False, None, "true", 1, "yes"):
            provider.says("ben-2", email="ben@example.org", email_verified=unverified)
            pages.add(self.refused(provider, "ben-2"))
        provider.says("ben-3", email_verified=True)
        pages.add(self.refused(provider, "ben-3"))
        ben.is_active = False
        ben.save()
        pages.add(self.refused(provider))
        assert len(pages) == 1
        assert not SocialAccount.objects.exists()

    def test_nobody_signs_themselves_up(self, provider, people):
        provider.says("new", email="new@example.org", email_verified=True, name="New")
        before = type(people.ben).objects.count()
        self.refused(provider, "new")
        assert type(people.ben).objects.count() == before

    def test_who_has_left_does_not_get_in_by_the_link_either(self, provider, ben_linked):
        ben_linked.is_active = False
        ben_linked.save()
        self.refused(provider)
        assert why() == ["left", "sso"]

    def test_who_has_the_address_now_is_not_who_was_linked(self, provider, ben_linked):
        provider.says("ben-2", email="ben@example.org", email_verified=True)
        self.refused(provider, "ben-2")
        assert why() == ["another_subject", "sso"]

    def test_an_address_that_only_looks_alike_is_another(self, provider, people):
        a_member("Kim", "admin")
        for alike in ("\u212aim@example.org", "k\u0131m@example.org", "kim@example.org "):
            provider.says("kim", email=alike, email_verified=True)
            self.refused(provider, "kim")

    def test_another_issuer_with_the_same_subject_is_somebody_else(self, provider, ben_linked, settings):
        with running() as other:
            client = other.register(f"https://practice.example{BACK}")
            settings.SSO = sso_settings.SignOn(other.issuer, client["client_id"], client["client_secret"])
            other.says("ben-1", email="mallory@example.org", email_verified=True)
            self.refused(other)

    def test_a_first_visit_that_stops_at_the_second_factor_links_nothing(self, provider, ben):
        secret = with_app(ben)
        _answer, browser = sign_in(provider)
        browser.post(SECOND, {"code": "000000"})
        assert not linked(ben)
        browser.post(SECOND, {"code": code(secret)})
        assert linked(ben)


class TestWhatIsForged:
    @pytest.mark.parametrize(
        ("claims", "code"),
        [
            ({"iss": "https://evil.example"}, "InvalidIssuerError"),
            ({"aud": "another-client"}, "InvalidAudienceError"),
            ({"aud": ["{client}", "another"], "azp": "another"}, "azp"),
            ({"aud": ["{client}", "another"]}, "azp"),
            ({"nonce": "another-sign-in"}, "nonce"),
            ({"nonce": None}, "nonce"),
            ({"exp": 1}, "ExpiredSignatureError"),
            ({"exp": None}, "MissingRequiredClaimError"),
            ({"iat": 32503680000}, "ImmatureSignatureError"),
        ],
    )
    def test_a_token_that_is_not_for_us_and_for_now(self, provider, ben_linked, settings, claims, code):
        if isinstance(claims.get("aud"), list):
            claims = claims | {"aud": [one.format(client=settings.SSO.client) for one in claims["aud"]]}
        provider.says("ben-1", email="ben@example.org", email_verified=True, **claims)
        answer, browser = sign_in(provider)
        assert answer.status_code == 403
        assert not is_in(browser)
        assert why() == sorted(["sso", code])

    def test_a_token_that_somebody_else_signed(self, provider, ben_linked):
        with running() as other:
            provider.answers("/jwks", requests.get(f"{other.issuer}/jwks", timeout=5).json())
            assert sign_in(provider)[0].status_code == 403

    @pytest.mark.parametrize("answer", [{}, [], "x", {"id_token": "a.b.c", "access_token": "x"}, {"access_token": "x"}])
    def test_an_answer_that_is_none(self, provider, ben_linked, answer):
        provider.answers("/oauth2/token", answer)
        assert sign_in(provider)[0].status_code == 403

    @pytest.mark.parametrize("changes", [{"issuer": "https://evil.example"}, {"jwks_uri": "http://evil.example/jwks"}])
    def test_a_provider_that_says_it_is_another_or_speaks_in_the_clear(self, provider, ben, changes):
        told = requests.get(f"{provider.issuer}/.well-known/openid-configuration", timeout=5).json()
        provider.answers("/.well-known/openid-configuration", told | changes)
        assert Browser().post(START).status_code == 403

    def test_a_provider_that_is_not_there(self, provider, settings):
        settings.SSO = sso_settings.SignOn("http://localhost:1", "x", "y")
        assert Browser().post(START).status_code == 403

    def test_a_code_that_was_used_before(self, provider, ben_linked):
        browser = Browser()
        address = provider.sign_in(start(browser), "ben-1")
        assert come_back(browser, address).status_code == 302
        browser.post("/account/logout/")
        assert come_back(browser, address).status_code == 403
        other = Browser()
        used = asked(address)["code"]
        state = asked(start(other))["state"]
        assert other.get(BACK, {"code": used, "state": state}).status_code == 403
        assert not is_in(other)

    def test_a_state_of_another_browser_or_none(self, provider, ben_linked):
        mallory = Browser()
        address = provider.sign_in(start(mallory), "ben-1")
        assert come_back(Browser(), address).status_code == 403
        assert Browser().get(BACK, {"code": "x"}).status_code == 403
        assert Browser().get(BACK).status_code == 403

    def test_an_answer_in_the_name_of_another_issuer(self, provider, ben_linked):
        browser = Browser()
        address = provider.sign_in(start(browser), "ben-1") + "&iss=https://evil.example"
        assert come_back(browser, address).status_code == 403

    def test_nothing_in_the_address_changes_what_the_provider_is_asked(self, provider, ben):
        evil = "?auth_params=redirect_uri%3Dhttps://evil.example%26prompt%3Dnone&scope=admin&process=connect"
        said = asked(start(Browser(), START + evil, redirect_uri="https://evil.example", process="connect"))
        assert said["redirect_uri"] == f"https://practice.example{BACK}"
        assert set(said["scope"].split()) == {"openid", "email"}
        assert "prompt" not in said
        browser = Browser(headers={"x-forwarded-host": "evil.example"})
        assert asked(start(browser))["redirect_uri"] == f"https://practice.example{BACK}"

    def test_who_is_signed_in_links_nobody_elses_subject(self, provider, ben, eve):
        """Mallory cannot make Eve's browser carry Mallory's own account at the provider over to Eve."""
        browser = Browser()
        browser.post("/account/login/", {"login": eve.email, "password": PASSWORD})
        address = provider.sign_in(start(browser, START + "?process=connect"), "ben-1")
        come_back(browser, address)
        assert not linked(eve)

    def test_starting_needs_our_own_form(self, provider):
        assert Browser(enforce_csrf_checks=True).post(START).status_code == 403
        assert Browser().get(START).status_code == 405

    def test_both_doors_are_limited_for_an_address(self, provider, ben_linked):
        for _try in range(30):
            Browser().get(BACK)
        assert Browser().get(BACK).status_code == 429
        assert Browser().post(START).status_code == 429


class TestThePageAndThePolicy:
    def policy(self, path, browser=None) -> str:
        header = (browser or Browser()).get(path).headers["Content-Security-Policy"]
        return next(part.strip() for part in header.split(";") if "form-action" in part)

    def test_the_sign_in_page_alone_may_lead_there(self, provider, as_member, ben):
        assert "Sign in with Our Clinic" in text(Browser().get("/account/login/"))
        assert self.policy("/account/login/") == f"form-action 'self' {provider.issuer}"
        assert self.policy("/today/", as_member(ben)) == "form-action 'self'"

    def test_without_a_provider_there_is_no_button_and_no_way(self, db):
        assert "Sign in with" not in text(Browser().get("/account/login/")).replace("Sign in with a passkey", "")
        assert self.policy("/account/login/") == "form-action 'self'"
        assert Browser().post(START).status_code == 404
        assert Browser().get(BACK).status_code == 404


class TestSettings:
    WHOLE = {"ACCORD_SSO_ISSUER": "https://id.example", "ACCORD_SSO_CLIENT": "accord"}

    def chosen(self, tmp_path, secret="s3cret", **said):
        if secret:
            (tmp_path / "sso.secret").write_text(secret + "\n")
        return sso_settings.chosen(said, tmp_path)

    def test_off_by_default(self, tmp_path):
        assert self.chosen(tmp_path) is None

    def test_the_secret_comes_from_the_keys_folder_and_is_not_shown(self, tmp_path):
        one = self.chosen(tmp_path, **self.WHOLE)
        assert one.secret == "s3cret"
        assert "s3cret" not in repr(one)

    @pytest.mark.parametrize(
        ("said", "says"),
        [
            ({"ACCORD_SSO_CLIENT": ""}, "ACCORD_SSO_CLIENT"),
            ({"ACCORD_SSO_ISSUER": "http://id.example"}, "https://"),
            ({"ACCORD_SSO_SECOND_FACTOR": "mfa"}, "amr:VALUE"),
        ],
    )
    def test_half_of_it_is_refused_with_a_sentence(self, tmp_path, said, says):
        with pytest.raises(BadInput, match=says):
            self.chosen(tmp_path, **self.WHOLE | said)

    def test_so_is_a_secret_that_is_not_there(self, tmp_path):
        with pytest.raises(BadInput, match=r"sso\.secret"):
            self.chosen(tmp_path, secret="", **self.WHOLE)

    def test_the_second_factor_is_a_list_of_claims(self, tmp_path):
        one = self.chosen(tmp_path, **self.WHOLE, ACCORD_SSO_SECOND_FACTOR="amr:mfa acr:urn:x:phr")
        assert one.second_factor == {("amr", "mfa"), ("acr", "urn:x:phr")}


class TestTheTie:
    def test_an_admin_takes_it_away_and_the_address_counts_again(self, provider, ben_linked, as_member, ada):
        provider.says("ben-2", email="ben@example.org", email_verified=True)
        assert sign_in(provider, "ben-2")[0].status_code == 403
        page = f"/practice/members/{ben_linked.uid}/"
        assert "Remove the link" in text(as_member(ada).get(page))
        as_member(ada).post(page, {"what": "unlink"})
        assert is_in(sign_in(provider, "ben-2")[1])
        assert AuditEntry.objects.filter(act="sso_unlinked", actor=f"member:{ada.pk}").exists()

    def test_nobody_else_does(self, ben_linked, as_member, eve):
        as_member(eve).post(f"/practice/members/{ben_linked.uid}/", {"what": "unlink"})
        assert linked(ben_linked)


class TestTheCheck:
    """`accord_clinic check` asks the provider who it is."""

    def says(self) -> tuple[bool, str]:
        found = examination._sign_on()
        return found.well, found.says

    def test_off_and_well(self, provider, settings):
        assert self.says() == (True, f"{provider.issuer} answers.")
        settings.SSO = None
        assert self.says() == (True, "off.")

    @pytest.mark.parametrize(
        ("told", "hint"),
        [
            ({"issuer": "https://other.example"}, "Set ACCORD_SSO_ISSUER to exactly that"),
            ({"authorization_endpoint": "https://login.example/a"}, "Set ACCORD_SSO_ORIGINS=https://login.example"),
            ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ],
    )
    def test_what_does_not_fit_is_said_with_what_to_do(self, provider, told, hint):
        address = "/.well-known/openid-configuration"
        provider.answers(address, requests.get(provider.issuer + address, timeout=5).json() | told)
        well, says = self.says()
        assert not well
        assert hint in says

    def test_a_provider_that_does_not_answer(self, provider, settings):
        provider.answers("/.well-known/openid-configuration", [], 500)
        well, says = self.says()
        assert not well
        assert "Check ACCORD_SSO_ISSUER" in says
