"""A rate and open sessions in (JSON on stdin); check-ins and page views asked for on time, and how long each took, out.

A process of its own, so that what it costs is told apart from the server. Nobody waits for anybody: each check-in and
each view has its moment, and is timed from that moment, so a server that lags behind cannot hide it.
"""

from __future__ import annotations

import heapq
import json
import random
import resource
import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

from benchmarks.faults.clients import USUAL, Browser, Failed, hidden

WAITING = 64
VIEWS = ("Today", "dyad", "dyad")
"""What therapists look at, in turn."""


class Crowd:
    """Clients and therapists at their browsers. Keeps milliseconds of each kind of page, errors, and lateness."""

    def __init__(self, port: int, opened: dict[str, list[str]]) -> None:
        self.port, self.opened = port, list(opened.items())
        self.took: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self.late = [0.0]
        self.sent = 0
        self.ended = 0.0
        self.lock = threading.Lock()

    def hold(self, *, rate: float, views: float, seconds: float, first: int) -> None:
        """`rate` check-ins a second and `views` pages for each, evenly, from client number `first` on."""
        check_ins = ((n / rate, self.check_in, f"load-{first + n}") for n in range(round(rate * seconds)))
        looks = (
            ((n + 0.5) / (rate * views), self.look, VIEWS[n % len(VIEWS)]) for n in range(int(rate * views * seconds))
        )
        began = time.monotonic()
        with ThreadPoolExecutor(WAITING) as pool:
            for after, act, what in heapq.merge(check_ins, looks, key=lambda one: one[0]):
                due = began + after
                time.sleep(max(0.0, due - time.monotonic()))
                pool.submit(self.act, act, what, due)
        self.ended = time.monotonic() - began

    def act(self, act, what: str, due: float) -> None:
        self.late.append(time.monotonic() - due)
        try:
            act(what, due)
        except (Failed, AssertionError) as error:
            self.errors.append(f"{act.__name__}: {error}")

    def check_in(self, link: str, due: float) -> None:
        """All four requests of a client on one connection: the link, its button, the questions, the answers."""
        with Browser(self.port) as browser:
            self.ask("link", 200, due, browser, "GET", f"/c/{link}")
            address = self.ask("start", 302, None, browser, "POST", f"/c/{link}", {})[1]
            page = self.ask("check-in page", 200, None, browser, "GET", address)[2]
            said = USUAL | {name: hidden(page, name) for name in ("csrfmiddlewaretoken", "key")} | {"0-o2": "A line"}
            self.ask("check-in sent", 302, None, browser, "POST", address, said)
        with self.lock:
            self.sent += 1

    def look(self, view: str, due: float) -> None:
        """A therapist who is signed in opens a page."""
        key, dyads = random.choice(self.opened)
        with Browser(self.port, {"__Host-accord": key}) as browser:
            path = "/today/" if view == "Today" else f"/people/{random.choice(dyads)}/"
            self.ask(view, 200, due, browser, "GET", path)

    def ask(self, kind: str, wanted: int, due: float | None, browser: Browser, *what) -> tuple[int, str, str]:
        began = time.monotonic() if due is None else due
        answer = browser.ask(*what)
        self.took[kind].append((time.monotonic() - began) * 1e3)
        assert answer[0] == wanted, f"{kind}: {answer[0]} instead of {wanted}"
        return answer


def main() -> None:
    asked = json.load(sys.stdin)
    crowd = Crowd(asked.pop("port"), asked.pop("opened"))
    crowd.hold(**asked)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "took": crowd.took, "errors": crowd.errors, "late": crowd.late, "sent": crowd.sent, "ended": crowd.ended,
        "cpu": used.ru_utime + used.ru_stime,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
