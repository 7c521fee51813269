"""Back up the embedded practice as a checked, encrypted copy with a manifest, and restore it on any machine."""

import hashlib
import hmac
import json
import os
import shutil
import tarfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

import accord
from accord.errors import BadInput
from accord_clinic.actions import erasure_ledger
from accord_clinic.database import keys
from accord_clinic.database.sqlcipher import files
from accord_clinic.database.sqlcipher.files import Contents, Damaged

NAME = "accord-*.db"
STAMP = "%Y%m%dT%H%M%SZ"
INCOMING = "accord.db.incoming"


class AlreadyThere(BadInput):
    """There already is a practice where a backup should be restored."""


@dataclass(frozen=True)
class Manifest:
    """Identifies a backup for later checks. It has no counts: two of them could show who wrote something.

    `contents` stands for the rows by table and the last entry of the log, and can be compared only by who has the key.
    """

    file: str
    made_at: str
    accord: str
    migration: str
    bytes: int
    sha256: str
    contents: str
    texts: bool

    @classmethod
    def of(cls, file: Path, contents: Contents, key: str, made_at: datetime, texts: bool) -> "Manifest":
        return cls(
            file=file.name,
            made_at=made_at.isoformat(timespec="seconds"),
            accord=accord.__version__,
            migration=contents.migration,
            bytes=file.stat().st_size,
            sha256=digest(file),
            contents=seal(contents, key),
            texts=texts,
        )


def make(folder: Path) -> tuple[Path, Manifest]:
    """Copy the database while people work, open and check the copy, write its manifest, and name both files."""
    database, key, now = database_file(), keys.database_key(settings.KEYS / keys.DATABASE), datetime.now(UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"accord-{now:{STAMP}}.db"
    if file.exists():
        raise BadInput(f"{file}: made this very second already.")
    partial = file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    files.copy_while_running(database, key, partial)
    contents = files.check(partial, key)
    if not contents.has_practice:
        partial.unlink()
        raise BadInput(f"{database}: there is no practice in it, so nothing was backed up. Is ACCORD_DATA right?")
    texts = _pack_texts(file.with_suffix(".texts.tar.gz"))
    os.replace(partial, file)
    manifest = Manifest.of(file, contents, key, now, texts)
    _carry_ledger(settings.DATA, folder)
    # Last: a backup without its manifest is one that was interrupted, and is never counted as made.
    _write(manifest_of(file), json.dumps(asdict(manifest), indent=1))
    return file, manifest


def check(file: Path, tried: list[str]) -> tuple[str, Contents, Manifest | None]:
    """Open a backup with the first key that fits and compare it with its manifest. Returns the key and the contents."""
    if not file.is_file():
        raise BadInput(f"{file}: there is no such file.")
    key = next((k for k in tried if files.opens(file, k)), None)
    if key is None:
        raise Damaged(f"{file}: opens with none of the keys. Give the one from the recovery sheet of its time (--key).")
    contents, manifest = files.check(file, key), read_manifest(file)
    if manifest and digest(file) != manifest.sha256:
        raise Damaged(f"{file}: is not the file that its manifest describes. Take another copy.")
    if manifest and not hmac.compare_digest(manifest.contents, seal(contents, key)):
        raise Damaged(f"{file}: does not hold what its manifest says. Take another copy.")
    return key, contents, manifest


def known_keys() -> list[str]:
    """Every key of the keys folder, the one in use first."""
    paths = [settings.KEYS / keys.DATABASE, *keys.older(settings.KEYS)]
    return [keys.database_key(path) for path in paths if path.exists()]


def put_back(file: Path, key: str, *, replace: bool) -> Path | None:
    """Make a checked backup the practice. Returns where an earlier practice was put, if there was one.

    Nothing is deleted. Interrupted anywhere, it can be run again.
    """
    database = settings.DATA / "accord.db"
    in_the_way = _holds_practice(database)
    if in_the_way and not replace:
        raise AlreadyThere(
            f"{database}: there is a practice here. To put the backup in its place, add --replace; it is kept beside."
        )
    incoming = database.with_name(INCOMING)
    try:
        _copy_for_one_user(file, incoming)
        files.check(incoming, key)
        files.sync(incoming)
        aside = _put_aside(database) if database.exists() else None
        keys.install(key, settings.KEYS)
        os.replace(incoming, database)
    finally:
        # Refused or interrupted, nothing stays behind: no erasure would reach it.
        clear_leftovers()
    files.sync(database)
    _unpack_texts(file.with_suffix(".texts.tar.gz"))
    _carry_ledger(file.parent, settings.DATA)
    return aside if in_the_way else None


def clear_leftovers() -> None:
    """Remove what a restore that was killed has left in the data folder. Harmless to repeat."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        (settings.DATA / f"{INCOMING}{suffix}").unlink(missing_ok=True)


def _copy_for_one_user(file: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        with open(file, "rb") as source, open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to:
            shutil.copyfileobj(source, to)
    except OSError as error:
        raise BadInput(f"{target}: could not be written ({error.strerror}).") from None


def prune(folder: Path, keep: int) -> list[Path]:
    """Delete all but the newest backups of a folder. Returns the deleted files."""
    old = list_in(folder)[keep:]
    for file in old:
        for path in (manifest_of(file), file, file.with_suffix(".texts.tar.gz")):
            path.unlink(missing_ok=True)
    return old


def list_in(folder: Path) -> list[Path]:
    """Finished backups, newest first."""
    return [f for f in sorted(folder.glob(NAME), reverse=True) if manifest_of(f).exists()]


def count() -> int:
    """How many finished backups are in the folder that the settings name; 0 where they name none."""
    folder = settings.BACKUPS
    return len(list_in(folder)) if folder and folder.is_dir() else 0


def manifest_of(file: Path) -> Path:
    return file.with_suffix(".json")


def read_manifest(file: Path) -> Manifest | None:
    """The manifest beside a backup; `None` where there is none."""
    try:
        return Manifest(**json.loads(manifest_of(file).read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise Damaged(f"{manifest_of(file)}: not a manifest of a backup. Move it away to do without it.") from None


def seal(contents: Contents, key: str) -> str:
    """A digest of what is in a backup that nobody can make, or try guesses against, without its key."""
    content = json.dumps(asdict(contents), sort_keys=True)
    return hmac.digest(bytes.fromhex(key), f"backup manifest {content}".encode(), "sha256").hex()


def digest(file: Path) -> str:
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def database_file() -> Path:
    """The file of the embedded practice. Raises `BadInput` where there is none."""
    if "sqlcipher" not in settings.DATABASES["default"]["ENGINE"]:
        raise BadInput("This practice lives in PostgreSQL; docs/how-to/postgresql.md says how to back it up.")
    file = settings.DATA / "accord.db"
    if not file.exists():
        raise BadInput(f"{file}: there is no practice here. ACCORD_DATA names another folder.")
    return file


def _holds_practice(database: Path) -> bool:
    """What cannot be opened may well be one."""
    if not database.exists():
        return False
    try:
        return files.check(database, keys.database_key(settings.KEYS / keys.DATABASE)).has_practice
    except BadInput:
        return True


def _put_aside(database: Path) -> Path:
    """Rename the database and what belongs to it. Refused while somebody has it open."""
    key = settings.KEYS / keys.DATABASE
    if key.exists() and files.opens(database, keys.database_key(key)):
        with files.alone(database, keys.database_key(key)):
            pass
    aside = database.with_name(f"accord.db.before-{datetime.now(UTC):{STAMP}}")
    for suffix in ("-wal", "-shm", ""):
        path = Path(f"{database}{suffix}")
        if path.exists():
            os.replace(path, f"{aside}{suffix}")
    return aside


def _pack_texts(target: Path) -> bool:
    """The practice's own questionnaire texts are files, and belong to it as much as its rows."""
    texts = settings.INSTRUMENT_TEXTS
    if not texts.is_dir() or not any(texts.iterdir()):
        return False
    with tarfile.open(target, "w:gz") as packed:
        packed.add(texts, arcname=texts.name)
    os.chmod(target, 0o600)
    return True


def _unpack_texts(packed: Path) -> None:
    if packed.exists() and not settings.INSTRUMENT_TEXTS.exists():
        with tarfile.open(packed) as opened:
            opened.extractall(settings.INSTRUMENT_TEXTS.parent, filter="data")


def _carry_ledger(source: Path, target: Path) -> None:
    """Who was erased or merged, as numbers: kept beside every backup, so that no restore brings anybody back."""
    for name in (erasure_ledger.LEDGER, erasure_ledger.MERGES):
        ours, theirs = source / name, target / name
        if ours.exists():
            lines = [*(theirs.read_text().splitlines() if theirs.exists() else ()), *ours.read_text().splitlines()]
            _write(theirs, "\n".join(dict.fromkeys(lines)))


def _write(path: Path, text: str) -> None:
    path.write_text(text + "\n")
    os.chmod(path, 0o600)
    files.sync(path)
