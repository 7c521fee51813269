"""The check-in over HTTP, without script: a link, the questions, the last look, thanks; what is kept and what is refused."""

import re
from html import unescape

import pytest
from django.test import Client as Browser

from accord_clinic.actions import checkin
from accord_clinic.models import Comment, Invitation, PrivateLine, Response
from tests.clinic.people import a_held_session, a_session, answers

ALL_USUAL = {"0-d1": "3", "0-d2": "3", "0-m1": "3", "0-m2": "3", "0-b1": "0", "0-b2": "3", "0-b3": "3", "0-t1": "0", "0-v1": "3"}


@pytest.fixture
def session(dyad):
    """The fifth session of Ana and Ben: no starting path, no wider look. Four earlier ones went without answers."""
    for _ in range(4):
        a_session(dyad, state="held")
    return a_session(dyad, state="held")


@pytest.fixture
def phone(session):
    """Ana's phone, with the check-in open."""
    return Phone(session)


class Phone:
    """A browser without script: it follows the link and fills the page as a person would."""

    def __init__(self, session):
        self.token = checkin.invite(session, by=session.dyad.therapist)
        self.invitation = Invitation.objects.latest("id")
        self.url = f"/check-in/{self.invitation.uid}/"
        self.browser = Browser()
        self.browser.post(f"/c/{self.token}")

    def open(self):
        """The page of questions; remembers its key."""
        page = self.browser.get(self.url)
        self.key = unescape(re.search(r'name="key" value="([^"]+)"', page.content.decode())[1])
        return page

    def fill(self, **fields):
        """What is posted after the questions: the last look comes back."""
        self.open()
        self.posted = {"key": self.key, **{name.replace("__", "-"): v for name, v in fields.items()}}
        return self.browser.post(self.url, self.posted)

    def send(self, fields, **more):
        """Fill, look over, send."""
        self.open()
        return self.browser.post(self.url, {"key": self.key, "reviewed": "page", **fields, **more})


def latest(session):
    return Response.objects.filter(session=session, side="client").latest("id")


def test_a_link_shows_who_asks_and_changes_nothing(phone, session):
    page = Browser().get(f"/c/{phone.token}").content.decode()
    assert "Ben would like to know how the session on" in page
    assert "about a minute" in page
    assert "Ben will. Before you send it, you see exactly what Ben will see." in page
    assert "Nobody watches this live." in page
    assert "116 123" in page
    assert Response.objects.count() == 0


def test_starting_swaps_the_token_for_a_cookie_and_a_clean_address(session):
    token = checkin.invite(session, by=session.dyad.therapist)
    browser = Browser()
    answer = browser.post(f"/c/{token}")
    invitation = Invitation.objects.latest("id")
    assert answer["Location"] == f"/check-in/{invitation.uid}/"
    cookie = browser.cookies[f"__Host-c-{invitation.uid[:8]}"]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")
    assert token not in answer["Location"]


def test_the_last_look_shows_the_words_that_were_ticked_and_keeps_nothing_yet(phone, session):
    page = phone.fill(**{"0-d1": "4", "0-t1": "2", "0-t3": ["quiet", "disagreed"]}).content.decode()
    assert "This is exactly what Ben will see" in page
    assert "All of it" in page
    assert "Yes, clearly" in page
    assert "I went quiet, I disagreed" in page
    assert "left out" in page
    assert Response.objects.count() == 0


def test_what_was_looked_over_is_kept(phone, session):
    answer = phone.send({**ALL_USUAL, "0-o2": "Less homework"})
    assert answer["Location"] == phone.url + "received/"
    assert latest(session).answers == {"d1": 3, "d2": 3, "m1": 3, "m2": 3, "b1": 0, "b2": 3, "b3": 3, "t1": 0, "v1": 3}
    assert Comment.objects.get().words == "Less homework"
    assert "Thank you. It has arrived." in phone.browser.get(answer["Location"]).content.decode()
