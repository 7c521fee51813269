"""`python -m benchmarks.load`: fill PostgreSQL, hold a rate of sent check-ins among page views, tell how it was."""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.postgresql import NOBODY_HAS_IT, Cluster, programs

from benchmarks.faults.clients import USUAL, Browser, Failed, hidden
from benchmarks.faults.practice import Place

WAITING = 64
VIEWS = ("Today", "dyad", "dyad")
"""What therapists look at, in turn."""


@dataclass
class Seen:
    """How long each kind of page took, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, kind: str, wanted: int, browser: Browser, method: str, path: str, fields=None
    ) -> tuple[int, str, str]:
        began = time.perf_counter()
        try:
            answer = browser.ask(method, path, fields)
        except Failed as error:
            answer = (0, str(error), "")
        took = time.perf_counter() - began
        with self.lock:
            self.seconds[kind].append(took)
            if answer[0] != wanted:
                self.errors.append(f"{kind}: {answer[0]} {answer[1]}")
        return answer


def main() -> int:
    asked = _arguments()
    if programs() is None:
        print(NOBODY_HAS_IT)
        return 2
    cluster = Cluster.new(
        "synchronous_commit = on", "shared_buffers = 512MB", "max_connections = 60", "max_wal_size = 4GB"
    )
    place = Place(cluster.address)
    try:
        place.found()
        filled = _fill(place, asked)
        print(f"{asked.clients} clients, {filled['responses']} responses, filled in {filled['took']} s")
        for name, (small, large) in filled["queries"].items():
            print(f"queries of {name}: {small} with one client, {large} with all")
        place.start()
        place.wait_until_well()
        seen = Seen()
        _hold(place, filled["opened"], Seen(), rate=2, views=2, seconds=5, first=asked.clients - 11)
        before = _resident(place)
        late = _hold(place, filled["opened"], seen, rate=asked.rate, views=asked.views, seconds=asked.seconds, first=0)
        return _tell(seen, asked, late, before, _resident(place))
    finally:
        place.remove()
        cluster.remove()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--sessions", type=int, default=10, help="rated sessions of each client; two responses each")
    parser.add_argument("--therapists", type=int, default=50)
    parser.add_argument("--rate", type=float, default=3, help="sent check-ins a second")
    parser.add_argument("--views", type=float, default=0.5, help="Today and dyad pages for each check-in")
    parser.add_argument("--seconds", type=float, default=30)
    return parser.parse_args()


def _fill(place: Place, asked: argparse.Namespace) -> dict:
    options = [f"--{name}={getattr(asked, name)}" for name in ("clients", "sessions", "therapists")]
    command = [sys.executable, "-m", "benchmarks.load.filling", *options]
    done = subprocess.run(command, env=place.environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("FILLED "))[7:])


def _hold(
    place: Place, opened: dict[str, list[str]], seen: Seen, *, rate: float, views: float, seconds: float, first: int
) -> float:
    """Begin `rate` check-ins a second whether or not earlier ones are through. Gives how late the last one began."""
    began, late = time.monotonic(), 0.0
    with ThreadPoolExecutor(WAITING) as pool:
        for n in range(int(rate * seconds)):
            due = began + n / rate
            time.sleep(max(0, due - time.monotonic()))
            late = max(late, time.monotonic() - due)
            pool.submit(_check_in, place, f"load-{first + n}", seen)
            for turn in range(int(n * views), int((n + 1) * views)):
                pool.submit(_look, place, VIEWS[turn % len(VIEWS)], opened, seen)
    return late


def _check_in(place: Place, link: str, seen: Seen) -> None:
    """All four requests of a client: the link, its button, the questions, the answers."""
    browser = Browser(place.port)
    if seen.ask("link", 200, browser, "GET", f"/c/{link}")[0] != 200:
        return
    status, address, _page = seen.ask("start", 302, browser, "POST", f"/c/{link}", {})
    if status != 302:
        return
    page = seen.ask("check-in page", 200, browser, "GET", address)[2]
    try:
        said = USUAL | {name: hidden(page, name) for name in ("csrfmiddlewaretoken", "key")} | {"0-o2": "A line"}
    except AssertionError as error:
        seen.errors.append(str(error))
        return
    seen.ask("check-in sent", 302, browser, "POST", address, said)


def _look(place: Place, view: str, opened: dict[str, list[str]], seen: Seen) -> None:
    key, dyads = random.choice(list(opened.items()))
    browser = Browser(place.port, {"__Host-accord": key})
    seen.ask(view, 200, browser, "GET", "/today/" if view == "Today" else f"/people/{random.choice(dyads)}/")


def _resident(place: Place) -> list[int]:
    """Megabytes of each process of the server."""
    listed = subprocess.run(["ps", "-o", "rss=", "-g", str(place.server.pid)], capture_output=True, text=True).stdout
    return sorted(int(line) // 1024 for line in listed.split())


def _tell(seen: Seen, asked: argparse.Namespace, late: float, before: list[int], after: list[int]) -> int:
    print(f"{asked.rate:g} check-ins/s and {asked.rate * asked.views:g} page views/s for {asked.seconds:g} s")
    print(f"{'page':14} {'asked':>6} {'p50 ms':>7} {'p95 ms':>7} {'worst':>7}")
    for kind, times in seen.seconds.items():
        cuts = statistics.quantiles(times, n=20) if len(times) > 1 else times * 19
        print(f"{kind:14} {len(times):6} {cuts[9] * 1000:7.0f} {cuts[18] * 1000:7.0f} {max(times) * 1000:7.0f}")
    print(f"errors: {len(seen.errors)} {seen.errors[:3] or ''}; the last check-in began {late:.1f} s late")
    load = Path("/proc/loadavg").read_text().split()[0]
    print(f"memory of the workers: {before} MB before, {after} MB after; load of this machine: {load}")
    return 1 if seen.errors else 0


if __name__ == "__main__":
    sys.exit(main())
