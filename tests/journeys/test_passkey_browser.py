"""A passkey from the first to the last day, in Chromium with a virtual device: added, used both ways, named, lost."""

import re
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from tests.clinic.people import PASSWORD
from tests.journeys.test_every_page import Window

from accord_clinic.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


class Desk(Window):
    """A window with a device for passkeys; what the page's policy forbids and what scripts complain of is kept."""

    def __init__(self, browser, base):
        super().__init__(browser, base)
        self.trouble = []
        self.page.on("console", lambda said: self.trouble.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.devtools = self.context.new_cdp_session(self.page)
        self.devtools.send("WebAuthn.enable")
        self.device = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]

    def with_password(self, member):
        self.open("/account/login/")
        self.page.get_by_label("E-mail").fill(member.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_load_state()

    def sign_out(self):
        self.open("/account/logout/")
        self.page.locator("main").get_by_role("button", name="Sign out").click()
        self.page.wait_for_load_state()

    def press(self, name, lands_on):
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_url(lambda url: urlsplit(url).path == lands_on)

    def add(self, name):
        self.page.get_by_role("link", name="Add a passkey").click()
        self.page.get_by_label("What to call it").fill(name)
        self.check(self.page.url)
        self.page.get_by_role("button", name="Add it").click()
        self.page.wait_for_url(re.compile("/account/2fa/(recovery-codes/)?$"))


@pytest.fixture
def desk(browser, live_server, settings):
    cache.clear()
    settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "accord", False
    settings.CSRF_COOKIE_NAME, settings.CSRF_COOKIE_SECURE = "accord-csrf", False
    with Desk(browser, live_server.url) as window:
        yield window
        assert window.trouble == []


def test_from_the_first_day_to_the_last(desk, people):
    ben, page = people.ben, desk.page
    # The first day: the password alone leads to a choice; a passkey is added, and recovery codes come with it.
    desk.with_password(ben)
    assert page.url.endswith("/account/2fa/")
    desk.check("no second factor yet")
    desk.add("My laptop")
    spare = page.locator("code").first.inner_text()
    desk.check("recovery codes")
    desk.open("/people/")

    # The next day: without a password.
    desk.sign_out()
    desk.open("/account/login/?next=/people/")
    desk.check("sign in")
    desk.press("Sign in with a passkey", "/people/")

    # With a password the passkey is asked for after it.
    desk.sign_out()
    desk.with_password(ben)
    assert "/account/2fa/authenticate/" in page.url
    desk.check("second factor")
    desk.press("Use a passkey", "/today/")

    # It gets another name, and a second one comes beside it.
    desk.open("/account/2fa/")
    desk.check("second factors")
    page.get_by_role("link", name="Another name").click()
    page.get_by_label("Name").fill("The old laptop")
    desk.check(page.url)
    desk.press("Save", "/account/2fa/")
    assert page.get_by_text("The old laptop", exact=True).is_visible()

    # A person who says no reads that nothing came back, and stays where they are.
    desk.sign_out()
    desk.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": desk.device, "isUserVerified": False})
    desk.open("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("No passkey was used").wait_for()
    assert page.url.endswith("/account/login/")

    # Lost: a recovery code lets in, the old one is taken away, and a new one asked for.
    desk.devtools.send("WebAuthn.clearCredentials", {"authenticatorId": desk.device})
    desk.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": desk.device, "isUserVerified": True})
    desk.with_password(ben)
    page.get_by_label("Code").fill(spare)
    desk.press("Sign in", "/today/")
    desk.open("/account/2fa/")
    page.get_by_role("link", name="Remove it").click()
    page.get_by_role("button", name="Remove it").wait_for()
    desk.check(page.url)
    desk.press("Remove it", "/account/2fa/")
    page.goto("/people/")
    assert page.url.endswith("/account/2fa/")
    desk.add("The new laptop")
    desk.open("/people/")
    assert [one.wrap().name for one in Authenticator.objects.filter(type="webauthn")] == ["The new laptop"]
    said = str(list(AuditEntry.objects.filter(row=f"member:{ben.pk}").values_list("act", "fields")))
    assert "laptop" not in said


def test_before_something_changes_it_is_asked_for(desk, people, live_server):
    desk.with_password(people.ben)
    desk.add("My laptop")
    desk.open("/account/2fa/webauthn/reauthenticate/?next=/people/")
    desk.check("is it you")
    desk.press("Use a passkey", "/people/")


def test_without_scripts_the_password_stays_and_the_page_says_why_not(browser, people, live_server):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/account/login/")
    assert page.get_by_text("Your browser does not support passkeys, or scripts are off.").is_visible()
    assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()
    assert page.get_by_role("button", name="Sign in", exact=True).is_visible()
    context.close()
