"""Simulated practices: the same for the same seed, like the data they were made from, true about themselves."""

import numpy as np
import pytest

from accord.errors import BadInput
from accord.simulation import nine_items, simulate
from accord.stats.courses import wander
from accord.stats.mixed import fit_growth


def test_the_same_seed_gives_the_same_practice():
    one, two, other = simulate(30, 12, 4), simulate(30, 12, 4), simulate(30, 12, 5)
    np.testing.assert_array_equal(one.client, two.client)
    np.testing.assert_array_equal(one.truth.onset, two.truth.onset)
    assert not np.array_equal(one.client, other.client)


def test_courses_have_the_parameters_of_the_trial_they_come_from():
    made = simulate(3000, 15, 1, "none", hyper=nine_items())
    found = fit_growth(made.client, ar1=True)
    assert found.var_residual == pytest.approx(0.09, rel=0.12)
    assert found.var_intercept == pytest.approx(0.53**2, rel=0.12)
    assert found.phi == pytest.approx(0.2, abs=0.06)
    assert made.client.max() == 5.0


def test_a_strain_is_where_the_truth_says():
    size = 3.0
    strained = simulate(2000, 15, 2, "dip", share=1.0, sizes=(size,), repaired=1.0)
    truth = strained.truth
    rows = np.arange(2000)
    assert (truth.onset >= 3).all()
    np.testing.assert_array_equal(truth.strained.argmax(axis=1), truth.onset)
    assert set(truth.strained.sum(axis=1)) <= {1, 2, 3}
    before = np.mean(strained.client[rows, truth.onset - 1] - strained.client[rows, truth.onset])
    assert before == pytest.approx(size * strained.within_sd, rel=0.1)


@pytest.mark.parametrize(("kind", "length"), [("drop", 3), ("slide", 6)])
def test_repaired_drops_and_slides_last_as_long_as_they_should(kind, length):
    truth = simulate(300, 30, 3, kind, share=1.0, repaired=1.0).truth
    whole = truth.onset + length <= 30
    assert (truth.strained.sum(axis=1)[whole] == length).all()


def test_what_is_not_repaired_stays_down():
    truth = simulate(200, 15, 3, "dip", share=1.0, repaired=0.0).truth
    assert truth.strained[:, -1].all()


def test_therapists_miss_the_share_of_strains_they_are_said_to_miss():
    truth = simulate(4000, 15, 3, share=1.0, therapist_misses=0.5).truth
    assert truth.seen.mean() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("items", "steps"), [(3, 13), (4, 17)])
def test_items_are_five_point_answers_scored_0_to_100(items, steps):
    made = simulate(400, 10, 6, items=items)
    assert made.client_items.shape == (400, 10, items)
    assert set(np.unique(made.client_items)) == {1.0, 2.0, 3.0, 4.0, 5.0}
    np.testing.assert_allclose(made.client, (made.client_items.mean(axis=2) - 1) * 25)
    assert len(np.unique(made.client.round(6))) <= steps


def test_answers_are_skipped_at_random_and_more_after_a_strain():
    made = simulate(3000, 15, 7, share=1.0, missing=0.2, missing_after=0.5)
    gone = np.isnan(made.client)
    since = np.arange(15) - made.truth.onset[:, None]
    assert gone[since < 0].mean() == pytest.approx(0.2, abs=0.02)
    assert gone[(since > 0) & (since <= 3)].mean() == pytest.approx(0.6, abs=0.03)


def test_noise_has_the_kurtosis_asked_for():
    steps = wander(200_000, np.array([1.0]), 0.0, np.random.default_rng(2), 1 / 7).ravel()
    assert np.mean(steps**2) == pytest.approx(1.0, abs=0.02)
    assert np.mean(steps**4) == pytest.approx(5.0, abs=0.6)


def test_the_tables_hold_every_rating_once():
    made = simulate(20, 8, 9, missing=0.3)
    ratings, truth = made.tables()
    assert ratings.columns == ["dyad", "session", "rater", "scale", "score"]
    assert len(ratings) == np.isfinite(made.client).sum() + np.isfinite(made.therapist).sum()
    assert len(truth) == 20


@pytest.mark.parametrize(
    "wrong",
    [
        {"dyads": 0}, {"sessions": 0}, {"seed": -1}, {"strain": "rupture"}, {"share": 1.5}, {"missing": 2.0},
        {"missing_after": float("nan")}, {"shared": -0.1}, {"repaired": 3}, {"kurtosis": 1.0}, {"items": 0},
    ],
    ids=lambda w: next(iter(w)),
)  # fmt: skip
def test_nonsense_is_refused(wrong):
    with pytest.raises(BadInput):
        simulate(**({"dyads": 2, "sessions": 5, "seed": 0} | wrong))


def test_a_course_too_short_for_a_strain_has_none():
    assert (simulate(50, 3, 1, share=1.0).truth.kind == "none").all()
