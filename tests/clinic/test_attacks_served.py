"""Two real workers on loopback, as a stranger meets them: guessed passwords, a check-in, and what their log holds."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

PASSWORD = "correct horse battery staple"
EMAIL = "ben@example.org"
WORDS = "kolibri in the log"
PREPARE = """
import django; django.setup()
from accord_clinic.models import Member
from tests.clinic.people import a_dyad, a_session
from accord_clinic.actions import checkin
for n in range(12):
    Member.objects.create_user(f"m{n}@example.org", None, name=f"M{n}", roles=["therapist"])
print(checkin.invite(a_session(a_dyad(Member.objects.get(email="ben@example.org"), "Kolibri"), state="held"), by=None))
"""


class Worker:
    """One worker, asked over a socket of its own."""

    def __init__(self, port):
        self.port = port
        self.cookies = {}

    def ask(self, method, path, posted=None, **headers):
        """A request with the cookies so far; `posted` takes the form token of the last page with it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items()), **headers}
        body = None
        if posted is not None:
            body = urlencode({"csrfmiddlewaretoken": getattr(self, "token", ""), **posted})
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        page = answer.read().decode()
        for header in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        if found := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page):
            self.token = found[1]
        connection.close()
        return answer, page

    def sign_in(self, email, password, **headers) -> bool:
        """Whether the password was taken."""
        self.cookies = {}
        self.ask("GET", "/account/login/")
        answer, _page = self.ask("POST", "/account/login/", {"login": email, "password": password}, **headers)
        return answer.status == 302


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    """A practice on the disk, the token of a link, and two workers that share its database and nothing else."""
    folder = tmp_path_factory.mktemp("served")
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ACCORD_", "DJANGO_"))},
        "ACCORD_DATA": str(folder / "data"), "ACCORD_KEYS": str(folder / "keys"), "ACCORD_TLS_ELSEWHERE": "1",
        "ACCORD_PASSWORD": PASSWORD, "PYTHONPATH": "src:.", "DJANGO_SETTINGS_MODULE": "accord_clinic.settings",
    }  # fmt: skip
    run = {"env": env, "check": True, "capture_output": True, "text": True}
    init = ["--practice", "Practice", "--name", "Ben", "--email", EMAIL, "--time-zone", "Europe/Berlin"]
    subprocess.run([sys.executable, "-m", "accord_clinic.manage", "init", *init], **run)
    subprocess.run([sys.executable, "-m", "accord_clinic.manage", "collectstatic", "--noinput"], **run)
    token = subprocess.run([sys.executable, "-c", PREPARE], **run).stdout.split()[-1]
    log = (folder / "log").open("w+")
    ports = [_a_free_port() for _worker in range(2)]
    gunicorn = ["-m", "gunicorn", "accord_clinic.wsgi", "--worker-class", "gthread", "--log-level", "warning"]
    served = [
        subprocess.Popen([sys.executable, *gunicorn, "--bind", f"127.0.0.1:{port}"], env=env, stdout=log, stderr=log)
        for port in ports
    ]
    try:
        for port in ports:
            _wait_for(port)
        yield [Worker(port) for port in ports], token, folder / "log"
    finally:
        for one in served:
            one.terminate()
            one.wait(20)
        log.close()


def test_guessing_at_two_workers_by_turns_is_slowed_down_as_at_one(practice):
    """After five wrong passwords for one address, the right one is refused too, whichever worker is asked."""
    (one, other), _token, _log = practice
    assert one.sign_in(EMAIL, PASSWORD)
    for guess in range(5):
        worker = (one, other)[guess % 2]
        forged = {"X-Forwarded-For": f"203.0.113.{guess}", "Host": f"localhost:{guess + 1}"}
        assert not worker.sign_in(EMAIL, f"wrong password {guess}", **forged)
    assert not one.sign_in(EMAIL, PASSWORD)
    assert not other.sign_in(EMAIL, PASSWORD, **{"X-Forwarded-For": "198.51.100.1", "X-Real-IP": "198.51.100.1"})


def test_a_forged_address_does_not_get_around_the_limit_of_one_address(practice):
    """One wrong password for each of many members: the limit of the network address bites, whatever is claimed."""
    (one, other), _token, _log = practice
    said = ""
    for guess in range(12):
        worker = (one, other)[guess % 2]
        worker.cookies = {}
        worker.ask("GET", "/account/login/")
        forged = {"X-Forwarded-For": f"198.51.100.{guess}", "Forwarded": f"for=198.51.100.{guess}"}
        posted = {"login": f"m{guess}@example.org", "password": "one guess for each"}
        said = worker.ask("POST", "/account/login/", posted, **forged)[1]
    assert "Too many failed" in said


def test_a_whole_check_in_and_much_that_goes_wrong_leave_no_word_name_or_token_in_the_log(practice):
    (one, other), token, log = practice
    one.cookies = {}
    assert one.ask("GET", f"/c/{token}")[0].status == 200
    begun, _page = one.ask("POST", f"/c/{token}", {})
    place = begun.headers["Location"]
    other.cookies = one.cookies
    _answer, page = other.ask("GET", place)
    other.ask("POST", place, {"0-o2": WORDS, "key": "forged", "reviewed": "page"})
    other.ask("POST", place, {"0-o2": WORDS, "csrfmiddlewaretoken": "forged"})
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    other.ask("GET", place)
    sent, _page = other.ask("POST", place, {"0-o2": WORDS, "0-d1": "3", "key": key, "reviewed": "page"})
    assert sent.status == 302
    one.ask("GET", f"/c/{token}x")
    one.ask("DELETE", f"/c/{token}")
    one.ask("POST", f"/c/{token}", {"0-o2": WORDS * 80_000})
    one.ask("GET", f"/c/{token}", Host="evil.example")
    _raw(one.port, f"GET /c/{token} NONSENSE/9\r\n\r\n")
    _raw(one.port, f"GET /c/{token} HTTP/1.1\r\nHost: localhost\r\nBroken {WORDS}\r\n\r\n")
    written = log.read_text()
    assert "Not Found" in written, "the log was looked at before anything was written"
    for secret in (token, WORDS, "Kolibri", "kolibri", PASSWORD, EMAIL):
        assert secret not in written, written[max(0, written.index(secret) - 300) :][:600]


def _raw(port, lines):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(lines.encode())
        connection.recv(1000)


def _a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the worker did not start")
