"""A therapist, a cover and an admin at a course that has just begun, where every refusal could tell what a client did.

Of a longer course much is refused anyway, since something was answered before. Here only what the client does about
one session that is not open yet can make a difference: so each address has to answer alike, to the byte.
"""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client as Browser
from django.utils import timezone
from tests.attack.test_before_the_reveal import POSTED, differences, plain
from tests.clinic.people import a_dyad, a_session, answers
from tests.clinic.phone import Phone
from tests.clinic.rights_steps import inside
from tests.clinic.test_every_url import ROWS, address, world  # noqa: F401

from accord_clinic.actions import checkin, consent, cover_and_emergency, schedule

pytestmark = pytest.mark.same_on_postgresql(
    reason="two walks of the same pages are compared; what each page reads is tested on both with its queries"
)
TODAY = timezone.localdate
FORMS = POSTED | {
    "people/<str:uid>/delete/": {"sure": "yes"},
    "people/<str:uid>/pause/": {"what": "pause", "reason": "died"},
    "people/<str:uid>/hand-over/": {"to": "EVE"},
    "people/<str:uid>/plan/": {"day": "2031-01-01", "time": "10:00", "minutes": "50", "modality": "room", "every": "1"},
    "people/<str:uid>/aside/": {"mark": "strain_reported:1:", "what": "aside"},
    "sessions/<str:uid>/waive/": {"why": ""},
    "sessions/<str:uid>/link/": {"what": "paper"},
    "sessions/<str:uid>/rate/draft/": {"reaction": "Mine"},
    "practice/closed/": {"name": "Closed", "first": "2031-01-01", "last": "2031-01-02"},
}


OF_ALL = ("today/", "people/", "practice/messages/", "practice/emergency/", "practice/closed/", "calendar/")
"""Pages of no one course on which this one could show."""


@pytest.fixture
def first(world, monkeypatch):  # noqa: F811
    """The first session of a new client of Ben's, held two hours ago, with a link that went out; Flo covers."""
    dyad = a_dyad(world.people.ben, "Ida")
    session = a_session(dyad, timezone.now() - timedelta(hours=2), "held")
    planned = a_session(dyad, timezone.now() + timedelta(days=5))
    flo = next(m for m in type(world.people.ben).objects.filter(name="Flo"))
    cover_and_emergency.cover(dyad, flo, TODAY(), TODAY() + timedelta(days=2), by=world.people.ben)
    checkin.invite(session, by=world.people.ben, mailed=True)
    world.things |= {"dyad": dyad.uid, "held": session.uid, "planned": planned.uid, "session": session.uid}
    now = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    return session


def walk(world):  # noqa: F811
    """Ben, Flo, who covers, and Ada, who keeps the practice, at every address of this course; each form with words."""
    seen = {}
    for route, row in ROWS.items():
        if row.at not in ("dyad", "held", "planned", "session") and route not in OF_ALL:
            continue
        for method in ("get", "post"):
            for who in sorted(set((getattr(row, method) or "").split()) & {"ben", "flo", "ada"}):
                for at in ("held", "planned") if row.at in ("held", "planned", "session") else (row.at,):
                    posted = FORMS.get(route, {}) if method == "post" else {}
                    for state in ("cancelled", "missed_by_client", "planned") if "mark/" in route else ("",):
                        form = posted | ({"state": state} if state else {})
                        where = f"{method} /{route} {at} {state}", who
                        seen[where] = ask(world, who, method, route, at, form)
    return seen


def ask(world, who, method, route, at, form):  # noqa: F811
    browser = world.asking
    browser.cookies = world.browsers[who].cookies.copy()
    undo = transaction.savepoint()
    response = getattr(browser, method)(address(route, world.things.get(at, "")), form)
    seen = [plain(response)]
    if "Location" in response.headers:
        seen.append(plain(browser.get(response.headers["Location"])))
    transaction.savepoint_rollback(undo)
    return tuple(seen)


def begins(session):
    """Follows the link and agrees."""
    Phone(session)


def answers_all(session):
    consent.give(session.dyad.client, "care", by=session.dyad.client)
    felt = answers("client", t1=4, t2=3, t3=("quiet",), b1=4, d1=0, words="You were late.")
    checkin.send(session, "client", felt, by=session.dyad.client)


def keeps_all(session):
    checkin.send(session, "client", answers("client", d1=0, sharing={"d1": "raise"}), by=session.dyad.client)


def answers_in_german_on_a_phone(session):
    phone = Phone(session, start=False)
    phone.browser.get(f"/c/{phone.token}?in=de")
    phone.start()


def looks_at_the_own_space(session):
    browser = inside(session.dyad.client)
    for page in (f"/mine/{session.dyad.uid}/", f"/mine/{session.dyad.uid}/lines/", "/mine/rights/"):
        browser.get(f"{page}?in=de")


def asks_for_a_code(session):
    Browser().post("/mine/in/", {"address": session.dyad.client.email})


def wants_messages_that_name_the_practice(session):
    schedule.let_be_recognised(session.dyad.client, recognisable=True, by=session.dyad.client)


DOES = [
    begins, answers_all, keeps_all, answers_in_german_on_a_phone, looks_at_the_own_space, asks_for_a_code,
    wants_messages_that_name_the_practice,
]  # fmt: skip


@pytest.fixture
def silent(world, first):  # noqa: F811
    return walk(world)


def test_no_address_of_a_first_session_tells_what_the_client_did(world, first, silent):  # noqa: F811
    assert len(silent) > 80
    told = {}
    for does in DOES:
        undo = transaction.savepoint()
        does(type(first).objects.select_related("dyad__client", "dyad__therapist").get(pk=first.pk))
        told[does.__name__] = differences(silent, walk(world))
        transaction.savepoint_rollback(undo)
    assert {name: where for name, where in told.items() if where} == {}
