"""Signing in: password and second factor, idle and old sessions, forgotten passwords; nobody signs themselves up."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.cache import cache
from django.test import Client as Browser
from django.test import override_settings
from tests.clinic.people import PASSWORD
from tests.clinic.phone import text

from accord_clinic import settings as real_settings

SETUP = "/account/2fa/totp/activate/"


@pytest.fixture(autouse=True)
def _fresh_limits(db):
    cache.clear()


def sign_in(member, password=PASSWORD, browser=None):
    browser = browser or Browser()
    return browser, browser.post("/account/login/", {"login": member.email, "password": password})


def code(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def set_up_app(browser) -> str:
    """What the app does with the picture: keeps the secret and shows a code."""
    secret = re.search(r"<code>(\w+)</code>", browser.get(SETUP).content.decode())[1]
    response = browser.post(SETUP, {"code": code(secret)})
    assert response["Location"] == "/account/2fa/recovery-codes/"
    # A code counts once; the next one would come in half a minute.
    cache.clear()
    return secret


# Real commits: that the app is set up is told to the session when the row is safe.
@pytest.mark.django_db(transaction=True)
class TestSecondFactor:
    def test_a_password_alone_leads_to_setting_it_up(self, ben):
        browser, response = sign_in(ben)
        assert response["Location"] == "/"
        assert browser.get("/today/")["Location"] == SETUP

    def test_after_it_is_set_up_the_day_opens_and_codes_are_there_for_a_lost_phone(self, ben):
        browser, _response = sign_in(ben)
        set_up_app(browser)
        assert browser.get("/today/").status_code == 200
        assert len(re.findall(r"<code>", browser.get("/account/2fa/recovery-codes/").content.decode())) == 10

    def test_from_then_on_each_sign_in_asks_for_a_code(self, ben):
        secret = set_up_app(sign_in(ben)[0])
        browser, response = sign_in(ben)
        assert response["Location"].startswith("/account/2fa/authenticate/")
        assert browser.get("/today/")["Location"].startswith("/account/login/")
        assert browser.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
        browser.post("/account/2fa/authenticate/", {"code": code(secret)})
        assert browser.get("/today/").status_code == 200

    def test_a_recovery_code_works_once(self, ben):
        browser, _response = sign_in(ben)
        set_up_app(browser)
        spare = re.search(r"<code>(\w+)</code>", browser.get("/account/2fa/recovery-codes/").content.decode())[1]
        for expected in (200, 302):
            other, _response = sign_in(ben)
            other.post("/account/2fa/authenticate/", {"code": spare})
            assert other.get("/today/").status_code == expected

    def test_taking_the_app_away_shuts_the_day_at_once(self, ben):
        browser, _response = sign_in(ben)
        set_up_app(browser)
        browser.post("/account/2fa/totp/deactivate/")
        assert not Authenticator.objects.exists()
        assert browser.get("/today/")["Location"] == SETUP

    def test_the_picture_stands_in_the_page_without_a_style(self, ben):
        page = sign_in(ben)[0].get(SETUP).content.decode()
        assert "<svg" in page
        assert "style=" not in page
        assert "data:" not in page

    @override_settings(DEMO=True)
    def test_the_demo_does_without(self, ben):
        assert sign_in(ben)[0].get("/today/").status_code == 200


class TestSessions:
    def at(self, browser, seconds):
        session = browser.session
        session["seen"], session["began"] = session["seen"] - seconds, session["began"] - seconds
        session.save()

    def test_an_hour_without_use_ends_it(self, as_member, ben):
        browser = as_member(ben)
        self.at(browser, 3590)
        assert browser.get("/today/").status_code == 200
        self.at(browser, 3610)
        response = browser.get("/people/")
        assert response["Location"] == "/account/login/?next=/people/"
        assert "nobody has used this page for a while" in text(browser.get(response["Location"]))

    def test_use_keeps_it_open_but_not_for_more_than_eight_hours(self, as_member, ben):
        browser = as_member(ben)
        for _hour in range(7):
            self.at(browser, 3500)
            assert browser.get("/today/").status_code == 200
        self.at(browser, 3500)
        browser.get("/today/")
        self.at(browser, 1000)
        assert browser.get("/today/")["Location"].startswith("/account/login/")

    def test_the_key_of_a_session_changes_at_sign_in(self, ben):
        browser = Browser()
        browser.get("/account/login/")
        before = browser.session.session_key
        sign_in(ben, browser=browser)
        assert browser.session.session_key != before

    def test_looking_at_sign_out_does_not_sign_out(self, as_member, ben):
        browser = as_member(ben)
        browser.get("/account/logout/")
        assert browser.get("/today/").status_code == 200
        browser.post("/account/logout/")
        assert browser.get("/today/").status_code == 302

    def test_who_has_left_is_out_at_once(self, as_member, ben):
        browser = as_member(ben)
        ben.is_active = False
        ben.save()
        assert browser.get("/today/")["Location"].startswith("/account/login/")

    def test_other_sessions_can_be_ended(self, ben):
        here, there = sign_in(ben)[0], sign_in(ben)[0]
        assert "In 2 places" in text(here.get("/account/sessions/"))
        here.post("/account/sessions/")
        assert there.get("/account/2fa/")["Location"].startswith("/account/login/")

    def test_going_back_where_one_was_is_for_this_site_alone(self, ben):
        browser = Browser()
        target = "/account/login/?next=https://evil.example/"
        response = browser.post(target, {"login": ben.email, "password": PASSWORD, "next": "https://evil.example/"})
        assert response["Location"] == "/"


class TestPasswords:
    def test_a_wrong_password_and_an_unknown_address_look_alike(self, ben):
        def page(email):
            shown = Browser().post("/account/login/", {"login": email, "password": "not this one"})
            return shown.status_code, text(shown).replace(email, "")

        assert page(ben.email) == page("nobody@example.org")

    def test_guessing_is_slowed_down_even_for_the_right_password(self, ben):
        for _try in range(10):
            sign_in(ben, "not this one")
        browser, response = sign_in(ben)
        assert response.status_code == 200
        assert "Too many failed" in text(response)
        assert browser.get("/account/2fa/").status_code == 302

    @pytest.mark.parametrize("weak", ["eleven char", "qazwsxedcrfv", "ben@example.org"])
    def test_short_common_and_telling_ones_are_refused(self, weak, as_member, ben):
        said = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
        shown = as_member(ben).post("/account/password/change/", said)
        ben.refresh_from_db()
        assert ben.check_password(PASSWORD)
        assert "Something needs another look" in text(shown)

    def test_a_good_one_is_kept(self, as_member, ben):
        new = "four words nobody joins"
        said = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        as_member(ben).post("/account/password/change/", said)
        ben.refresh_from_db()
        assert ben.check_password(new)

    def test_an_account_page_asks_again_who_it_is_after_a_while(self, ben):
        browser, _response = sign_in(ben)
        session = browser.session
        session["account_authentication_methods"][0]["at"] -= 301
        session.save()
        assert browser.get(SETUP)["Location"].startswith("/account/reauthenticate/")

    def test_they_are_kept_as_argon2(self):
        with override_settings(PASSWORD_HASHERS=real_settings.PASSWORD_HASHERS):
            assert make_password(PASSWORD).startswith("argon2")

    def test_a_forgotten_one_is_replaced_by_a_link_that_works_once(self, ben):
        Browser().post("/account/password/reset/", {"email": ben.email})
        [sent] = mail.outbox
        assert sent.subject == "A new password"
        assert "Ben" not in sent.body
        link = re.search(r"https?://[^/]+(/\S+)", sent.body)[1]
        browser = Browser()
        form = browser.get(link, follow=True)
        new = "an even longer password"
        action = form.redirect_chain[-1][0]
        assert action.endswith("-set-password/")
        browser.post(action, {"password1": new, "password2": new})
        ben.refresh_from_db()
        assert ben.check_password(new)
        assert "no longer works" in text(Browser().get(link, follow=True))

    def test_an_unknown_address_gets_no_mail_and_the_same_page(self, ben):
        pages = [text(Browser().post("/account/password/reset/", {"email": e}, follow=True))
                 for e in (ben.email, "nobody@example.org")]  # fmt: skip
        assert pages[0] == pages[1]
        assert [m.to for m in mail.outbox] == [[ben.email]]

    def test_nobody_signs_themselves_up(self, db):
        said = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
        assert Browser().get("/account/signup/").status_code == 404
        assert Browser().post("/account/signup/", said).status_code == 404


class TestTheShell:
    @pytest.mark.parametrize(
        ("who", "links"),
        [("ben", ["Today", "People"]), ("cy", ["Supervision", "Said to you", "Please look"]), ("mo", ["The service"])],
    )
    def test_each_role_has_its_pages_in_the_navigation(self, who, links, people, as_member):
        page = as_member(getattr(people, who)).get("/", follow=True).content.decode()
        nav = re.search(r'<nav class="nav".*?</nav>', page, re.S)[0]
        assert re.findall(r">([^<]+)</a>", nav) == links
        assert nav.count('aria-current="page"') == 1

    def test_signed_out_there_is_none(self, db):
        page = Browser().get("/account/login/").content.decode()
        assert '<nav class="nav"' not in page
        assert "Sign out" not in page
