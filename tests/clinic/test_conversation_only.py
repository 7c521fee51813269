"""Conversation only: cards follow what people said, unless somebody by name has switched on more."""

from dataclasses import replace
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_course, a_held_session, a_part, answers

from accord_clinic.actions import checkin
from accord_clinic.models import AuditEntry, Practice, Signal
from accord_clinic.pages.prepare_sheet import prepare
from accord_clinic.questionnaires.plan import WIDER_LOOK


@pytest.fixture
def marked(people, dyad):
    """A course whose last session has an inferred mark, and nothing that somebody said."""
    session = a_course(dyad, 5)[-1]
    Signal.objects.create(
        dyad=dyad, session=session, kind="silence", reported=False, strength=1, rule="silence/1",
        raised_at=timezone.now(),
    )  # fmt: skip
    return session


def kinds(session, member) -> set[str]:
    return set(prepare(session, member).kinds.values())


def test_an_inferred_mark_chooses_no_card_and_is_told_all_the_same(people, ben, marked, as_member):
    assert kinds(marked, ben) == set()
    page = as_member(ben).get(reverse("prepare", args=[marked.uid])).content.decode()
    assert "Nothing is suggested" in page
    assert "Nothing to follow up" not in page


def test_what_somebody_said_chooses_cards(people, dyad, ben):
    session = a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    assert "strain_reported" in kinds(session, ben)


def test_more_is_switched_on_by_somebody_by_name_who_has_read_why(people, ben, ada, marked, as_member):
    browser = as_member(ada)
    assert "Rule 11" in browser.get(reverse("practice")).content.decode()
    browser.post(reverse("marks"), {"on": "yes"})
    assert Practice.objects.get().inferred_at is None
    browser.post(reverse("marks"), {"on": "yes", "read": "on"})
    assert Practice.objects.get().inferred_by == ada
    assert AuditEntry.objects.filter(act="let_marks_choose_cards", actor=f"member:{ada.pk}").exists()
    assert "Ada switched this on" in browser.get(reverse("practice")).content.decode()
    assert "silence" in kinds(marked, ben)
    browser.post(reverse("marks"), {"on": "no"})
    assert kinds(marked, ben) == set()


def test_only_an_admin_switches_it(people, ben, as_member):
    assert as_member(ben).post(reverse("marks"), {"on": "yes", "read": "on"}).status_code == 404
    assert Practice.objects.get().inferred_at is None


HOPE, MEANS = "How much hope do you have that things can get better for you?", "Ask what the low answer means"


@pytest.mark.parametrize(("said", "told"), [({"w6": 0, "w7": 2}, True), ({"w6": 3, "w7": 0}, True), ({"w6": 1}, False)])
def test_a_very_low_answer_to_hope_or_own_ability_prompts_a_look_where_it_is_switched_on(
    people, dyad, ben, as_member, said, told
):
    """After the reveal, in words that are no score of risk, and by a named person's choice."""
    a_course(dyad, 5)
    of_client = answers("client", parts=(a_part(WIDER_LOOK, "client", "review", said),))
    session, browser = a_held_session(dyad, client=of_client), as_member(ben)
    url = reverse("prepare", args=[session.uid])
    assert browser.get(url).status_code == 404, "before the reveal there is no page"
    checkin.send(session, "therapist", answers("therapist"), by=ben)
    assert not any(words in browser.get(url).content.decode() for words in (MEANS, HOPE))
    people.practice.inferred_at = timezone.now()
    people.practice.save()
    page = unescape(browser.get(url).content.decode())
    assert ("This answer does not measure risk, so ask" in page) is told
    assert (MEANS in page) is told
    assert (HOPE in page) is (said["w6"] == 0)


def test_a_kept_low_answer_prompts_nothing(people, dyad, ben, as_member):
    a_course(dyad, 5)
    people.practice.inferred_at = timezone.now()
    people.practice.save()
    of_client = answers("client", parts=(a_part(WIDER_LOOK, "client", "review", {"w6": 0}),))
    of_client = replace(of_client, sharing={(WIDER_LOOK, "w6"): "raise"})
    session = a_held_session(dyad, client=of_client, therapist=answers("therapist"))
    assert MEANS not in as_member(ben).get(reverse("prepare", args=[session.uid])).content.decode()
