"""A stranger on the network, a curious colleague, a stolen laptop, a lost phone: what each of them gets, and no more.

`docs/explanation/security.md` has a paragraph for each.
"""

import math
import time
from collections import Counter
from datetime import timedelta

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic.embedded import a_practice
from tests.clinic.people import PASSWORD, a_course, a_held_session, a_session, answers
from tests.clinic.phone import USUAL, Phone, text
from tests.clinic.rights_steps import inside

from accord_clinic.actions import cover_and_emergency, reveal
from accord_clinic.database.sqlcipher import files
from accord_clinic.messages import notices
from accord_clinic.models import Invitation, ReadLog, Response

SECRET = "kolibri and nobody else"


@pytest.fixture
def course(people):
    """Some sessions of Ana's with words in the last, and one that nobody has answered yet."""
    a_course(people.dyad, 2)
    a_held_session(people.dyad, client=answers("client", t1=2, words=SECRET), therapist=answers("therapist"))
    a_session(people.dyad, state="held")
    return people.dyad


def opened(browser, *paths) -> list[str]:
    """What a browser gets to read at these addresses, wherever it is sent on to."""
    return [text(browser.get(path, follow=True)) for path in paths]


def pages_about(dyad):
    session = dyad.sessions.filter(revealed_at__isnull=False).last()
    sheet = f"/sessions/{session.uid}/talk"
    return (f"/people/{dyad.uid}/", f"/people/{dyad.uid}/goals/", f"{sheet}/", f"{sheet}.pdf", "/people/", "/today/")


class TestAStranger:
    def test_reads_the_way_to_sign_in_and_nothing_of_anybody(self, course):
        for page in opened(Browser(), *pages_about(course), f"/mine/{course.uid}/", "/service/", "/practice/"):
            assert "Ana" not in page
            assert SECRET not in page
        assert "Ana" not in str(opened(Browser(), "/health/", "/c/guess", "/stop/guess"))

    def test_with_the_password_alone_reads_nothing_either(self, course, ben):
        browser = Browser()
        browser.post("/account/login/", {"login": ben.email, "password": PASSWORD})
        for page in opened(browser, *pages_about(course)):
            assert "Ana" not in page

    def test_is_never_spoken_to_in_the_clear(self, settings, people):
        settings.SECURE_SSL_REDIRECT = True
        answer = Browser().get("/account/login/")
        assert answer.status_code == 301
        assert answer["Location"].startswith("https://")


class TestACuriousColleague:
    @pytest.mark.parametrize("who", ["eve", "cy", "dee", "mo", "ada"])
    def test_finds_nothing_about_other_peoples_clients(self, who, course, people, as_member):
        browser = as_member(getattr(people, who))
        for path in pages_about(course):
            answer = browser.get(path)
            assert answer.status_code == 404 or "Ana" not in text(answer), path
        assert "Ana" not in text(browser.post("/people/", {"words": "Ana"}))
        assert not ReadLog.objects.filter(member=getattr(people, who)).exists()

    def test_who_is_admin_looks_only_with_a_reason_that_both_can_read(self, course, people, as_member, mailoutbox):
        ada = as_member(people.ada)
        assert ada.get(f"/people/{course.uid}/").status_code == 404
        cover_and_emergency.break_glass(course, "A relative called and fears the worst.", by=people.ada)
        assert ada.get(f"/people/{course.uid}/").status_code == 200
        assert ReadLog.objects.filter(member=people.ada, dyad=course).exists()
        assert "A relative called" in text(inside(people.ana).get(f"/mine/{course.uid}/readers/"))

    def test_at_the_therapists_own_screen_an_hour_later_has_to_sign_in(self, course, ben, as_member):
        browser = as_member(ben)
        session = browser.session
        session["seen"] = session["began"] = time.time() - settings.SESSION_IDLE_AGE - 1
        session.save()
        assert "Ana" not in opened(browser, f"/people/{course.uid}/")[0]


class TestAStolenLaptop:
    def test_with_the_database_and_no_key_there_is_noise(self, tmp_path):
        """Every byte as likely as any other, no name, no word, not even that it is a database."""
        home = a_practice(tmp_path / "machine")
        raw = b"".join(path.read_bytes() for path in home.data.glob("accord.db*") if not path.name.endswith("-shm"))
        assert not raw.startswith(b"SQLite format 3")
        assert b"ben@example.org" not in raw
        assert b"Practice by the Park" not in raw
        assert b"accord_clinic_client" not in raw
        database = home.database.read_bytes()
        shares = [n / len(database) for n in Counter(database).values()]
        assert -sum(share * math.log2(share) for share in shares) > 7.99
        assert files.opens(home.database, home.key)
        assert not files.opens(home.database, "0" * len(home.key))

    def test_the_key_never_lies_with_the_data(self):
        assert settings.DATA not in [settings.KEYS, *settings.KEYS.parents]
        assert all(path.stat().st_mode & 0o077 == 0 for path in settings.KEYS.iterdir())

    def test_with_a_therapists_browser_there_are_no_pages_left_behind(self, course, ben, as_member):
        browser = as_member(ben)
        for path in pages_about(course):
            assert "no-store" in browser.get(path)["Cache-Control"], path

    def test_its_session_is_ended_from_anywhere_else(self, course, ben):
        stolen, elsewhere = _signed_in(ben), _signed_in(ben)
        assert stolen.get("/today/").status_code == 200
        elsewhere.post("/account/sessions/", {"end": "others"})
        assert "Ana" not in opened(stolen, f"/people/{course.uid}/")[0]


class TestALostPhone:
    def test_an_open_check_in_shows_nothing_of_the_past(self, course):
        phone = Phone(course.sessions.last())
        for page in opened(phone.browser, f"/c/{phone.token}", phone.url, f"/mine/{course.uid}/", "/mine/"):
            assert SECRET not in page

    def test_what_was_just_sent_can_be_read_until_both_are_open_and_no_longer(self, course):
        """The one thing that a finder with an unlocked phone gets: the check-in of one session, for some days."""
        phone = Phone(course.sessions.last())
        words = {**USUAL, "0-o2": "written on the lost phone"}
        phone.send(words)
        assert "written on the lost phone" in phone.browser.get(phone.url).content.decode()
        reveal.waive(phone.invitation.session, "lost", by=course.therapist)
        for page in opened(phone.browser, phone.url, f"/c/{phone.token}"):
            assert "written on the lost phone" not in page

    def test_a_link_that_ran_out_opens_nothing_and_is_renewed_to_the_known_address_alone(self, course):
        phone = Phone(course.sessions.last())
        Invitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
        assert "Ben" not in str(opened(phone.browser, f"/c/{phone.token}", phone.url))
        assert not Response.objects.filter(session=phone.invitation.session).exists()

    def test_the_own_space_closes_by_itself_and_asks_for_a_code(self, course, people):
        browser = inside(people.ana)
        assert browser.get(f"/mine/{course.uid}/").status_code == 200
        people.ana.doors.update(seen_at=timezone.now() - timedelta(minutes=16))
        assert browser.get(f"/mine/{course.uid}/")["Location"] == "/mine/in/"

    def test_nothing_that_comes_by_message_names_anybody_or_says_what_it_is_about(self, course, mailoutbox):
        phone = Phone(course.sessions.last())
        Invitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
        phone.browser.post(f"/c/{phone.token}")
        notices.deliver()
        [sent] = [mail for mail in mailoutbox if mail.to == ["ana@example.org"]]
        for word in ("Ana", "Ben", "therap", "session", "Practice by the Park"):
            assert word not in f"{sent.subject} {sent.body}", word

    def test_a_members_phone_is_half_of_what_it_takes(self, course, ben):
        """The authenticator app on it is worth nothing without the password, and an admin can send a way back."""
        browser = Browser()
        browser.post("/account/2fa/authenticate/", {"code": "123456"})
        assert "Ana" not in opened(browser, f"/people/{course.uid}/")[0]


def _signed_in(member) -> Browser:
    """Signed in by the page itself, so that the session is on the list of sessions; the code counts as given."""
    browser = Browser()
    browser.post("/account/login/", {"login": member.email, "password": PASSWORD})
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] += [{"method": "mfa", "type": "totp", "at": time.time()}]
    session.save()
    return browser
