"""What clients are told before the first question: who reads, who else can, and what has to be acted on even so."""

import html

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import translation
from tests.clinic.people import a_held_session

from accord_clinic.actions import care, checkin
from accord_clinic.models import Practice


@pytest.fixture
def start(people, dyad):
    """The page behind a link, read anew by the client."""
    session = a_held_session(dyad)

    def read() -> str:
        token = checkin.invite(session, by=people.ben)
        return html.unescape(Browser().get(f"/c/{token}").content.decode())

    return read


def test_everybody_is_told_above_the_button_who_reads_and_who_else_can(people, dyad, start):
    page = start()
    told = (
        "Ben reads what you show. You can keep any answer to yourself.",
        "These people can read what you show, too:",
        "a supervisor, if Ben asks for advice",
        "a colleague, when Ben is away",
        "the practice’s office, in an emergency",
        "If someone is in danger, Ben may have to tell others.",
    )
    for sentence in told:
        assert page.index(sentence) < page.index(">Start<")
    care.share(dyad, people.cy, by=people.ben)
    assert "Cy, if Ben asks for advice" in start()


def test_a_german_client_reads_it_in_german(people, dyad, ana, start):
    ana.language = "de"
    ana.save()
    with translation.override("de"):
        page = start()
    assert "Ben liest, was Sie zeigen. Sie können jede Antwort für sich behalten." in page
    assert "eine Supervision, wenn Ben Rat sucht" in page
    assert "Wenn jemand in Gefahr ist, muss Ben vielleicht anderen davon sagen." in page


def test_the_practice_writes_what_must_be_acted_on_in_each_language(people, ada, ana, as_member, start):
    browser = as_member(ada)
    page = browser.get(reverse("practice"))
    posted = {
        name: "" if value is None else value
        for name, value in page.context["form"].initial.items()
        if name != "duty_texts"
    }
    posted |= {"duty_en": "By law we must act when a child is harmed.", "duty_de": ""}
    assert browser.post(reverse("practice"), posted).status_code == 302
    assert Practice.objects.get().duty_texts == {"en": "By law we must act when a child is harmed."}
    assert "By law we must act when a child is harmed." in browser.get(reverse("practice")).content.decode()
    page = start()
    assert "By law we must act when a child is harmed." in page
    assert "may have to tell others" not in page
    ana.language = "de"
    ana.save()
    assert "muss Ben vielleicht anderen davon sagen" in start()


def test_where_a_safety_question_is_asked_it_is_said_who_can_read_that_answer(people, dyad, ben, start):
    care.set_up(dyad, {"phq-9": 1}, by=ben)
    assert "Ben and the practice’s safety contact are told and can read that answer" in start()
