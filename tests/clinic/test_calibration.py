"""What calibrations are made of: single answers as the key reads them, and how reliable a change on few items is."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from tests.clinic.learned import learned
from tests.clinic.people import CHECK_IN, a_dyad, a_held_session, a_session, answers

from accord import calibrate, simulate
from accord.stats.fitting import misfit
from accord.stats.reliability import reliability
from accord_clinic.actions import calibration
from accord_clinic.models import Calibration
from accord_clinic.queries.courses import course_of
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


def test_what_happens_to_everybody_is_expected_of_each(people, dyad):
    """Ana and five others give lower answers from one day on: her band follows what the sweep has seen by then."""
    learned()
    for name in ("Kim", "Lou", "Max", "Nan", "Oda"):
        a_lower_course(a_dyad(people.ben, name))
    a_lower_course(dyad)
    before = course_of(dyad).trajectories[CHECK_IN, "collaboration"].expected[0, -1]
    calibration.follow_levels()
    newest = Calibration.objects.filter(scale=f"{CHECK_IN}/collaboration").latest("id")
    assert len(newest.level["days"]) == 6
    assert newest.level["values"][-1] < -2
    after = course_of(dyad).trajectories[CHECK_IN, "collaboration"].expected[0, -1]
    assert after < before - 1
    at = newest.level_at
    calibration.follow_levels()
    assert Calibration.objects.get(pk=newest.pk).level_at == at  # once a day is enough


def a_lower_course(dyad):
    """Six sessions a week apart, the last three lower; open to both."""
    for week in range(6, 0, -1):
        low = dict.fromkeys(("d1", "d2", "m1", "m2"), 3 if week > 3 else 1)
        start = timezone.now() - timedelta(weeks=week)
        a_held_session(dyad, start, client=answers("client", **low), therapist=answers("therapist"))


def test_the_sweep_makes_a_marked_one_anew_once(dyad):
    a_rated_session(dyad, b2=1)
    calibration.calibrate([f"{CHECK_IN}/connection"], by=None)
    assert calibration.renew() == []
    a_rated_session(dyad, b2=3)
    Calibration.objects.update(make_anew=True)
    [sentence] = calibration.renew()
    assert sentence.startswith(f"{CHECK_IN}/connection: ")
    assert sentence.endswith("Made anew: an upgrade changed what it was learnt from.")
    assert calibration.renew() == []


def test_the_sweep_makes_one_anew_that_no_longer_fits_and_says_in_what(people, monkeypatch, capsys):
    """What was learnt lies far above what people answer here."""
    made = calibrate(simulate(60, 15, 4, "none", items=3).client, draws=1000)
    high = replace(made, hyper=replace(made.hyper, b0=made.hyper.b0 + 60.0))
    Calibration.objects.create(
        version=high.id, scale=f"{CHECK_IN}/connection", made_at=timezone.now(), dyads=60, body=high.to_dict()
    )
    monkeypatch.setattr(calibration, "FRESH", 3)
    monkeypatch.setattr(calibration, "GROWN", 2.0)  # that there are more ratings is not why
    monkeypatch.setattr(calibration, "misfit", partial(misfit_of_few, misfit))
    for name in ("Kim", "Lou"):
        dyad = a_dyad(people.ben, name)
        for b2 in (1, 0, 1, 2, 1):
            a_rated_session(dyad, b2=b2, b3=1, b4=1)
    call_command("sweep")
    assert "Made anew: it no longer fitted the ratings here (another level" in capsys.readouterr().out
    assert Calibration.objects.latest("id").version != high.id


def misfit_of_few(misfit, made, scores, times):
    """As of many courses that go alike."""
    return misfit(made, np.tile(scores, (20, 1)), times)


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_with_an_answer_while_a_calibration_is_estimated(monkeypatch):
    """An embedded database has one writer, and an estimate from many courses takes longer than others may wait."""
    in_transaction = []
    monkeypatch.setattr(calibration, "_estimate", lambda *_given: in_transaction.append(connection.in_atomic_block))
    calibration.calibrate([f"{CHECK_IN}/connection"], by=None)
    assert in_transaction == [False]
