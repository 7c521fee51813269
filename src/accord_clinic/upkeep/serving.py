"""Run the clinic on a host and port: web server and sweep, started and stopped together."""

from __future__ import annotations

import ctypes
import ipaddress
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

from django.conf import settings
from django.core.management import call_command

from accord.errors import BadInput
from accord_clinic.actions import merging
from accord_clinic.database import engine
from accord_clinic.upkeep import backups

SWEEP_EVERY = 30
RESTART_AFTER = 5
PATIENCE = 10
PR_SET_PDEATHSIG = 1
WORKER = "accord_clinic.upkeep.web_worker.WholeRequestWorker"


def prepare() -> None:
    """Bring the database and the static files up to this version of Accord; one process at a time."""
    with engine.one_at_a_time("migrate", settings.DATA):
        backups.clear_leftovers()
        if engine.lacks_migrations():
            engine.check_may_migrate()
            call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)


def merged_again() -> list[str]:
    """Make again the merges that an older database does not know of; gives what is to be said of them."""
    done, apart = merging.merge_again()
    lines = [f"Merged again, since it was done after that day: {done}."] if done else []
    if apart:
        lines.append(f"Not merged again, since the two records differ here: {apart}. An admin has to merge them.")
    return lines


def check_port(host: str, port: int) -> None:
    """Raise `BadInput` when another program uses this port."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BadInput(f"Port {port} of {host} cannot be used ({error.strerror}). Choose another one.") from error


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach this address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def run(host: str, port: int, workers: int = 2) -> int:
    """Serve until told to stop. A sweep that dies is started again; when the web server ends, so does everything."""
    stop = Stop()
    web, sweep = _start(web_command(host, port, workers)), _start(_sweep())
    try:
        while web.poll() is None and not stop.wanted:
            if sweep.poll() is not None:
                time.sleep(RESTART_AFTER)
                sweep = _start(_sweep())
            time.sleep(0.2)
    finally:
        for child in (sweep, web):
            _end(child)
    return 0 if stop.wanted else web.returncode


class Stop:
    """Remembers that somebody pressed Ctrl-C, closed the terminal, or asked the process to end."""

    def __init__(self) -> None:
        self.wanted = False
        for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(which, self._want)

    def _want(self, *_signal: object) -> None:
        self.wanted = True


def web_command(host: str, port: int, workers: int) -> list[str]:
    # No access log: addresses of pages are links that open things.
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return [
        "gunicorn", "accord_clinic.wsgi:application", "--bind", address, "--worker-class", WORKER,
        "--workers", str(workers), "--threads", "4", "--worker-connections", "600",
        "--log-level", "warning", "--graceful-timeout", str(PATIENCE),
    ]  # fmt: skip


def _sweep() -> list[str]:
    return ["accord_clinic.manage", "sweep", "--every", str(SWEEP_EVERY)]


def _start(module: Sequence[str]) -> subprocess.Popen:
    # A group of its own: Ctrl-C reaches this process alone, which then ends both in order.
    return subprocess.Popen([sys.executable, "-m", *module], process_group=0, preexec_fn=_end_with_parent)  # noqa: S603


def _end_with_parent() -> None:
    """On Linux a child is asked to end when this process dies, in whatever way: no orphan keeps the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(child: subprocess.Popen) -> None:
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
