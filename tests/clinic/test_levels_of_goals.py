"""Goal Attainment Scaling: five levels written beforehand and confirmed by both; then the check-in asks which fits."""

import pytest
from tests.clinic.people import a_held_session, answers
from tests.clinic.phone import USUAL, Phone
from tests.clinic.rights_steps import inside

from accord.errors import BadInput
from accord_clinic.actions import agreements
from accord_clinic.exports import study_rows
from accord_clinic.exports.client_tables import everything
from accord_clinic.models import Progress, Wording
from accord_clinic.pages.dyad import dyad_page
from accord_clinic.pages.outcomes import attainment
from accord_clinic.queries.agreements import shown
from accord_clinic.queries.checkin import agreements as asked_about
from accord_clinic.questionnaires import plan
from accord_clinic.questionnaires.page import Agreed, progress_question

FIVE = ["Not once", "Once a week", "Three nights", "Five nights", "Every night"]


@pytest.fixture
def goal(people):
    goal = agreements.propose(people.dyad, "goal", "Sleep through", "client", by=people.ana)
    agreements.reword(goal, "Sleep through", "client", seen=goal.wordings.get().pk, by=people.ana, levels=FIVE)
    for side, by in (("client", people.ana), ("therapist", people.ben)):
        agreements.seal(goal, side, seen=goal.wordings.latest("id").pk, by=by)
    return goal


def test_levels_are_written_with_the_wording_and_both_confirm_them(people, as_member):
    goal = agreements.propose(people.dyad, "goal", "Sleep through", "client", by=people.ana)
    ben, path = as_member(people.ben), f"/goals/{goal.uid}/reword/"
    agreements.seal(goal, "therapist", seen=goal.wordings.get().pk, by=people.ben)
    seen = {"words": "Sleep through", "seen": goal.wordings.get().pk}
    refused = ben.post(path, {**seen, "level": [*FIVE[:4], ""]})
    assert "Write all five levels" in refused.content.decode()
    assert "<li>Three nights</li>" in refused.content.decode(), "what was typed is not lost"
    own = inside(people.ana).post(f"/mine/goals/{goal.uid}/", {**seen, "what": "reword", "level": [*FIVE[:4], ""]})
    assert "<p>Three nights</p>" in own.content.decode()
    assert "changed meanwhile" not in own.content.decode()
    ben.post(path, {**seen, "level": FIVE})
    last = goal.wordings.latest("id")
    assert last.levels == FIVE
    assert not last.seals.exists(), "what was confirmed had no levels"
    page = ben.get(f"/people/{people.dyad.uid}/goals/").content.decode()
    assert "+2: <span" in page
    agreements.reword(goal, "Sleep well", "client", seen=last.pk, by=people.ana)
    assert goal.wordings.latest("id").levels == FIVE, "other words keep the levels"
    with pytest.raises(BadInput):
        agreements.reword(
            goal, "Sleep", "client", seen=goal.wordings.latest("id").pk, by=people.ana, levels=["x" * 201] * 5
        )
    assert Wording.objects.count() == 3


def test_the_check_in_asks_which_level_fits_and_keeps_it_apart_from_0_to_10(people, goal):
    rows = asked_about(a_held_session(people.dyad))
    [asked] = [progress_question(Agreed(*row)) for row in plan.asks_how_far(4, 1, rows)]
    assert [choice.text for choice in asked.choices] == FIVE
    for _more in range(2):
        a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))
    fourth = a_held_session(people.dyad)
    phone = Phone(fourth)
    assert "Five nights" in phone.browser.get(phone.url).content.decode()
    phone.send({**USUAL, f"how.{goal.uid}": "23"})
    assert Progress.objects.get(session=fourth).value == 23
    phone.send({**USUAL, f"how.{goal.uid}": "24"})
    assert [row.value for row in Progress.objects.order_by("id")] == [23, 24], "a correction is a new row"


def test_the_course_shows_it_from_minus_2_to_2_and_the_score_over_all_goals(people, goal):
    for value in (21, 23):
        session = a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))
        agreements.note_progress(session, "client", {goal.uid: value}, by=people.ana)
    page = dyad_page(people.ben, people.dyad)
    assert [panel.labels[0].text for panel in page.picture.wide.outcomes] == ["Sleep through"]
    assert page.goals[0].state == "agreed · Five nights"
    assert page.attainment.endswith("rated by Ana: 60. 50 means as agreed; higher is better.")
    [first, _second] = everything(people.ana)["progress"]
    assert (first["value"], first["against_levels"]) == (-1, True)
    assert not Progress.objects.exclude(value__in=study_rows.LEVELS).exists()


def test_a_rating_of_earlier_levels_is_not_told_in_the_words_of_the_new_ones(people, goal):
    session = a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))
    agreements.note_progress(session, "client", {goal.uid: 23}, by=people.ana)
    harder = ["Once", "Three nights", "Five nights", "Every night", "Every night, without the light"]
    seen = goal.wordings.latest("id").pk
    agreements.reword(goal, "Sleep through", "client", seen=seen, by=people.ana, levels=harder)
    for side, by in (("client", people.ana), ("therapist", people.ben)):
        agreements.seal(goal, side, seen=goal.wordings.latest("id").pk, by=by)
    page = dyad_page(people.ben, people.dyad)
    assert (page.goals[0].state, page.attainment) == ("agreed", "")
    [row] = shown(people.dyad)
    assert row.last_level == ""
    agreements.reword(goal, "Sleep well", "client", seen=goal.wordings.latest("id").pk, by=people.ana)
    later = a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))
    agreements.note_progress(later, "client", {goal.uid: 23}, by=people.ana)
    assert shown(people.dyad)[0].last_level == "Every night", "other words around the same levels change nothing"


def test_without_a_rating_of_each_goal_there_is_no_score():
    assert attainment([], "Ana") == attainment([22, None], "Ana") == attainment([22] * 6, "Ana") == ""
    assert "rated by Ana: 50." in attainment([22, 22, 22], "Ana")
