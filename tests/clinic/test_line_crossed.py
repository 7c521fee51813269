"""A client says that a line was crossed: told first, as it was said, and never as a difference of views."""

import pytest
from django.urls import reverse
from tests.clinic.people import a_course, a_held_session, a_session, answers
from tests.clinic.phone import USUAL, Phone, text
from tests.clinic.rights_steps import inside

from accord_clinic.actions import strains
from accord_clinic.models import Signal, Strain
from accord_clinic.pages.prepare_sheet import prepare

CY = "You can ask for Cy at the practice instead (supervisor)."
KEEP = "You need not tell Ben that a line was crossed: you can keep it before you send."


@pytest.fixture
def session(people):
    """Ana says so in session 10, and that it was not talked about. Ben noticed nothing."""
    a_course(people.dyad, 9)
    crossed = answers("client", t1=2, t2=3, t3=("line_crossed", "quiet"))
    return a_held_session(people.dyad, client=crossed, therapist=answers("therapist", t1=0))


def test_people_and_the_page_of_the_two_say_it_first_and_send_the_therapist_to_a_supervisor(
    people, session, as_member
):
    browser = as_member(people.ben)
    first = "Speak to a supervisor before you speak to Ana."
    for page in (reverse("people"), reverse("dyad", args=[people.dyad.uid])):
        seen = text(browser.get(page))
        assert "Ana says a line was crossed in session 10." in seen
        assert first in seen
        assert "see session 10 differently" not in seen


def test_prepare_offers_the_cards_for_that_and_no_other(people, session):
    offers = prepare(session, people.ben).offers
    assert {card.id for card in offers} == {"boundaries-own", "line-crossed-supervisor"}


def test_the_note_for_the_care_record_says_what_was_reported(people, session, as_member):
    noted = text(as_member(people.ben).get(reverse("note", args=[session.uid])))
    assert "Session 10: Ana reported that a line was crossed. Now: open." in noted
    assert "[Add what was reported, word for word, and what was done.]" in noted


def test_the_talk_sheet_says_it_and_calls_it_no_difference_of_views(people, session, as_member):
    sheet = text(as_member(people.ben).get(reverse("talk", args=[session.uid])))
    assert "Ana says a line was crossed in session 10." in sheet
    assert "Nobody has to sort this out here. Ana can talk to someone else about it." in sheet
    assert "Neither of you is right or wrong" not in sheet
    own = text(inside(people.ana).get(reverse("my-sheet", args=[session.uid])))
    assert f"You need not talk about this with Ben. {CY}" in own


def test_once_it_was_talked_about_by_the_clients_word_it_is_a_strain_like_others(people, session, as_member):
    [strain] = Strain.objects.filter(opened_by="client")
    strains.move(strain, "talk", "client", by=people.ana, session=a_session(people.dyad, state="held"))
    seen = text(as_member(people.ben).get(reverse("people")))
    assert "a line was crossed" not in seen


def test_before_sending_and_after_it_the_client_reads_what_else_can_be_done(people, dyad):
    people.practice.outside_reader = None
    people.practice.elsewhere_text = "The ombuds office: 030 555 0199."
    people.practice.save()
    phone = Phone(a_session(dyad, state="held"))
    page = phone.open().content.decode()
    assert f"{KEEP} The ombuds office: 030 555 0199." in page
    assert page.index("A line was crossed") < page.index(KEEP), "under the question, where it is ticked"
    phone.send({**USUAL, "0-t1": "2", "0-t3": ["line_crossed"]})
    thanks = text(phone.browser.get(f"{phone.url}received/"))
    told = "You said that a line was crossed. You do not have to talk to Ben about it."
    assert f"{told} The ombuds office: 030 555 0199." in thanks


def test_what_was_kept_is_told_to_nobody(people, dyad, as_member):
    kept = answers("client", t1=2, t3=("line_crossed",), sharing={"t3": "raise"})
    session = a_held_session(dyad, client=kept, therapist=answers("therapist", t1=0))
    assert not Signal.objects.filter(kind="line_crossed").exists()
    assert "line was crossed" not in text(as_member(people.ben).get(reverse("talk", args=[session.uid])))
