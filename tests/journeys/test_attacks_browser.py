"""Scripts in every field that takes words; then every page and every answer to a form, in Chromium: none runs.

A dialog, a trace that a script left, a request to somewhere else, or a report of the content policy each fail the
test: the policy is the second wall, and nothing may get as far as that.
"""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db.models import CharField, TextField
from tests.clinic.rights_steps import code_for, inside
from tests.clinic.test_attacks import every_field, posts, send
from tests.clinic.test_every_url import ROWS, address, routes, world  # noqa: F401

from accord_clinic.actions import consent, corrections, cover_and_emergency, strains
from accord_clinic.models import Session, Strain
from accord_clinic.rules import practice as practices

SHORT = """'"><img src=x onerror=alert(1)><svg onload=alert(1)><script>window.ran=1</script>"""
LONG = "\n".join(
    (
        """jaVasCript:/*-/*`/*\\`/*'/*"/**/(/* */oNcliCk=alert(1) )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/"""
        """</scRipt/--!>\\x3csVg/<sVg/oNloAd=alert(1)//>\\x3e""",
        """</title></textarea></script><iframe srcdoc="<script>parent.ran=1</script>"></iframe>""",
        """{{constructor.constructor('window.ran=1')()}}${window.ran=1}<style>@import'//evil.example/x'</style>""",
        """-->]]><math><mtext></form><base href=//evil.example/><input autofocus onfocus=alert(1)>""",
        """<meta http-equiv=refresh content="0;url=//evil.example"><link rel=stylesheet href=//evil.example/x>""",
        SHORT,
    )
)
CODES = {
    "uid", "token_hash", "code_hash", "row_hash", "chain", "pin", "password", "time_zone", "language", "version",
    "wording", "submission", "instrument", "form", "scale", "rule", "calibration", "card", "topic", "once", "state",
    "kind", "what", "about", "revealed_by", "to", "source", "circle", "purpose", "item",
}  # fmt: skip
"""Columns of text that no form fills with words: made by the program, or chosen from a list."""
LEAVE_TO = "leave_to"
"""An address; that it is never a script's is the form's to check, in `PracticeSettings`."""
WATCH = """
window.reports = [];
addEventListener("securitypolicyviolation", (e) => window.reports.push(`${e.violatedDirective} ${e.blockedURI}`), true);
"""
SITE = "https://accord.test"


def words_columns():
    """Every column that may hold somebody's words."""
    for model in apps.get_app_config("accord_clinic").get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, CharField | TextField) and not field.choices and field.name not in CODES | {LEAVE_TO}:
                yield model, field


@pytest.fixture
def poisoned(world):  # noqa: F811
    """Something at every address, and in every field of it words that would like to be a program."""
    dyad, people = world.people.dyad, world.people
    consent.give(people.ana, "research", by=people.ana)
    corrections.answer(corrections.ask(dyad, "wrong", by=people.ana), "seen", by=people.ben)
    corrections.ask(dyad, "wrong too", by=people.ana)
    strains.move(Strain.objects.get(), "try_repair", "therapist", by=people.ben, step="said sorry")
    cover_and_emergency.break_glass(dyad, "for a good reason", by=people.ada)
    filled = set()
    for model, field in words_columns():
        words = LONG if field.max_length is None else SHORT[: field.max_length]
        if field.unique:
            continue
        if model.objects.update(**{field.name: words}):
            filled.add(f"{model.__name__}.{field.name}")
    assert {"Comment.words", "PrivateLine.words", "Wording.words", "Client.name", "Member.name"} <= filled, filled
    practices.forget()
    return world


class Window:
    """Chromium, which gets the clinic's own answers, headers and all, and can reach nothing else."""

    def __init__(self, browser):
        self.context = browser.new_context()
        self.context.add_init_script(WATCH)
        self.context.route("**/*", self._answer)
        self.page = self.context.new_page()
        self.page.on("dialog", self._dialog)
        self.trouble: list[str] = []
        self.shown = None

    def _answer(self, route):
        url = route.request.url
        if url.startswith(f"{SITE}/static/"):
            route.fulfill(path=finders.find(url.removeprefix(f"{SITE}/static/").split("?")[0]))
        elif self.shown is not None and route.request.is_navigation_request() and url.startswith(SITE):
            status, headers, body = self.shown
            self.shown = None
            route.fulfill(status=status, headers=headers, body=body)
        else:
            self.trouble.append(f"asks for {url[:80]}")
            route.abort()

    def _dialog(self, dialog):
        self.trouble.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def show(self, response, path) -> list[str]:
        """Open an answer as the page at this address. What went wrong there."""
        self.trouble = []
        headers = {n: v for n, v in response.headers.items() if n not in ("Content-Length", "Content-Encoding")}
        self.shown = (response.status_code, headers, response.content)
        self.page.goto(SITE + path, wait_until="load")
        reports, ran = self.page.evaluate("[window.reports, window.ran]")
        return [*self.trouble, *(f"policy: {one}" for one in reports), *(["a script ran"] if ran else [])]


@pytest.fixture
def window(browser):
    window = Window(browser)
    yield window
    window.context.close()


VALUE = re.compile(rb'="(?!\s*(?:javascript|data):)[^"]*"', re.IGNORECASE)
OPENING = re.compile(rb"<[a-z][^>]*>", re.IGNORECASE)


class Shapes:
    """What a route has shown so far, without words and values. A page that adds no element and no attribute runs
    nothing that those before it did not: words that got out of their place would add one."""

    def __init__(self) -> None:
        self.shown = defaultdict(set)

    def are_new(self, route, response) -> bool:
        shapes = set(OPENING.findall(VALUE.sub(b"", response.content)))
        added = shapes - self.shown[route]
        self.shown[route] |= shapes
        return bool(added)


def is_page(response) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html") and not response.headers.get("Location")


def test_no_page_runs_what_somebody_wrote(poisoned, window):
    wrong, shown, shapes = [], 0, Shapes()
    sessions = list(Session.objects.values_list("uid", flat=True))
    for route in sorted(set(routes()) & set(ROWS)):
        row = ROWS[route]
        for who in dict.fromkeys((row.get or "").split()):
            for uid in sessions if row.at in ("session", "held") else [poisoned.things.get(row.at, "")]:
                response = poisoned.ask(who, "get", route, uid)
                if who == "stranger" or not is_page(response):
                    continue
                shown += b"onerror=alert(1)" in response.content
                if shapes.are_new(route, response):
                    wrong += [f"/{route} as {who}: {one}" for one in window.show(response, address(route, uid))]
    assert shown > 40, "few pages held the words at all"
    assert not wrong, "\n".join(wrong)


def test_no_answer_to_a_form_runs_what_was_just_sent(poisoned, window):
    """A page that shows a form again shows what was written into it."""
    wrong, shown, shapes = [], 0, Shapes()
    names = every_field(poisoned)
    for route, who in posts():
        for posted in (dict.fromkeys(names, LONG), {"what": "reword", "seen": "0", "words": LONG}, {"0-o2": LONG}):
            response = send(poisoned, who, route, posted)
            if is_page(response):
                shown += b"onerror=alert(1)" in response.content
                path = address(route, poisoned.things.get(ROWS[route].at, ""))
                if shapes.are_new(route, response):
                    wrong += [f"/{route} as {who}: {one}" for one in window.show(response, path)]
    assert shown > 20
    assert not wrong, "\n".join(wrong)


def test_a_copy_of_everything_is_words_too(poisoned, window):
    browser = inside(poisoned.people.ana)
    copy = browser.post("/mine/rights/copy/", {"code": code_for(browser, "copy")})
    assert copy.status_code == 200
    assert "onerror" in copy.content.decode()
    assert window.show(copy, "/mine/rights/copy/") == []


def test_the_check_in_and_its_last_look_are_words_too(poisoned, window):
    phone = poisoned.browsers["phone"]
    path = f"/check-in/{poisoned.things['invitation']}/"
    page = phone.get(path)
    key = re.search(r'name="key" value="([^"]+)"', page.content.decode())[1]
    look = phone.post(path, {"key": key, "0-o2": LONG, "0-o1": SHORT})
    assert "onerror" in look.content.decode()
    assert window.show(look, path) == []
    window.page.locator("body").click()


def test_a_page_whose_words_got_out_is_never_passed_over(client, db):
    shapes, page = Shapes(), client.get("/away")
    assert shapes.are_new("away", page)
    assert not shapes.are_new("away", page)
    whole = page.content
    for words in (SHORT, "<IMG SRC=x ONERROR=alert(1)>", '<a href="JavaScript:alert(1)">x</a>'):
        page.content = whole.replace(b"</main>", words.encode() + b"</main>")
        assert shapes.are_new("away", page), words


def test_the_trap_shuts(window, client, db):
    """The search is worth something only if a page that does not escape is found."""
    page = client.get("/away")
    policy = page.headers["Content-Security-Policy"]
    page.content = f"<!doctype html><title>x</title>{SHORT}".encode()
    assert any("policy" in one for one in window.show(page, "/away"))
    page.headers["Content-Security-Policy"] = ""
    assert any("dialog" in one or "ran" in one for one in window.show(page, "/away"))
    assert "script" not in policy.replace("default-src", "")


def test_our_own_scripts_make_no_markup_out_of_words():
    """`textContent` and values only: nothing that reads text as HTML or as a program."""
    sinks = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc")
    for script in Path(settings.PACKAGE, "static").glob("*.js"):
        assert not sinks.search(script.read_text()), script.name
