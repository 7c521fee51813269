"""A practice case for a meeting: counts without names, shown once it is closed and four or more took part."""

import re

import pytest
from tests.clinic.people import a_member
from tests.clinic.test_cases_played import carried

from accord_clinic.actions import case_meetings
from accord_clinic.models import AuditEntry, CaseMeeting, CaseTally

CHOICES = {"see-0": "hidden", "way-0": ["ask", "easier"], "way-1": "own"}


@pytest.fixture
def meeting(people):
    return case_meetings.set_case("milan", by=people.cy)


def add(browser, meeting, given=CHOICES):
    return browser.post(f"/learn/meetings/{meeting.uid}/add/", given)


def add_all(people, as_member, meeting, count):
    for number in range(count):
        add(as_member(a_member(f"Learner {number}", "therapist")), meeting)


def test_a_supervisor_sets_a_case(people, as_member):
    cy = as_member(people.cy)
    assert "Set a case for a meeting" in cy.get("/learn/cases/").content.decode()
    cy.post("/learn/meetings/", {"case": "tove"})
    assert CaseMeeting.objects.get().case == "tove"
    assert "· open" in cy.get("/learn/meetings/").content.decode()
    cy.post("/learn/meetings/", {"case": "nobody"})
    assert CaseMeeting.objects.count() == 1
    assert "Set a case for a meeting" not in as_member(people.ben).get("/learn/cases/").content.decode()


def test_the_end_of_the_case_offers_to_add_ones_choices(people, as_member, meeting):
    ben = as_member(people.ben)
    end = ben.post("/learn/cases/milan/", {"page": "7", **CHOICES}).content.decode()
    assert "Cy has set this case for a meeting" in end
    given = carried(end)
    assert given["way-0"] == ["ask", "easier"]
    add(ben, meeting, given)
    tallies = {tally.choice: tally.count for tally in CaseTally.objects.all()}
    assert tallies == {"0:see:hidden": 1, "0:way:ask": 1, "0:way:easier": 1, "1:way:own": 1}


def test_nobody_is_counted_twice(people, as_member, meeting):
    ben = as_member(people.ben)
    add(ben, meeting)
    assert "already" in ben.post(f"/learn/meetings/{meeting.uid}/add/", CHOICES, follow=True).content.decode()
    meeting.refresh_from_db()
    assert meeting.people == 1


def test_counts_open_once_it_is_closed(people, as_member, meeting):
    cy, path = as_member(people.cy), f"/learn/meetings/{meeting.uid}/"
    add_all(people, as_member, meeting, 4)
    assert "4 of 4" not in cy.get(path).content.decode()
    cy.post(path)
    page = cy.get(path).content.decode()
    assert "4 people took part" in page
    assert page.count("4 of 4") == 4
    assert "Learner" not in re.sub(r"<header.*?</header>", "", page, flags=re.S)
    add(as_member(people.ben), meeting)
    meeting.refresh_from_db()
    assert meeting.people == 4


def test_of_three_people_nothing_is_shown(people, as_member, meeting):
    cy, path = as_member(people.cy), f"/learn/meetings/{meeting.uid}/"
    add_all(people, as_member, meeting, 3)
    cy.post(path)
    page = cy.get(path).content.decode()
    assert "Fewer than 4 people took part" in page
    assert "of 3" not in page


def test_nothing_says_whose_choices_they_are(people, as_member, meeting):
    add(as_member(people.ben), meeting)
    entry = AuditEntry.objects.get(act="add_to_meeting")
    assert entry.actor == "system"
    assert {field.name for field in CaseTally._meta.fields} == {"id", "meeting", "choice", "count"}
