"""The two pages for machines: what they say to whom, and that they say nothing about anybody."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic.people import a_held_session, answers

from accord_clinic.models import Notice
from accord_clinic.upkeep import health

PROXIED = {"X-Forwarded-For": "203.0.113.9"}


def gauges(page) -> dict[str, float]:
    lines = [line for line in page.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.split() for line in lines)}


class TestHealth:
    def test_it_is_ok_while_the_database_answers(self, db):
        page = Browser().get("/health/")
        assert (page.status_code, page.content) == (200, b"ok\n")

    def test_it_says_no_more_than_that_when_it_does_not(self, db):
        with patch.object(health, "answers", return_value=False):
            page = Browser().get("/health/")
        assert (page.status_code, page.content) == (503, b"not well\n")

    def test_nothing_is_stored_and_nothing_is_changed(self, db):
        page = Browser().get("/health/")
        assert page["Cache-Control"] == "no-store"
        assert not page.cookies
        assert Browser().post("/health/").status_code == 405

    def test_a_probe_on_this_machine_is_not_sent_on_to_tls(self, db, settings):
        settings.SECURE_SSL_REDIRECT = True
        assert Browser().get("/health/").status_code == 200


class TestMetrics:
    def test_this_machine_may_ask(self, people):
        assert gauges(Browser().get("/metrics"))["accord_up"] == 1

    @pytest.mark.parametrize("stranger", [{"REMOTE_ADDR": "203.0.113.9"}, {"headers": PROXIED}])
    def test_a_stranger_finds_nothing_also_by_way_of_the_proxy(self, people, stranger):
        assert Browser(**stranger).get("/metrics").status_code == 404

    @pytest.mark.parametrize(
        ("configured", "given", "status"),
        [("s3cret", "Bearer s3cret", 200), ("s3cret", "Bearer other", 404), ("s3cret", "", 404), ("", "Bearer ", 404)],
    )
    def test_the_token_opens_it_from_elsewhere(self, people, settings, configured, given, status):
        settings.METRICS_TOKEN = configured
        page = Browser(headers={**PROXIED, "Authorization": given}).get("/metrics")
        assert page.status_code == status

    def test_it_says_how_the_machinery_is_doing(self, people, settings, tmp_path):
        settings.BACKUPS = tmp_path
        before = gauges(Browser().get("/metrics"))
        assert "accord_sweep_age_seconds" not in before
        assert "accord_backup_age_seconds" not in before
        health.swept()
        assert gauges(Browser().get("/metrics"))["accord_sweep_age_seconds"] < 60

    def test_what_people_said_or_whether_they_did_changes_no_number(self, people, dyad):
        before = gauges(Browser().get("/metrics"))
        a_held_session(dyad, client=answers("client", t1=3, words="A word that stays out."))
        after = gauges(Browser().get("/metrics"))
        for changing in ("accord_resident_memory_bytes", "accord_reveals_late"):
            before.pop(changing), after.pop(changing)
        assert after == before

    @pytest.mark.parametrize("kind", ["reminder", "outside_line"])
    def test_a_message_that_would_tell_on_a_client_moves_no_number_by_not_going_out(self, kind, dyad, cy, ana):
        """A reminder waits only while nobody has answered; a line to somebody else is nobody else's to know."""
        before = gauges(Browser().get("/metrics"))
        long_ago = timezone.now() - timedelta(hours=1)
        row = {"client": ana, "session": a_held_session(dyad)} if kind == "reminder" else {"member": cy}
        Notice.objects.create(key="x", kind=kind, made_at=long_ago, due_at=long_ago, tries=9, **row)
        Notice.objects.create(key="y", kind="cover", member=cy, made_at=long_ago, due_at=long_ago, tries=9)
        after = gauges(Browser().get("/metrics"))
        moved = {name: after[name] - before[name] for name in ("accord_notices_late", "accord_notices_given_up")}
        assert moved == {"accord_notices_late": 1, "accord_notices_given_up": 1}

    def test_no_name_and_no_address_is_in_it(self, people):
        said = Browser().get("/metrics").content.decode()
        assert not any(word in said for word in ("Ana", "Ben", "Park", "example.org", "/"))
