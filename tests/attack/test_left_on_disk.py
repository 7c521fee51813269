"""Somebody reads the disk: what a refused restore leaves, how files may be read, what install.sh tells the machine."""

import os
import subprocess
from pathlib import Path

import pytest
from django.db import connection

from accord.errors import BadInput
from accord_clinic.database.sqlcipher import base
from accord_clinic.upkeep import backups, serving


@pytest.mark.parametrize("when", ["check", "sync", "install"])
def test_a_refused_restore_leaves_no_copy(tmp_path, settings, monkeypatch, when):
    """`accord.db.incoming` stayed, readable with the practice's key, and no erasure reached it."""
    settings.DATA, settings.KEYS = tmp_path / "data", tmp_path / "keys"
    settings.DATA.mkdir()
    backup = tmp_path / "accord-20260101T000000Z.db"
    backup.write_bytes(b"readable copy")

    def refuse(*_args):
        raise BadInput("refused")

    place = backups.keys if when == "install" else backups.files
    monkeypatch.setattr(backups.files, "check", lambda *_args: None)
    monkeypatch.setattr(backups.files, "sync", lambda *_args: None)
    monkeypatch.setattr(place, when, refuse)
    with pytest.raises(BadInput):
        backups.put_back(backup, "0" * 64, replace=True)
    assert list(settings.DATA.iterdir()) == []


def test_what_a_killed_restore_left_goes_at_the_next_start(tmp_path, settings, monkeypatch):
    settings.DATA = tmp_path
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"accord.db.incoming{suffix}").write_bytes(b"readable copy")
    monkeypatch.setattr(serving.engine, "lacks_migrations", lambda: False)
    monkeypatch.setattr(serving, "call_command", lambda *_args, **_named: None)
    serving.prepare()
    assert not list(tmp_path.glob("accord.db.incoming*"))


def test_the_copy_is_never_readable_by_others_while_it_is_made(tmp_path):
    before = os.umask(0)
    try:
        (tmp_path / "from").write_bytes(b"x")
        backups._copy_for_one_user(tmp_path / "from", tmp_path / "to")
    finally:
        os.umask(before)
    assert (tmp_path / "to").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif("connection.vendor == 'postgresql'", reason="PostgreSQL keeps its own files")
def test_the_database_is_readable_by_its_owner_alone(db):
    file = Path(connection.settings_dict["NAME"])
    beside = [file, *file.parent.glob(f"{file.name}-*")]
    assert {path.stat().st_mode & 0o777 for path in beside} == {0o600}


@pytest.mark.skipif("connection.vendor == 'postgresql'", reason="PostgreSQL keeps its own files")
def test_one_that_was_readable_by_others_is_so_no_more(db, tmp_path):
    file = tmp_path / "accord.db"
    file.touch()
    file.chmod(0o644)
    wrapper = base.DatabaseWrapper({**connection.settings_dict, "NAME": file})
    try:
        wrapper.connect()
    finally:
        wrapper.close()
    assert file.stat().st_mode & 0o777 == 0o600


INSTALL = Path("deploy/install.sh").read_text()


def test_as_root_no_package_runs_code_of_its_own_while_it_is_installed():
    [line] = [line for line in INSTALL.splitlines() if "--require-hashes" in line]
    assert "--only-binary :all:" in line


def test_no_secret_is_an_argument_of_a_program(tmp_path):
    """Everybody on a machine can read the arguments of a running program; a word of the shell itself is none."""
    for line in INSTALL.splitlines():
        assert not (line.lstrip().startswith(("sed", "awk", "perl")) and ("PASSPHRASE" in line or "openssl" in line))
    start = INSTALL.index('    conf=$(<"$here')
    filled = INSTALL[start : INSTALL.index("\n", INSTALL.index("printf '%s\\n' \"${conf", start))]
    target = tmp_path / "pgbackrest.conf"
    script = filled.replace("/etc/pgbackrest.conf", str(target)).replace("-o root -g postgres", "")
    run = {"here": str(Path.cwd()), "version": "15", "passphrase": "a/b&c-_d", "PATH": os.environ["PATH"]}
    subprocess.run(["bash", "-euc", script], env=run, check=True)
    assert "repo1-cipher-pass=a/b&c-_d" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o640
