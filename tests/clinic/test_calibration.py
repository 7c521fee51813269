"""What calibrations are made of: single answers as the key reads them, and how reliable a change on few items is."""

import numpy as np
import pytest
from tests.clinic.people import CHECK_IN, a_dyad, a_held_session, a_session, answers

from accord.stats.reliability import reliability
from accord_clinic.actions import calibration
from accord_clinic.models import Calibration
from accord_clinic.queries.ratings import item_answers
from accord_clinic.questionnaires import arrays

pytestmark = pytest.mark.django_db


def a_rated_session(dyad, **items):
    return a_held_session(dyad, client=answers("client", **items), therapist=answers("therapist"))


def test_answers_to_the_items_of_a_scale_are_the_clients_and_open_to_both(dyad):
    a_rated_session(dyad, b2=4, b3=None, b4=2)
    a_held_session(dyad, client=answers("client", b4=3))  # not open to both yet
    np.testing.assert_array_equal(item_answers(CHECK_IN, "connection"), [[[4.0, np.nan, 2.0]]])


def test_reversed_items_are_turned_round():
    latest = {("client", 1, 1): ("1.0", "full", {"core1": 1, "core2": 1, "core3": 4})}
    [[answered]] = arrays.item_answers("core-10", "distress", latest)
    assert answered[:3].tolist() == [1.0, 3.0, 0.0]


def test_how_reliable_a_change_is_is_measured_by_the_clients_answers(people, monkeypatch):
    monkeypatch.setattr(calibration, "FEWEST_COURSES", 3)
    rng = np.random.default_rng(1)
    for name in ("Kim", "Lou", "Max", "Nan"):
        dyad = a_dyad(people.ben, name)
        for _session in range(5):
            felt = int(rng.integers(0, 4))
            b2, b3 = (int(np.clip(felt + rng.integers(0, 2), 0, 4)) for _item in range(2))
            a_rated_session(dyad, b2=b2, b3=b3, b4=felt)
    calibration.calibrate([f"{CHECK_IN}/connection"], by=None)
    made = Calibration.objects.get()
    expected = reliability(item_answers(CHECK_IN, "connection")).change
    assert made.body["reliability"] == pytest.approx(expected)
    assert expected > 0.5


def test_below_twenty_courses_it_is_not_known_and_no_marks_are_made(dyad):
    for b2 in (1, 4, 2):
        a_rated_session(dyad, b2=b2)
    told = calibration.calibrate([f"{CHECK_IN}/connection", f"{CHECK_IN}/collaboration"], by=None)
    for sentence in told:
        assert sentence.endswith("The reliability of a change is not known yet.")
        assert "no marks until 10 courses have 6 ratings" in sentence
    assert {row.body["reliability"] for row in Calibration.objects.all()} == {None}


def test_a_week_without_a_session_has_no_place_in_what_is_learnt(dyad):
    a_rated_session(dyad, b2=1)
    a_session(dyad, state="missed_by_client")
    a_rated_session(dyad, b2=3)
    assert item_answers(CHECK_IN, "connection")[0, :, 0].tolist() == [1.0, 3.0]


def test_the_sweep_makes_a_marked_one_anew_once(dyad):
    a_rated_session(dyad, b2=1)
    calibration.calibrate([f"{CHECK_IN}/connection"], by=None)
    assert calibration.renew() == []
    a_rated_session(dyad, b2=3)
    Calibration.objects.update(make_anew=True)
    [sentence] = calibration.renew()
    assert sentence.startswith(f"{CHECK_IN}/connection: ")
    assert calibration.renew() == []
