"""Backups of the embedded practice: encrypted, checked, made while people work, and good on another machine."""

import json
import shutil
import threading
from dataclasses import replace

import pytest
from tests.clinic import migrated
from tests.clinic.embedded import a_machine, a_practice, another

from accord_clinic.database.sqlcipher import files
from accord_clinic.upkeep import backups

PLANT = """
from dataclasses import replace
from tests.clinic.people import a_dyad, a_held_session, answers
from accord_clinic.models import Client, Member, Practice
from accord_clinic.questionnaires.submission import OpenLine
dyad = a_dyad(Member.objects.get(), Client.objects.get())
lines = [OpenLine("accord-check-in", *line) for line in
         (("o1", "kolibri-kept", "raise"), ("o2", "Less homework", "therapist"))]
a_held_session(dyad, client=replace(answers("client"), open_lines=tuple(lines)), therapist=answers("therapist"))
"""
WALK = """
import time
from tests.clinic.conftest import as_member
from accord_clinic.models import Dyad, Member, Session
browser = as_member.__wrapped__()(Member.objects.get())
dyad, session = Dyad.objects.get().uid, Session.objects.get().uid
pages = ["/today/", "/people/", "/safety/", "/outside/", "/practice/", "/practice/messages/", f"/people/{dyad}/"]
pages += [f"/people/{dyad}/{part}/" for part in ("goals", "terms")]
pages += [f"/sessions/{session}/{part}/" for part in ("talk", "prepare")]
for page in pages:
    print(page, browser.get(page, secure=True, HTTP_HOST="localhost").content.decode())
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return a_practice(tmp_path_factory.mktemp("machine") / "one")


@pytest.fixture(scope="module")
def backup(home):
    """The file of a backup of it."""
    home.do("backup", home.folder / "backups")
    (file,) = backups.list_in(home.folder / "backups")
    return file


def clients(home) -> list[str]:
    return [name for (name,) in home.rows("SELECT name FROM accord_clinic_client")]


def copy_of(backup, folder):
    for path in (backup, backups.manifest_of(backup)):
        shutil.copy(path, folder)
    return folder / backup.name


class TestMakingOne:
    def test_it_is_encrypted_and_opens_with_the_practices_key_alone(self, home, backup):
        assert backup.read_bytes()[:15] != b"SQLite format 3"
        assert b"CREATE TABLE" not in backup.read_bytes()  # a short name would turn up in random bytes now and then
        assert files.opens(backup, home.key)
        assert not files.opens(backup, "00" * 32)

    def test_nobody_else_on_the_machine_can_read_it(self, backup):
        assert backup.stat().st_mode & 0o077 == 0
        assert backups.manifest_of(backup).stat().st_mode & 0o077 == 0

    def test_its_manifest_names_nobody_and_counts_nothing(self, backup):
        """Two backups around a session would tell by a count whether one client answered, or kept a line."""
        said = json.loads(backups.manifest_of(backup).read_text())
        assert said["sha256"] == backups.digest(backup)
        assert {name for name, value in said.items() if not isinstance(value, str | bool)} == {"bytes"}
        assert not {"tables", "rows", "audit"} & set(said)
        assert "Ana" not in str(said)

    def test_its_digest_of_the_contents_tells_only_whoever_has_the_key(self, home, backup):
        said, contents = backups.read_manifest(backup).contents, files.check(backup, home.key)
        assert backups.seal(contents, home.key) == said
        assert backups.seal(contents, "00" * 32) != said
        one_more = {**contents.tables, "accord_clinic_privateline": contents.tables["accord_clinic_privateline"] + 1}
        assert backups.seal(replace(contents, tables=one_more), home.key) != said

    def test_where_there_is_no_practice_nothing_counts_as_a_backup(self, tmp_path):
        empty = a_machine(tmp_path / "empty")
        migrated.copy_home(empty.folder)
        done = empty.run("backup", tmp_path / "backups")
        assert (done.returncode, "there is no practice in it" in done.stderr) == (2, True)
        assert list((tmp_path / "backups").iterdir()) == []

    def test_it_is_whole_while_somebody_writes(self, home, tmp_path):
        write = (
            "from accord_clinic.actions import care; from accord_clinic.models import Member;"
            "ben = Member.objects.get(); [care.register_client(f'C{n}', by=ben) for n in range(150)]"
        )
        other = another(home, tmp_path / "busy")
        writer = threading.Thread(target=other.python, args=[write])
        writer.start()
        folders = []
        while writer.is_alive():
            folders.append(tmp_path / f"out-{len(folders)}")
            other.do("backup", folders[-1])
        for file in [file for folder in folders for file in backups.list_in(folder)]:
            _key, contents, _manifest = backups.check(file, [other.key])
            # A client and the audit entry about it are one transaction: in a consistent copy they come together.
            assert contents.tables["accord_clinic_auditentry"] - contents.tables["accord_clinic_client"] == 6

    def test_a_full_disk_leaves_no_half_backup(self, home, tmp_path):
        limited = (
            "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
            "from pathlib import Path; from accord_clinic.upkeep import backups;"
            f"backups.make(Path({str(tmp_path / 'full')!r}))"
        )
        done = home.run("shell", "--no-imports", "-c", limited)
        assert done.returncode == 2
        assert "Is the disk full?" in done.stderr
        assert list((tmp_path / "full").iterdir()) == []

    def test_old_ones_are_deleted_when_asked(self, home, backup, tmp_path):
        for day in ("01", "02", "03"):
            shutil.copy(backup, tmp_path / f"accord-202601{day}T000000Z.db")
            shutil.copy(backups.manifest_of(backup), tmp_path / f"accord-202601{day}T000000Z.json")
        said = home.do("backup", tmp_path, "--keep", 2)
        assert [f.name for f in backups.list_in(tmp_path)][1:] == ["accord-20260103T000000Z.db"]
        assert "Deleted accord-20260101T000000Z.db" in said


class TestPuttingItBack:
    def test_after_the_machine_is_lost_the_backup_and_the_sheet_are_enough(self, home, backup, tmp_path):
        sheet = (home.keys / "recovery-sheet.txt").read_text()
        typed = next(line.split()[1] for line in sheet.splitlines() if line.startswith("Key:"))
        (tmp_path / "typed").write_text(f"{typed[:32]} {typed[32:].upper()}\n")
        new = a_machine(tmp_path / "two")
        new.do("restore", backup, "--key", tmp_path / "typed")
        assert clients(new) == clients(home) == ["Ana"]
        assert new.key == home.key
        assert new.rows("SELECT act, row FROM accord_clinic_auditentry")[-1] == ("restore", f"backup:{backup.name}")
        assert "each follows from the one before it" in new.do("audit", "verify")

    def test_where_nobody_was_erased_a_practice_that_served_backs_up_serves_again_and_comes_back(self, home, tmp_path):
        """`serve` and `restore` write down who was erased: an empty list, which each of them must be able to read."""
        one = another(home, tmp_path / "one")
        start, folder = "from accord_clinic.actions import erasure; print(erasure.reapply())", tmp_path / "out"
        assert one.python(start).strip() == "0"
        one.do("backup", folder)
        assert one.python(start, ACCORD_BACKUPS=str(folder)).strip() == "0"
        (file,) = backups.list_in(folder)
        (tmp_path / "key").write_text(one.key)
        two = a_machine(tmp_path / "two")
        two.do("restore", file, "--key", tmp_path / "key")
        assert clients(two) == ["Ana"]

    def test_what_a_client_keeps_is_nowhere_on_the_way_and_on_no_page_after_it(self, home, tmp_path):
        """What the canary looks for (test_canary), once more around a backup and its restore."""
        one = another(home, tmp_path / "one")
        one.python(PLANT)
        said = one.do("backup", tmp_path / "out")
        (file,) = backups.list_in(tmp_path / "out")
        (tmp_path / "key").write_text(one.key)
        two = a_machine(tmp_path / "two")
        said += two.do("restore", file, "--key", tmp_path / "key", "--check")
        said += two.do("restore", file, "--key", tmp_path / "key")
        written = [path for folder in (tmp_path / "out", two.folder) for path in folder.rglob("*") if path.is_file()]
        assert two.database in written
        assert "kolibri" not in said
        assert not [path for path in written if b"kolibri" in path.read_bytes()]
        assert two.rows("SELECT words FROM accord_clinic_privateline") == [("kolibri-kept",)]
        assert not [row for row in two.rows("SELECT * FROM accord_clinic_auditentry") if "kolibri" in str(row)]
        seen = two.python(WALK)
        assert "Less homework" in seen
        assert "kolibri" not in seen

    def test_without_the_key_nothing_opens_and_nothing_is_changed(self, backup, tmp_path):
        new = a_machine(tmp_path / "thief")
        done = new.run("restore", backup)
        assert (done.returncode, new.database.exists()) == (2, False)
        assert "recovery sheet" in done.stderr

    def test_a_practice_that_is_there_is_not_overwritten_unless_told(self, backup, home, tmp_path):
        other = another(home, tmp_path / "other")
        (tmp_path / "key").write_text(home.key)
        refused = other.run("restore", backup, "--key", tmp_path / "key")
        assert (refused.returncode, "--replace" in refused.stderr) == (2, True)
        assert other.key != home.key
        other.do("restore", backup, "--key", tmp_path / "key", "--replace")
        assert other.key == home.key

    def test_what_was_there_is_kept_beside_with_its_key(self, backup, home, tmp_path):
        other = another(home, tmp_path / "other")
        before = other.key
        (tmp_path / "key").write_text(home.key)
        other.do("restore", backup, "--key", tmp_path / "key", "--replace")
        (aside,) = other.data.glob("accord.db.before-*")
        assert files.check(aside, before).has_practice
        assert before in {path.read_text().strip() for path in other.keys.glob("database.key.until-*")}

    def test_it_is_refused_while_the_practice_runs(self, backup, home):
        with files.opened(home.database, home.key, writing=True) as somebody:
            somebody.execute("SELECT count(*) FROM accord_clinic_client").fetchone()
            done = home.run("restore", backup, "--replace")
        assert (done.returncode, "Stop the practice first" in done.stderr) == (2, True)


class TestDamage:
    @pytest.mark.parametrize("where", [0.02, 0.5, 0.98])
    def test_a_changed_byte_is_found(self, backup, home, tmp_path, where):
        copy = copy_of(backup, tmp_path)
        content = bytearray(copy.read_bytes())
        content[int(len(content) * where)] ^= 1
        copy.write_bytes(content)
        with pytest.raises(files.Damaged):
            backups.check(copy, [home.key])

    def test_a_file_cut_short_is_found(self, backup, home, tmp_path):
        copy = copy_of(backup, tmp_path)
        copy.write_bytes(copy.read_bytes()[:-4096])
        with pytest.raises(files.Damaged):
            backups.check(copy, [home.key])

    @pytest.mark.parametrize(("said", "told"), [("sha256", "manifest"), ("contents", "does not hold")])
    def test_a_manifest_of_another_file_or_other_contents_is_found(self, backup, home, tmp_path, said, told):
        copy = copy_of(backup, tmp_path)
        manifest = json.loads(backups.manifest_of(copy).read_text())
        backups.manifest_of(copy).write_text(json.dumps(manifest | {said: "0" * 64}))
        with pytest.raises(files.Damaged, match=told):
            backups.check(copy, [home.key])

    def test_a_check_says_with_which_entry_the_log_of_its_day_ends(self, backup, home):
        number, chain = files.check(backup, home.key).audit
        assert f"Its log ends with entry {number}, {chain}." in home.do("restore", backup, "--check")

    def test_checking_changes_nothing(self, backup, home):
        before = home.database.read_bytes()
        assert "a good backup" in home.do("restore", backup, "--check")
        assert home.database.read_bytes() == before

    def test_a_backup_that_was_interrupted_does_not_count(self, backup, tmp_path):
        shutil.copy(backup, tmp_path)
        assert backups.list_in(tmp_path) == []
