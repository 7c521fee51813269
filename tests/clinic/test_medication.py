"""A medication plan: in the client's words, confirmed by both, asked as planned, partly or not, and kept close."""

import pytest
from django.test import Client as Browser
from tests.clinic.people import a_held_session, answers

from accord_clinic.actions import agreements, own_space
from accord_clinic.exports import study_rows
from accord_clinic.models import Agreement
from accord_clinic.pages.dyad import dyad_page
from accord_clinic.queries.checkin import agreements as asked_about
from accord_clinic.questionnaires.page import Agreed, progress_question
from accord_clinic.rules.shared_record import agreements as goes_to_programs
from accord_clinic.views.own_space import DOOR

WORDS = "One tablet before bed"


@pytest.fixture
def plan(people):
    plan = agreements.propose(people.dyad, "medication", WORDS, "client", by=people.ana)
    for side, by in (("client", people.ana), ("therapist", people.ben)):
        agreements.seal(plan, side, seen=plan.wordings.get().pk, by=by)
    return plan


def test_either_writes_it_and_both_confirm_it_before_it_is_asked(people, as_member):
    ana, uid = Browser(), people.dyad.uid
    ana.cookies[DOOR] = own_space.open_door(people.ana)
    ana.post(f"/mine/{uid}/propose/", {"kind": "medication", "words": WORDS})
    ben, plan = as_member(people.ben), Agreement.objects.get()
    assert WORDS in ben.get(f"/people/{uid}/goals/").content.decode()
    assert not asked_about(a_held_session(people.dyad))[0][3]
    for browser, path, what in (
        (ana, f"/mine/goals/{plan.uid}/", {"what": "seal"}),
        (ben, f"/goals/{plan.uid}/seal/", {}),
    ):
        browser.post(path, {**what, "seen": plan.wordings.get().pk})
    assert asked_about(people.dyad.sessions.get()) == [(plan.uid, "medication", WORDS, True, ())]
    for page in (ana.get(f"/mine/{uid}/plan/"), ben.get(f"/people/{uid}/treatment-plan/")):
        assert WORDS in page.content.decode()


def test_it_is_asked_without_a_judgement(plan):
    asked = progress_question(Agreed(plan.uid, "medication", WORDS))
    assert [choice.text for choice in asked.choices] == ["As planned", "Partly", "Not"]
    assert "Nobody will judge you" in asked.hint


def test_it_has_a_line_of_its_own_below_the_alliance(people, plan):
    for value in (2, 1):
        session = a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))
        agreements.note_progress(session, "client", {plan.uid: value}, by=people.ana)
    panels = [panel.labels[0].text for panel in dyad_page(people.ben, people.dyad).picture.wide.outcomes]
    assert panels == ["Medication"]


def test_no_study_and_no_other_program_gets_it(people, plan):
    assert not study_rows._agreement_numbers([people.dyad.pk])
    assert not goes_to_programs([people.dyad])
