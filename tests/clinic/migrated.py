"""The embedded database with every migration and nothing in it, made once: whoever needs one takes a copy.

It stays in pytest's cache until a migration, a model or a library changes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from tests.clinic import forked

from accord_clinic.database import keys
from accord_clinic.database.sqlcipher import files

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".pytest_cache" / "d" / "migrated"
MAKES_TABLES = ("src/accord_clinic/migrations", "src/accord_clinic/models", "src/accord_clinic/database")


def copy_file(database: Path, key: str) -> None:
    """Put a copy there that opens with this key."""
    template = _template()
    shutil.copy(template / "data" / "accord.db", database)
    files.new_key(database, keys.database_key(template / "keys" / keys.DATABASE), key)


def copy_home(folder: Path) -> None:
    """Put a copy there as a machine has it: the folder of data, and the folder with its key and its recovery sheet."""
    shutil.copytree(_template(), folder, dirs_exist_ok=True)


@cache
def _template() -> Path:
    """The folder of one that is up to date; what processes need at once, the first of them makes."""
    CACHE.mkdir(parents=True, exist_ok=True)
    template = CACHE / _version()
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            for older in filter(Path.is_dir, CACHE.iterdir()):
                shutil.rmtree(older)
            made = Path(tempfile.mkdtemp(dir=CACHE))
            _migrate(made)
            made.rename(template)
    return template


def _version() -> str:
    files_of_tables = [path for folder in MAKES_TABLES for path in sorted((ROOT / folder).rglob("*.py"))]
    content = [path.read_bytes() for path in [*files_of_tables, ROOT / "requirements-test.txt"]]
    return hashlib.sha256(b"".join(content)).hexdigest()


def _migrate(folder: Path) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ACCORD_", "DJANGO_"))}
    own = {"ACCORD_DATA": f"{folder}/data", "ACCORD_KEYS": f"{folder}/keys", "PYTHONPATH": f"{ROOT}/src"}
    for command in ("migrate", "createcachetable"):
        done = forked.run([command, "--verbosity", "0"], inherited | own, folder)
        if done.returncode:
            raise RuntimeError(done.stderr)
