"""A client with a telephone and no mailbox reaches the own space by a code as a text message."""

import re

import pytest
from django.test import Client as Browser
from tests.clinic.phone import text

from accord_clinic.actions import step_in
from accord_clinic.messages import notices, sms
from accord_clinic.models import Notice


@pytest.fixture
def ana(people):
    people.ana.email, people.ana.phone, people.ana.channel = "", "+49 171 2345678", "sms"
    people.ana.save()
    return people.ana


@pytest.fixture
def texted(monkeypatch):
    """Each text message as (number, words)."""
    sent = []
    monkeypatch.setattr(sms, "send", lambda number, words: sent.append((number, words)))
    return sent


def ask(number):
    browser = Browser()
    assert browser.post("/mine/in/", {"email": number})["Location"] == "/mine/code/"
    step_in.send_codes()
    notices.deliver()
    return browser


@pytest.mark.parametrize("typed", ["+491712345678", "0171 2345678", "0049 (171) 234-5678"])
def test_the_number_is_known_however_it_is_spelt_and_the_code_opens_the_space(ana, texted, typed):
    browser = ask(typed)
    [(number, words)] = texted
    assert number == "+49 171 2345678", "to the number that the practice has, never to the one that was typed"
    code = re.search(r"\b\d{6}\b", words)[0]
    page = browser.post("/mine/code/", {"code": code}, follow=True)
    assert page.status_code == 200
    assert "/mine/" in page.request["PATH_INFO"]
    assert "/mine/code/" not in page.request["PATH_INFO"]


@pytest.mark.parametrize("typed", ["0171 2345679", "+43 1", "12345678", "nobody"])
def test_another_number_gets_no_code_and_the_same_page(ana, texted, typed):
    known, unknown = ask(ana.phone), ask(typed)
    assert len(texted) == 1
    assert text(known.get("/mine/code/")) == text(unknown.get("/mine/code/"))


def test_other_spellings_of_a_number_are_counted_together(ana, texted):
    for typed in ("+49 171 2345678", "0171 2345678", "01712345678") * 2:
        Browser().post("/mine/in/", {"email": typed})
    assert Browser().post("/mine/in/", {"email": "0049 171 2345678"}).status_code == 429


def test_who_has_both_gets_the_code_where_it_was_asked_for(ana, texted, mailoutbox):
    ana.email, ana.channel = "ana@example.org", "email"
    ana.save()
    ask("0171 2345678")
    assert len(texted) == 1
    assert mailoutbox == []
    assert not Notice.objects.exclude(to="").exists(), "the number does not stay in the outbox"
