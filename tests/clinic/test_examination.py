"""`accord_clinic check`: what can be wrong with an installation, found one by one, each with what to do."""

import socketserver
import threading

import pytest
from django.core.management import call_command
from django.db import connection
from tests.clinic.people import a_held_session

from accord_clinic.actions import audit
from accord_clinic.models import AuditEntry, Member, Practice
from accord_clinic.upkeep import audit_anchor, examination, health


@pytest.fixture
def sound(people, settings, tmp_path):
    """An installation in which nothing needs doing, but for mail."""
    keys, backups = tmp_path / "keys", tmp_path / "backups"
    keys.mkdir(mode=0o700)
    backups.mkdir()
    for name in ("accord-20260101T000000Z.db", "accord-20260101T000000Z.json", "postgresql"):
        (backups / name).write_text("{}")
    settings.KEYS, settings.BACKUPS, settings.DEMO = keys, backups, False
    settings.ALLOWED_HOSTS, settings.HERE_ALONE = ["practice.example.org"], False
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.DEFAULT_FROM_EMAIL = "practice@example.org"
    health.swept()
    audit_anchor.note()
    return settings


def finding(about: str) -> examination.Verdict:
    return next(one for one in examination.examine() if one.about == about)


def test_a_sound_installation_needs_nothing_but_mail_here(sound):
    todo = [one.about for one in examination.examine() if not one.well]
    # The tests run as the owner of the tables, on a server that keeps nothing; what the other role may do is in
    # test_database.
    assert set(todo) <= {"mail", "rights", "changes"}


def test_it_is_what_check_says_as_typed(sound, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("check")
    said = capsys.readouterr().out
    assert ended.value.code == 1
    assert "TODO mail: goes nowhere." in said
    assert "ok   program: Django's own checks find nothing." in said


def test_what_needs_doing_is_said_with_what_to_do(sound):
    assert all(one.says.endswith((".", "?", "UTC")) or one.well for one in examination.examine())


def test_before_there_is_a_practice_it_says_how_to_begin(sound, monkeypatch):
    monkeypatch.setattr(connection.introspection, "table_names", list)
    assert finding("database").says == "empty. Run accord_clinic init."


class TestSettings:
    def test_what_django_itself_finds(self, sound):
        sound.SECURE_HSTS_SECONDS = 0
        assert "security.W004" in finding("program").says

    def test_demo(self, sound):
        sound.DEMO = True
        assert "Unset ACCORD_DEMO" in finding("mode").says

    @pytest.mark.parametrize("hosts", [["localhost", "127.0.0.1"], ["*"]])
    def test_a_name_that_nobody_can_use_or_anybody_can_choose(self, sound, hosts):
        sound.ALLOWED_HOSTS = hosts
        assert not finding("address").well

    def test_no_tls(self, sound):
        sound.SECURE_SSL_REDIRECT = False
        assert "ACCORD_TLS_ELSEWHERE" in finding("TLS").says

    def test_an_address_of_this_machine_alone(self, sound):
        sound.HERE_ALONE, sound.PUBLIC_URL = True, "http://localhost:8000"
        assert "Clients need an address with https://" in finding("TLS").says

    def test_tls_without_a_proxy_that_speaks_it(self, sound):
        sound.SECURE_PROXY_SSL_HEADER = None
        assert "ACCORD_BEHIND_PROXY" in finding("TLS").says


class TestKeys:
    def test_keys_that_others_can_read(self, sound):
        key = sound.KEYS / "database.key"
        key.write_text("x")
        key.chmod(0o644)
        assert "chmod" in finding("keys").says

    def test_a_recovery_sheet_that_lies_around(self, sound):
        sheet = sound.KEYS / "recovery-sheet.txt"
        sheet.touch(mode=0o600)
        assert "PostgreSQL" in finding("database").says or "Print it" in finding("keys").says


class TestBackups:
    def test_none(self, sound, tmp_path):
        sound.BACKUPS = tmp_path / "elsewhere"
        assert "start accord-backup.service" in finding("backups").says

    def test_nobody_knows_where(self, sound):
        sound.BACKUPS = None
        assert "ACCORD_BACKUPS" in finding("backups").says

    def test_what_else_lies_there_is_no_backup(self, sound):
        for path in sound.BACKUPS.iterdir():
            path.unlink()
        (sound.BACKUPS / "erasures.jsonl").write_text("{}")
        assert "start accord-backup.service" in finding("backups").says

    def test_too_old(self, sound, monkeypatch):
        monkeypatch.setattr(health, "newest_backup", lambda: 0.0)
        assert "timer" in finding("backups").says


    def test_what_came_after_the_newest_is_kept_or_said_not_to_be(self, sound):
        found = finding("changes")
        assert found.well == (connection.vendor == "sqlite")
        assert found.well or "docs/how-to/postgresql.md" in found.says


class TestMachinery:
    def test_a_sweep_that_does_not_run(self, sound):
        health.cache.delete(health.SWEPT)
        assert "accord_clinic serve" in finding("sweep").says

    def test_a_clock_that_nobody_sets(self, sound, monkeypatch):
        monkeypatch.setattr(examination, "_clock_is_set", lambda: False)
        assert "systemd-timesyncd" in finding("clock").says

    def test_a_broken_log(self, sound, dyad):
        a_held_session(dyad)
        audit.record(None, "nothing", "x:1")
        AuditEntry.objects.filter(act="nothing").update(row="x:2")
        assert "compare with a backup" in finding("audit log").says

    def test_nobody_is_admin(self, sound):
        Member.objects.filter(roles__icontains="admin").update(is_active=False)
        assert not finding("people").well


    def test_country_time_zone_and_crisis_text_are_said_by_name(self, sound):
        assert "DE" in finding("place").says
        assert "Europe/Berlin" in finding("place").says
        assert "116 123" in finding("place").says

    @pytest.mark.parametrize(
        "unasked", [{"country": ""}, {"crisis_text": " "}, {"crisis_text": "In an emergency call 112."}]
    )
    def test_what_nobody_was_asked_for_has_to_be_said(self, sound, unasked):
        Practice.objects.update(**unasked)
        assert not finding("place").well


class TestMail:
    def test_mail_that_goes_nowhere(self, sound):
        assert "ACCORD_SMTP_HOST" in finding("mail").says

    def test_a_server_that_answers(self, sound):
        with socketserver.TCPServer(("127.0.0.1", 0), _Greets) as server:
            threading.Thread(target=server.handle_request, daemon=True).start()
            sound.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            sound.EMAIL_HOST, sound.EMAIL_PORT = "127.0.0.1", server.server_address[1]
            assert finding("mail").well

    def test_a_server_that_does_not(self, sound):
        sound.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        sound.EMAIL_HOST, sound.EMAIL_PORT = "127.0.0.1", 1
        assert "does not answer" in finding("mail").says


class _Greets(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 fine\r\n")
