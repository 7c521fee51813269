"""A client's phone without script: it follows a link, fills the page and sends it, as a person would."""

import re
from html import unescape

from django.test import Client as Browser
from django.utils import timezone

from accord_clinic.actions import checkin, consent
from accord_clinic.models import Invitation

USUAL = {f"0-{item}": str(value) for item, value in {
    "d1": 3, "d2": 3, "m1": 3, "m2": 3, "b1": 0, "b2": 3, "b3": 3, "b4": 3, "t1": 0, "v1": 3,
}.items()}  # fmt: skip
"""Usual answers to the check-in, by the names of its fields."""


class Phone:
    """Ana's phone. `strict` makes it check form tokens, as a real browser's posts are checked."""

    def __init__(self, session, strict=False, start=True):
        self.token = checkin.invite(session, by=session.dyad.therapist)
        self.invitation = Invitation.objects.latest("id")
        self.url = f"/check-in/{self.invitation.uid}/"
        self.browser = Browser(enforce_csrf_checks=strict)
        self.key = ""
        if start:
            self.start()

    def start(self):
        """Follow the link with an empty answer, as pressing Start does."""
        return self.browser.post(f"/c/{self.token}")

    def open(self):
        """The page of questions, whose key is remembered."""
        page = self.browser.get(self.url)
        self.key = hidden(page, "key")
        return page

    def look(self, fields):
        """Fill the page and press its button: the last look."""
        self.open()
        return self.browser.post(self.url, {"key": self.key, **fields})

    def send(self, fields, **more):
        """Fill, look over and send."""
        self.open()
        return self.browser.post(self.url, {"key": self.key, "reviewed": "page", **fields, **more})


def past_the_first_time(session):
    """The client agreed before, and an earlier session has opened since: links now begin with the first question."""
    if not session.dyad.client.consents.exists():
        consent.give(session.dyad.client, "care", by=session.dyad.client)
    session.dyad.sessions.ranked().filter(number=1).exclude(pk=session.pk).update(revealed_at=timezone.now())


def hidden(page, name):
    """What a hidden field of a page holds."""
    return unescape(re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page.content.decode())[1])


def text(page):
    """A page as a person reads it, without its markup."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode())))
