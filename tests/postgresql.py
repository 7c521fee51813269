"""A private PostgreSQL on loopback that vanishes afterwards: `python -m tests.postgresql COMMAND` runs one on it.

Debian's packages are enough (`apt install postgresql`). Its server refuses to run as root, so root borrows the user
`postgres` that the package made.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

NOBODY_HAS_IT = "PostgreSQL is not here (on Debian: apt install postgresql), so nothing ran on it."


def programs() -> Path | None:
    """The newest folder with initdb and pg_ctl; `None` where PostgreSQL is not installed."""
    folders = glob.glob("/usr/lib/postgresql/*/bin") + [
        str(Path(found).parent) for found in [shutil.which("initdb")] if found
    ]
    usable = [Path(f) for f in folders if (Path(f) / "initdb").exists() and (os.getuid() or _server_user())]
    return max(usable, key=lambda f: int(f.parent.name) if f.parent.name.isdigit() else 0, default=None)


def _server_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


@dataclass
class Cluster:
    """One server in a folder of its own. `settings` are lines of its postgresql.conf."""

    folder: Path
    port: int
    settings: tuple[str, ...] = ()

    @classmethod
    def new(cls, *settings: str) -> Cluster:
        """Make a cluster with a database `accord` and start it."""
        cluster = cls(cls.new_folder(), free_port(), settings)
        cluster.run("initdb", "-D", cluster.data, "-U", "accord", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        cluster.configure()
        cluster.start()
        cluster.run("createdb", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "accord", "accord")
        return cluster

    @staticmethod
    def new_folder() -> Path:
        folder = Path(tempfile.mkdtemp(prefix="accord-postgresql-"))
        if os.getuid() == 0:
            os.chown(folder, _server_user().pw_uid, _server_user().pw_gid)
        return folder

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    @property
    def address(self) -> str:
        return f"postgresql://accord@127.0.0.1:{self.port}/accord"

    @property
    def postmaster(self) -> int:
        """The process that all others of this server are children of."""
        return int((Path(self.data) / "postmaster.pid").read_text().split()[0])

    def run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        """Run one of PostgreSQL's programs as the user who owns the cluster."""
        who = (
            {"user": _server_user().pw_uid, "group": _server_user().pw_gid, "extra_groups": []}
            if os.getuid() == 0
            else {}
        )
        # Not captured by pipes: the server inherits them and would keep them open for ever.
        with open(self.folder / "programs.log", "ab") as log:
            done = subprocess.run(
                [str(programs() / program), *arguments],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **who,
            )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed:\n{(self.folder / 'programs.log').read_text()[-2000:]}")
        return done

    def configure(self) -> None:
        lines = [
            f"port = {self.port}",
            "listen_addresses = '127.0.0.1'",
            f"unix_socket_directories = '{self.folder}'",
            *self.settings,
        ]
        with open(Path(self.data) / "postgresql.conf", "a") as file:
            file.write("\n".join(lines) + "\n")

    def start(self, tries: int = 1) -> None:
        """Start it. After a kill the first tries may fail: a child that is still dying holds the shared memory."""
        command = ["pg_ctl", "-D", self.data, "-l", str(self.folder / "server.log"), "-w", "-t", "60", "start"]
        for _ in range(tries - 1):
            if self.run(*command, check=False).returncode == 0:
                return
            time.sleep(1)
        self.run(*command)

    def stop(self, mode: str = "fast") -> None:
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop", check=False)

    def kill(self) -> None:
        """kill -9 of the postmaster and of each of its children, as when the machine's power fails."""
        first = self.postmaster
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(first)], capture_output=True, text=True).stdout
        for pid in [first, *map(int, listed.split())]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main(command: list[str]) -> int:
    if programs() is None:
        print(NOBODY_HAS_IT)
        return 0
    began = time.monotonic()
    # Rows that a test has not committed are none to autovacuum: it notes that a full table is empty, and every join of
    # it becomes a loop of minutes. Without statistics PostgreSQL takes small questions for large ones and compiles them
    # (jit), for a second each.
    quick = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
    cluster = Cluster.new(*quick, "autovacuum = off", "jit = off")
    try:
        print(f"PostgreSQL is up on port {cluster.port} after {time.monotonic() - began:.1f} s.", flush=True)
        return subprocess.run(command, env=os.environ | {"ACCORD_POSTGRESQL": cluster.address}).returncode
    finally:
        cluster.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
