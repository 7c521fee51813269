"""The two secrets of a practice, in their own folder outside the data: made at first start, changed by a command."""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from accord.errors import BadInput
from accord_clinic.database.sqlcipher import files
from accord_clinic.database.sqlcipher.files import sync

DATABASE, NEXT, SHEET = "database.key", "database.key.next", "recovery-sheet.txt"
SIGNING = "signing.key"
RECOVERY = """Accord: recovery sheet

This key opens the database of your practice. Print this page, lock it away, then delete this file.
Without the key the data are lost: nobody, including us, can open them. Whoever has the key and the
database file can read everything.

Made:     {made}
Key file: {path}
Key:      {key}

A backup opens with the key that was in use on its day: keep older sheets as long as older backups.
"""


def ensure(folder: Path, database: Path) -> bool:
    """Make the database key and the signing secret if they are missing. True when the key was made just now."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_once(folder / SIGNING, _signing_secret())
    # Never for a database that is there already: a new key cannot open it, and would hide that the old one is lost.
    if database.exists() or not _write_once(folder / DATABASE, secrets.token_hex(32)):
        return False
    write_sheet(folder)
    return True


def database_key(path: Path) -> str:
    """The key in a file, checked, so that a damaged file says so instead of "file is not a database"."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise BadInput(f"{path}: the key of the database is not there. Put it back from the recovery sheet.") from None
    return typed(text, str(path))


def read(path: Path) -> str:
    """Read a secret from elsewhere, such as the mail server's password; empty where none is needed."""
    return path.read_text().strip() if path.exists() else ""


def typed(text: str, where: str) -> str:
    """Read a key that somebody typed: spaces and capitals do not matter."""
    key = "".join(text.split()).lower()
    try:
        if len(bytes.fromhex(key)) != 32:
            raise ValueError
    except ValueError:
        message = f"{where}: this is not a key of 64 hexadecimal digits. Copy it again from the recovery sheet."
        raise BadInput(message) from None
    return key


def older(folder: Path) -> list[Path]:
    """Earlier keys, newest first: they open the backups of their time."""
    return sorted(folder.glob(f"{DATABASE}.until-*"), reverse=True)


def rotate(database: Path, folder: Path) -> Path:
    """Encrypt the database with a new key. Returns the file with the old one. If interrupted, run it again."""
    finish(database, folder)
    old, new = database_key(folder / DATABASE), secrets.token_hex(32)
    replace(folder / NEXT, new)
    files.new_key(database, old, new)
    return _promote(folder)


def new_signing(folder: Path) -> None:
    """Make a new signing secret; from the next start on the old one is not accepted."""
    replace(folder / SIGNING, _signing_secret())


def finish(database: Path, folder: Path) -> None:
    """After an interrupted rotation, put the key in place that opens the database now."""
    waiting = folder / NEXT
    if not waiting.exists() or not database.exists() or files.opens(database, database_key(folder / DATABASE)):
        return
    if not files.opens(database, database_key(waiting)):
        raise BadInput(f"{database}: opens neither with {folder / DATABASE} nor with {waiting}. Restore a backup.")
    _promote(folder)


def install(key: str, folder: Path) -> None:
    """Make this the key in use, and store the earlier one beside it."""
    if (folder / DATABASE).exists() and database_key(folder / DATABASE) == key:
        return
    replace(folder / NEXT, key)
    _promote(folder)


def replace(path: Path, text: str) -> None:
    """Write a secret so that a crash leaves either the whole old file or the whole new one."""
    fresh = path.with_name(f"{path.name}.writing")
    fresh.unlink(missing_ok=True)
    _write_once(fresh, text)
    os.replace(fresh, path)
    sync(path)


def write_sheet(folder: Path) -> None:
    """Write the recovery sheet: the page to print and lock away."""
    made = f"{datetime.now(UTC):%Y-%m-%d}"
    key = database_key(folder / DATABASE)
    replace(folder / SHEET, RECOVERY.format(made=made, path=folder / DATABASE, key=key))


def _promote(folder: Path) -> Path:
    former = folder / f"{DATABASE}.until-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    replace(former, database_key(folder / DATABASE))
    os.replace(folder / NEXT, folder / DATABASE)
    sync(folder / DATABASE)
    write_sheet(folder)
    return former


def _signing_secret() -> str:
    return secrets.token_urlsafe(50)


def _write_once(path: Path, text: str) -> bool:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return True
