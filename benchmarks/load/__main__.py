"""`python -m benchmarks.load`: fill PostgreSQL, hold a rate of sent check-ins among page views, tell how it was.

Ends with 1 when there was an error, when the rate was not held, or when a page asks more queries of a large practice.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.postgresql import NOBODY_HAS_IT, Cluster, programs

from benchmarks.faults.practice import ROOT, Place
from benchmarks.load import costs

SETTINGS = ("synchronous_commit = on", "shared_buffers = 512MB", "max_connections = 60", "max_wal_size = 4GB")
CASELOAD = 40
WARM_UP = {"rate": 5, "views": 2, "seconds": 12}
LOOKS = 6
LAST_WITHIN = 2.0
"""The rate was held when the last one is through so many seconds after the last moment."""


@dataclass(frozen=True)
class Sample:
    """How much the server and PostgreSQL have used up to this moment, and what their processes hold."""

    at: float
    server: float
    database: float
    workers: list[int]
    backends: int

    @classmethod
    def of(cls, place: Place, cluster: Cluster, began: float) -> Sample:
        server, database = costs.group(place.server.pid), costs.family(cluster.postmaster)
        return cls(
            time.monotonic() - began, costs.cpu(server), costs.cpu(database),
            costs.memory(server), sum(costs.memory(database)),
        )  # fmt: skip


def main() -> int:
    asked = _arguments()
    if programs() is None:
        print(NOBODY_HAS_IT)
        return 2
    cluster = Cluster.new(*SETTINGS)
    place = Place(cluster.address)
    try:
        place.found()
        filled = fill(place, asked)
        print(f"{asked.clients} clients, {filled['responses']} responses, filled in {filled['took']} s")
        for name, (small, large) in filled["queries"].items():
            print(f"queries of {name}: {small} with one client, {large} with all")
        place.start()
        place.wait_until_well()
        last = asked.clients - WARM_UP["rate"] * WARM_UP["seconds"]
        _hold(place, cluster, {"opened": filled["opened"], "first": last, **WARM_UP})
        load = Path("/proc/loadavg").read_text().split()[0]
        print(f"{asked.rate:g} check-ins/s and {asked.rate * asked.views:g} page views/s for {asked.seconds:g} s")
        print(f"load of this machine at the start: {load}", flush=True)
        plan = {"rate": asked.rate, "views": asked.views, "seconds": asked.seconds, "first": 0}
        said, samples = _hold(place, cluster, {"opened": filled["opened"], **plan})
        same = all(small == large for small, large in filled["queries"].values())
        return _tell(asked, said, samples) or int(not same)
    finally:
        place.remove()
        cluster.remove()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--sessions", type=int, default=10, help="rated sessions of each client; two responses each")
    parser.add_argument("--rate", type=float, default=3, help="sent check-ins a second")
    parser.add_argument("--views", type=float, default=0.5, help="Today and dyad pages for each check-in")
    parser.add_argument("--seconds", type=float, default=30)
    asked = parser.parse_args()
    needed = round(asked.rate * asked.seconds) + WARM_UP["rate"] * WARM_UP["seconds"]
    if asked.clients < needed:
        parser.error(f"each check-in needs a client of its own, so --clients must be {needed} or more")
    return asked


def fill(place: Place, asked: argparse.Namespace) -> dict:
    therapists = max(1, asked.clients // CASELOAD)
    numbers = {"clients": asked.clients, "sessions": asked.sessions, "therapists": therapists}
    options = [f"--{name}={number}" for name, number in numbers.items()]
    command = [sys.executable, "-m", "benchmarks.load.filling", *options]
    done = subprocess.run(command, env=place.environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("FILLED "))[7:])


def _hold(place: Place, cluster: Cluster, plan: dict) -> tuple[dict, list[Sample]]:
    """Let the crowd in. Gives what it saw, and what all of it cost before, on the way and at the end."""
    command = [sys.executable, "-m", "benchmarks.load.crowd"]
    crowd = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    began = time.monotonic()
    samples = [Sample.of(place, cluster, began)]
    question: str | None = json.dumps({"port": place.port, **plan})
    while True:
        try:
            said = crowd.communicate(question, timeout=plan["seconds"] / LOOKS)[0]
        except subprocess.TimeoutExpired:
            question = None
            samples.append(Sample.of(place, cluster, began))
            continue
        return json.loads(said), [*samples, Sample.of(place, cluster, began)]


def _tell(asked: argparse.Namespace, said: dict, samples: list[Sample]) -> int:
    print(f"{'page':14} {'asked':>6} {'p50 ms':>7} {'p95 ms':>7} {'p99 ms':>7} {'worst':>7}")
    for kind, took in said["took"].items():
        cuts = statistics.quantiles(took, n=100, method="inclusive") if len(took) > 1 else took * 99
        print(f"{kind:14} {len(took):6} {cuts[49]:7.0f} {cuts[94]:7.0f} {cuts[98]:7.0f} {max(took):7.0f}")
    wanted, over = round(asked.rate * asked.seconds), said["ended"] - asked.seconds
    rate = said["sent"] / max(said["ended"], asked.seconds)
    late = sum(one > 0.1 for one in said["late"])
    held = said["sent"] == wanted and over <= LAST_WITHIN
    print(
        f"errors: {len(said['errors'])} {said['errors'][:3] or ''}; {said['sent']} of {wanted} check-ins sent, "
        f"{rate:.2f} a second, the last one through after {said['ended']:.1f} s: {'held' if held else 'NOT HELD'}; "
        f"{late} begun more than 0.1 s late, the worst {max(said['late']):.2f} s"
    )
    _tell_costs(said, samples)
    return int(bool(said["errors"]) or not held)


def _tell_costs(said: dict, samples: list[Sample]) -> None:
    first, last = samples[0], samples[-1]
    database = last.database - first.database
    used = {"web server": last.server - first.server, "PostgreSQL": database, "generator": said["cpu"]}
    requests = sum(map(len, said["took"].values()))
    for who, seconds in used.items():
        each = seconds / requests * 1e3
        print(f"CPU of {who}: {seconds:.1f} s, {seconds / last.at:.2f} cores, {each:.1f} ms a page")
    for one in samples:
        print(f"memory after {one.at:4.0f} s: server {one.workers} MB, PostgreSQL's processes {one.backends} MB")


if __name__ == "__main__":
    sys.exit(main())
