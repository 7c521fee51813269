"""Not for this client: nothing is asked, nothing is owed, and why is the therapist's own. And how to introduce it."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_course, a_held_session, answers
from tests.clinic.phone import USUAL, Phone

from accord_clinic.actions import care, checkin, reveal, schedule
from accord_clinic.models import NotForClient, Notice
from accord_clinic.pages.today import today
from accord_clinic.records.often import NEVER
from accord_clinic.words.introduction import introduction

pytestmark = pytest.mark.django_db
WHY = "Kolibri: everything in writing is used against her at home."


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def decided(dyad, ben, as_member):
    """Ben's browser, after he has decided it on the page that says what is asked."""
    browser, page = as_member(ben), reverse("set_up", args=[dyad.uid])
    posted = {"approach": "cbt", "modality": "room", "form": "full", "often": str(NEVER), "why_never": WHY}
    assert browser.post(page, posted).status_code == 302
    dyad.refresh_from_db()
    return browser


def test_no_link_goes_out_and_no_rating_is_owed(decided, dyad, ben):
    session = a_held_session(dyad, timezone.now() - timedelta(hours=4))
    assert schedule.due() == 0
    assert not Notice.objects.exists()
    assert today(ben).to_do == ()
    assert not any(entry.rate or entry.link for entry in today(ben).sessions)
    reveal.sweep(session.reveal_due + timedelta(hours=1))
    session.refresh_from_db()
    assert session.passed_over, "it counts nowhere as missing"
    assert "There are no check-ins, because you decided that they are not right for Ana." in text(
        decided.get(reverse("dyad", args=[dyad.uid]))
    )


def test_a_link_can_still_be_made_by_hand_and_is_answered_as_any(decided, dyad, ben, ana):
    session = a_held_session(dyad, timezone.now() - timedelta(hours=4))
    checkin.invite(session, by=ben)
    checkin.send(session, "client", answers("client"), by=ana)
    checkin.send(session, "therapist", answers("therapist"), by=ben)
    session.refresh_from_db()
    assert session.revealed_by == "both"


@pytest.mark.parametrize("number", [1, 5, 6])
def test_such_a_link_asks_as_after_every_session_and_so_does_the_rating(decided, dyad, ben, number):
    session = [a_held_session(dyad) for _ in range(number)][-1]
    phone = Phone(session)
    asked = text(phone.open())
    assert ("What matters most to you now?" in asked) == (number == 5)
    assert phone.send(USUAL).status_code == 302
    assert decided.get(reverse("rate", args=[session.uid])).status_code == 200


def test_why_is_on_the_therapists_own_page_and_nowhere_else(decided, dyad, ben, eve, cy, as_member):
    assert "Kolibri" in decided.get(reverse("set_up", args=[dyad.uid])).content.decode()
    care.share(dyad, cy, by=ben)
    pages = [as_member(cy).get(reverse("dyad", args=[dyad.uid])), decided.get(reverse("dyad", args=[dyad.uid]))]
    assert not any("Kolibri" in page.content.decode() for page in pages)
    after = care.hand_over(dyad, eve, timezone.localdate(), by=ben)
    assert after.often is None, "whoever goes on decides anew"
    assert "Kolibri" not in as_member(eve).get(reverse("set_up", args=[after.uid])).content.decode()


def test_asked_again_the_reason_goes(decided, dyad):
    posted = {"approach": "cbt", "modality": "room", "form": "full", "often": "", "why_never": WHY}
    decided.post(reverse("set_up", args=[dyad.uid]), posted)
    assert not NotForClient.objects.exists()
    assert dyad.__class__.objects.get(pk=dyad.pk).often is None


def test_introduction_takes_40_seconds_and_is_in_the_clients_language(dyad, ben, as_member):
    words = sum(len(line.split()) for line in introduction("en"))
    assert 80 <= words <= 107, "160 words a minute are a calm reading"
    browser, page = as_member(ben), reverse("dyad", args=[dyad.uid])
    assert "How to introduce it, in 40 seconds" in text(browser.get(page))
    dyad.client.language = "de"
    dyad.client.save()
    assert "Nach unseren Sitzungen" in text(browser.get(page))
    a_course(dyad, 1)
    assert "How to introduce it" not in text(browser.get(page))
