"""A practice of its own in a temporary folder: its database filled with links, its server started, killed, started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from tests.postgresql import free_port

ROOT = Path(__file__).parents[2]
PASSWORD = "a long enough passphrase"
# Rows alone: what is measured begins with the link in the client's hand.
LINKS = """
import sys
from datetime import timedelta
from django.utils import timezone
from accord_clinic import links, plan
from accord_clinic.models import *
number, now = {number}, timezone.now()
ben = Member.objects.get()
first = Client.objects.count()
names = [Client(name=f"Client {{first + n}}", email=f"c{{first + n}}@example.org", born=1990) for n in range(number)]
clients = Client.objects.bulk_create(names, 500)
dyads = Dyad.objects.bulk_create((Dyad(client=c, therapist=ben, started=now.date()) for c in clients), 500)
sessions = Session.objects.bulk_create(
    (Session(dyad=d, start=now - timedelta(hours=3), modality="room", state="held",
             reveal_due=now + timedelta(days=4)) for d in dyads), 500)
tokens = [links.new_token() for _ in sessions]
Invitation.objects.bulk_create(
    (Invitation(session=s, forms=plan.forms(s.dyad, 5, 1, "client", [], False), token_hash=links.digest(t),
                expires_at=now + timedelta(days=14)) for s, t in zip(sessions, tokens)), 500)
print("LINKS", *tokens)
"""
# What the database holds: check-ins per session and sending, comments, log entries; and whether the log's chain holds.
KEPT = """
import json
from django.db.models import Count
from accord_clinic.actions import audit
from accord_clinic.models import *
rows = Response.objects.filter(side="client").values_list("session__invitations__token_hash", "id")
comments = Comment.objects.values_list("session__invitations__token_hash", "id")
acts = AuditEntry.objects.filter(act="send_check_in").values("row").annotate(n=Count("id")).values_list("n", flat=True)
print("KEPT", json.dumps([list(rows), list(comments), sum(n - 1 for n in acts), audit.first_break()]))
"""


@dataclass
class Place:
    """Where one practice runs. `postgresql` is the address of its database; empty for the embedded one."""

    postgresql: str = ""
    workers: int = 2
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="accord-faults-")))
    port: int = field(default_factory=free_port)
    server: subprocess.Popen | None = None
    more: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ACCORD_", "DJANGO_"))}
        own = {
            "ACCORD_DATA": str(self.folder / "data"),
            "ACCORD_KEYS": str(self.folder / "keys"),
            "ACCORD_PASSWORD": PASSWORD,
            "ACCORD_BEHIND_PROXY": "1",
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        }
        database = {"ACCORD_POSTGRESQL": self.postgresql} if self.postgresql else {}
        return inherited | own | database | self.more

    def run(self, *command: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        """One `accord_clinic` command."""
        arguments = [*self.prefix, sys.executable, "-m", "accord_clinic.manage", *map(str, command)]
        done = subprocess.run(arguments, env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if check and done.returncode:
            raise RuntimeError(f"{command} failed:\n{done.stderr[-2000:]}")
        return done

    def python(self, code: str) -> str:
        return self.run("shell", "--no-imports", "-c", code).stdout

    def found(self) -> None:
        """Make the practice."""
        place = ("--country", "DE", "--time-zone", "Europe/Berlin", "--crisis-text", "In need, call 116 123.")
        self.run("init", "--practice", "A practice", "--name", "Ben", "--email", "ben@example.org", *place)

    def links(self, number: int) -> list[str]:
        """So many clients with a session and a link each."""
        said = self.python(LINKS.format(number=number))
        return next(line for line in said.splitlines() if line.startswith("LINKS ")).split()[1:]

    def kept(self) -> str:
        return next(line for line in self.python(KEPT).splitlines() if line.startswith("KEPT "))[5:]

    def start(self) -> None:
        """The web server as `accord_clinic serve` runs it, in a group of processes of its own."""
        command = [
            *self.prefix, sys.executable, "-m", "gunicorn", "accord_clinic.wsgi:application",
            "--bind", f"127.0.0.1:{self.port}",
            "--worker-class", "gthread", "--workers", str(self.workers), "--threads", "4", "--log-level", "critical",
        ]  # fmt: skip
        self.server = subprocess.Popen(
            command, env=self.environment, start_new_session=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def wait_until_well(self, seconds: float = 60) -> float:
        """Until /health/ says ok. Gives how long that took."""
        began = time.monotonic()
        question = urllib.request.Request(f"http://127.0.0.1:{self.port}/health/", headers={"Host": "localhost"})
        while time.monotonic() - began < seconds:
            try:
                with urllib.request.urlopen(question, timeout=5):
                    return time.monotonic() - began
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("The practice did not come back.")

    def kill(self) -> None:
        """kill -9 of the whole group at once."""
        if self.server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
            self.server = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
