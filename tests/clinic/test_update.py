"""`deploy/update.sh`: a backup first, the earlier program kept, and back to both if the new one fails or on demand."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path("deploy/update.sh")
BACKUP = """#!/bin/bash
echo "systemctl $*" >> "$LOG"
if [ "$*" = "start accord-backup" ] && [ -n "$BACKUP_FAILS" ]; then exit 1; fi
if [ "$*" = "start accord-backup" ] && [ -z "$NO_BACKUP" ]; then touch "$ACCORD_BACKUPS/accord-20261201T000000Z.db"; fi
"""
AS_ACCORD = """#!/bin/bash
echo "as-accord $*" >> "$LOG"
if [ "$1" = check ] && [ -z "$NO_DATABASE" ]; then echo "ok   database: opens."; fi
if [ "$1" = check ]; then echo "TODO mail: nobody answers."; exit 1; fi
"""
ANSWERS = """#!/bin/bash
cat > /dev/null
[ -z "$NO_ANSWER" ] || exit 1
echo "answers $2" >> "$LOG"
"""
INSTALL = """#!/bin/bash
echo "install $*" >> "$LOG"
echo new > "$ACCORD_HOME/program"
"""


@pytest.fixture
def machine(tmp_path):
    """A machine on which the programs that the script calls only write down that they were called."""
    home, new, bin_, backups = (tmp_path / name for name in ("opt", "new", "bin", "backups"))
    for folder in (home / "deploy", new / "deploy", bin_, backups):
        folder.mkdir(parents=True)
    (home / "program").write_text("old\n")
    (backups / "accord-20261130T000000Z.db").touch()
    shutil.copy(SCRIPT, new / "deploy")
    for file, text in (
        (bin_ / "systemctl", BACKUP), (bin_ / "python3", ANSWERS), (bin_ / "sleep", "#!/bin/bash\n"),
        (home / "deploy/as-accord", AS_ACCORD), (new / "deploy/install.sh", INSTALL),
    ):  # fmt: skip
        file.write_text(text)
        file.chmod(0o755)

    def run(*arguments, **more):
        places = {"ACCORD_HOME": home, "ACCORD_BACKUPS": backups, "LOG": tmp_path / "log"}
        around = {name: str(value) for name, value in {**places, **more}.items()}
        path = f"{bin_}:{os.environ['PATH']}"
        fails = dict.fromkeys(("NO_BACKUP", "BACKUP_FAILS", "NO_ANSWER", "NO_DATABASE"), "")
        around = {**fails, "ACCORD_SETTINGS": str(tmp_path / "none"), "PATH": path, **around}
        return subprocess.run(
            [new / "deploy/update.sh", *arguments], env=around, capture_output=True, text=True, check=False
        )

    run.program, run.log = home / "program", tmp_path / "log"
    return run


def calls(machine) -> list[str]:
    return machine.log.read_text().splitlines()


def test_it_backs_up_then_installs_then_checks(machine):
    done = machine("practice.example.org")
    assert done.returncode == 0, done.stderr
    stopped = ["systemctl stop accord", "systemctl start accord-backup"]
    started = ["install practice.example.org", "systemctl start accord", "answers practice.example.org"]
    expected = [*stopped, *started, "as-accord check"]
    assert calls(machine) == expected, "nothing is written between the backup and the way back"
    assert machine.program.read_text() == "new\n"
    assert "TODO mail" in done.stdout, "which is told, and no reason to go back"


@pytest.mark.parametrize("why", ["NO_BACKUP", "BACKUP_FAILS"])
def test_without_a_new_backup_nothing_is_changed(machine, why):
    done = machine("practice.example.org", **{why: "1"})
    assert (done.returncode, "Nothing was changed." in done.stdout) == (2, True)
    assert machine.program.read_text() == "old\n"
    assert calls(machine)[-1] == "systemctl start accord", "and it runs on"


@pytest.mark.parametrize("why", ["NO_ANSWER", "NO_DATABASE"])
def test_where_the_new_one_fails_the_earlier_program_and_practice_are_put_back(machine, why):
    failed = machine("practice.example.org", **{why: "1"})
    assert failed.returncode == 1
    assert machine.program.read_text() == "old\n"
    assert "restore" in calls(machine)[-2]
    assert "accord-20261201T000000Z.db --replace" in calls(machine)[-2]
    assert calls(machine)[-1] == "systemctl start accord"


def test_one_can_go_back_later_too(machine):
    machine("practice.example.org")
    assert machine("--back").returncode == 0
    assert machine.program.read_text() == "old\n"
    assert machine("--back").returncode == 2, "there is one way back, not two"


def test_a_practice_in_postgresql_is_sent_elsewhere(machine, tmp_path):
    settings = tmp_path / "accord.env"
    settings.write_text("ACCORD_POSTGRESQL=postgresql://x\n")
    assert machine("practice.example.org", ACCORD_SETTINGS=settings).returncode == 2
    assert not machine.log.exists()
