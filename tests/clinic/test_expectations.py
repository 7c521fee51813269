"""Before the first session both write what they expect; it opens to both at once, and neither sees it before."""

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic.people import a_dyad, a_held_session, a_session

from accord.errors import BadInput
from accord_clinic.actions import care, consent, erasure, expectations, own_space
from accord_clinic.messages import notices
from accord_clinic.models import Client, Consent, Expectation, ExpectationSheet, Notice, ReadLog, Session
from accord_clinic.queries.expectations import expectation_rows
from accord_clinic.views.own_space import DOOR

HOPE, PART = "To sleep through", "I listen and ask"


@pytest.fixture
def link(people, mailoutbox):
    """The path of the link that Ana gets."""
    expectations.send_page(people.dyad, by=people.ben)
    notices.deliver()
    return re.search(r"/before/[\w-]{22}", mailoutbox[-1].body)[0]


@pytest.fixture
def pages(people, link, as_member):
    """The link, Ben's page and Ana's own space; with something to post, the answer to it."""
    ana, ben = Browser(), as_member(people.ben)
    uid = people.dyad.uid
    space = Browser()
    space.cookies[DOOR] = own_space.open_door(people.ana)

    def ask(who: str, posted: dict | None = None):
        browser, path = {
            "ana": (ana, link), "ben": (ben, f"/people/{uid}/before/"), "space": (space, f"/mine/{uid}/before/"),
        }[who]  # fmt: skip
        return browser.get(path) if posted is None else browser.post(path, posted)

    return ask


def read(answer) -> str:
    return answer.content.decode()


def test_the_link_shows_the_guide_and_the_questions_and_changes_nothing(people, pages):
    page = read(pages("ana"))
    for text in ("Before your first session", "What should be better in three months?", "What do you expect from Ben?",
                 "What you agree to by sending", "Agree who rings back"):  # fmt: skip
        assert text in page
    assert "Accord" not in page
    assert not Consent.objects.exists()
    assert not Expectation.objects.exists()


def test_neither_sees_the_others_before_both_have_sent_theirs(people, pages):
    assert "have arrived" in read(pages("ana", {"hope": HOPE}))
    assert Consent.objects.get().purpose == "care"
    assert HOPE not in read(pages("ben"))
    assert HOPE not in read(pages("ana"))
    assert HOPE in read(pages("space"))
    assert not ReadLog.objects.filter(what="expectations").exists()
    assert pages("ben", {"roles": PART}).status_code == 302
    for who in ("ben", "space"):
        page = read(pages(who))
        assert HOPE in page
        assert PART in page
    assert ReadLog.objects.filter(what="expectations", member=people.ben).exists()
    assert ExpectationSheet.objects.get().opened_by == "both"


def test_sent_twice_the_client_loses_nothing_that_the_page_did_not_show(people, pages):
    pages("ana", {"hope": HOPE, "roles": "You ask"})
    pages("ana", {"roles": "I ask, too"})
    assert dict(Expectation.objects.values_list("topic", "words")) == {"hope": HOPE, "roles": "I ask, too"}


def test_what_the_therapist_sent_first_stays_closed_to_the_client(people, pages):
    pages("ben", {"roles": PART})
    assert PART not in read(pages("ana")) + read(pages("space"))
    pages("ben", {"roles": "Something else"})
    assert [row.words for row in Expectation.objects.all()] == ["Something else"], "sent again, it replaces the first"


def test_it_opens_an_hour_before_session_1_but_not_within_a_day_of_planning(people, pages):
    now = timezone.now()
    session = a_session(people.dyad, now + timedelta(hours=5))
    pages("ana", {"hope": HOPE})
    opens = expectations.opens_at(people.dyad.pk)
    assert timedelta(hours=23) < opens - now <= timedelta(hours=25), "planned now, for in five hours"
    Session.objects.filter(pk=session.pk).update(planned_at=now - timedelta(days=3))
    assert expectations.opens_at(people.dyad.pk) == session.start - timedelta(hours=1)
    care.move_session(session, now + timedelta(days=7), by=people.ben)
    assert expectations.opens_at(people.dyad.pk) == now + timedelta(days=7) - timedelta(hours=1)
    care.move_session(session, now + timedelta(hours=3), by=people.ben)
    assert expectations.opens_at(people.dyad.pk) - now > timedelta(hours=23), "moved now"
    assert expectations.open_due(now + timedelta(hours=4)) == 0
    assert expectations.open_due(now + timedelta(hours=25)) == 1
    assert HOPE in read(pages("ben"))


def test_it_keeps_no_session_from_being_cancelled_and_moves_to_the_next(people, pages):
    now = timezone.now()
    first, second = (a_session(people.dyad, now + timedelta(days=days)) for days in (2, 9))
    Session.objects.update(planned_at=now - timedelta(days=3))
    pages("ana", {"hope": HOPE})
    care.mark_session(first, "cancelled", by=people.ben)
    assert expectations.opens_at(people.dyad.pk) == second.start - timedelta(hours=1)
    care.mark_session(second, "cancelled", by=people.ben)
    assert expectations.opens_at(people.dyad.pk) is None
    assert expectations.open_due(now + timedelta(days=30)) == 0


def test_once_they_have_met_the_link_opens_nothing(people, pages):
    a_held_session(people.dyad)
    assert pages("ana").status_code == 404
    assert pages("ben", {"roles": PART}).status_code == 409
    assert not Expectation.objects.exists()


def test_an_empty_page_is_not_taken_and_gives_no_consent_by_itself(people, pages):
    assert pages("ana", {"hope": "  "}).status_code == 409
    assert not Expectation.objects.exists()
    assert not Consent.objects.exists()
    assert pages("ana", {"hope": "x" * 2001}).status_code == 422


def test_a_guardian_who_has_to_agree_comes_first(people, pages):
    consent.set_terms(people.dyad, by=people.ben, consents="both")
    page = read(pages("ana"))
    assert "<textarea" not in page
    assert pages("ana", {"hope": HOPE}).status_code == 409
    assert not Expectation.objects.exists()


def test_no_other_course_no_taken_back_consent_no_erasure_leaves_it_open(people, pages, as_member):
    pages("ana", {"hope": HOPE})
    assert not expectation_rows(a_dyad(people.eve, "Kim"), "client").own
    assert as_member(people.eve).get(f"/people/{people.dyad.uid}/before/").status_code == 404
    consent.withdraw(people.ana, "care", by=people.ana)
    assert pages("ana").status_code == 404
    erasure.ask(people.ana, by=people.ana)
    assert not Expectation.objects.exists()


def test_to_an_address_put_right_one_page_goes_whose_link_opens(people):
    expectations.send_page(people.dyad, by=people.ben)
    Client.objects.filter(pk=people.ana.pk).update(email="ana.right@example.org")
    people.dyad.client.refresh_from_db()
    expectations.send_page(people.dyad, by=people.ben)
    (waiting,) = Notice.objects.filter(kind="guide", sent_at=None, dropped_at=None)
    assert Browser().get("/before/" + waiting.about.rpartition("/")[2]).status_code == 200
    with pytest.raises(BadInput, match="already been sent"):
        expectations.send_page(people.dyad, by=people.ben)
