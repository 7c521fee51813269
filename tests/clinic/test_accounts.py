"""Signing in: password and second factor, idle and old sessions, forgotten passwords; nobody signs themselves up."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client as Browser
from django.test import override_settings
from tests.clinic.people import PASSWORD
from tests.clinic.phone import text
from tests.clinic.test_every_url import a_passkey

from accord.errors import BadInput
from accord_clinic import settings as real_settings
from accord_clinic.accounts.passwords import NewPasswordByLink
from accord_clinic.messages import notices
from accord_clinic.models import AuditEntry
from accord_clinic.words.browsers import seen_as

SETUP, CHOICE = "/account/2fa/totp/activate/", "/account/2fa/"


@pytest.fixture(autouse=True)
def _fresh_limits(db):
    cache.clear()


def sign_in(member, password=PASSWORD, browser=None):
    browser = browser or Browser()
    return browser, browser.post("/account/login/", {"login": member.email, "password": password})


def is_out(browser) -> bool:
    """Whether this browser is asked to sign in again."""
    return browser.get("/account/2fa/").headers.get("Location", "").startswith("/account/login/")


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
        assert browser.get("/today/")["Location"] == CHOICE

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
        assert browser.get("/today/")["Location"] == CHOICE

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
        assert "you were inactive for a while" in text(browser.get(response["Location"]))

    def test_one_that_was_begun_by_a_clock_a_day_ahead_is_over(self, as_member, ben):
        """Or it would last a day longer than any other, once the clock is put right."""
        browser = as_member(ben)
        self.at(browser, -30)
        assert browser.get("/today/").status_code == 200
        self.at(browser, -86_400)
        assert browser.get("/today/")["Location"].startswith("/account/login/")

    def test_who_showed_a_factor_by_a_clock_a_day_ahead_is_asked_again(self, ben):
        browser, there = sign_in(ben)[0], sign_in(ben)[0]
        session = browser.session
        session["account_authentication_methods"][0]["at"] += 86_400
        session.save()
        asked = browser.post("/account/sessions/", {"end": "others"})["Location"]
        assert asked.startswith("/account/reauthenticate/")
        assert not is_out(there)

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
        assert "On 2 devices" in text(here.get("/account/sessions/"))
        here.post("/account/sessions/", {"end": "others"})
        assert is_out(there)
        assert not is_out(here)

    def test_or_just_one_of_them_and_never_somebody_elses(self, ben, eve):
        here, there, elsewhere, of_eve = (sign_in(who)[0] for who in (ben, ben, ben, eve))
        one, theirs = (UserSession.objects.get(session_key=b.session.session_key).pk for b in (there, of_eve))
        for number in (one, theirs, "", "x"):
            here.post("/account/sessions/", {"end": number})
        assert [is_out(browser) for browser in (here, there, elsewhere, of_eve)] == [False, True, False, False]

    def test_ending_one_asks_who_it_is_after_a_while(self, ben):
        here, there = sign_in(ben)[0], sign_in(ben)[0]
        session = here.session
        session["account_authentication_methods"][0]["at"] -= 301
        session.save()
        asked = here.post("/account/sessions/", {"end": "others"})["Location"]
        assert asked.startswith("/account/reauthenticate/")
        assert not is_out(there)
        here.post(asked, {"password": PASSWORD, "next": "/account/sessions/"})
        assert is_out(there)

    @pytest.mark.parametrize(
        ("says", "seen"),
        [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36 Edg/140.0", ("Edge", "Windows")),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", ("Safari", "iPhone")),
            ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0.0.0 Mobile Safari/537.36", ("Chrome", "Android")),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ("Firefox", "Linux")),
            ("curl/8", ("", "")),
        ],
    )
    def test_a_place_is_called_by_browser_and_machine(self, says, seen):
        assert seen_as(says) == seen


class TestSessionsOfOthers:
    def test_an_admin_ends_them_and_the_account_stays(self, as_member, ada, ben):
        one, other = sign_in(ben)[0], sign_in(ben)[0]
        page = as_member(ada).get(f"/practice/members/{ben.uid}/")
        assert "On 2 devices" in text(page)
        as_member(ada).post(f"/practice/members/{ben.uid}/", {"what": "sessions"})
        assert is_out(one)
        assert is_out(other)
        assert sign_in(ben)[1]["Location"] == "/"
        assert AuditEntry.objects.filter(act="end_sessions", actor=f"member:{ada.pk}", row=f"member:{ben.pk}").exists()

    def test_where_somebody_is_signed_in_the_admin_does_not_read(self, as_member, ada, ben):
        sign_in(ben, browser=Browser(REMOTE_ADDR="203.0.113.77", HTTP_USER_AGENT="Firefox"))
        page = as_member(ada).get(f"/practice/members/{ben.uid}/").content.decode()
        assert "On one device" in page
        assert "203.0.113.77" not in page
        assert "Firefox" not in page

    def test_ones_own_are_not_ended_there(self, as_member, ada):
        own = sign_in(ada)[0]
        assert as_member(ada).post(f"/practice/members/{ada.uid}/", {"what": "sessions"}).status_code == 404
        assert not is_out(own)


# Real commits: that the app is set up is told to the session when the row is safe.
@pytest.mark.django_db(transaction=True)
class TestALostSecondFactor:
    """The phone is gone, and the recovery codes with it."""

    @pytest.fixture
    def inside(self, ben):
        return sign_in(ben)[0]

    @pytest.fixture
    def secret(self, inside):
        return set_up_app(inside)

    def reset(self, browser, member):
        return browser.post(f"/practice/members/{member.uid}/second-factor/")

    def test_an_admin_takes_it_away_and_the_next_sign_in_sets_up_another(self, secret, inside, ben, ada, as_member):
        assert inside.get("/today/").status_code == 200
        admin = as_member(ada)
        assert "Lost the second factor?" in text(admin.get(f"/practice/members/{ben.uid}/"))
        assert self.reset(admin, ben)["Location"] == f"/practice/members/{ben.uid}/"
        assert not Authenticator.objects.filter(user=ben).exists()
        assert is_out(inside)
        browser, response = sign_in(ben)
        assert response["Location"] == "/"
        for page in ("/today/", "/people/", f"/people/{ben.dyads.get().uid}/", "/practice/"):
            assert browser.get(page)["Location"] == CHOICE
        new = set_up_app(browser)
        assert new != secret
        assert browser.get("/today/").status_code == 200
        again = sign_in(ben)[0]
        assert again.post("/account/2fa/authenticate/", {"code": code(secret)}).status_code == 200
        again.post("/account/2fa/authenticate/", {"code": code(new)})
        assert again.get("/today/").status_code == 200

    def test_recovery_codes_and_passkeys_go_with_it(self, secret, ben, ada, as_member):
        a_passkey(ben)
        assert Authenticator.objects.filter(user=ben).count() == 3
        self.reset(as_member(ada), ben)
        assert not Authenticator.objects.filter(user=ben).exists()

    def test_the_member_is_told_and_the_log_holds_who_did_it(self, secret, ben, ada, as_member, mailoutbox):
        self.reset(as_member(ada), ben)
        notices.deliver()
        [told] = [one for one in mailoutbox if one.to == [ben.email]]
        assert "second factor for signing in was removed" in told.body
        assert not [word for word in ("Ben", "Ada", "Practice", "therap") if word in told.subject + told.body]
        done = AuditEntry.objects.get(act="reset_second_factor")
        assert (done.actor, done.row) == (f"member:{ada.pk}", f"member:{ben.pk}")

    def test_an_admin_at_an_open_screen_is_asked_who_it_is(self, secret, ben, ada):
        admin = sign_in(ada)[0]
        set_up_app(admin)
        session = admin.session
        for one in session["account_authentication_methods"]:
            one["at"] -= 301
        session.save()
        assert self.reset(admin, ben)["Location"].startswith("/account/")
        assert Authenticator.objects.filter(user=ben).exists()

    def test_nobody_takes_away_their_own(self, ada, as_member):
        set_up_app(sign_in(ada)[0])
        admin = as_member(ada)
        assert "Lost the second factor?" not in text(admin.get(f"/practice/members/{ada.uid}/"))
        assert self.reset(admin, ada).status_code == 404
        assert Authenticator.objects.filter(user=ada).exists()

    def test_the_only_admin_does_it_on_the_server(self, ada, capsys):
        set_up_app(sign_in(ada)[0])
        call_command("reset_second_factor", "Ada@example.org")
        assert "Sign in with the password now" in capsys.readouterr().out
        assert not Authenticator.objects.exists()
        assert AuditEntry.objects.get(act="reset_second_factor").actor == "system"
        assert sign_in(ada)[0].get("/practice/")["Location"] == CHOICE

    @pytest.mark.parametrize(
        ("address", "says"),
        [("nobody@example.org", "nobody who works here"), ("ben@example.org", "Ben has no second factor")],
    )
    def test_on_the_server_it_says_what_is_wrong(self, people, address, says):
        with pytest.raises(BadInput, match=says):
            call_command("reset_second_factor", address)


# Real commits: what allauth tells after a commit is noted, too.
@pytest.mark.django_db(transaction=True)
class TestWhatIsNoted:
    """ASVS 16.3.1: the audit log tells who came in, how, and what was tried."""

    def noted(self, **only) -> list[tuple]:
        rows = AuditEntry.objects.filter(**only).order_by("id")
        return [(one.act, one.actor, one.row, one.fields) for one in rows]

    def test_signing_in_and_out(self, ben):
        browser, _response = sign_in(ben)
        browser.post("/account/logout/")
        me = f"member:{ben.pk}"
        assert self.noted(row=me)[-2:] == [("signed_in", me, me, ["password"]), ("signed_out", me, me, [])]

    def test_a_wrong_password_by_the_account_and_an_unknown_address_by_nothing(self, ben):
        sign_in(ben, "not this one")
        Browser().post("/account/login/", {"login": "My secret password", "password": "x"})
        Browser().post("/account/login/", {"login": "nobody@example.org", "password": "not this one"})
        assert self.noted(act="sign_in_failed") == [
            ("sign_in_failed", "system", f"member:{ben.pk}", ["password"]),
            ("sign_in_failed", "system", "member:unknown", ["password"]),
        ]
        said = str(list(AuditEntry.objects.values_list("act", "actor", "row", "fields")))
        assert not [typed for typed in ("secret", "not this", "nobody", "example") if typed in said]

    def test_the_second_factor_added_used_failed_renewed_and_removed(self, ben):
        browser, _response = sign_in(ben)
        secret = set_up_app(browser)
        again, _response = sign_in(ben)
        again.post("/account/2fa/authenticate/", {"code": "000000"})
        again.post("/account/2fa/authenticate/", {"code": code(secret)})
        again.post("/account/2fa/recovery-codes/generate/")
        again.post("/account/2fa/totp/deactivate/")
        me = f"member:{ben.pk}"
        factors = [(act, actor, codes) for act, actor, row, codes in self.noted(act__startswith="second_factor")]
        assert factors == [
            ("second_factor_added", me, ["totp"]),
            ("second_factor_added", me, ["recovery_codes"]),
            ("second_factor_failed", "system", ["code"]),
            ("second_factor_used", me, ["totp"]),
            ("second_factor_renewed", me, ["recovery_codes"]),
            ("second_factor_removed", me, ["totp"]),
            ("second_factor_removed", me, ["recovery_codes"]),
        ]
        assert self.noted(act="signed_in")[-1][3] == ["password", "totp"]

    def test_a_changed_and_a_forgotten_password(self, ben):
        new = "four words nobody joins"
        sign_in(ben)[0].post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
        Browser().post("/account/password/reset/", {"email": ben.email})
        notices.deliver()
        link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[-1].body)[1]
        browser = Browser()
        action = browser.get(link, follow=True).redirect_chain[-1][0]
        browser.post(action, {"password1": PASSWORD, "password2": PASSWORD})
        me = f"member:{ben.pk}"
        assert self.noted(act__startswith="password_") == [
            ("password_changed", me, me, []),
            ("password_reset", "system", me, []),
        ]

    def test_a_session_that_is_ended_or_runs_out(self, ben):
        here, there = sign_in(ben)[0], sign_in(ben)[0]
        pk = UserSession.objects.get(session_key=there.session.session_key).pk
        here.post("/account/sessions/", {"end": pk})
        here.get("/account/2fa/")
        session = here.session
        session["seen"] -= 3601
        session.save()
        here.get("/account/2fa/")
        me = f"member:{ben.pk}"
        assert self.noted(act="session_ended") == [
            ("session_ended", me, f"session:{pk}", []),
            ("session_ended", "system", me, ["idle"]),
        ]

    def test_going_back_where_one_was_is_for_this_site_alone(self, ben):
        browser = Browser()
        target = "/account/login/?next=https://evil.example/"
        response = browser.post(target, {"login": ben.email, "password": PASSWORD, "next": "https://evil.example/"})
        assert response["Location"] == "/"


class TestPasswords:
    def test_the_rules_are_one_quiet_sentence_and_what_breaks_them_is_one_line(self, people, as_member):
        browser, url = as_member(people.ben), "/account/password/change/"
        page = browser.get(url).content.decode()
        hint = "At least 12 characters. No common password, and nothing close to your name or e-mail address."
        assert f'<span class="hint" id="id_password1_helptext">{hint}</span>' in page
        assert page.count("12 characters") == 1
        new = {"oldpassword": PASSWORD, "password1": "ben", "password2": "ben"}
        page = browser.post(url, new).content.decode()
        [errors] = re.findall(r'<ul class="errorlist"[^>]*>(.*?)</ul>', page)
        assert errors.count("<li>") == 1
        assert "too short" in errors
        assert "too common" in errors

    def test_the_link_for_a_first_password_says_the_same(self, people):
        form = NewPasswordByLink(user=people.ben, temp_key="x")
        assert str(form.fields["password1"].help_text).startswith("At least 12 characters.")

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
        notices.deliver()
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
        assert mail.outbox == []
        notices.deliver()
        assert [m.to for m in mail.outbox] == [[ben.email]]

    def test_nobody_signs_themselves_up(self, db):
        said = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
        assert Browser().get("/account/signup/").status_code == 404
        assert Browser().post("/account/signup/", said).status_code == 404


class TestTheShell:
    @pytest.mark.parametrize(
        ("who", "links"),
        [
            ("ben", ["Today", "People", "Learn"]),
            ("cy", ["Supervision", "Comments for you", "Safety answers", "Learn"]),
            ("mo", ["Service"]),
        ],
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
