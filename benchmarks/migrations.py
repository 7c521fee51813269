"""`python -m benchmarks.migrations`: each migration on a filled PostgreSQL while readers knock; who waited how long."""

from __future__ import annotations

import argparse
import threading
import time

import psycopg
from tests.postgresql import NOBODY_HAS_IT, Cluster, programs

from benchmarks.faults.practice import Place
from benchmarks.load.__main__ import fill

READ = ("client", "dyad", "session", "response", "comment", "invitation", "consent", "notice", "auditentry", "practice")
NAMES = """
import pkgutil
from accord_clinic import migrations
print(*sorted(one.name for one in pkgutil.iter_modules(migrations.__path__)))
"""


class Readers:
    """One connection for each table, asking for one row over and over; each remembers the longest it waited."""

    def __init__(self, address: str) -> None:
        self.address, self.longest, self.on = address, {}, True
        self.threads = [threading.Thread(target=self._read, args=(f"accord_clinic_{t}",), daemon=True) for t in READ]

    def __enter__(self) -> Readers:
        for thread in self.threads:
            thread.start()
        time.sleep(2)
        return self

    def __exit__(self, *_error: object) -> None:
        self.on = False
        for thread in self.threads:
            thread.join()

    def _read(self, table: str) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            while self.on:
                began = time.monotonic()
                connection.execute(f"SELECT id FROM {table} LIMIT 1")
                self.longest[table] = max(self.longest.get(table, 0), time.monotonic() - began)
                time.sleep(0.005)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.migrations", description=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--therapists", type=int, default=50)
    asked = parser.parse_args()
    if programs() is None:
        print(NOBODY_HAS_IT)
        return 2
    cluster = Cluster.new("shared_buffers = 512MB", "max_wal_size = 4GB")
    place = Place(cluster.address)
    try:
        place.found()
        filled = fill(place, asked)
        print(f"{asked.clients} clients, {filled['responses']} responses")
        names = place.python(NAMES).split()
        place.run("migrate", "accord_clinic", names[0], "--verbosity", 0)
        with Readers(cluster.address) as idle:
            time.sleep(5)
        print(f"nobody migrates: longest wait {max(idle.longest.values()) * 1000:.0f} ms")
        for name in names[1:]:
            _one(place, cluster, name)
    finally:
        place.remove()
        cluster.remove()
    return 0


def _one(place: Place, cluster: Cluster, name: str) -> None:
    with Readers(cluster.address) as readers:
        began = time.monotonic()
        place.run("migrate", "accord_clinic", name, "--verbosity", 0)
        took = time.monotonic() - began
    table, waited = max(readers.longest.items(), key=lambda one: one[1])
    print(f"{name}: {took:.1f} s with starting up; longest wait {waited * 1000:.0f} ms ({table})", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
