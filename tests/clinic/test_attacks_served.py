"""Two real workers on loopback, as a stranger meets them: every door guessed at, a check-in, what their log holds."""

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
from tests.clinic import migrated

from accord_clinic.upkeep import serving

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


CODE = """
import django; django.setup()
from accord_clinic.actions import step_in
from accord_clinic.models import Notice
step_in.send_codes()
print(*Notice.objects.filter(kind="code").order_by("-id").values_list("about", flat=True)[:1],
      Notice.objects.filter(kind="code").count())
"""
NOT_THERE = "http://127.0.0.1:9"
"""A provider of single sign-on that does not answer: the limit is asked before it is."""


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
        "ACCORD_SSO_ISSUER": NOT_THERE, "ACCORD_SSO_CLIENT": "accord", "ACCORD_SSO_NAME": "Our Clinic",
        "ACCORD_PASSWORD": PASSWORD, "PYTHONPATH": "src:.", "DJANGO_SETTINGS_MODULE": "accord_clinic.settings",
    }  # fmt: skip
    run = {"env": env, "check": True, "capture_output": True, "text": True}
    migrated.copy_home(folder)
    (folder / "keys" / "sso.secret").write_text("secret")
    init = ["--practice", "Practice", "--name", "Ben", "--email", EMAIL, "--time-zone", "Europe/Berlin"]
    init += ["--country", "DE", "--crisis-text", "In need, call 116 123."]
    subprocess.run([sys.executable, "-m", "accord_clinic.manage", "init", *init], **run)
    subprocess.run([sys.executable, "-m", "accord_clinic.manage", "collectstatic", "--noinput"], **run)
    token = subprocess.run([sys.executable, "-c", PREPARE], **run).stdout.split()[-1]
    log = (folder / "log").open("w+")
    ports = [_a_free_port() for _worker in range(2)]
    gunicorn = ["-m", "gunicorn", "accord_clinic.wsgi", "--worker-class", serving.WORKER, "--log-level", "warning"]
    served = [
        subprocess.Popen([sys.executable, *gunicorn, "--bind", f"127.0.0.1:{port}"], env=env, stdout=log, stderr=log)
        for port in ports
    ]
    try:
        for port in ports:
            _wait_for(port)
        workers = [Worker(port) for port in ports]
        workers[0].code = lambda: subprocess.run([sys.executable, "-c", CODE], **run).stdout.split()
        yield workers, token, folder / "log"
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


def by_turns(practice, tries, **headers):
    """The two workers one after the other, each with a new browser, an address that is claimed and a form token."""
    (one, other), _token, _log = practice
    for guess in range(tries):
        worker = (one, other)[guess % 2]
        worker.cookies = {}
        worker.ask("GET", "/account/login/")
        yield worker, {"X-Forwarded-For": f"198.51.100.{guess}"}


@pytest.mark.parametrize(
    ("door", "posted", "tries"),
    [
        ("/account/2fa/webauthn/login/", {"credential": '{"id": "x"}'}, 10),
        ("/account/password/reset/", {"email": "nobody@example.org"}, 5),
    ],
)
def test_every_other_door_for_members_counts_for_both_workers(practice, door, posted, tries):
    """Passkeys by network address, a forgotten password by the address that is asked for."""
    answers = [
        worker.ask("POST", door, posted, **claimed)[0].status for worker, claimed in by_turns(practice, tries + 2)
    ]
    assert 429 not in answers[:tries]
    assert answers[tries:] == [429, 429], "one more than the limit, at either worker"


def test_the_way_to_a_provider_and_back_counts_for_both_workers(practice):
    answers = []
    for worker, claimed in by_turns(practice, 16):
        answers.append(worker.ask("POST", "/account/sso/", {}, **claimed)[0].status)
        answers.append(worker.ask("GET", "/account/sso/back/?code=x&state=y", **claimed)[0].status)
    assert 429 not in answers[:30]
    assert answers[30:] == [429, 429], "thirty a minute, at whichever worker"


def test_a_clients_code_is_counted_by_both_workers(practice):
    """Five wrong ones, whichever takes them, and the right one is dead at either; and six codes an hour from both."""
    (one, other), _token, _log = practice
    _ask_code(one)
    code, _sent = one.code()
    wrong = "000000" if code != "000000" else "111111"
    cookies = one.cookies
    opened = [_give_code((one, other)[guess % 2], cookies, wrong) for guess in range(5)]
    opened += [_give_code(worker, cookies, code) for worker in (one, other)]
    assert opened == [False] * 7
    asked, last = [], {}
    for worker in (one, other) * 4:
        asked.append(_ask_code(worker))
        last = worker.cookies if asked[-1] == 302 else last
    assert asked == [302] * 5 + [429] * 3, "six an hour from both"
    code, sent = one.code()
    assert sent == "6"
    assert not _give_code(one, cookies, code), "good in the browser that asked and in no other"
    assert _give_code(other, last, code), "asked for at one worker, a code is good at the other"


def _ask_code(worker) -> int:
    worker.cookies = {}
    worker.ask("GET", "/mine/in/")
    return worker.ask("POST", "/mine/in/", {"email": "kolibri@example.org"})[0].status


def _give_code(worker, cookies, code) -> bool:
    """Whether it opens the client's own space."""
    worker.cookies = dict(cookies)
    worker.ask("GET", "/mine/code/")
    return worker.ask("POST", "/mine/code/", {"code": code})[0].headers["Location"] == "/mine/"


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
