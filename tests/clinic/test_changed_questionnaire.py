"""Answers to the check-in that no version here can read: pages stay, the next is taken, and nothing is made up."""

import pytest
from tests.clinic.people import CHECK_IN, a_course
from tests.clinic.rights_steps import code_for, inside

from accord_clinic.actions import calibration
from accord_clinic.models import Response
from accord_clinic.queries.courses import course_of
from accord_clinic.queries.ratings import ratings

pytestmark = pytest.mark.django_db

CHANGES = {
    "an answer is not possible any more": {"answers": {"d1": 99, "d2": 3, "m1": 3, "m2": 3, "t1": 7, "v1": 42}},
    "an item is gone": {"answers": {"gone": 2, "d1": 3, "d2": 3, "m1": 3, "m2": 3}},
    "a choice has become words": {"answers": {"d1": "often", "t3": ["gone"], "a1": "gone"}},
    "the form is gone": {"form": "gone"},
    "the questionnaire is gone": {"instrument": "gone"},
    "it has another version": {"version": "0.0.1"},
}


@pytest.fixture(params=CHANGES)
def changed(request, dyad):
    """Four open sessions, of which the third was answered before the change."""
    sessions = a_course(dyad, 4)
    Response.objects.filter(session=sessions[2]).update(**CHANGES[request.param])
    return dyad


def test_every_page_of_the_therapist_is_there(changed, ben, as_member):
    browser = as_member(ben)
    third = changed.sessions.ranked().get(number=3)
    pages = [f"/people/{changed.uid}/{page}" for page in ("", "goals/", "terms/")]
    pages += [f"/sessions/{third.uid}/{page}" for page in ("talk/", "talk.pdf", "prepare/")]
    for address in ("/today/", "/people/", *pages):
        assert browser.get(address).status_code == 200, address


def test_every_page_of_the_client_is_there(changed, ana):
    browser, third = inside(ana), changed.sessions.ranked().get(number=3)
    assert browser.get("/mine/", follow=True).status_code == 200
    for address in (f"{changed.uid}/", f"sheet/{third.uid}/", f"{changed.uid}/goals/", f"{changed.uid}/lines/"):
        assert browser.get(f"/mine/{address}").status_code == 200, address
    for how in ("page", "zip"):
        assert browser.post("/mine/rights/copy/", {"code": code_for(browser, "copy"), "as": how}).status_code == 200


def test_the_next_check_in_is_taken_and_what_is_usual_is_learnt(changed, caplog):
    (last,) = a_course(changed, 1)
    assert last.revealed_by == "both"
    assert not caplog.records
    assert ratings(CHECK_IN, "collaboration")["client"].shape == (1, 5)
    calibration.calibrate([f"{CHECK_IN}/collaboration"], by=None)


def test_what_is_not_possible_counts_as_missing(dyad):
    sessions = a_course(dyad, 4)
    Response.objects.filter(session=sessions[2]).update(answers={"d1": 99, "d2": 3, "m1": 3, "m2": 3})
    third = course_of(dyad).scores["client", CHECK_IN, "collaboration"][2]
    assert (third.answered, third.asked) == (3, 4)
    assert ratings(CHECK_IN, "collaboration")["client"][0, 2] == third.value
