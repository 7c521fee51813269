"""Each fault: a running practice in, what was acknowledged, lost and doubled out."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.postgresql import Cluster, free_port

from benchmarks.faults.clients import Count, Crowd
from benchmarks.faults.mailbox import Mailbox
from benchmarks.faults.practice import Place

CLIENTS = 8
LINKS_A_KILL = 60
DURABLE = ("fsync = on", "synchronous_commit = on", "max_connections = 60")


@dataclass(frozen=True)
class Outcome:
    """One line of the table."""

    fault: str
    database: str
    acknowledged: int
    lost: int
    doubled: int
    note: str

    @property
    def good(self) -> bool:
        return self.lost == 0 and self.doubled == 0 and self.acknowledged > 0


def server_killed(times: int) -> Iterator[Outcome]:
    """kill -9 of the web server with all its workers, again and again, while clients send."""
    for database in ("embedded", "PostgreSQL"):
        with _practice(database) as (place, _cluster):
            yield _under_fire(f"server killed {times} times", database, place, times, lambda: _kill_and_start(place))


def postgresql_stopped(times: int) -> Iterator[Outcome]:
    """The database server loses its power: kill -9 of all its processes; it starts and recovers."""
    with _practice("PostgreSQL") as (place, cluster):

        def cut() -> None:
            cluster.kill()
            cluster.start(tries=20)

        yield _under_fire(f"PostgreSQL killed {times} times", "PostgreSQL", place, times, cut)


def primary_lost(_times: int) -> Iterator[Outcome]:
    """The primary dies for good; its synchronous standby is promoted; nobody changes a setting."""
    primary = Cluster.new(*DURABLE, "wal_level = replica")
    standby = Cluster(Cluster.new_folder(), 0, ())
    place = Place(primary.address)
    try:
        place.found()
        links = place.links(LINKS_A_KILL * 3)
        standby = _standby_of(primary)
        hosts = f"postgresql://accord@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/accord"
        place.postgresql = f"{hosts}?target_session_attrs=read-write"

        def fail_over() -> None:
            primary.kill()
            standby.run("pg_ctl", "-D", standby.data, "-w", "promote")

        yield _under_fire("primary lost, standby promoted", "PostgreSQL", place, 1, fail_over, links)
    finally:
        place.remove()
        for cluster in (primary, standby):
            cluster.remove()


def worker_killed(times: int) -> Iterator[Outcome]:
    """kill -9 of the sweep while it hands mails over. Each person is told one thing: two mails are too many."""
    mailbox = Mailbox()
    mail = {
        "ACCORD_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "ACCORD_SMTP_HOST": "127.0.0.1",
        "ACCORD_SMTP_PORT": str(mailbox.port),
        "ACCORD_FROM": "practice@example.org",
    }
    number = 15 * times
    with _practice("embedded") as (place, _cluster):
        place.more = mail
        place.links(number)
        tell = "from accord_clinic.messages import notices; from accord_clinic.models import Client;"
        place.python(f"{tell}[notices.tell('new_link', c.uid, client=c) for c in Client.objects.all()]")
        for _ in range(times):
            _kill_while_sending(place, mailbox)
        _send_the_rest(place)
        # Ten minutes later, as far as the rows can tell: what a dead worker had claimed is free again.
        place.python(
            "from datetime import timedelta; from django.db.models import F;"
            "from accord_clinic.models import Notice;"
            "Notice.objects.filter(sent_at=None).update(claimed_at=F('claimed_at') - timedelta(minutes=11))"
        )
        _send_the_rest(place)
    again = mailbox.handed_over_again()
    note = f"{again} handed over again under the same Message-ID, which a mailbox shows once"
    lost = number - mailbox.people()
    yield Outcome(
        f"sweep killed {times} times while sending", "embedded", number - lost, lost, mailbox.told_twice(), note
    )


def disk_full(_times: int) -> Iterator[Outcome]:
    """The disk fills up while clients send, and is made room on again. Needs the right to mount a small one."""
    folder = Path(tempfile.mkdtemp(prefix="accord-disk-"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)], capture_output=True).returncode:
        yield Outcome("disk full", "embedded", 0, 0, 0, "skipped: mounting a small disk is not permitted here")
        return
    try:
        place = Place(folder=folder)
        place.found()
        links = place.links(LINKS_A_KILL * 2)
        ballast = folder / "ballast"

        def fill() -> None:
            with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
                while file.write(b"\0" * 4096):
                    pass
            time.sleep(4)
            ballast.unlink()

        yield _under_fire("disk full for 4 s", "embedded", place, 2, fill, links)
        place.kill()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def clock_wrong(_times: int) -> Iterator[Outcome]:
    """The server's clock is a day ahead, then a day behind, then right, while pages stay open on phones."""
    if shutil.which("faketime") is None:
        yield Outcome(
            "clock a day ahead, a day behind", "embedded", 0, 0, 0, "skipped: needs faketime (Debian: faketime)"
        )
        return
    clocks = iter((("faketime", "-f", "+1d"), ("faketime", "-f", "-1d"), ()))
    with _practice("embedded") as (place, _cluster):

        def turn() -> None:
            place.kill()
            place.prefix = next(clocks)
            place.start()
            place.wait_until_well()

        yield _under_fire("clock a day ahead, a day behind", "embedded", place, 3, turn)


def two_migrations(_times: int) -> Iterator[Outcome]:
    """Two processes bring an empty database up at once: both succeed, and each table is there once."""
    for database in ("embedded", "PostgreSQL"):
        cluster = Cluster.new(*DURABLE) if database == "PostgreSQL" else None
        place = Place(cluster.address if cluster else "")
        command = [sys.executable, "-m", "accord_clinic.manage", "upgrade", "--role", "accord"]
        both = [
            subprocess.Popen(command, env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            for _ in "ab"
        ]
        failed = [one.communicate()[1].decode()[-300:] for one in both if one.wait()]
        missing = place.run("migrate", "--check", check=False).returncode
        place.remove()
        if cluster:
            cluster.remove()
        yield Outcome("two migrations at once", database, 2 - len(failed), int(bool(missing)), 0, "; ".join(failed))


FAULTS: tuple[Callable[[int], Iterator[Outcome]], ...] = (
    server_killed, postgresql_stopped, primary_lost, worker_killed, disk_full, clock_wrong, two_migrations,
)  # fmt: skip


def _under_fire(
    name: str, database: str, place: Place, times: int, strike: Callable[[], None], links: list[str] | None = None
) -> Outcome:
    """Clients send; strike so many times; when all is well again, compare what they read with what is kept."""
    crowd = Crowd(place, links or place.links(LINKS_A_KILL * times))
    place.start()
    place.wait_until_well()
    crowd.start(CLIENTS)
    for _ in range(times):
        time.sleep(random.uniform(0.5, 2.5))
        strike()
        place.wait_until_well()
    time.sleep(2)
    crowd.stop()
    place.kill()
    place.prefix = ()
    count = Count.of(place, crowd)
    refused = f"; REFUSED {len(crowd.refused)} ({crowd.refused[0]})" if crowd.refused else ""
    note = f"{crowd.again} posts repeated; longest pause {max(crowd.gaps, default=0):.1f} s; log {count.chain}{refused}"
    return Outcome(name, database, count.acknowledged, count.lost, count.doubled, note)


@contextlib.contextmanager
def _practice(database: str) -> Iterator[tuple[Place, Cluster | None]]:
    cluster = Cluster.new(*DURABLE) if database == "PostgreSQL" else None
    place = Place(cluster.address if cluster else "")
    try:
        place.found()
        yield place, cluster
    finally:
        place.remove()
        if cluster:
            cluster.remove()


def _kill_and_start(place: Place) -> None:
    place.kill()
    place.start()


def _kill_while_sending(place: Place, mailbox: Mailbox) -> None:
    """Start a sweep, wait until it has handed some mails over, kill it wherever it is."""
    before = mailbox.taken.total()
    command = [sys.executable, "-m", "accord_clinic.manage", "sweep", "--every", "0.1"]
    sweep = subprocess.Popen(command, env=place.environment, start_new_session=True, stderr=subprocess.DEVNULL)
    enough, until = before + random.randint(2, 9), time.monotonic() + 60
    while mailbox.taken.total() < enough and time.monotonic() < until:
        time.sleep(0.002)
    time.sleep(random.uniform(0, 0.1))
    os.killpg(sweep.pid, signal.SIGKILL)
    sweep.wait()


def _send_the_rest(place: Place) -> None:
    """Sweep, a hundred notices each time, until a sweep finds nothing to send."""
    while "sent 0 notices" not in place.run("sweep").stdout:
        pass


def _standby_of(primary: Cluster) -> Cluster:
    """A copy that follows the primary; from then on no commit is acknowledged before it has it too."""
    with open(Path(primary.data) / "pg_hba.conf", "a") as file:
        file.write("host replication accord 127.0.0.1/32 trust\n")
    primary.run("pg_ctl", "-D", primary.data, "reload")
    standby = Cluster(Cluster.new_folder(), free_port(), DURABLE)
    source = f"host=127.0.0.1 port={primary.port} user=accord application_name=standby"
    standby.run("pg_basebackup", "-d", source, "-D", standby.data, "-R", "-X", "stream", "-c", "fast")
    standby.configure()
    standby.start()
    with open(Path(primary.data) / "postgresql.conf", "a") as file:
        file.write("synchronous_standby_names = 'standby'\n")
    primary.run("pg_ctl", "-D", primary.data, "reload")
    return standby
