"""Open, check, copy and re-encrypt a database file with its key. No Django, no settings."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlcipher3

from accord.errors import BadInput

Error = sqlcipher3.DatabaseError


class InUse(BadInput):
    """Another process has the database open, and this needs it alone."""


class Damaged(BadInput):
    """A file that does not open with its key, or whose pages are damaged."""


@dataclass(frozen=True)
class Contents:
    """What a checked file contains: rows by table, the last audit entry, the last migration."""

    tables: dict[str, int]
    audit: tuple[int, str] | None
    migration: str

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    @property
    def has_practice(self) -> bool:
        return self.tables.get("accord_clinic_practice", 0) > 0


@contextmanager
def opened(file: Path, key: str, *, writing: bool = False) -> Iterator[sqlcipher3.Connection]:
    """Open a bare connection. Each statement is its own transaction."""
    mode = "rw" if writing else "ro"
    connection = sqlcipher3.connect(f"{file.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=2)
    try:
        # Trying a key that does not fit is no error of ours: no lines about it on the terminal.
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
        yield connection
    finally:
        connection.close()


def opens(file: Path, key: str) -> bool:
    """Whether this key opens this file."""
    # A process that was killed in the middle of a change left its journal; only a writer may roll that back. The
    # journal holds pages as they lie on the disk, so this needs no right key.
    unfinished = Path(f"{file}-journal").exists()
    try:
        with opened(file, key, writing=unfinished) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except Error as error:
        if "not a database" in str(error):
            return False
        if "locked" in str(error):
            raise InUse(f"{file}: its key is being changed at this moment. Wait for that to end.") from None
        raise Damaged(f"{file}: damaged ({error}). Take another copy.") from None
    return True


def check(file: Path, key: str) -> Contents:
    """Read every page, check every seal and index, count every row. Raises `Damaged`."""
    try:
        with opened(file, key) as connection:
            # First: the plain check would read on through a page whose seal is broken.
            problems = [row[0] for row in connection.execute("PRAGMA cipher_integrity_check")]
            problems += [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
            if problems:
                raise Damaged(f"{file}: damaged ({problems[0]}). Take another copy.")
            return _contents(connection)
    except Error as error:
        raise Damaged(f"{file}: cannot be read with this key ({error}).") from None


def _contents(connection: sqlcipher3.Connection) -> Contents:
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    tables = {n: connection.execute(f'SELECT count(*) FROM "{n}"').fetchone()[0] for n in names if n[:7] != "sqlite_"}  # noqa: S608
    audit = migration = None
    if "accord_clinic_auditentry" in tables:
        audit = connection.execute("SELECT id, chain FROM accord_clinic_auditentry ORDER BY id DESC LIMIT 1").fetchone()
    if "django_migrations" in tables:
        ours = "SELECT name FROM django_migrations WHERE app = 'accord_clinic' ORDER BY id DESC LIMIT 1"
        migration = connection.execute(ours).fetchone()
    return Contents(tables, audit, migration[0] if migration else "")


def copy_while_running(file: Path, key: str, target: Path) -> None:
    """Make a consistent, compacted copy under the same key, while others read and write the original."""
    # SQLite fills an empty file as it is: made here, so that nobody else can read it at any moment.
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with opened(file, key) as connection:
            connection.execute("VACUUM INTO ?", [str(target)])
        sync(target)
    except (Error, OSError) as error:
        target.unlink(missing_ok=True)
        raise BadInput(f"{target}: could not be written ({error}). Is the disk full?") from None


@contextmanager
def alone(file: Path, key: str) -> Iterator[sqlcipher3.Connection]:
    """Open the database exclusively, with its write-ahead log merged in. Raises `InUse`."""
    with opened(file, key, writing=True) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except Error as error:
            if "locked" not in str(error):
                raise
            raise InUse(f"{file}: in use. Stop the practice first (systemctl stop accord).") from None
        yield connection


def new_key(file: Path, old: str, new: str) -> None:
    """Encrypt the whole file again in one transaction: after a crash it opens with the old key or with the new one."""
    with alone(file, old) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute(f"PRAGMA rekey = \"x'{new}'\"")
        connection.execute("PRAGMA journal_mode = WAL")
    sync(file)


def sync(path: Path) -> None:
    """Make sure that a file, and its name in its folder, survive a power cut."""
    for target in (path, path.parent):
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
