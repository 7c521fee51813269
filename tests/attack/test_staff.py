"""A stranger asks who works here; an admin asks who treats whom, and leaves no trace."""

import smtplib

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accord_clinic.messages import notices
from accord_clinic.models import AuditEntry, BreakGlass, Notice

RESET = "/account/password/reset/"


class TestWhoWorksHere:
    @pytest.fixture(autouse=True)
    def no_limits_yet(self, db):
        cache.clear()

    def weighed(self, email):
        browser = Browser()
        with CaptureQueriesContext(connection) as asked:
            answer = browser.post(RESET, {"email": email})
        kinds = [query["sql"].split()[0] for query in asked if "accord_cache" not in query["sql"]]
        return answer.status_code, answer["Location"], sorted(answer.headers), kinds

    def test_a_forgotten_password_answers_and_costs_alike(self, ben):
        self.weighed("warm@example.org")
        assert self.weighed(ben.email) == self.weighed("nobody@example.org")

    def test_also_while_no_mail_can_be_sent(self, ben, monkeypatch):
        """A mail server that is down, or slow, showed who is known: 500 against 302, 1.6 s against .08."""

        def down(*_args, **_named):
            raise smtplib.SMTPConnectError(421, "down")

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", down)
        self.weighed("warm@example.org")
        assert self.weighed(ben.email) == self.weighed("nobody@example.org")
        assert notices.deliver() == 0

    def test_what_was_typed_is_forgotten_and_only_members_get_mail(self, ben, mailoutbox):
        for email in (ben.email, "nobody@example.org", "BEN@example.org"):
            Browser().post(RESET, {"email": email})
        notices.deliver()
        assert {address.lower() for one in mailoutbox for address in one.to} == {ben.email}
        assert not Notice.objects.exclude(to="").exists()

    def test_what_cannot_be_an_address_reaches_no_outbox(self, db):
        for email in ("", "x", "a@b\r\nBcc: c@d.org", "a" * 300 + "@example.org"):
            assert Browser().post(RESET, {"email": email}).status_code == 200
        assert not Notice.objects.exists()


class TestWhoTreatsWhom:
    """The emergency page said which name is there before it asked why."""

    def asked(self, browser, ben, name, why):
        page = browser.post("/practice/emergency/", {"therapist": ben.uid, "name": name, "why": why})
        return page.status_code, page.content.decode().replace(name, "NAME")

    @pytest.mark.parametrize("why", ["", "short", "         .         "])
    def test_without_a_reason_known_and_unknown_names_look_alike(self, ada, ben, dyad, as_member, why):
        browser = as_member(ada)
        known, unknown = (self.asked(browser, ben, name, why) for name in ("Ana", "Zoe"))
        form_tokens = [page[1].split('name="csrfmiddlewaretoken"') for page in (known, unknown)]
        assert known[0] == unknown[0] == 422
        assert [part[80:] for part in form_tokens[0]] == [part[80:] for part in form_tokens[1]]
        assert not BreakGlass.objects.exists()

    def test_a_miss_with_a_reason_is_in_the_audit_log(self, ada, ben, dyad, as_member):
        before = AuditEntry.objects.count()
        status, _page = self.asked(as_member(ada), ben, "Zoe", "Ben is in hospital and Zoe has called")
        assert status == 422
        entry = AuditEntry.objects.latest("id")
        assert AuditEntry.objects.count() == before + 1
        assert (entry.act, entry.actor, entry.row) == ("break_glass_missed", f"member:{ada.pk}", f"member:{ben.pk}")
        assert "Zoe" not in str(vars(entry))

    def test_misses_are_told_to_the_therapist_and_end_after_a_few(self, ada, ben, dyad, as_member):
        browser = as_member(ada)
        for guess in range(8):
            self.asked(browser, ben, f"Guess {guess}", "Ben is in hospital and somebody has called")
        assert Notice.objects.filter(kind="break_glass_missed", member=ben).count() == 1
        status, _page = self.asked(browser, ben, "Ana", "Ben is in hospital and somebody has called")
        assert status == 422
        assert not BreakGlass.objects.exists()
