"""Every page in a real browser: no accessibility finding in light and dark, on a phone and on a desk; and it prints."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from axe_core_python.base import AXE_SCRIPT
from django.test import Client as Browser
from django.urls import resolve
from django.utils import timezone
from tests.clinic.people import a_course, a_dyad, a_held_session, a_session, answers
from tests.clinic.phone import USUAL, Phone
from tests.clinic.test_every_url import ROWS, address, routes

from accord.tables import vocabulary
from accord_clinic import links
from accord_clinic.actions import (
    agreements,
    care,
    case_meetings,
    checkin,
    own_space,
    reveal,
    strains,
    study,
    treatment_plan,
)
from accord_clinic.models import Dyad, ExpectationSheet, Invitation, PrivateLine, Session, Strain
from accord_clinic.questionnaires.submission import OpenLine
from accord_clinic.views.own_space import DOOR

pytestmark = pytest.mark.django_db(transaction=True)

COLOURS = ["color-contrast", "link-in-text-block"]
THEMES = {"light": {}, "dark": {"runOnly": COLOURS}}
"""What axe is asked in each: all but colours is the same in both."""
WIDTHS = (390, 1280)


@pytest.fixture
def practice(people):
    """Enough of everything for each page to have something on it."""
    dyad = people.dyad
    a_course(dyad, 3)
    off = answers("client", t1=2, t2=3, t3=("quiet",), b1=3, words="Look at the clock less")
    outside = replace(off, key="elsewhere", open_lines=(OpenLine("accord-check-in", "o2", "For Cy alone", "outside"),))
    a_held_session(dyad, client=off, therapist=answers("therapist", words="Ask about the clock"))
    a_held_session(dyad, client=outside, therapist=answers("therapist", b1=1))
    a_held_session(dyad, client=answers("client", t1=1, sharing={"t1": "not_yet"}))
    goal = agreements.propose(dyad, "goal", "Sleep through", "client", by=people.ana)
    agreements.seal(goal, "client", seen=goal.wordings.get().pk, by=people.ana)
    agreements.propose(dyad, "task", "Phone in the kitchen", "therapist", by=people.ben, goal=goal)
    option = treatment_plan.OptionText("Sessions every week", "starts now", "costs an evening", "yes")
    text = treatment_plan.PlanText([option], "I want to try", "Come on Mondays", "Ask what felt off", date(2027, 1, 18))
    plan = treatment_plan.write(dyad, text, "client", seen="", by=people.ana)
    treatment_plan.confirm(dyad, "client", seen=plan.uid, by=people.ana)
    strain = Strain.objects.order_by("id").first()
    strains.move(strain, "try_repair", "therapist", by=people.ben, step="Said sorry")
    care.share(dyad, people.cy, by=people.ben)
    a_session(dyad)
    a_held_session(a_dyad(people.ben, "Lea"), therapist=answers("therapist"))
    new = a_dyad(people.ben, "Zoe")
    care.end_course(a_dyad(people.ben, "Kim"), "planned", new.started, "Goals reached", by=people.ben)
    return people


NO_PAGE = {
    "": "sends each to the first page of their role",
    "people/<str:uid>/talk/": "sends to the latest talk sheet",
    "sessions/<str:uid>/talk.pdf": "a file",
    "people/<str:uid>/treatment-plan.pdf": "a file",
    "mine/<str:uid>/plan.pdf": "a file",
    "people/<str:uid>/course.pdf": "a file",
    "people/<str:uid>/course.csv": "a file",
    "health/": "for machines",
    "metrics": "for machines",
    "fhir/r4/metadata": "for machines",
    "fhir/r4/.well-known/smart-configuration": "for machines",
    "launch/keys/": "for machines",
    "fhir/authorize/": "programs of others lead there; test_fhir_app follows one",
    "launch/": "care records lead there; test_launch follows one",
    "launch/back/": "care records lead there; test_launch follows one",
    "^stop/(?P<token>.*)$": "its link is in a message; test_messages follows it",
}
"""Addresses that can be asked for and are no page to look at here, and why."""


def staff_routes() -> dict[str, str]:
    """Each page that somebody who works here may open, with the first in its row of those in this practice."""
    first = {
        route: next((who for who in (ROWS[route].get or "").split() if who in ("ben", "cy", "mo", "ada", "dee")), "")
        for route in routes()
        if route not in NO_PAGE and not route.startswith("account/") and "stranger" not in (ROWS[route].get or "")
    }
    return {route: who for route, who in first.items() if who}


def client_routes() -> set[str]:
    """Each page that a client may open."""
    asked = {route: (ROWS[route].get or "").split() for route in routes() if not route.startswith("account/")}
    return {route for route, who in asked.items() if {"ana", "phone"} & set(who)} - NO_PAGE.keys()


def closed_meeting(people):
    """A case that four people have played."""
    meeting = case_meetings.set_case("tove", by=people.cy)
    for _person in range(4):
        case_meetings.add(meeting, ["0:see:hidden", "0:way:decide"])
    case_meetings.close(meeting, by=people.cy)
    return meeting


STUDIED = [name for names in vocabulary.variables().values() for name in names]


def studied(people):
    """A study that was asked for and approved."""
    until = timezone.localdate() + timedelta(days=90)
    facts = {"title": "Coupling", "purpose": "How working together goes with feeling better.", "until": until}
    row = study.ask(**facts, variables=STUDIED, by=people.dee)
    study.answer(row, "approved", by=people.ada)
    return row


def staff_pages(people):
    """Each page of the people who work here, by who opens it: by its route, then what else some pages can show."""
    dyad = people.dyad
    first, *_, unrated, planned = dyad.sessions.order_by("start")
    talked = dyad.sessions.ranked().get(number=4)
    reveal.raise_safety(unrated, "phq-9", "item9")
    things = {
        "": "",
        "dyad": dyad.uid,
        "session": talked.uid,
        "held": unrated.uid,
        "planned": planned.uid,
        "strain": Strain.objects.order_by("id").first().uid,
        "line": PrivateLine.objects.filter(reader="outside").first().uid,
        "member": people.ben.uid,
        "lesson": "strains-and-repair",
        "case": "tove",
        "meeting": closed_meeting(people).uid,
        "study": studied(people).uid,
        "page": "what-you-may-say",
    }
    ended, rated = Dyad.objects.get(client__name="Kim"), Session.objects.get(dyad__client__name="Lea")
    other = {"people/<str:uid>/course/": ended.uid, "sessions/<str:uid>/rated/": rated.uid}
    pages = {getattr(people, name): [] for name in ("ben", "cy", "mo", "ada", "dee")}
    for route, who in staff_routes().items():
        pages[getattr(people, who)].append(address(route, other.get(route) or things[ROWS[route].at]))
    pages[people.ben].append(f"/sessions/{first.uid}/talk/")
    pages[people.cy].append(f"/people/{dyad.uid}/")
    return pages


def client_pages(people, browser) -> list[str]:
    """Each page of a client whose phone has opened one check-in, sent another, and stepped into the own space."""
    dyad = people.dyad
    unanswered, planned = dyad.sessions.order_by("start")[5:7]
    care.mark_session(planned, "held", by=people.ben)
    a_dyad(people.eve, people.ana)
    old = dyad.sessions.ranked().get(number=4)
    token, shut = checkin.invite(unanswered, by=people.ben), checkin.invite(old, by=people.ben)
    browser.post(f"/c/{token}")
    uid = Invitation.objects.get(session=unanswered).uid
    phone = Phone(planned, start=False)
    phone.browser = browser
    phone.start()
    phone.send(USUAL)
    not_met = a_dyad(people.eve, "Mia")
    ExpectationSheet.objects.create(dyad=not_met, token_hash=links.digest("not-met-yet"))
    browser.post("/mine/in/")
    browser.cookies[DOOR] = own_space.open_door(people.ana)
    mine = ["", "before/", "goals/", "plan/", "looking-back/", "lines/", "readers/"]
    return [
        "/before/not-met-yet", f"/c/{token}", f"/c/{shut}", "/c/unknown-token", f"/c/{phone.token}",
        f"/check-in/{uid}/", phone.url, f"{phone.url}received/",
        "/new-link-sent/", "/away", "/mine/erasure/", "/guide/", "/guide/what-you-may-say/",
        "/mine/in/", "/mine/code/", "/mine/", "/mine/pin/", f"/mine/sheet/{old.uid}/",
        *(f"/mine/{dyad.uid}/{part}" for part in mine),
        "/mine/rights/", *(f"/mine/rights/{part}/" for part in ("copy", "contact", "corrections", "erase")),
    ]  # fmt: skip


def violations(page, **options) -> list[str]:
    """What axe finds, each with its first place. `options`: which of its rules, as `axe.run` takes them."""
    found = page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **options})["violations"]
    return [f"{v['id']} ({v['impact']}): {v['nodes'][0]['html'][:160]}" for v in found]


class Window:
    """A browser window in which one person after the other opens pages."""

    def __init__(self, browser, base, script=True):
        self.base, self.script = base, script
        self.context = browser.new_context(base_url=base)
        if not script:
            # Axe is a script itself, so it is ours that is held back.
            self.context.route("**/*.js", lambda route: route.abort())
        self.context.set_default_timeout(8_000)
        self.page = self.context.new_page()

    def __enter__(self):
        return self

    def __exit__(self, *_trouble):
        self.context.close()

    def sign_in(self, cookies):
        """From now on, the pages are asked for with these cookies.

        As if TLS had set them, or the browser would take no `__Host-` cookie; to loopback it sends them without, too.
        """
        self.context.clear_cookies()
        tls = self.base.replace("http:", "https:")
        self.context.add_cookies([{"name": n, "value": m.value, "url": tls} for n, m in cookies.items()])

    def open(self, url, *statuses):
        answer = self.page.goto(url)
        assert answer.status in (statuses or (200,)), f"{url}: {answer.status}"
        assert self.page.url == self.base + url, f"{url}: another page was shown, {self.page.url}"

    def check(self, url):
        """What axe has to say about the page in each theme and width, and whether it scrolls sideways.

        What our scripts add has no colours and widths of its own, so without them one look is enough.
        """
        self.page.evaluate(AXE_SCRIPT)
        for width, theme in product(WIDTHS, THEMES) if self.script else [(WIDTHS[0], "light")]:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=theme, media="screen")
            assert violations(self.page, **THEMES[theme]) == [], f"{url}, {width} px, {theme}"
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{url} scrolls sideways by {wide} px at {width} px"

    def check_print(self, url):
        """On paper there is the page and no navigation, and it can be read; a dark screen prints on white.

        On paper nothing is followed, tabbed to or heard, so what axe has to say of it is whether it can be read.
        """
        self.page.set_viewport_size({"width": 794, "height": 1123})
        self.page.emulate_media(media="print", color_scheme="dark")
        assert violations(self.page, runOnly=["color-contrast"]) == [], f"{url}, printed"
        assert not self.page.locator(".nav").is_visible(), f"{url}: the navigation is on paper"


def test_every_page_of_a_client_is_visited(practice):
    """Those of staff are found by their routes; what a client's phone has to do first stands in `client_pages`."""
    visited = {resolve(url).route for url in client_pages(practice, Browser())}
    missing = client_routes() - visited
    assert not missing, f"Add to client_pages, or to NO_PAGE with the reason: {sorted(missing)}"
    assert not NO_PAGE.keys() - set(routes()), "Rows without an address: take them away."


def test_staff_pages(practice, browser, live_server, as_member):
    with Window(browser, live_server.url) as window:
        for member, urls in staff_pages(practice).items():
            window.sign_in(as_member(member).cookies)
            for url in urls:
                window.open(url)
                window.check(url)
                window.check_print(url)


def test_staff_pages_without_script(practice, browser, live_server, as_member):
    """The pages of a session as its therapist meets them, with our script held back: on a screen and on paper."""
    dyad = practice.dyad
    talked, unrated = dyad.sessions.ranked().get(number=4), dyad.sessions.order_by("start")[5]
    pages = [
        f"/people/{dyad.uid}/", f"/sessions/{unrated.uid}/rate/", f"/sessions/{talked.uid}/talk/",
        f"/sessions/{talked.uid}/prepare/",
    ]  # fmt: skip
    with Window(browser, live_server.url, script=False) as window:
        window.sign_in(as_member(practice.ben).cookies)
        for url in pages:
            window.open(url)
            window.check(url)
            window.check_print(url)


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_client_pages(practice, browser, live_server, script):
    phone = Browser()
    urls = client_pages(practice, phone)
    with Window(browser, live_server.url, script) as window:
        window.sign_in(phone.cookies)
        for url in urls:
            window.open(url, 200, 404, 410)
            assert "Ben" not in window.page.title(), f"{url}: the title names somebody"
            window.check(url)
            window.check_print(url)
