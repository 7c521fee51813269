"""Whatever page shows a client's own words to somebody who works here, that reading is noted for the client to see.

A word is planted wherever a client can leave one that a member may read; then every address is asked as everybody. A
page that holds the word must have written a row of the read log, and one that does not must not claim a reading of it.
"""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.clinic.people import a_session
from tests.clinic.rights_steps import inside
from tests.clinic.test_every_url import ROWS, STAFF, routes, world  # noqa: F401

from accord_clinic.actions import agreements, corrections
from accord_clinic.models import Comment, Correction, PrivateLine, ReadLog, Session, Wording
from accord_clinic.pages.readers import visits
from accord_clinic.questionnaires import plan
from accord_clinic.words import phrases

PLANTED = "kolibri-words"
NOTED = 'INSERT INTO "accord_clinic_readlog"'


@pytest.fixture
def planted(world):  # noqa: F811
    people = world.people
    answered = corrections.ask(people.dyad, "a date", by=people.ana)
    corrections.answer(answered, "seen", by=people.ben)
    corrections.ask(people.dyad, "another date", by=people.ana)
    for model, about in ((Comment, {"side": "client"}), (Wording, {}), (Correction, {}), (PrivateLine, {})):
        assert model.objects.filter(**about).update(words=PLANTED), model
    return world


@pytest.mark.same_on_postgresql(reason="a view notes it, whichever database it is noted in")
def test_every_page_with_a_clients_words_notes_that_it_was_read(planted):
    silent, held = [], set()
    sessions = list(Session.objects.values_list("uid", flat=True))
    for route in sorted(set(routes()) & set(ROWS)):
        row = ROWS[route]
        for method in ("get", "post"):
            for who in set((getattr(row, method) or "").split()) & set(STAFF.split()):
                for uid in sessions if row.at in ("session", "held") else [planted.things.get(row.at, "")]:
                    with CaptureQueriesContext(connection) as asked:
                        response = planted.ask(who, method, route, uid)
                    if PLANTED not in response.content.decode(errors="replace"):
                        continue
                    held.add(route)
                    if not any(query["sql"].startswith(NOTED) for query in asked):
                        silent.append(f"{method.upper()} /{route} as {who}")
    assert {"people/<str:uid>/", "sessions/<str:uid>/talk/", "outside/<str:uid>/", "people/<str:uid>/terms/"} <= held
    assert not silent, "\n".join(sorted(set(silent)))


def test_goals_to_pick_from_on_the_rating_page_are_the_clients_words_too(people, dyad, ben, as_member):
    agreements.propose(dyad, "goal", PLANTED, "client", by=people.ana)
    asked = [a_session(dyad, state="held") for _number in range(plan.PICKS_EVERY[1])][-1]
    page = as_member(ben).get(f"/sessions/{asked.uid}/rate/").content.decode()
    assert PLANTED in page
    assert ReadLog.objects.get().what == "goals"


def test_every_kind_of_reading_has_its_plain_word_for_the_client(planted):
    """What a page writes into the log is what the client can read about it, not a code."""
    browser, told = planted.browsers["ben"], phrases.pages_read()
    for path in ("", "goals/", "terms/"):
        browser.get(f"/people/{planted.things['dyad']}/{path}")
    for path in ("talk/", "talk.pdf", "prepare/", "rate/"):
        browser.get(f"/sessions/{planted.things['session']}/{path}")
    browser.get(f"/sessions/{planted.things['held']}/rate/")
    browser.get(f"/strains/{planted.things['strain']}/")
    planted.browsers["cy"].get(f"/outside/{planted.things['line']}/")
    kinds = set(ReadLog.objects.values_list("what", flat=True))
    assert kinds <= set(told), kinds - set(told)
    assert len(kinds) >= 7
    page = inside(planted.people.ana).get(f"/mine/{planted.things['dyad']}/readers/").content.decode()
    assert all(str(told[kind]) in page for kind in kinds)
    assert sum(len(visit.pages) for visit in visits(planted.people.dyad)) == ReadLog.objects.count()


@pytest.fixture
def read_at(people, dyad):
    """Somebody opened a page of Ana's course so many minutes ago."""

    def read(member, minutes, what="course"):
        moment = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(minutes=minutes)
        return ReadLog.objects.create(member=member, dyad=dyad, what=what, at=moment)

    return read


def test_thirteen_pages_in_an_hour_are_one_line_that_opens(people, dyad, ben, read_at):
    for minutes in range(0, 52, 4):
        read_at(ben, minutes)
    [visit] = visits(dyad)
    assert (visit.who, visit.what, len(visit.pages)) == ("Ben", "13 pages", 13)
    assert re.search(r", \d\d:12 to \d\d:00$", visit.when)
    page = inside(people.ana).get(f"/mine/{dyad.uid}/readers/").content.decode()
    assert page.count("<details><summary>13 pages</summary>") == 1
    assert page.count("your answers over time") >= 13


def test_visits_are_told_apart_by_person_and_by_an_hour_without_a_page(people, dyad, ben, read_at):
    read_at(ben, 0)
    read_at(people.cy, 5, "talk_sheet")
    read_at(ben, 10)
    read_at(ben, 70)
    read_at(None, 100)
    assert [(visit.who, visit.what) for visit in visits(dyad)] == [
        ("Ben", "2 pages"), ("Cy", "the talk sheet"),
        ("Ben", "your answers over time"), ("somebody", "your answers over time"),
    ]  # fmt: skip


def test_a_visit_over_midnight_says_both_days(dyad, ben, read_at):
    for minutes in (11 * 60 + 30, 12 * 60 + 10):
        read_at(ben, minutes)
    with timezone.override("UTC"):
        [visit] = visits(dyad)
    assert visit.when.count(":") == 2
    assert visit.when.count("day, ") == 2
