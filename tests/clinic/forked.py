"""Commands in processes of their own that need not load Accord anew: each is a fork of one that has loaded it already.

What runs is what a person types, `python -m accord_clinic.manage`, with its own environment, folder and output. The
settings are read anew in each fork, and nothing is loaded beforehand that keeps a setting. A few tests start whole
processes (`Home.start`).
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from functools import cache
from importlib import import_module
from pathlib import Path

import django
from django.conf import empty, settings
from django.core.cache import caches
from django.db import connections

LIBRARIES = (
    "allauth.account.forms", "argon2", "cryptography.x509", "django.db.migrations.executor", "django.test",
    "django.views.generic", "email.policy", "fido2.server", "jwt", "numpy", "psycopg", "requests", "scipy.optimize",
    "scipy.sparse", "scipy.stats", "segno", "smtplib", "accord.course", "accord_clinic.actions.checkin",
    "accord_clinic.actions.calibration", "accord_clinic.upkeep.backups", "accord_clinic.upkeep.serving",
)  # fmt: skip
"""What commands load and what keeps no setting: no views, no addresses, no middleware."""


def run(arguments: list[str], env: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one `accord_clinic` command to its end, with nothing to read."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, socket.socket(socket.AF_UNIX) as line:
        line.connect(_server())
        asked = json.dumps({"arguments": arguments, "env": env, "folder": str(folder)}).encode()
        socket.send_fds(line, [len(asked).to_bytes(4)], [out.fileno(), err.fileno()])
        line.sendall(asked)
        code = int(line.makefile().read())
        printed = [file.seek(0) or file.read().decode() for file in (out, err)]
    return subprocess.CompletedProcess(arguments, code, *printed)


@cache
def _server() -> str:
    """Start the process that forks; the address of its socket. It goes when this process does."""
    folder = tempfile.TemporaryDirectory(prefix="accord-test-")
    address = f"{folder.name}/socket"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("ACCORD_", "DJANGO_"))}
    command = [sys.executable, __file__, address]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
    process.stdout.readline()  # it listens

    @atexit.register
    def stop() -> None:
        process.stdin.close()
        process.wait()
        folder.cleanup()

    return address


def _serve(address: str) -> None:
    """Load Accord and the libraries, then fork for each request until whoever started this is gone."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "accord_clinic.settings", "ACCORD_DATA": f"{address}-data"}
    django.setup()
    for name in LIBRARIES:
        import_module(name)
    gc.freeze()  # no collection in a fork touches, and so copies, what all of them share
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who answer
    print("ready", flush=True)
    while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
        line, _ = listening.accept()
        if not os.fork():
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _answer(line)
        line.close()


def _answer(line: socket.socket) -> None:
    """Run what is asked for in one more fork, which leaves as any process does; tell its exit code."""
    size, printed, _, _ = socket.recv_fds(line, 4, 2)
    asked = json.loads(line.recv(int.from_bytes(size), socket.MSG_WAITALL))
    if command := os.fork():
        line.sendall(str(os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])).encode())
        os._exit(0)
    line.close()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, file in enumerate(printed, 1):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"])
    sys.path[:] = [*asked["env"]["PYTHONPATH"].split(os.pathsep), *sys.path[1:]]
    sys.argv = ["accord_clinic", *asked["arguments"]]
    _forget_settings()
    try:
        runpy.run_module("accord_clinic.manage", run_name="__main__", alter_sys=True)
    except BaseException:
        _leave(sys.exc_info()[1])


def _leave(error: BaseException) -> None:
    """End as any process does, but do not take down piece by piece all that was loaded: that takes half a second."""
    code = error.code if isinstance(error, SystemExit) else 1
    if not isinstance(error, SystemExit):
        traceback.print_exception(error)
    elif isinstance(code, str):
        print(code, file=sys.stderr)
    threading._shutdown()
    atexit._run_exitfuncs()
    connections.close_all()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _forget_settings() -> None:
    """Let whoever asks next read the settings from the environment as it is now."""
    del sys.modules["accord_clinic.settings"]
    settings._wrapped = empty
    for handler in (connections, caches):
        handler.__dict__.pop("settings", None)
        handler.__init__()


if __name__ == "__main__":
    _serve(sys.argv[1])
