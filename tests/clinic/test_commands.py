"""The commands of whoever keeps a practice running: start one, serve it, sweep, calibrate; each error is a sentence."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command, load_command_class
from django.utils import timezone
from tests.clinic.embedded import a_machine, a_practice
from tests.clinic.people import a_held_session, answers

from accord.errors import BadInput
from accord_clinic.actions import calibration
from accord_clinic.management.commands import rotate_key, serve
from accord_clinic.models import AuditEntry, Calibration, Member, Practice, Session

WHO = ("--practice", "By the River", "--name", "Nora", "--email", "nora@example.org")
PLACE = {"--country": "AT", "--time-zone": "Europe/Vienna", "--crisis-text": "In der Not: 142."}
INIT = (*WHO, *(part for option in PLACE.items() for part in option))


@pytest.fixture
def static_elsewhere(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "static"


# init


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("ACCORD_PASSWORD", "correct horse battery")


def test_init_founds_a_practice_with_its_first_therapist_and_admin(db, static_elsewhere, password, capsys):
    call_command("init", *INIT)
    practice, nora = Practice.objects.get(), Member.objects.get()
    assert (practice.name, practice.time_zone, practice.demo) == ("By the River", "Europe/Vienna", False)
    assert (practice.country, practice.crisis_text) == ("AT", "In der Not: 142.")
    assert practice.safety_contact == nora
    assert nora.roles == ["therapist", "admin"]
    assert nora.check_password("correct horse battery")
    assert AuditEntry.objects.filter(act="found_practice", actor=f"member:{nora.pk}").exists()
    printed = capsys.readouterr().out
    assert printed.startswith("Making the key and the database; this takes some seconds ...")
    assert "recovery-sheet.txt" in printed
    assert f"Next: {sys.argv[0]} serve" in printed


def test_a_new_practice_has_starting_values_for_what_is_usual(db, static_elsewhere, password):
    call_command("init", *INIT)
    assert Calibration.objects.filter(scale="accord-check-in/collaboration", dyads=0).exists()


def test_init_leaves_a_practice_alone(people, static_elsewhere, password):
    with pytest.raises(BadInput, match="There is a practice in this database already"):
        call_command("init", *INIT)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--email", "nora"), "Enter a valid email address"),
        (("--time-zone", "Mars/Olympus"), "There is no time zone 'Mars/Olympus'"),
        (("--practice", " "), "need a name"),
        (("--country", "Austria"), "There is no country 'AUSTRIA'"),
        (("--crisis-text", " "), "whom clients should call if they need help now"),
    ],
)
def test_init_says_what_to_mend(db, static_elsewhere, password, options, message):
    with pytest.raises(BadInput, match=message):
        call_command("init", *INIT, *options)
    assert not Practice.objects.exists()
    assert not Member.objects.exists()


@pytest.mark.parametrize("option", INIT[::2])
def test_the_help_of_init_names_what_it_would_ask_for(db, static_elsewhere, monkeypatch, option):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    place = INIT.index(option)
    with pytest.raises(BadInput, match="give it as an option"):
        call_command("init", *INIT[:place], *INIT[place + 2 :])
    assert option in load_command_class("accord_clinic", "init").create_parser("accord_clinic", "init").format_help()


def test_init_wants_a_long_password(db, static_elsewhere, monkeypatch):
    monkeypatch.setenv("ACCORD_PASSWORD", "short")
    with pytest.raises(BadInput, match="at least 12 characters"):
        call_command("init", *INIT)


def test_init_does_not_wait_for_somebody_who_is_not_there(db, static_elsewhere, monkeypatch):
    monkeypatch.delenv("ACCORD_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(BadInput, match="ACCORD_PASSWORD"):
        call_command("init", *INIT)
    with pytest.raises(BadInput, match="Name of the practice: give it as an option"):
        call_command("init")


@pytest.mark.parametrize(
    ("option", "question"),
    [("--country", "Country"), ("--time-zone", "Time zone"), ("--crisis-text", "What clients read")],
)
def test_init_takes_no_country_time_zone_or_crisis_text_for_granted(
    db, static_elsewhere, password, monkeypatch, option, question
):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    rest = (part for name, value in PLACE.items() if name != option for part in (name, value))
    with pytest.raises(BadInput, match=question):
        call_command("init", *WHO, *rest)
    assert not Practice.objects.exists()


def test_init_asks_again_where_something_is_wrong_and_loses_nothing(db, static_elsewhere, monkeypatch, capsys):
    typed = iter(["By the River", "Austria", "at", "Vienna", "Europe/Vienna", "In der Not: 142.", " ", "Nora"])
    secrets = iter(["short", "correct horse battery", "correct horse", *["correct horse battery"] * 2])
    monkeypatch.delenv("ACCORD_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: next(typed))
    monkeypatch.setattr("getpass.getpass", lambda _question: next(secrets))
    call_command("init", "--email", "nora@example.org")
    assert Practice.objects.get().country == "AT"
    assert Member.objects.get().check_password("correct horse battery")
    lines = capsys.readouterr().out
    for sentence in ("no country 'AUSTRIA'", "no time zone 'Vienna'", "need a name", "12 characters", "two passwords"):
        assert sentence in lines


# sweep, calibrate


def test_sweep_opens_sessions_whose_time_has_come(people, dyad, capsys):
    session = a_held_session(dyad, timezone.now() - timedelta(days=5), client=answers("client"))
    assert session.revealed_at is None
    Session.objects.update(reveal_due=timezone.now())
    call_command("sweep")
    session.refresh_from_db()
    assert session.revealed_by == "time"
    assert "Opened 1 sessions" in capsys.readouterr().out


def test_calibrate_says_how_each_series_was_estimated(people, capsys):
    call_command("calibrate")
    assert "accord-check-in/collaboration: no own courses yet" in capsys.readouterr().out


def test_the_scales_of_the_check_in_share_the_budget_of_a_course(people, monkeypatch, capsys):
    """How reliable a change on a scale is silences none of them; it is printed."""
    monkeypatch.setattr(calibration, "_measured", lambda _name, scale: 0.56 if scale == "connection" else None)
    call_command("calibrate")
    for one in Calibration.objects.all():
        shared = one.body["budget"]
        if one.scale.endswith("/gap"):  # of two differences
            assert shared == {"drop": 0.025, "slide": 0.015, "gap": 0.015}
        else:  # of both scales, and of both together
            assert shared == pytest.approx({"drop": 0.05 / 3, "slide": 0.01, "gap": 0.01})
    told = capsys.readouterr().out
    assert told.count("no marks until 10 courses have 6 ratings") == 5
    assert told.count("The reliability of a change is 0.56 here.") == 1


# serve


def test_on_postgresql_the_signing_secret_alone_is_made_anew(people, tmp_path, settings, monkeypatch, capsys):
    """The key of the database is the operator's there. With the embedded file: test_keys."""
    monkeypatch.setattr(rotate_key, "engine", SimpleNamespace(is_postgresql=lambda: True))
    settings.KEYS = tmp_path
    call_command("rotate_key")
    first = (tmp_path / "signing.key").read_text()
    call_command("rotate_key")
    assert first != (tmp_path / "signing.key").read_text()
    assert not (tmp_path / "database.key").exists()
    assert "signs in again" in capsys.readouterr().out
    assert set(AuditEntry.objects.filter(act="rotate_key").values_list("row", flat=True)) == {"key:signing"}


def test_serve_wants_a_practice_first(db, static_elsewhere):
    with pytest.raises(BadInput, match=r"Run accord_clinic init first, or set ACCORD_DATA"):
        call_command("serve", "--port", str(a_free_port()))


def test_serve_says_when_the_port_is_taken(db):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(BadInput, match="cannot be used"):
            call_command("serve", "--port", str(other.getsockname()[1]))


def test_without_tls_serve_reaches_this_machine_only(people, settings):
    settings.HERE_ALONE, settings.PUBLIC_URL = True, "http://localhost:8000"
    with pytest.raises(BadInput, match="this machine only, not on 0.0.0.0"):
        call_command("serve", "--host", "0.0.0.0")  # noqa: S104


def test_without_tls_serve_listens_where_the_links_lead(people, settings):
    settings.HERE_ALONE, settings.PUBLIC_URL = True, "http://localhost:8000"
    with pytest.raises(BadInput, match="Give both the same port"):
        call_command("serve", "--port", "9000")
    settings.PUBLIC_URL = "http://localhost:many"
    with pytest.raises(BadInput, match="ACCORD_URL is http://localhost:many"):
        call_command("serve")


@pytest.mark.parametrize(
    ("url", "behind", "plain"),
    [
        ("http://localhost:8000", "", True),
        ("http://localhost:8000", "1", False),
        ("http://localhost.example.com", "", False),
        (r"http://example.com\@localhost", "", False),
        ("http://somebody:secret@localhost", "", False),
        ("http://[::1", "", False),
    ],
)
def test_only_an_address_of_this_machine_does_without_tls_and_never_behind_a_proxy(url, behind, plain, tmp_path):
    own = {"ACCORD_DATA": f"{tmp_path}/data", "ACCORD_URL": url, "ACCORD_BEHIND_PROXY": behind, "ACCORD_HOSTS": "a.org"}
    code = "from accord_clinic import settings; print(settings.TLS, 'a.org' in settings.ALLOWED_HOSTS)"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | own, capture_output=True, text=True)
    assert done.stdout.split() == [str(not plain)] * 2


def test_serve_says_what_is_missing_before_a_page_opens(settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_PROXY_SSL_HEADER = True, None
    assert "ACCORD_URL=http://localhost:8000" in serve.where_it_opens()
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert serve.where_it_opens() == "Open https://localhost/"


def test_serve_runs_web_and_sweep_restarts_the_sweep_and_stops_cleanly(tmp_path):
    """As somebody tries it before there is a domain: without TLS, at the address that is set."""
    home, port = a_practice(tmp_path / "home"), a_free_port()
    command = [sys.executable, "-m", "accord_clinic.manage", "serve"]
    env = home.environment | {"ACCORD_URL": f"http://localhost:{port}"}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as served:
        try:
            assert answers_at(port)
            with urllib.request.urlopen(f"http://localhost:{port}/account/login/") as page:
                assert page.headers["Set-Cookie"].startswith("accord-csrf=")
                assert "Secure" not in page.headers["Set-Cookie"]
            first = sweep_of(served.pid)
            os.kill(first, signal.SIGKILL)
            assert wait_for(lambda: sweep_of(served.pid) not in (None, first))
        finally:
            served.send_signal(signal.SIGINT)
        assert served.wait(30) == 0
        printed = served.stdout.read()
        assert f"listening on 127.0.0.1, port {port}. Ctrl-C stops it.\nOpen http://localhost:{port}/\n" in printed
    assert not answers_at(port, seconds=0)


def test_nothing_is_left_running_when_the_server_is_killed(tmp_path):
    children = (
        "import django; django.setup(); from accord_clinic.upkeep import serving;"
        "serving._web = serving._sweep = lambda *_: ['http.server', '0']; serving.run('', 0)"
    )
    with subprocess.Popen([sys.executable, "-c", children], env={**os.environ, "PYTHONPATH": "src"}) as served:
        listed = Path(f"/proc/{served.pid}/task/{served.pid}/children")
        assert wait_for(lambda: len(listed.read_text().split()) == 2)
        left = [Path(f"/proc/{child}") for child in listed.read_text().split()]
        time.sleep(0.5)
        served.kill()
    assert wait_for(lambda: not any(child.exists() for child in left))


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers_at(port: int, seconds: float = 60) -> bool:
    """Whether a page comes within so many seconds; where nobody is signed in it is the way to sign in."""

    def asked() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/account/login/", timeout=5) as page:
                return page.status == 200
        except (urllib.error.URLError, OSError):
            return False

    return wait_for(asked, seconds)


def wait_for(check, seconds: float = 30) -> bool:
    until = time.monotonic() + seconds
    while not check():
        if time.monotonic() >= until:
            return False
        time.sleep(0.2)
    return True


def sweep_of(parent: int) -> int | None:
    """The process of the sweep beside this web server."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    said = {int(child): Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0") for child in children}
    return next((child for child, arguments in said.items() if b"sweep" in arguments), None)


# a database that is not as it should be


def test_a_database_of_another_version_is_a_sentence(tmp_path):
    done = a_machine(tmp_path / "new").run("sweep")
    assert (done.returncode, done.stderr.splitlines()) == (
        2,
        ["accord_clinic: The database is of another version. Run accord_clinic upgrade first."],
    )


def test_a_database_that_does_not_answer_is_a_sentence(tmp_path):
    done = a_machine(tmp_path / "new").run("sweep", ACCORD_POSTGRESQL="postgresql://nobody@127.0.0.1:1/accord")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "The database does not answer" in done.stderr
