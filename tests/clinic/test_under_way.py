"""A course that was under way when Accord arrived: its first check-in asks since when, goals so far, what to keep."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_held_session, a_part, a_session, answers
from tests.clinic.phone import Phone

from accord_clinic.actions import care, checkin
from accord_clinic.models import Dyad, Invitation, Session
from accord_clinic.pages.talk_sheet import sheet
from accord_clinic.questionnaires.plan import ALREADY_TOGETHER, STARTING_PATH
from accord_clinic.questionnaires.submission import OpenLine

pytestmark = pytest.mark.django_db


@pytest.fixture
def dyad(dyad):
    Dyad.objects.update(under_way=True)
    dyad.refresh_from_db()
    return dyad


def asked(session, ben) -> set[str]:
    """What the client's link asks."""
    checkin.invite(session, by=ben)
    return {name for name, _form in Invitation.objects.filter(session=session).latest("id").forms}


def rating_page(as_member, ben, session) -> str:
    return as_member(ben).get(reverse("rate", args=[session.uid])).content.decode()


def test_both_are_asked_at_the_first_session_and_never_again_and_there_is_no_starting_path(dyad, ben, as_member):
    first, second = a_session(dyad, state="held"), a_session(dyad, state="held")
    assert "How long have you and Ana worked together?" in rating_page(as_member, ben, first)
    assert ALREADY_TOGETHER in asked(first, ben)
    page = Phone(first).open().content.decode()
    assert "How long have you and Ben worked together?" in page
    assert "What helps you here, so that it should stay as it is?" in page
    assert not {ALREADY_TOGETHER, STARTING_PATH} & asked(second, ben)
    assert "How long have you and Ana" not in rating_page(as_member, ben, second)
    assert "What do you expect" not in rating_page(as_member, ben, second)


def test_past_ratings_from_a_file_are_no_check_in(dyad, ben):
    for week in range(5):
        a_held_session(dyad, timezone.now() - timedelta(days=60 - week))
    Session.objects.update(revealed_by="import", revealed_at=timezone.now())
    sixth, seventh = a_session(dyad, state="held"), a_session(dyad, state="held")
    assert ALREADY_TOGETHER in asked(sixth, ben)
    assert ALREADY_TOGETHER not in asked(seventh, ben)


def test_what_both_said_stands_side_by_side_on_the_talk_sheet(dyad):
    def said(side, since, words):
        page = answers(side, parts=(a_part(ALREADY_TOGETHER, side, "full", {"k1": since}),))
        return replace(page, open_lines=(OpenLine(ALREADY_TOGETHER, "k3", words),))

    session = a_held_session(
        dyad, client=said("client", 3, "Going slowly"), therapist=said("therapist", 2, "The walks")
    )
    lines = {line.name: line for line in sheet(session).starting}
    assert lines["Working together for"].client == ("One to two years",)
    assert lines["Working together for"].therapist == ("Six months to a year",)
    assert (lines["What to keep"].client_own, lines["What to keep"].therapist_own) == (
        ("Going slowly",),
        ("The walks",),
    )


def test_it_is_chosen_when_a_course_begins_and_a_hand_over_begins_anew(people, ben, eve, as_member):
    said = {"name": "Kim", "born": "1990", "language": "en", "started": "2026-01-05", "approach": "cbt",
            "modality": "room", "form": "full", "under_way": "on"}  # fmt: skip
    browser = as_member(ben)
    assert "the first check-in asks you both how long" in browser.get(reverse("new_person")).content.decode()
    browser.post(reverse("new_person"), said)
    begun = Dyad.objects.get(client__name="Kim")
    assert begun.under_way
    assert not care.hand_over(begun, eve, timezone.localdate(), by=ben).under_way
