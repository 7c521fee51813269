"""The keys: made once, outside the data, changed on request, and never lost by an interruption."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.clinic.embedded import a_machine, a_practice, another

from accord_clinic.database import keys
from accord_clinic.database.sqlcipher import files


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return a_practice(tmp_path_factory.mktemp("keys") / "template")


@pytest.fixture
def home(template, tmp_path):
    return another(template, tmp_path / "home")


def clients(home):
    return home.rows("SELECT name FROM accord_clinic_client")


class TestMadeAtFirstStart:
    def test_only_the_owner_can_read_them(self, template):
        assert template.keys.stat().st_mode & 0o077 == 0
        assert all(path.stat().st_mode & 0o077 == 0 for path in template.keys.iterdir())

    def test_the_recovery_sheet_says_the_key(self, template):
        assert template.key in (template.keys / "recovery-sheet.txt").read_text()

    def test_a_second_start_changes_nothing(self, tmp_path):
        keys.ensure(tmp_path, tmp_path / "accord.db")
        before = {p.name: p.read_text() for p in tmp_path.iterdir()}
        assert not keys.ensure(tmp_path, tmp_path / "accord.db")
        assert {p.name: p.read_text() for p in tmp_path.iterdir()} == before

    def test_a_lost_key_is_said_and_never_replaced_by_a_new_one(self, home):
        (home.keys / "database.key").unlink()
        done = home.run("audit", "verify")
        assert (done.returncode, "recovery sheet" in done.stderr) == (2, True)
        assert not (home.keys / "database.key").exists()

    def test_a_damaged_key_is_said(self, home):
        (home.keys / "database.key").write_text("not a key")
        done = home.run("audit", "verify")
        assert (done.returncode, "64 hexadecimal digits" in done.stderr) == (2, True)

    def test_keys_inside_the_data_folder_are_refused(self, tmp_path):
        done = a_machine(tmp_path / "machine").run("migrate", ACCORD_KEYS=str(tmp_path / "machine" / "data" / "keys"))
        assert done.returncode != 0
        assert "a stolen copy opens itself" in done.stderr


SIGNED_IN = """
from django.core import signing
from django.test import Client as Browser
from tests.clinic.people import a_dyad, a_session
from accord_clinic.actions import checkin
from accord_clinic.models import Member
ben, browser = Member.objects.get(), Browser()
token = checkin.invite(a_session(a_dyad(ben, "Kim"), state="held"), by=ben)
browser.force_login(ben)
assert "_auth_user_id" in browser.session
print(token, signing.Signer().sign("anything"), browser.session.session_key)
"""
STILL = """
import os
from django.core import signing
from django.http import HttpRequest
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from accord_clinic.queries import checkin
print(f"link:{checkin.by_token(os.environ['TOKEN']) is not None}")
try:
    print(f"signature:{bool(signing.Signer().unsign(os.environ['SIGNED']))}")
except signing.BadSignature:
    print("signature:False")
request = HttpRequest()
request.session = SessionStore(os.environ["SESSION"])
print(f"member:{get_user(request).is_authenticated}")
"""


class TestChangingIt:
    def test_the_practice_has_a_new_key_and_the_old_one_opens_it_no_more(self, home):
        old = home.key
        home.do("rotate-key")
        assert home.key != old
        assert clients(home) == [("Ana",)]
        assert not files.opens(home.database, old)
        assert home.key in (home.keys / "recovery-sheet.txt").read_text()
        assert "each follows" in home.do("audit", "verify")

    def test_the_signing_secret_is_new_too_and_with_it_everybody_is_signed_out(self, home):
        """Who had copied the old one can sign nothing any more; check-in links, which it never signed, stay."""
        before, (token, signed, session) = (home.keys / "signing.key").read_text(), home.python(SIGNED_IN).split()
        home.do("rotate-key")
        assert (home.keys / "signing.key").read_text() != before
        assert (home.keys / "signing.key").stat().st_mode & 0o077 == 0
        told = home.python(STILL, TOKEN=token, SIGNED=signed, SESSION=session).split()
        assert told == ["link:True", "signature:False", "member:False"]
        kinds = home.rows("SELECT row FROM accord_clinic_auditentry WHERE act = 'rotate_key' ORDER BY id")
        assert kinds == [("key:database",), ("key:signing",)]

    def test_a_backup_from_before_is_still_good(self, home, tmp_path):
        home.do("backup", tmp_path / "out")
        home.do("rotate-key")
        (file,) = (tmp_path / "out").glob("*.db")
        assert "a good backup" in home.do("restore", file, "--check")

    def test_it_is_refused_while_the_practice_runs(self, home):
        old = home.key
        with files.opened(home.database, old, writing=True) as somebody:
            somebody.execute("SELECT count(*) FROM accord_clinic_client").fetchone()
            done = home.run("rotate-key")
        assert (done.returncode, "Stop the practice first" in done.stderr) == (2, True)
        assert (home.key, clients(home)) == (old, [("Ana",)])

CUT_OFF = """
import os, signal, sys
from pathlib import Path
from accord_clinic.database.sqlcipher import files

with files.alone(Path(sys.argv[1]), sys.argv[2]) as connection:
    connection.execute("PRAGMA cache_size = 2")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("UPDATE accord_clinic_client SET name = 'Nobody'")
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000)"
    connection.execute(f"CREATE TABLE filler AS {many} SELECT i, hex(randomblob(100)) AS text FROM n")
    os.kill(os.getpid(), signal.SIGKILL)
"""


class TestInterrupted:
    """Wherever the power fails, the next command finds the key that the database has."""

    def test_before_the_database_was_touched(self, home):
        keys.replace(home.keys / keys.NEXT, "ab" * 32)
        keys.finish(home.database, home.keys)
        assert clients(home) == [("Ana",)]
        keys.rotate(home.database, home.keys)
        assert clients(home) == [("Ana",)]

    def test_between_the_database_and_the_key_file(self, home):
        old, new = home.key, "ab" * 32
        keys.replace(home.keys / keys.NEXT, new)
        files.new_key(home.database, old, new)
        keys.finish(home.database, home.keys)
        assert home.key == new
        assert clients(home) == [("Ana",)]
        assert [path.read_text().strip() for path in keys.older(home.keys)] == [old]

    def test_any_command_mends_it(self, home):
        old, new = home.key, "ab" * 32
        keys.replace(home.keys / keys.NEXT, new)
        files.new_key(home.database, old, new)
        assert "each follows" in home.do("audit", "verify")
        assert home.key == new

    @pytest.mark.parametrize("writes", [1, 30, 120])
    def test_killed_in_the_middle_of_writing(self, home, writes):
        """The process is killed after it was seen to write so often, wherever that falls."""
        killed = subprocess.run(
            [sys.executable, "-c", KILLED_AFTER, str(home.database), str(home.keys), str(writes)],
            env=home.environment,
            capture_output=True,
            text=True,
        )
        assert killed.returncode in (0, -9), killed.stderr
        keys.finish(home.database, home.keys)
        assert clients(home) == [("Ana",)]
        assert files.check(home.database, home.key).has_practice
        keys.rotate(home.database, home.keys)
        assert clients(home) == [("Ana",)]

    def test_a_change_that_was_cut_off_is_rolled_back_by_whoever_opens_next(self, home):
        """With pages of the change already on the disk, the file opens only once its journal is played back."""
        subprocess.run([sys.executable, "-c", CUT_OFF, str(home.database), home.key], env=home.environment, check=False)
        assert Path(f"{home.database}-journal").exists()
        assert not files.opens(home.database, "ab" * 32)
        assert files.opens(home.database, home.key)
        assert clients(home) == [("Ana",)]

    def test_a_key_that_is_nowhere_is_said(self, home):
        keys.replace(home.keys / keys.NEXT, "ab" * 32)
        keys.replace(home.keys / keys.DATABASE, "cd" * 32)
        with pytest.raises(Exception, match="Restore a backup"):
            keys.finish(home.database, home.keys)


class TestInstalled:
    def test_a_practice_writes_its_key_into_no_log_and_no_manifest(self, home, tmp_path):
        said = home.do("backup", tmp_path / "out")
        manifest = next((tmp_path / "out").glob("*.json")).read_text()
        assert home.key not in said + manifest
        assert json.loads(manifest)["bytes"] > 0


# SQLite writes below Python: so a thread watches the files change and kills the process after so many changes.
KILLED_AFTER = """
import os, signal, sys, threading, time
from pathlib import Path
from accord_clinic.database import keys
database, folder, writes = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
journal = Path(f"{database}-journal")
def watch():
    seen, last = 0, None
    while True:
        now = (journal.stat().st_size if journal.exists() else 0, database.stat().st_mtime_ns)
        seen += now != last
        last = now
        if seen > writes:
            os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
keys.rotate(database, folder)
"""
