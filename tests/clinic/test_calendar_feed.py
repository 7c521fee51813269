"""Feeds over HTTP: a real Radicale on loopback, and servers that misbehave."""

import gzip
import http.server
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from accord_clinic.actions import care
from accord_clinic.imports.calendar import changing, fetching, job
from accord_clinic.imports.calendar.fetching import NotFetched, fetch
from accord_clinic.models import ConnectedCalendar

pytestmark = pytest.mark.django_db


def ics(*starts: datetime) -> bytes:
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:ana-{n}\r\nDTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDURATION:PT50M\r\nSUMMARY:Ana\r\nEND:VEVENT\r\n"
        for n, start in enumerate(starts)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n{events}END:VCALENDAR\r\n".encode()


@pytest.fixture
def server(settings):
    """A server of one page; `state` is what it answers, `asked` what it was asked with."""
    state = SimpleNamespace(status=200, content=ics(), headers={}, asked=[])

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            state.asked.append(dict(self.headers))
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(state.content)))
            self.end_headers()
            self.wfile.write(state.content)

        def log_message(self, *_what):
            pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.CALENDAR_HOSTS = ["127.0.0.1"]
    state.address = f"http://127.0.0.1:{web.server_port}/ana.ics?token=secret"
    yield state
    web.shutdown()
    web.server_close()


def tomorrow(hours: int = 0) -> datetime:
    return (datetime.now(UTC) + timedelta(days=1, hours=hours)).replace(minute=0, second=0, microsecond=0)


def test_feed_is_read_again_only_when_it_changed(server, ben, dyad):
    calendar = job.connect(ben, server.address)
    server.content, server.headers = ics(tomorrow()), {"ETag": '"one"'}
    changing.match(calendar, "ana-0", dyad)
    assert job.read_feeds() == 1
    assert dyad.sessions.get().start == tomorrow()
    assert job.read_feeds() == 0  # not due yet
    server.status, server.content = 304, b""
    assert job.read_feeds(timezone.now() + timedelta(minutes=20)) == 1
    assert server.asked[-1]["If-None-Match"] == '"one"'
    assert dyad.sessions.get().start == tomorrow()


def test_moved_and_vanished_events_of_a_feed_change_sessions(server, ben, dyad):
    calendar = job.connect(ben, server.address)
    for n in (0, 1):
        changing.match(calendar, f"ana-{n}", dyad)
    server.content = ics(tomorrow(), tomorrow(48))
    job.read_feeds()
    server.content = ics(tomorrow(3))
    job.read_feeds(timezone.now() + timedelta(minutes=20))
    assert [(s.start, s.state) for s in dyad.sessions.order_by("start")] == [
        (tomorrow(3), "planned"), (tomorrow(48), "cancelled"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "content", "failure"),
    [
        (200, b"<html>Sign in</html>", "not_a_calendar"),
        (404, b"", "gone"),
        (500, b"", "not_answered"),
        (302, b"", "not_answered"),
        (200, b"x" * 5_000_001, "too_large"),
    ],
)
def test_feed_that_fails_keeps_every_session_and_says_why(server, ben, dyad, status, content, failure):
    calendar = job.connect(ben, server.address)
    changing.match(calendar, "ana-0", dyad)
    server.content = ics(tomorrow())
    job.read_feeds()
    server.status, server.content, server.headers = status, content, {"Location": "http://127.0.0.1:1/"}
    assert job.read_feeds(timezone.now() + timedelta(minutes=20)) == 0
    calendar.refresh_from_db()
    assert calendar.failure == failure
    assert calendar.failed_since
    assert dyad.sessions.get().state == "planned"


def test_packed_bomb_is_cut_off(server, ben):
    server.content, server.headers = gzip.compress(b"x" * 200_000_000), {"Content-Encoding": "gzip"}
    with pytest.raises(NotFetched, match="too_large"):
        fetch(server.address)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://calendar.example.org/a.ics", "not_https"),
        ("ftp://calendar.example.org/a.ics", "not_https"),
        ("file:///etc/passwd", "not_https"),
        ("https://user:secret@calendar.example.org/a.ics", "not_https"),
        ("https://127.0.0.1/a.ics", "private"),
        ("https://[::1]/a.ics", "private"),
        ("https://[::ffff:127.0.0.1]/a.ics", "private"),
        ("https://10.0.0.1/a.ics", "private"),
        ("https://169.254.169.254/latest/meta-data/", "private"),
        ("https://0.0.0.0/a.ics", "private"),
        ("https://2130706433/a.ics", "private"),
        ("https://localhost:99999/a.ics", "not_https"),
        ("https://localhost/a.ics", "private"),
        ("https:///a.ics", "not_https"),
    ],
)
def test_feed_leads_nowhere_inside_the_network(settings, address, why):
    settings.CALENDAR_HOSTS = []
    with pytest.raises(NotFetched, match=why):
        fetch(address)


def test_name_that_changes_after_it_was_judged_leads_nowhere_else(server, settings, monkeypatch):
    """The address that was judged is the one that is connected to; nothing resolves the name a second time."""
    resolved = []

    def once(host, port, *more, **_kinds):
        resolved.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(fetching.socket, "getaddrinfo", once)
    settings.CALENDAR_HOSTS = ["calendar.example.org"]
    fetch(server.address.replace("127.0.0.1", "calendar.example.org"))
    assert resolved.count("calendar.example.org") == 1


def test_one_bad_feed_costs_no_other(server, ben, eve, dyad):
    job.connect(eve, "http://127.0.0.1:1/nobody.ics")
    calendar = job.connect(ben, server.address)
    changing.match(calendar, "ana-0", dyad)
    server.content = ics(tomorrow())
    assert job.read_feeds() == 1
    assert dyad.sessions.count() == 1


def test_radicale_serves_a_calendar_that_accord_reads(tmp_path, settings, ben, dyad):
    """A real server, which ignores If-None-Match: the hash of what it sends tells that nothing changed."""
    with radicale(tmp_path) as address:
        settings.CALENDAR_HOSTS = ["127.0.0.1"]
        put(address, ics(tomorrow(), tomorrow(24 * 7)))
        calendar = job.connect(ben, address)
        names = {each.uid for each in job.read_feed(calendar).appointments}
        for uid in names:
            changing.match(calendar, uid, dyad)
        assert job.read_feeds() == 1
        assert dyad.sessions.count() == 2
        assert job.read_feeds(timezone.now() + timedelta(minutes=20)) == 1
        put(address, ics(tomorrow(2), tomorrow(24 * 7)))
        job.read_feeds(timezone.now() + timedelta(minutes=40))
        assert dyad.sessions.order_by("start").first().start == tomorrow(2)
        care.mark_session(dyad.sessions.order_by("start").first(), "cancelled", by=ben)
    assert not ConnectedCalendar.objects.exclude(failure="").exists()


class radicale:  # noqa: N801 - reads as what it is
    """Radicale with one calendar, for as long as the block lasts."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self) -> str:
        from wsgiref.simple_server import WSGIRequestHandler, make_server

        from radicale import Application, config

        class Quiet(WSGIRequestHandler):
            def log_message(self, *_what):
                pass

        settings_of = config.load()
        wanted = {"storage": {"filesystem_folder": str(self.folder)}, "auth": {"type": "none"}}
        settings_of.update(wanted | {"rights": {"type": "authenticated"}}, "test", privileged=True)
        self.web = make_server("127.0.0.1", 0, Application(settings_of), handler_class=Quiet)
        threading.Thread(target=self.web.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{self.web.server_port}/ben/calendar/"

    def __exit__(self, *_what):
        self.web.shutdown()
        self.web.server_close()


def put(address: str, content: bytes) -> None:
    """Replace the whole calendar, as a calendar program does."""
    import requests

    answer = requests.put(address, data=content, headers={"Content-Type": "text/calendar"}, auth=("ben", ""), timeout=5)
    answer.raise_for_status()
