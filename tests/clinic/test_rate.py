"""The therapist's own rating: blind, quick, changeable until both are open; waiving is possible, said why, and kept."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from tests.clinic.people import a_course, a_dyad, a_held_session, a_session, answers

from accord_clinic.actions import agreements, checkin
from accord_clinic.models import Dyad, Pick, RatingDraft, Reaction, Response


@pytest.fixture
def session(people, dyad):
    """A session that took place; Ana said that something felt off."""
    return a_held_session(dyad, client=answers("client", t1=2, words="You were late."))


@pytest.fixture
def browser(ben, as_member):
    return as_member(ben)


def form(browser, session):
    """The fields of the page as a browser would send them back, before anything is chosen."""
    page = browser.get(reverse("rate", args=[session.uid])).content.decode()
    return {"key": re.search(r'name="key" value="([^"]+)"', page)[1]}


def send(browser, session, **said):
    fields = {f"0-{item}": value for item, value in said.items() if item != "reaction"}
    reaction = {"reaction": said["reaction"]} if "reaction" in said else {}
    return browser.post(reverse("rate", args=[session.uid]), {**form(browser, session), **fields, **reaction})


def test_the_page_asks_before_it_shows(browser, session):
    page = browser.get(reverse("rate", args=[session.uid])).content.decode()
    assert "You rate before you see Ana" in page
    assert "You were late." not in page
    assert "How much was about what matters most to Ana?" in page


def test_sending_opens_both_and_leads_to_the_sheet(browser, session):
    answer = send(browser, session, d1=3, t1=0)
    assert answer.url == reverse("talk", args=[session.uid]) + "?sent"
    session.refresh_from_db()
    assert session.revealed_by == "both"
    kept = session.responses.get(side="therapist", instrument="accord-check-in")
    assert kept.answers == {"d1": 3, "t1": 0}
    assert kept.begun_at <= kept.sent_at


def test_while_the_client_has_not_answered_it_is_kept_and_can_be_changed(browser, people, dyad):
    session = a_held_session(dyad)
    answer = send(browser, session, d1=3)
    assert answer.url == reverse("rated", args=[session.uid]) + "?sent"
    assert "Your rating is saved." in browser.get(answer.url).content.decode()
    page = browser.get(reverse("rate", args=[session.uid])).content.decode()
    assert re.search(r'name="0-d1" value="3" checked', page)
    send(browser, session, d1=1)
    assert [r.answers["d1"] for r in session.responses.filter(instrument="accord-check-in").order_by("id")] == [3, 1]


def test_a_double_click_keeps_it_once(browser, people, dyad):
    session = a_held_session(dyad)
    fields = {**form(browser, session), "0-d1": "2"}
    for _click in range(2):
        assert browser.post(reverse("rate", args=[session.uid]), fields).status_code == 302
    assert session.responses.filter(side="therapist", instrument="accord-check-in").count() == 1


def test_after_the_reveal_it_stays_as_it_was(browser, session):
    fields = {**form(browser, session), "0-d1": "2"}
    send(browser, session, d1=3)
    answer = browser.post(reverse("rate", args=[session.uid]), fields)
    assert answer.status_code == 422
    assert "so your rating can no longer be changed" in answer.content.decode()
    assert browser.get(reverse("rate", args=[session.uid])).url == reverse("talk", args=[session.uid])


def test_the_own_reaction_is_for_its_author_alone(browser, session, people, cy, as_member):
    page = browser.get(reverse("rate", args=[session.uid])).content.decode()
    assert "Such notes may have to be disclosed" in page
    send(browser, session, d1=3, reaction="I felt hurried. CANARY")
    assert Reaction.objects.get().words == "I felt hurried. CANARY"
    for name in ("dyad", "goals"):
        assert "CANARY" not in browser.get(reverse(name, args=[session.dyad.uid])).content.decode()
    assert "CANARY" not in browser.get(reverse("talk", args=[session.uid])).content.decode()


def test_waiving_asks_why_and_is_kept(browser, session):
    assert browser.post(reverse("waive", args=[session.uid]), {"why": " "}).url == reverse("rate", args=[session.uid])
    session.refresh_from_db()
    assert session.revealed_at is None
    answer = browser.post(reverse("waive", args=[session.uid]), {"why": "I was ill."})
    assert answer.url == reverse("talk", args=[session.uid])
    session.refresh_from_db()
    assert (session.revealed_by, session.waived_why) == ("waived", "I was ill.")


def test_a_rating_after_waiving_is_kept_as_a_late_one(browser, session):
    browser.post(reverse("waive", args=[session.uid]), {"why": "I was ill."})
    assert "counts as a late rating" in browser.get(reverse("rate", args=[session.uid])).content.decode()
    send(browser, session, d1=3)
    kept = session.responses.get(side="therapist", instrument="accord-check-in")
    assert kept.context["late"] == "waived"
    session.refresh_from_db()
    assert session.revealed_by == "waived"


def test_a_forged_or_foreign_field_is_refused_and_nothing_is_lost(browser, session):
    fields = {**form(browser, session), "0-d1": "9", "0-m1": "2", "0-o1": "The drawing", "reaction": "Hm."}
    answer = browser.post(reverse("rate", args=[session.uid]), fields)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r'name="0-m1" value="2" checked', page)
    assert "The drawing" in page
    assert "Hm." in page
    assert not Response.objects.filter(side="therapist").exists()


def test_a_page_of_another_session_cannot_be_sent_here(browser, session, people, ben):
    other = a_held_session(a_dyad(ben, "Bo"))
    answer = browser.post(reverse("rate", args=[session.uid]), {**form(browser, other), "0-d1": "3"})
    assert answer.status_code == 422
    assert not Response.objects.filter(side="therapist").exists()


def test_a_session_that_is_only_planned_cannot_be_rated(browser, people, dyad):
    session = a_session(dyad, datetime.now(UTC) + timedelta(days=1))
    assert browser.get(reverse("rate", args=[session.uid])).url == reverse("dyad", args=[dyad.uid])


@pytest.mark.parametrize("who", ["eve", "cy", "mo"])
def test_only_the_own_therapist_rates(session, people, as_member, who):
    browser = as_member(getattr(people, who))
    assert browser.get(reverse("rate", args=[session.uid])).status_code == 404
    assert browser.post(reverse("waive", args=[session.uid]), {"why": "curious"}).status_code == 404
    session.refresh_from_db()
    assert session.revealed_at is None


def test_now_and_then_it_asks_what_matters_most_before_the_clients_picks_are_seen(browser, people, dyad):
    goal = agreements.propose(dyad, "goal", "Sleep through", "client", by=dyad.client)
    a_course(dyad, 4)
    session = a_held_session(dyad)
    assert "Sleep through" in browser.get(reverse("rate", args=[session.uid])).content.decode()
    browser.post(reverse("rate", args=[session.uid]), {**form(browser, session), "picked": [goal.uid]})
    assert [(p.side, p.agreement) for p in Pick.objects.all()] == [("therapist", goal)]


def test_the_minimum_set_asks_few_questions(browser, people, dyad):
    Dyad.objects.update(form="minimum")
    a_course(dyad, 5)
    session = a_held_session(dyad)
    asked = browser.get(reverse("rate", args=[session.uid])).content.decode().count('class="question"')
    assert asked <= 13  # with three of the wider look at a review, and the two fieldsets of the page


def test_the_page_costs_few_queries(browser, session, django_assert_max_num_queries):
    with django_assert_max_num_queries(7):
        browser.get(reverse("rate", args=[session.uid]))
    checkin.send(session, "therapist", answers("therapist"), by=session.dyad.therapist)


def test_nothing_is_chosen_beforehand_and_what_both_are_asked_stands_in_rows(browser, session):
    page = browser.get(reverse("rate", args=[session.uid])).content.decode()
    assert " checked" not in page
    rows = re.findall(r'id="question-0-(\w+)" data-row', page)
    assert rows == ["t1", "d1", "d2", "m1", "m2", "b2", "b3", "b4", "v1"]


def keep(browser, session, **fields):
    return browser.post(reverse("keep_draft", args=[session.uid]), fields)


def test_a_draft_is_shown_again_and_is_no_answer(browser, session, as_member, people):
    assert keep(browser, session, **{"0-d1": "2", "reaction": "Tired. CANARY", "key": "k"}).status_code == 200
    page = browser.get(reverse("rate", args=[session.uid])).content.decode()
    assert re.search(r'name="0-d1" value="2" checked', page)
    assert "Tired. CANARY" in page
    assert not Response.objects.filter(side="therapist").exists()
    session.refresh_from_db()
    assert session.revealed_at is None
    send(browser, session, d1=3)
    assert not RatingDraft.objects.exists()


def test_a_draft_is_its_authors_alone(browser, session, as_member, people):
    keep(browser, session, reaction="CANARY")
    for who in (people.eve, people.cy, people.mo):
        assert keep(as_member(who), session, reaction="x").status_code == 404
    assert [draft.values for draft in RatingDraft.objects.all()] == [{"reaction": ["CANARY"]}]


def test_a_draft_has_an_end(browser, session):
    assert keep(browser, session, reaction="x" * 70_000).status_code == 413
    send(browser, session, d1=3)
    assert keep(browser, session, reaction="late").status_code == 409
    assert not RatingDraft.objects.exists()
