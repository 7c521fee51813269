"""An app of somebody else in a browser, made with npm's `fhirclient`: standalone launch, as a therapist does it."""

import functools
import json
import threading
from datetime import timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone
from tests.clinic.people import a_course
from tests.clinic.program import agree, an_app

FOREIGN = Path(__file__).parents[1] / "fhir"
BUILT = FOREIGN / "node_modules" / "fhirclient" / "build" / "fhir-client.js"
pytestmark = pytest.mark.django_db(transaction=True)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_what):
        """The tests read nothing of it."""


@pytest.fixture
def site(tmp_path):
    """Where the app lives: another origin, with its page and its library."""
    if not BUILT.is_file():
        pytest.skip("npm's fhirclient is not here: `make fhir-of-others` fetches it (it needs node and npm)")
    for path in (FOREIGN / "launch.html", BUILT):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def app(site, people, live_server, settings):
    settings.PUBLIC_URL = live_server.url
    a_course(people.dyad, 2)
    people.dyad.sessions.filter(start__lt=timezone.now() - timedelta(days=10)).update(
        reveal_due=F("start") + timedelta(hours=96)
    )
    recipient = an_app(people.ada, redirect_uris=f"{site}/launch.html", origins=site, asks_answers=True)
    agree(people.ana, recipient, answers=True)
    return recipient


@pytest.fixture
def page(browser, live_server, people, as_member, settings):
    """Ben's browser. A browser's tools set no `__Host-` cookie without TLS."""
    settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "accord", False
    settings.CSRF_COOKIE_NAME, settings.CSRF_COOKIE_SECURE = "accord-csrf", False
    context = browser.new_context(base_url=live_server.url)
    cookies = as_member(people.ben).cookies
    context.add_cookies([{"name": n, "value": m.value, "url": live_server.url} for n, m in cookies.items()])
    yield context.new_page()
    context.close()


def test_npms_fhirclient_is_let_in_and_reads(page, app, site, live_server):
    problems = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(f"{site}/launch.html?iss={live_server.url}/fhir/r4&client={app.application.client_id}")
    page.get_by_role("heading", name="Let City record read?").wait_for(timeout=30_000)
    assert page.get_by_label("Ana").is_checked()
    page.get_by_role("button", name="Let it read", exact=True).click()
    page.wait_for_function("() => document.getElementById('read')?.textContent", timeout=60_000)
    read = page.locator("#read").inner_text()
    assert not read.startswith("failed"), f"{read} {problems}"
    assert json.loads(read) == {
        "Patient": 1, "Observation": 6, "QuestionnaireResponse": 2, "Goal": 0, "CarePlan": 1, "Encounter": 2,
    }  # fmt: skip
