"""Embedded practices of a test's own: folders, keys and commands in processes of their own, as a person types them.

`run`, `do` and `python` are forks of a process that has the libraries loaded; `start` is a whole new process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.clinic import forked, migrated

from accord_clinic.database import keys
from accord_clinic.database.sqlcipher import files

ROOT = Path(__file__).parents[2]
PASSWORD = "a long enough passphrase"


@dataclass(frozen=True)
class Home:
    """One machine with one practice: a data folder and a keys folder."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def database(self) -> Path:
        return self.data / "accord.db"

    @property
    def key(self) -> str:
        return (self.keys / "database.key").read_text().strip()

    @property
    def environment(self) -> dict[str, str]:
        here = {"ACCORD_DATA": str(self.data), "ACCORD_KEYS": str(self.keys), "ACCORD_PASSWORD": PASSWORD}
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ACCORD_", "DJANGO_"))}
        return inherited | here | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}

    def run(self, *command: object, **more: str) -> subprocess.CompletedProcess[str]:
        """Run one `accord_clinic` command here. `more` are further variables of the environment."""
        return forked.run([*map(str, command)], self.environment | more, self.folder)

    def start(self, *command: object, **more: str) -> subprocess.Popen[bytes]:
        """The same, without waiting for it."""
        arguments = [sys.executable, "-m", "accord_clinic.manage", *map(str, command)]
        return subprocess.Popen(arguments, env=self.environment | more, cwd=self.folder, stdin=subprocess.DEVNULL)

    def do(self, *command: object, **more: str) -> str:
        """The same, where it must succeed. Gives what was printed."""
        done = self.run(*command, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def python(self, code: str, **more: str) -> str:
        """Run some Python inside the practice."""
        return self.do("shell", "--no-imports", "-c", code, **more)

    def rows(self, statement: str) -> list[tuple]:
        """Ask the database itself, past the clinic."""
        with files.opened(self.database, self.key) as connection:
            return connection.execute(statement).fetchall()


def a_practice(folder: Path) -> Home:
    """A machine with a practice on it, in which there is one client, Ana. Who asks again gets a copy."""
    shutil.copytree(_founded().name, folder)
    return Home(folder)


@cache
def _founded() -> tempfile.TemporaryDirectory:
    kept = tempfile.TemporaryDirectory(prefix="accord-test-")  # it vanishes with the process
    migrated.copy_home(Path(kept.name))
    home = Home(Path(kept.name))
    home.do(
        "init", "--practice", "Practice by the Park", "--name", "Ben", "--email", "ben@example.org", "--country", "DE",
        "--time-zone", "Europe/Berlin", "--crisis-text", "In need, call 116 123.",
    )  # fmt: skip
    home.python(
        "from accord_clinic.actions import care; from accord_clinic.models import Member;"
        "care.register_client('Ana', by=Member.objects.get(), born=1990)"
    )
    return kept


def a_machine(folder: Path) -> Home:
    """A machine with nothing on it."""
    folder.mkdir()
    return Home(folder)


def another(like: Home, folder: Path) -> Home:
    """A second practice with the same people and a key of its own, made without waiting for a whole set-up."""
    shutil.copytree(like.folder, folder)
    home = Home(folder)
    keys.rotate(home.database, home.keys).unlink()
    return home
