"""Links in; clients who send the check-in as a browser does, and do not give up until it is received."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import queue
import re
import threading
import time
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode

from benchmarks.faults.practice import Place

USUAL = {
    "0-d1": "3", "0-d2": "3", "0-m1": "3", "0-m2": "3", "0-b1": "0", "0-b2": "3", "0-b3": "3", "0-t1": "0", "0-v1": "3",
    "reviewed": "script", "read.0-o2": "therapist",
}  # fmt: skip
PAUSE = 0.05


class Failed(Exception):
    """No answer, or none that helps: try again."""


@dataclass
class Browser:
    """One client's browser: cookies by name, a connection as long as it lasts, behind a proxy that speaks TLS."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, where to go next, the page."""
        headers = {"Host": "localhost", "X-Forwarded-Proto": "https", "Referer": f"https://localhost{path}"}
        headers["Accept-Encoding"] = "gzip"
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if fields is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://localhost"}
        try:
            self.connection.request(method, path, urlencode(fields) if fields is not None else None, headers)
            answer = self.connection.getresponse()
            page = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            raise Failed(type(error).__name__) from None
        if answer.headers.get("Content-Encoding") == "gzip":
            page = gzip.decompress(page)
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _is, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        if answer.status >= 500:
            raise Failed(str(answer.status))
        return answer.status, answer.headers.get("Location", ""), page.decode()


@dataclass
class Crowd:
    """Clients who take one link after another. `acknowledged` read "received"; `again` counts posts repeated."""

    place: Place
    links: list[str]
    acknowledged: list[str] = field(default_factory=list)
    again: int = 0
    refused: list[str] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self, number: int = 8) -> None:
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        for link in self.links:
            self._waiting.put(link)
        self._last = time.monotonic()
        self._threads = [threading.Thread(target=self._go_on, daemon=True) for _ in range(number)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """No new link is taken; who has begun goes on to the end."""
        self.stopping.set()
        for thread in self._threads:
            thread.join(120)

    def _go_on(self) -> None:
        while not self.stopping.is_set():
            try:
                link = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self._check_in(link)
            except AssertionError as error:
                self.refused.append(str(error))
                continue
            now = time.monotonic()
            self.gaps.append(now - self._last)
            self._last = now
            self.acknowledged.append(link)

    def _check_in(self, link: str) -> None:
        with Browser(self.place.port) as browser:
            self._send(browser, link)

    def _send(self, browser: Browser, link: str) -> None:
        page = self._until("GET", browser, f"/c/{link}", None, (200,))[2]
        form = {"csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken")} if "csrf" in page else {}
        address = self._until("POST", browser, f"/c/{link}", form, (302,))[1]
        page = self._until("GET", browser, address, None, (200,))[2]
        said = (
            USUAL
            | {name: hidden(page, name) for name in ("csrfmiddlewaretoken", "key")}
            | {"0-o2": f"Words of {link}"}
        )
        received = self._until("POST", browser, address, said, (302,))[1]
        assert received.endswith("/received/"), received

    def _until(self, method, browser, path, fields, wanted):
        """Ask until there is an answer; a page that is not the wanted one is an error of the practice."""
        while True:
            try:
                answer = browser.ask(method, path, fields)
            except Failed:
                self.again += method == "POST" and "0-o2" in (fields or ())
                time.sleep(PAUSE)
                continue
            assert answer[0] in wanted, f"{method} {path.split('/')[1]}: {answer[0]}"
            return answer


@dataclass(frozen=True)
class Count:
    """What the database says afterwards."""

    acknowledged: int
    lost: int
    doubled: int
    chain: str

    @classmethod
    def of(cls, place: Place, crowd: Crowd) -> Count:
        responses, comments, log_twice, broken = json.loads(place.kept())
        kept = {digest for digest, _id in responses}
        said = {digest for digest, _id in comments}
        sent = {hashlib.sha256(link.encode()).hexdigest() for link in crowd.acknowledged}
        twice = len(responses) - len(kept) + len(comments) - len(said) + log_twice
        return cls(
            len(sent), len(sent - kept) + len(sent - said), twice, "whole" if broken is None else f"broken at {broken}"
        )


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    assert found, f"no {name} on the page"
    return unescape(found[1])
