"""A link that a member made, and so may have kept, tells that member nothing: not what was answered, nor whether.

The link that went to the client's own mailbox shows what was sent, to be changed. Any other shows it only in the
browser that sent it, and never in one where a member is signed in.
"""

import re

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from tests.clinic.people import a_session, answers
from tests.clinic.phone import USUAL, Phone, text

from accord_clinic.actions import checkin
from accord_clinic.models import Invitation, Notice, PrivateLine
from accord_clinic.views import checkin_page

SAID = {**USUAL, "0-t1": "3", "share.0-t1": "not_yet", "0-o2": "Less homework", "read.0-o2": "raise"}
TOKENS = re.compile(r'name="(csrfmiddlewaretoken|key)" value="[^"]*"')


@pytest.fixture
def session(dyad):
    return a_session(dyad, state="held")


def walk(token, uid, browser=None):
    """Everything that the holder of a link can open with it: the pages, without the tokens that each has of its own."""
    browser = browser or Browser()
    pages = [browser.get(f"/c/{token}"), browser.post(f"/c/{token}")]
    pages += [browser.get(f"/check-in/{uid}/"), browser.get(f"/check-in/{uid}/received/")]
    return [(p.status_code, p.headers.get("Location"), TOKENS.sub("", p.content.decode())) for p in pages]


@pytest.mark.parametrize("when", ["before the answer", "after it"])
def test_whoever_made_a_link_sees_the_same_whether_and_whatever_the_client_answered(session, ben, when):
    """The therapist's easiest way around the blindness: make a link, keep it, and look."""
    phone = Phone(session)
    token = checkin.invite(session, by=ben) if when == "before the answer" else None
    if token is None:
        phone.send(SAID)
        token = checkin.invite(session, by=ben)
    uid = Invitation.objects.latest("id").uid
    seen = walk(token, uid)
    if when == "before the answer":
        phone.send(SAID)
    else:
        PrivateLine.objects.all().delete()
        session.responses.all().delete()
        Invitation.objects.update(sent_at=None)
    assert walk(token, uid) == seen
    assert "Less homework" not in str(seen)
    assert " would like to know" in seen[0][2]


def test_nor_does_the_very_link_that_the_client_used(session):
    phone = Phone(session)
    before = walk(phone.token, phone.invitation.uid)
    phone.send(SAID)
    assert walk(phone.token, phone.invitation.uid) == before


def test_it_takes_as_many_queries_to_say_nothing(session):
    phone = Phone(session)
    walk(phone.token, phone.invitation.uid)
    spent = []
    for _round in ("nobody has answered", "somebody has"):
        with CaptureQueriesContext(connection) as asked:
            walk(phone.token, phone.invitation.uid)
            spent.append(len(asked))
        phone.send(SAID)
    assert spent[0] == spent[1] > 0


def test_the_browser_that_sent_it_shows_it_again_to_be_changed(session):
    phone = Phone(session)
    phone.send(SAID)
    assert "Your answers have arrived" in text(phone.browser.get(f"/c/{phone.token}"))
    assert "Less homework" in phone.open().content.decode()
    assert "Look at my answers or change them" in text(phone.browser.get(phone.url + "received/"))


def test_the_link_that_went_to_the_clients_mailbox_shows_it_anywhere(session, ben):
    checkin.mail_link(session, lambda token: token, by=ben)
    token, uid = Notice.objects.get(kind="link").about, Invitation.objects.get().uid
    Phone(session).send(SAID)
    pages = walk(token, uid)
    assert "Your answers have arrived" in pages[0][2]
    assert "Less homework" in pages[2][2]


def test_every_way_by_mail_is_marked_as_one_and_no_other(session, ben):
    checkin.mail_link(session, str, by=ben)
    assert Invitation.objects.latest("id").mailed
    first = Invitation.objects.latest("id")
    Notice.objects.update(made_at=first.made_at - checkin.ONE_LINK_IN * 2)
    checkin.send_new_link(first, str)
    assert Invitation.objects.count() == 2
    assert Invitation.objects.latest("id").mailed
    checkin.invite(session, by=ben)
    assert not Invitation.objects.latest("id").mailed


def test_on_the_therapists_own_device_it_arrives_and_nothing_comes_back(session, ben, as_member):
    """Handed over in the room: the client sends, gives the tablet back, and the therapist is still signed in."""
    phone = Phone(session, start=False)
    phone.browser = as_member(ben)
    phone.start()
    phone.send(SAID)
    thanks = text(phone.browser.get(phone.url + "received/"))
    assert "Thank you. Your answers have arrived." in thanks
    assert "Look at my answers or change them" not in thanks
    assert "Less homework" not in phone.open().content.decode()
    phone.browser.logout()
    phone.start()
    assert "Less homework" not in phone.open().content.decode()


def test_answering_beside_a_member_is_the_clients_choice_and_is_told_with_the_answers(session, ben, as_member):
    """Who answers on the therapist's device may say what pleases: the client reads it before, the therapist after."""
    alone, handed_over = Phone(session), Phone(session, start=False)
    handed_over.browser = as_member(ben)
    said = "Somebody who works here is signed in on this device."
    assert said in text(handed_over.browser.get(f"/c/{handed_over.token}"))
    assert said not in text(Browser().get(f"/c/{alone.token}"))
    alone.send(USUAL)
    checkin.send(session, "therapist", answers("therapist"), by=ben)
    beside = "answered on a practice device"
    assert beside not in text(as_member(ben).get(f"/sessions/{session.uid}/prepare/"))
    later = a_session(session.dyad, state="held")
    handed_over = Phone(later, start=False)
    handed_over.browser = as_member(ben)
    handed_over.start()
    handed_over.send(USUAL)
    assert as_member(ben).get(f"/sessions/{later.uid}/prepare/").status_code == 404
    checkin.send(later, "therapist", answers("therapist"), by=ben)
    assert beside in text(as_member(ben).get(f"/sessions/{later.uid}/prepare/"))


def test_the_proof_of_one_check_in_opens_no_other(session, dyad):
    first = Phone(session)
    first.send(SAID)
    second = Phone(session)
    for name, cookie in first.browser.cookies.items():
        if name.endswith("-sent"):
            second.browser.cookies[f"{checkin_page.cookie_name(second.invitation.uid)}-sent"] = cookie.value
    assert "Less homework" not in second.open().content.decode()


def test_what_is_sent_with_another_link_corrects_and_loses_nothing(session):
    """Whoever holds a link can answer with it. The later answer counts, and the earlier one is kept."""
    Phone(session).send(SAID)
    Phone(session).send({**USUAL, "0-d1": "1"})
    assert session.responses.filter(side="client", instrument="accord-check-in").count() == 2


def test_after_the_reveal_a_link_says_only_that_it_is_over(session, ben):
    phone = Phone(session)
    phone.send(SAID)
    checkin.send(session, "therapist", answers("therapist"), by=ben)
    assert [page[0] for page in walk(phone.token, phone.invitation.uid)][0] == 410
