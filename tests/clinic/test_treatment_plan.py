"""The treatment plan: made together, confirmed by both, on one page, back on the sheet at its review."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_held_session, answers
from tests.clinic.rights_steps import inside

from accord_clinic.actions import agreements, care, own_space, treatment_plan
from accord_clinic.exports.client_tables import TABLES
from accord_clinic.models import ReadLog, TreatmentPlan
from accord_clinic.pages.talk_sheet import sheet
from accord_clinic.rules.visible import revealed_session
from accord_clinic.views.own_space import DOOR

TYPED = {
    "what": "write", "words_0": "Sessions every week", "pros_0": "starts now", "cons_0": "costs an evening",
    "decision_0": "yes", "words_1": "Sleeping tablets", "decision_1": "not_now", "why": "I want to try it first",
    "client_does": "Comes on Mondays", "therapist_does": "Asks what felt off", "review_on": "2027-01-18",
}  # fmt: skip


@pytest.fixture
def goal(people):
    goal = agreements.propose(people.dyad, "goal", "Sleep through", "client", by=people.ana)
    agreements.propose(people.dyad, "task", "Phone in the kitchen", "therapist", by=people.ben, goal=goal)
    agreements.propose(people.dyad, "problem", "I lie awake with the phone", "client", by=people.ana)
    return goal


@pytest.fixture
def both(people, as_member, goal):
    """What Ben and Ana get from and send to the page of the plan."""
    ana = Browser()
    ana.cookies[DOOR] = own_space.open_door(people.ana)
    places = {
        "ben": (as_member(people.ben), f"/people/{people.dyad.uid}/treatment-plan/"),
        "ana": (ana, f"/mine/{people.dyad.uid}/plan/"),
    }

    def ask(who, posted=None):
        browser, path = places[who]
        if posted is None:
            return browser.get(path).content.decode()
        last = TreatmentPlan.objects.order_by("id").last()
        return browser.post(path, {"seen": last.uid if last else "", **posted})

    return ask


def test_either_writes_it_and_both_confirm(both, people):
    assert both("ben", TYPED).status_code == 302
    for who in ("ben", "ana"):
        page = both(who)
        for text in ("I lie awake with the phone", "Sleep through", "Phone in the kitchen", "Sleeping tablets",
                     "I want to try it first", "Comes on Mondays"):  # fmt: skip
            assert text in page, (who, text)
        assert "Not now" in page
    assert both("ana", {"what": "confirm"}).status_code == 302
    assert both("ben").count("confirmed on") == 1
    assert both("ben", {"what": "confirm"}).status_code == 302
    assert both("ana").count("confirmed on") == 2
    assert both("ana", {"what": "confirm"}).status_code == 302
    assert TreatmentPlan.objects.get().seals.count() == 2


def test_the_problem_is_no_goal_that_could_be_reached(people, goal):
    page = inside(people.ana).get(reverse("my-goals", args=[people.dyad.uid])).content.decode()
    apart = page.index("The problem, as you both see it")
    view = page[apart:]
    assert page.index("Sleep") < apart < page.index("I lie awake with the phone")
    assert "Mark as reached" not in view[: view.index("</article>")]
    assert "Mark as reached" in page


def test_a_change_is_a_new_version_that_nobody_has_confirmed(both):
    both("ben", TYPED)
    both("ana", {"what": "confirm"})
    both("ana", TYPED | {"why": "I changed my mind"})
    assert TreatmentPlan.objects.count() == 2
    page = both("ben")
    assert "version 2" in page
    assert "confirmed on" not in page
    assert "I changed my mind" in page


def test_who_writes_on_an_old_page_loses_nothing(both):
    both("ben", TYPED)
    answer = both("ana", TYPED | {"seen": "", "why": "Mine"})
    assert answer.status_code == 409
    assert "Mine" in answer.content.decode()
    assert TreatmentPlan.objects.count() == 1


def test_a_plan_whose_goals_changed_is_not_confirmed(both, people, goal):
    both("ben", TYPED)
    agreements.propose(people.dyad, "goal", "Say no once", "client", by=people.ana)
    assert "Goals or tasks have changed since this version" in both("ana")
    assert both("ana", {"what": "confirm"}).status_code == 409
    both("ana", TYPED)
    assert both("ben", {"what": "confirm"}).status_code == 302


def test_a_wrong_date_says_so_and_keeps_the_rest(both):
    page = both("ben", TYPED | {"review_on": "soon"}).content.decode()
    assert "Enter a valid date" in page
    assert "Comes on Mondays" in page
    assert not TreatmentPlan.objects.exists()


@pytest.mark.parametrize("who", ["ben", "ana"])
def test_nothing_is_decided_by_default(both, who):
    assert 'value="yes" selected' not in both(who)
    answer = both(who, TYPED | {"decision_1": ""})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Choose what you decided about this option." in page
    assert "Sleeping tablets" in page
    assert not TreatmentPlan.objects.exists()


def test_what_speaks_for_no_option_is_not_dropped(both):
    answer = both("ben", TYPED | {"pros_2": "costs nothing"})
    assert answer.status_code == 422
    assert "Write the option, or empty this row." in answer.content.decode()
    assert both("ben", TYPED | {"decision_2": "no"}).status_code == 302
    assert TreatmentPlan.objects.get().options.count() == 2


def test_whether_the_view_fits_is_shown_once_both_have_said_so(both):
    both("ben", TYPED)
    both("ana", {"what": "fit", "fit": "1"})
    assert "does it still fit? Partly" in both("ana")
    assert "does it still fit?" not in both("ben")
    both("ben", {"what": "fit", "fit": "3"})
    assert both("ben").count("does it still fit?") == both("ana").count("does it still fit?") == 2
    assert both("ben", {"what": "fit", "fit": "9"}).status_code == 409


def test_it_comes_back_on_the_sheet_before_its_review(both, people):
    session = a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))

    def lines():
        return [line.both for line in sheet(revealed_session(people.ben, session.uid)).lines]

    day = timezone.localdate(session.start)
    both("ben", TYPED | {"review_on": (day + timedelta(days=8)).isoformat()})
    assert not any("plan again" in line for line in lines())
    both("ben", TYPED | {"review_on": (day + timedelta(days=7)).isoformat()})
    assert any("You planned to review the plan on" in line for line in lines())


@pytest.mark.parametrize("language", ["en", "de"])
def test_it_prints_on_one_page(both, people, as_member, language):
    people.ana.language = language
    people.ana.save()
    both("ben", TYPED)
    answer = as_member(people.ben).get(f"/people/{people.dyad.uid}/treatment-plan.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.count(b"/Type /Page\n") + answer.content.count(b"/Type/Page\n") <= 1
    assert pages_of(answer.content) == 1


def pages_of(pdf: bytes) -> int:
    import re

    return max(int(n) for n in re.findall(rb"/Count (\d+)", pdf))


def test_reading_it_is_noted_and_the_copy_holds_it(both, people, as_member):
    both("ben", TYPED)
    both("ben")
    assert ReadLog.objects.filter(dyad=people.dyad, what="treatment_plan").exists()
    rows = list(TABLES["plans"][1](people.ana))
    assert [row["option"] for row in rows] == ["Sessions every week", "Sleeping tablets"]
    both("ben", {"what": "fit", "fit": "3"})
    assert list(TABLES["plan_fits"][1](people.ana)) == []
    both("ana", {"what": "fit", "fit": "2"})
    assert [row["view_fits"] for row in TABLES["plan_fits"][1](people.ana)] == [3, 2]


def test_a_supervisor_reads_and_writes_nothing(both, people, as_member):
    both("ben", TYPED)
    care.share(people.dyad, people.cy, by=people.ben)
    cy = as_member(people.cy)
    path = f"/people/{people.dyad.uid}/treatment-plan/"
    page = cy.get(path).content.decode()
    assert "Sleeping tablets" in page
    assert "Save plan" not in page
    assert cy.post(path, TYPED).status_code == 404


def test_after_the_end_it_stays_as_it_is(both, people):
    both("ben", TYPED)
    care.end_course(people.dyad, "planned", timezone.localdate(), "Goals reached", by=people.ben)
    assert "Save plan" not in both("ben")
    assert both("ben", TYPED).status_code == 409


def test_the_number_of_queries_does_not_grow(both, people, django_assert_max_num_queries):
    from accord_clinic.queries.treatment_plan import plan_rows

    for _n in range(3):
        both("ben", TYPED)
        agreements.propose(people.dyad, "goal", "One more", "client", by=people.ana)
    with django_assert_max_num_queries(10):
        plan_rows(people.dyad)


def test_writing_needs_the_two(people):
    with pytest.raises(Exception, match="this client.s therapist"):
        treatment_plan.confirm(people.dyad, "therapist", seen="", by=people.eve)
