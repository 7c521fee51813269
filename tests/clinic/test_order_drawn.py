"""For studies: what a check-in asks first is drawn by course, stays, and is known of each answer."""

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_dyad, a_session
from tests.clinic.phone import USUAL, Phone

from accord_clinic.actions import care
from accord_clinic.exports.study import TABLES
from accord_clinic.models import Dyad, Practice, Response
from accord_clinic.questionnaires import QuestionNames, page

pytestmark = pytest.mark.django_db


def first_and_order(side: str, form: str, **more) -> list[str]:
    [block] = page(side, [("accord-check-in", form)], QuestionNames("", "", ""), **more).body
    return [question.item for question in block.questions]


@pytest.mark.parametrize("side", ["client", "therapist"])
@pytest.mark.parametrize("form", ["full", "minimum"])
def test_the_question_whether_something_felt_off_comes_right_before_what_hangs_on_it(side, form):
    usual, drawn = first_and_order(side, form), first_and_order(side, form, scored_first=True)
    assert usual[0] == "t1"
    assert drawn[0] == "d1"
    assert set(drawn) == set(usual)
    assert drawn[drawn.index("t1") + 1] in ("t2", "t3")
    assert [item for item in drawn if item != "t1"] == usual[1:]


def test_nothing_is_drawn_unless_the_practice_says_so(dyad, ben):
    assert dyad.order == ""
    assert {a_dyad(ben, f"Client {n}").order for n in range(8)} == {""}


def test_it_is_drawn_when_a_course_begins_and_stays_when_the_setting_changes(dyad, ben, eve):
    Practice.objects.update(draw_order=True)
    begun = [a_dyad(ben, f"Client {n}") for n in range(24)]
    assert {one.order for one in begun} == {"strain_first", "scored_first"}
    Practice.objects.update(draw_order=False)
    assert [Dyad.objects.get(pk=one.pk).order for one in begun] == [one.order for one in begun]
    assert Dyad.objects.get(pk=dyad.pk).order == "", "a course that was begun before keeps the usual order"
    assert care.hand_over(begun[0], eve, timezone.localdate(), by=ben).order == "", "another course, drawn anew or not"


@pytest.mark.parametrize("order", ["strain_first", "scored_first", ""])
def test_each_answer_of_both_says_in_which_order_it_was_asked(dyad, ben, as_member, order):
    Dyad.objects.filter(pk=dyad.pk).update(order=order)
    session = a_session(dyad, state="held")
    phone = Phone(session)
    asked = phone.open().content.decode()
    assert (asked.index('name="0-t1"') > asked.index('name="0-d1"')) == (order == "scored_first")
    phone.send(USUAL)
    browser, address = as_member(ben), reverse("rate", args=[session.uid])
    form = browser.get(address)
    shown = form.content.decode()
    assert (shown.index('name="0-t1"') > shown.index('name="0-d1"')) == (order == "scored_first")
    browser.post(address, {"key": form.context["key"], **USUAL})
    rows = Response.objects.values_list("side", "context")
    assert {(side, context.get("order", "")) for side, context in rows} == {("client", order), ("therapist", order)}


def test_the_study_file_has_it_as_a_column(dyad):
    [table] = [table for table in TABLES if table.name == "responses"]
    [column] = [column for column in table.columns if column.name == "order"]
    assert set(column.codes) == {"strain_first", "scored_first"}
    assert column.cell("something else") == ""


def test_the_admin_switches_it_on_in_the_settings(ada, as_member):
    shown = as_member(ada).get(reverse("practice")).content.decode()
    assert "For each new client, choose at random whether the check-in begins with the scored questions" in shown
    assert "study files show it" in shown
