"""Passkeys: instead of a password and beside one, and what a wrong, forged or unreadable one gets. In a real browser:
`tests/journeys/test_passkey_browser.py`."""

import json
import re
import tracemalloc

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client as Browser
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tests.clinic.passkey import FLAG, Passkey
from tests.clinic.people import PASSWORD, a_member
from tests.clinic.phone import text

from accord_clinic.models import AuditEntry

ADD, LOGIN, SECOND = "/account/2fa/webauthn/add/", "/account/2fa/webauthn/login/", "/account/2fa/authenticate/"
AGAIN = "/account/2fa/webauthn/reauthenticate/"
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.same_on_postgresql(reason="a passkey is judged before a row is read; test_accounts signs in there"),
]


@pytest.fixture(autouse=True)
def _fresh_limits(db):
    cache.clear()


def a_browser() -> Browser:
    """Passkeys need TLS, or `localhost`."""
    return Browser(SERVER_NAME="testserver", **{"wsgi.url_scheme": "https"})


def with_password(member) -> Browser:
    browser = a_browser()
    browser.post("/account/login/", {"login": member.email, "password": PASSWORD})
    return browser


def asked(browser, url) -> dict:
    """What the page hands to the script."""
    page = browser.get(url).content.decode()
    said = json.loads(re.search(r'<script id="js_data" type="application/json">(.*?)</script>', page)[1])
    return next(iter(said.values()))


def challenge(browser) -> dict:
    """What the script fetches before it asks for a passkey instead of a password."""
    return browser.get(LOGIN, headers={"Accept": "application/json"}).json()["request_options"]


def add(browser, name="My phone") -> Passkey:
    key = Passkey()
    sent = {"name": name, "passwordless": "on", "credential": key.create(asked(browser, ADD))}
    assert browser.post(ADD, sent).status_code == 302
    return key


def sign_in(key, browser=None, **how) -> Browser:
    browser = browser or a_browser()
    browser.post(LOGIN, {"credential": key.get(challenge(browser), **how)})
    return browser


def gets_in(browser) -> bool:
    return browser.get("/today/").status_code == 200


@pytest.fixture
def key(ben) -> Passkey:
    """Ben's, added after his password."""
    return add(with_password(ben))


class TestInsteadOfAPassword:
    def test_it_is_both_factors_in_one(self, key):
        assert gets_in(sign_in(key))

    def test_it_leads_where_one_wanted_to_go(self, key):
        browser = a_browser()
        sent = {"credential": key.get(challenge(browser)), "next": "/people/"}
        assert browser.post(LOGIN, sent)["Location"] == "/people/"

    def test_without_a_finger_a_face_or_a_pin_it_opens_nothing(self, key):
        assert not gets_in(sign_in(key, flags=FLAG.UP))

    def test_what_was_seen_on_the_way_opens_nothing_a_second_time(self, key):
        browser = a_browser()
        said = key.get(challenge(browser))
        browser.post(LOGIN, {"credential": said})
        browser.post("/account/logout/")
        browser.post(LOGIN, {"credential": said})
        assert not gets_in(browser)

    def test_another_browsers_challenge_does_not_count(self, key):
        other = a_browser()
        other.post(LOGIN, {"credential": key.get(challenge(a_browser()))})
        assert not gets_in(other)

    def test_an_answer_given_to_another_site_opens_nothing(self, key):
        key.origin = "https://testserver.evil.example"
        assert not gets_in(sign_in(key))

    def test_nor_does_another_key_with_the_same_number(self, key):
        forged = Passkey()
        forged.id, forged.handle = key.id, key.handle
        assert not gets_in(sign_in(forged))

    def test_nobody_gets_in_with_their_key_as_somebody_else(self, key, eve):
        hers = add(with_password(eve))
        hers.handle = key.handle
        assert not gets_in(sign_in(hers))

    def test_who_has_left_does_not_get_in(self, key, ben):
        ben.is_active = False
        ben.save()
        browser = a_browser()
        answer = browser.post(LOGIN, {"credential": key.get(challenge(browser))})
        assert answer["Location"] == "/account/inactive/"
        assert not gets_in(browser)

    def test_tries_are_limited_for_an_address(self, key):
        browser = a_browser()
        for _try in range(10):
            browser.post(LOGIN, {"credential": "{}"})
        answer = browser.post(LOGIN, {"credential": key.get(challenge(browser))})
        assert answer.status_code == 429
        assert not gets_in(browser)


class TestBesideAPassword:
    def test_it_is_asked_for_and_is_enough(self, key, ben):
        browser = with_password(ben)
        assert not gets_in(browser)
        browser.post(SECOND, {"credential": key.get(asked(browser, SECOND))})
        assert gets_in(browser)

    def test_somebody_elses_is_refused(self, key, ben, eve):
        hers, browser = add(with_password(eve)), with_password(ben)
        browser.post(SECOND, {"credential": hers.get(asked(browser, SECOND))})
        assert not gets_in(browser)

    def test_a_recovery_code_does_when_it_is_lost(self, ben):
        browser = with_password(ben)
        add(browser)
        page = browser.get("/account/2fa/recovery-codes/").content.decode()
        spare = re.search(r"<code>(\w+)</code>", page)[1]
        other = with_password(ben)
        other.post(SECOND, {"code": spare})
        assert gets_in(other)

    def test_a_session_from_before_it_was_there_is_asked_to_show_it(self, ben):
        before = with_password(ben)
        key = add(with_password(ben))
        where = before.get("/people/")["Location"]
        assert where == f"{AGAIN}?next=%2Fpeople%2F"
        sent = {"credential": key.get(asked(before, where)), "next": "/people/"}
        assert before.post(AGAIN, sent)["Location"] == "/people/"
        assert gets_in(before)


class TestKeepingThem:
    def test_two_are_told_apart_by_their_names(self, ben):
        browser = with_password(ben)
        add(browser, "My phone")
        add(browser, "")
        assert re.findall(r'row-name">([^<]+)<', browser.get("/account/2fa/").content.decode()) == [
            "My phone",
            "Passkey 2",
        ]
        pk = Authenticator.objects.get(data__name="Passkey 2").pk
        browser.post(f"/account/2fa/webauthn/keys/{pk}/edit/", {"name": "The blue key"})
        assert "The blue key" in text(browser.get("/account/2fa/"))

    def test_a_name_is_a_line_and_not_a_book(self, ben):
        browser = with_password(ben)
        add(browser)
        pk = Authenticator.objects.get(type="webauthn").pk
        assert browser.post(f"/account/2fa/webauthn/keys/{pk}/edit/", {"name": "x" * 61}).status_code == 200
        assert Authenticator.objects.get(pk=pk).wrap().name == "My phone"

    def test_one_that_does_not_ask_for_a_finger_a_face_or_a_pin_is_not_taken(self, ben):
        browser, key = with_password(ben), Passkey()
        browser.post(ADD, {"credential": key.create(asked(browser, ADD), flags=FLAG.UP)})
        assert not Authenticator.objects.exists()

    def test_taken_away_it_opens_nothing_and_the_session_neither(self, ben):
        browser = with_password(ben)
        key = add(browser)
        assert gets_in(browser)
        pk = Authenticator.objects.get(type="webauthn").pk
        browser.post(f"/account/2fa/webauthn/keys/{pk}/remove/")
        assert browser.get("/today/")["Location"] == "/account/2fa/"
        assert not gets_in(sign_in(key))
        assert not Authenticator.objects.exists(), "recovery codes without a second factor are left"

    def test_when_another_is_left_that_one_is_asked_for(self, ben):
        browser = with_password(ben)
        add(browser, "first"), add(browser, "second")
        pk = Authenticator.objects.get(data__name="second").pk
        browser.post(f"/account/2fa/webauthn/keys/{pk}/remove/")
        assert browser.get("/today/")["Location"].startswith(AGAIN)

    def test_adding_and_taking_away_ask_who_it_is_after_a_while(self, ben):
        browser = with_password(ben)
        add(browser)
        session = browser.session
        for one in session["account_authentication_methods"]:
            one["at"] -= 301
        session.save()
        pk = Authenticator.objects.get(type="webauthn").pk
        for url in (ADD, f"/account/2fa/webauthn/keys/{pk}/remove/", f"/account/2fa/webauthn/keys/{pk}/edit/"):
            assert browser.post(url)["Location"].startswith("/account/reauthenticate/"), url
        assert Authenticator.objects.filter(pk=pk).exists()


class TestWhatIsNoted:
    def test_adding_using_and_failing_by_codes_alone(self, ben):
        browser = with_password(ben)
        key = add(browser, "Ben's secret name for it")
        sign_in(key)
        other = with_password(ben)
        other.post(SECOND, {"credential": Passkey().get(asked(other, SECOND))})
        sign_in(Passkey())
        rows = AuditEntry.objects.filter(fields=["webauthn"]).order_by("id").values_list("act", "row")
        me = f"member:{ben.pk}"
        assert list(rows) == [
            ("second_factor_added", me),
            ("second_factor_used", me),
            ("signed_in", me),
            ("second_factor_failed", me),
            ("second_factor_failed", "member:unknown"),
        ]
        assert "secret name" not in str(list(AuditEntry.objects.values_list("row", "fields")))


SAID = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["id", "rawId", "type", "response", "userHandle", "clientDataJSON", "signature",
                         "authenticatorData", "attestationObject"]), inner, max_size=6),
    max_leaves=12,
)  # fmt: skip


def a_credential(**response):
    """With a response of no browser: `attestationObject` is CBOR; a list is read as bytes, here none or too few."""
    return {"id": "eA", "rawId": "eA", "type": "public-key", "response": response}


HUGE = 10**11


@pytest.mark.parametrize(
    "said",
    [
        f'{{"id": "eA", "rawId": {HUGE}, "type": "public-key", "response": {{}}}}',
        f'{{"id": "eA", "rawId": "eA", "type": "public-key", "response": {{"clientDataJSON": {HUGE}}}}}',
        f'{{"id": "eA", "rawId": "eA", "type": "public-key", "response": {{"signature": [[{HUGE}]]}}}}',
        "[" * 50_000,
    ],
    ids=["an id", "a part", "in a list", "without end"],
)
def test_no_request_takes_all_the_memory(said, ben):
    """Fido2 makes as many bytes as a number says, where it expects bytes: refused before it is asked."""
    browser = a_browser()
    challenge(browser)
    tracemalloc.start()
    try:
        assert browser.post(LOGIN, {"credential": said}).status_code == 302
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
    second = with_password(ben)
    asked(second, ADD)
    assert second.post(ADD, {"credential": said}).status_code == 200
    assert not Authenticator.objects.exists()


class TestUnreadable(TestCase):
    """Whatever a broken or hostile browser sends, it is refused, and never a fault of ours."""

    @settings(max_examples=60)
    @given(SAID)
    @example(a_credential(attestationObject=[]))
    @example(a_credential(attestationObject=[25]))
    def test_it_is_refused_with_a_sentence(self, said):
        cache.clear()
        browser = a_browser()
        challenge(browser)
        assert browser.post(LOGIN, {"credential": json.dumps(said)}).status_code == 302
        member = a_member("Ben", "therapist")
        second = with_password(member)
        asked(second, ADD)
        assert second.post(ADD, {"credential": json.dumps(said)}).status_code == 200
        assert not Authenticator.objects.exists()
