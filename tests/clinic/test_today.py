"""Today: the sessions of the day and what each needs, and what is still open about the last two weeks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from tests.clinic.people import a_course, a_dyad, a_held_session, a_part, a_session, answers
from tests.clinic.phone import text

from accord_clinic.actions import checkin, reveal, talk_sheet
from accord_clinic.models import Client, Practice
from accord_clinic.pages.today import today

NOON = datetime(2026, 3, 10, 11, tzinfo=UTC)
"""A Tuesday, noon in Berlin."""


@pytest.fixture
def noon(monkeypatch):
    """The whole clinic believes that it is noon."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    return NOON


def names(entries):
    return [entry.name for entry in entries]


def test_the_day_is_the_practices_day(noon, people, ben):
    a_session(a_dyad(ben, "Late Lou"), datetime(2026, 3, 10, 22, 30, tzinfo=UTC))
    a_session(a_dyad(ben, "Morning Max"), datetime(2026, 3, 10, 8, tzinfo=UTC))
    a_session(a_dyad(ben, "Tomorrow Tim"), datetime(2026, 3, 10, 23, 30, tzinfo=UTC))
    page = today(ben)
    assert [(e.when, e.name) for e in page.sessions] == [("09:00", "Morning Max"), ("23:30", "Late Lou")]
    assert page.day == "Tuesday, 10 March"
    Practice.objects.update(time_zone="America/New_York")
    Practice.objects.get().save()
    assert names(today(ben).sessions) == ["Morning Max", "Late Lou", "Tomorrow Tim"]


def test_it_opens_with_a_sentence(noon, people, dyad, ben):
    a_session(dyad, NOON + timedelta(hours=2))
    a_held_session(a_dyad(ben, "Bo"), NOON - timedelta(days=1, hours=1))
    page = today(ben)
    assert page.sentence == "One session today. You have one session to rate. You have one link to send."
    a_session(a_dyad(ben, "Cem"), NOON + timedelta(hours=1))
    assert today(ben).first == "Cem is first, at 13:00."


def test_each_session_says_what_stands_out_strongest_first(noon, people, dyad, ben):
    a_held_session(dyad, client=answers("client", t1=2, b1=3), therapist=answers("therapist"))
    a_session(dyad, NOON + timedelta(hours=2))
    a_session(a_dyad(ben, "Bo"), NOON + timedelta(hours=3))
    lines = {entry.name: entry.line for entry in today(ben).sessions}
    assert lines["Ana"] == "Ana says something felt off in session 1; you answered that nothing did."
    assert lines["Bo"] == "There is no session yet whose answers you can both see."


def test_a_session_that_took_place_today_asks_for_a_rating_and_a_link(noon, people, dyad, ben):
    a_held_session(dyad, NOON - timedelta(hours=2))
    [entry] = today(ben).sessions
    assert entry.rate
    assert not entry.link, "it goes out by itself"
    assert entry.sooner, "and can be sent before"
    assert not entry.settle
    Client.objects.update(email="")
    [entry] = today(ben).sessions
    assert entry.link
    assert not entry.sooner


def test_a_link_that_goes_out_by_itself_can_be_sent_now(noon, people, dyad, ben, as_member):
    session, browser = a_session(dyad, NOON - timedelta(hours=1)), as_member(ben)
    assert "Send the link now" not in text(browser.get(reverse("today")))
    mark = reverse("mark_session", args=[session.uid])
    assert "Send the link now" in text(browser.post(mark, {"state": "held", "from": "today"}, follow=True))
    sent = text(browser.post(reverse("make_link", args=[session.uid]), {"mail": "", "from": "today"}, follow=True))
    assert "The link is on its way to Ana." in sent
    assert "Send the link now" not in sent


def test_a_session_that_should_have_begun_asks_what_became_of_it(noon, people, dyad, ben):
    a_session(dyad, NOON - timedelta(hours=2))
    a_session(a_dyad(ben, "Bo"), NOON - timedelta(days=3))
    page = today(ben)
    assert [e.settle for e in page.sessions] == [True]
    assert names(page.to_settle) == ["Bo"]


def test_a_rating_is_owed_until_it_is_given_or_waived(noon, people, ben):
    rated, waived, owed, old = (a_dyad(ben, name) for name in ("Rated", "Waived", "Owed", "Old"))
    a_held_session(rated, NOON - timedelta(days=2), therapist=answers("therapist"))
    reveal.waive(a_held_session(waived, NOON - timedelta(days=2)), "I was ill", by=ben)
    a_held_session(owed, NOON - timedelta(days=2))
    a_held_session(old, NOON - timedelta(days=20))
    assert [e.name for e in today(ben).to_do if e.rate] == ["Owed"]


def test_a_link_is_to_be_sent_until_one_was_made(noon, people, dyad, ben):
    session = a_held_session(dyad, NOON - timedelta(days=2))
    assert [e.name for e in today(ben).to_do if e.link] == ["Ana"]
    checkin.invite(session, by=ben)
    assert [e.name for e in today(ben).to_do if e.link] == []


def test_the_newest_sheet_is_ready_until_something_on_it_was_ticked(noon, people, dyad, ben):
    for days in (10, 3):
        start = NOON - timedelta(days=days)
        session = a_held_session(dyad, start, client=answers("client", t1=1), therapist=answers("therapist"))
    [entry] = today(ben).to_talk
    assert entry.uid == session.uid
    talk_sheet.tick(session, f"strain:{dyad.strains.last().uid}", by=ben)
    assert today(ben).to_talk == ()


def test_a_safety_notice_stands_on_top_and_names_no_answer(noon, people, dyad, ben, as_member):
    phq = a_part("phq-9", "client", "full", {f"phq{i}": 1 for i in range(1, 10)})
    session = a_held_session(
        dyad, NOON - timedelta(days=1), client=replace(answers("client"), parts=(*answers("client").parts, phq))
    )
    assert today(ben).safety == ((session.uid, "Read Ana's safety answer now and follow your procedure."),)
    page = as_member(ben).get(reverse("today")).content.decode()
    assert page.index("safety answer now") < page.index("Your ratings")


def test_nobody_elses_people_are_here(noon, people, dyad, eve, as_member):
    a_session(dyad, NOON + timedelta(hours=1))
    page = as_member(eve).get(reverse("today")).content.decode()
    assert "Ana" not in page
    assert "Nothing to do today" in page


def test_it_is_for_therapists(people, mo, as_member):
    assert as_member(mo).get(reverse("today")).status_code == 404
    assert as_member(mo).get(reverse("people")).status_code == 404


def test_each_role_starts_somewhere(people, ben, as_member, client):
    assert as_member(ben).get("/").url == reverse("today")
    assert client.get("/").url.startswith("/account/login/")


@pytest.mark.parametrize("size", [1, 6])
def test_the_number_of_queries_does_not_grow(size, people, ben, as_member, django_assert_max_num_queries):
    for number in range(size):
        dyad = a_dyad(ben, f"Person {number}")
        a_course(dyad, size)
        a_held_session(dyad, datetime.now(UTC) - timedelta(hours=1), client=answers("client", t1=1))
    browser = as_member(ben)
    with django_assert_max_num_queries(11):
        assert browser.get(reverse("today")).status_code == 200


def test_sending_a_link_is_offered_only_where_there_is_an_address(noon, people, dyad, ben, as_member):
    a_held_session(dyad, NOON - timedelta(hours=25))
    page = reverse("today"), reverse("dyad", args=[dyad.uid])
    assert all("Send the link" in as_member(ben).get(address).content.decode() for address in page)
    Client.objects.update(email="", phone="")
    assert not any("Send the link" in as_member(ben).get(address).content.decode() for address in page)
    assert all("Show it" in as_member(ben).get(address).content.decode() for address in page)
