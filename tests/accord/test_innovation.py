"""What a rating is compared with: the person's own earlier ratings, exactly, also over gaps."""

from dataclasses import replace

import numpy as np
import plain
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import BadInput
from accord.stats.evidence import in_strain
from accord.stats.growth import Slopes
from accord.stats.hyper import Hyper
from accord.stats.innovation import OPEN, PARTLY, RECOVERED, ahead, cusum, innovations, repair, together

USUAL = Hyper(3.8, 0.02, 0.28, 0.0005, -0.002, 0.09, 0.2, low=1.0, high=5.0)
T = np.arange(1.0, 16.0)


def ratings(n: int, seed: int = 0, missing: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y = rng.normal(4.0, 0.6, (n, 15))
    y[rng.random(y.shape) < missing] = np.nan
    return y


@pytest.mark.parametrize("nu", [0.1, 5.0663097850176895, 5.218202305351737, 59.9])
@pytest.mark.parametrize("persons", [1, 400])
def test_ratings_are_counted_in_whole_numbers_whatever_they_are_weighed_with(nu, persons):
    steps = innovations(np.full((persons, 40), 4.0), np.arange(40.0), replace(USUAL, nu=nu))
    assert (steps.earlier == np.arange(40.0)).all()


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("phi", [0.0, 0.2, 0.9])
def test_expectation_is_the_conditional_mean_given_all_earlier_ratings(missing, phi):
    usual = Hyper(3.8, 0.02, 0.28, 0.0005, -0.002, 0.09, phi)
    y = ratings(12, missing=missing)
    steps = innovations(y, T, usual)
    mean, sd = plain.one_step_ahead(y, T, usual)
    np.testing.assert_allclose(steps.expected, mean, atol=1e-10)
    np.testing.assert_allclose(steps.sd / steps.scale, sd, atol=1e-10)


@pytest.mark.parametrize("n", [7, 200])
@pytest.mark.parametrize("rise", ["session", "log", "early"])
@pytest.mark.parametrize("trend", [0.0, 0.9, -0.5])
def test_a_course_may_level_off_and_its_noise_may_change(n, rise, trend):
    usual = Hyper(3.0, -0.02, 0.28, 0.02, -0.02, 0.09, 0.3, b_log=0.4, b_early=0.2, rise=rise, trend=trend, longest=9)
    y = ratings(n)
    steps = innovations(y, T, usual)
    mean, sd = plain.one_step_ahead(y, T, usual)
    np.testing.assert_allclose(steps.expected, mean, atol=1e-10)
    np.testing.assert_allclose(steps.sd / steps.scale, sd, atol=1e-10)


def test_after_the_longest_course_everything_stands_still():
    usual = Hyper(3.0, 0.1, 0.28, 0.02, 0.0, 0.09, 0.0, b_early=0.3, trend=1.0, longest=9)
    for what in (usual.mean, usual.along, usual.relative_sd):
        np.testing.assert_array_equal(what(T)[8:], what(T)[8])


def test_sessions_may_lie_unevenly_and_differ_between_dyads():
    times = np.cumsum(np.random.default_rng(1).uniform(0.3, 4.0, (6, 15)), axis=1)
    y = ratings(6)
    steps = innovations(y, times, USUAL)
    mean, _ = plain.one_step_ahead(y, times, USUAL)
    np.testing.assert_allclose(steps.expected, mean, atol=1e-10)


@pytest.mark.parametrize("phi", [0.0, 0.4])
@pytest.mark.parametrize("own_times", [False, True])
def test_many_get_together_what_each_gets_alone(phi, own_times):
    usual = Hyper(3.8, 0.02, 0.28, 0.0005, -0.002, 0.09, phi)
    y = ratings(300)
    times = np.cumsum(np.random.default_rng(1).uniform(0.3, 4.0, y.shape), axis=1) - 3.0 if own_times else T - 5.0
    together = innovations(y, times, usual)
    for i in (0, 150, 299):
        alone = innovations(y[i : i + 1], times[i : i + 1] if own_times else times, usual)
        for name in ("expected", "sd", "z", "scale", "earlier"):
            np.testing.assert_allclose(getattr(together, name)[i], getattr(alone, name)[0], rtol=1e-12)


@pytest.mark.parametrize("complete", [0.2, 0.6, 1.0])
def test_courses_without_gaps_get_among_others_what_each_gets_alone(complete):
    y = ratings(200)
    whole = np.arange(200) < 200 * complete
    y[whole] = np.random.default_rng(1).normal(3.8, 0.6, (whole.sum(), 15))
    steps, (expected, sd) = innovations(y, T, USUAL), ahead(y, T, USUAL)
    np.testing.assert_allclose(expected, steps.expected)
    np.testing.assert_allclose(np.broadcast_to(sd, y.shape), steps.sd / steps.scale)
    for i in (0, 39, 119, 199):
        for name in ("expected", "sd", "z", "scale", "earlier"):
            alone = getattr(innovations(y[i : i + 1], T, USUAL), name)[0]
            np.testing.assert_allclose(getattr(steps, name)[i], alone, rtol=1e-12)


def test_slopes_of_complete_courses_are_the_mean_of_those_of_their_parts():
    """Few courses are filtered one by one; many without gaps are told by the sums of their products."""
    usual = replace(USUAL, longest=15.0, trend=0.3, b_log=0.1)
    y = np.random.default_rng(1).normal(3.8, 0.6, (180, 15))
    slopes, *parts = (Slopes.of(part, T, usual) for part in (y, y[:90], y[90:]))
    for name in ("mean", "rest", "mean_known", "rest_known"):
        average = np.mean([getattr(part, name) for part in parts], axis=0)
        np.testing.assert_allclose(getattr(slopes, name), average, rtol=1e-7, atol=1e-9)
    assert slopes.loglik == pytest.approx(sum(part.loglik for part in parts))


@pytest.mark.parametrize("n", [2, 200])
def test_courses_may_begin_at_any_time(n):
    """As when times are days: where one course begins says nothing about what is carried over in another."""
    y = ratings(n)
    times = T + np.where(np.arange(n) % 2, 0.0, 5000.0)[:, None]
    steps = innovations(y, times, USUAL)
    for i in (0, 1):
        alone = innovations(y[i : i + 1], times[i], USUAL)
        np.testing.assert_allclose(steps.z[i], alone.z[0], rtol=1e-9)
        assert np.isfinite(steps.expected[i]).all()


@pytest.mark.parametrize("n", [0, 1, 7])
@pytest.mark.parametrize("sessions", [0, 1, 15])
def test_the_ratings_given_are_left_as_they_are(n, sessions):
    for scores in (ratings(n), np.asfortranarray(ratings(n))):
        kept = scores[:, :sessions].copy()
        assert innovations(scores[:, :sessions], T[:sessions], USUAL).z.shape == (n, sessions)
        np.testing.assert_array_equal(scores[:, :sessions], kept)


@pytest.mark.parametrize("none", ["var_intercept", "var_slope", "both"])
def test_variances_of_zero_need_no_special_care(none):
    level, slope = (0.0 if none in (name, "both") else v for name, v in (("var_intercept", 0.3), ("var_slope", 0.01)))
    usual = Hyper(4.0, 0.0, level, slope, 0.0, 0.1, 0.3)
    y = ratings(5)
    np.testing.assert_allclose(innovations(y, T, usual).expected, plain.one_step_ahead(y, T, usual)[0], atol=1e-10)


def test_z_is_the_distance_in_sd_and_sd_holds_the_persons_own_spread():
    y = ratings(20)
    steps = innovations(y, T, USUAL)
    np.testing.assert_allclose(steps.z, (y - steps.expected) / steps.sd)
    raw = steps.z * steps.scale
    for i in range(20):
        for k in range(15):
            before = [z for z in raw[i, :k] if not np.isnan(z)]
            assert steps.scale[i, k] == pytest.approx(plain.person_scale(before))
            assert steps.earlier[i, k] == len(before)


def test_without_a_rating_there_is_an_expectation_but_no_z():
    steps = innovations([[4.0, np.nan, 3.0]], [1, 2, 3], USUAL)
    assert np.isnan(steps.z[0, 1])
    assert np.isfinite(steps.expected).all()
    assert steps.sd[0, 2] < steps.sd[0, 0]


def test_one_dyad_is_a_batch_of_one():
    y = ratings(9000, seed=3)
    whole = innovations(y, T, USUAL)
    for i in (0, 4096, 8999):
        np.testing.assert_allclose(innovations(y[i : i + 1], T, USUAL).z[0], whole.z[i], rtol=1e-12)


@given(st.integers(0, 10_000), st.integers(1, 14))
def test_what_comes_later_changes_nothing_before(seed, cut):
    y = ratings(1, seed)
    steps, early = innovations(y, T, USUAL), innovations(y[:, :cut], T[:cut], USUAL)
    np.testing.assert_allclose(steps.z[:, :cut], early.z, atol=1e-12)


@given(st.floats(-50, 50), st.floats(0.1, 40))
def test_another_unit_of_the_scale_gives_the_same_z(shift, factor):
    y = ratings(3)
    other = Hyper(
        3.8 * factor + shift, 0.02 * factor, 0.28 * factor**2, 0.0005 * factor**2, -0.002 * factor**2,
        0.09 * factor**2, 0.2,
    )  # fmt: skip
    np.testing.assert_allclose(innovations(y * factor + shift, T, other).z, innovations(y, T, USUAL).z, atol=1e-7)


def test_innovations_of_true_courses_are_standard_and_independent():
    rng = np.random.default_rng(5)
    covariance = USUAL.var_intercept + USUAL.cov * (T[:, None] + T) + USUAL.var_slope * np.outer(T, T)
    covariance += USUAL.var_residual * USUAL.phi ** np.abs(T[:, None] - T)
    y = rng.multivariate_normal(USUAL.b0 + USUAL.b1 * T, covariance, 4000)
    steps = innovations(y, T, USUAL)
    raw = steps.z * steps.scale
    np.testing.assert_allclose(np.cov(raw.T), np.eye(15), atol=0.08)


@given(st.lists(st.one_of(st.floats(-6, 6), st.just(float("nan"))), min_size=1, max_size=30))
def test_cusum_is_the_running_sum_that_never_falls_below_zero(z):
    np.testing.assert_allclose(cusum(np.array([z]))[0], plain.cusum(z), atol=1e-9)


def test_the_therapist_may_add_and_never_takes_away():
    client = np.array([[-2.0, -2.0, -2.0, np.nan]])
    therapist = np.array([[-2.0, 3.0, np.nan, -4.0]])
    np.testing.assert_allclose(together(client, therapist, 0.5), [[-2.5, -2.0, -2.0, np.nan]])


def repaired(after: list[float]) -> list[int]:
    """States from a drop at the second session (from 4 to 2, one sd is .5), and then `after`."""
    y = np.array([[4.0, 2.0, *after]])
    flags = np.zeros(y.shape, dtype=bool)
    flags[0, 1] = True
    return repair(y, np.full(y.shape, 4.0), np.full(y.shape, 0.5), flags)[0].tolist()


def test_a_strain_is_open_until_the_level_from_before_is_reached():
    assert repaired([2.2, 2.5, 3.8]) == [0, OPEN, OPEN, OPEN, RECOVERED]


def test_half_of_the_way_back_within_three_sessions_is_partly():
    assert repaired([2.5, 3.1, 2.0]) == [0, OPEN, OPEN, PARTLY, PARTLY]
    assert repaired([2.5, 2.5, 2.5, 3.1]) == [0, OPEN, OPEN, OPEN, OPEN, OPEN]


def test_a_slow_decline_is_no_usual_course_from_where_it_began_until_it_is_over():
    """None of its ratings is unusual by itself. It is over with the second one that is back."""
    course = np.array([4.0, 4.1, 3.9, 4.0, 4.1, 3.75, 3.55, 3.4, 3.2, 3.05, 3.0, 4.0, 4.1])
    usual = Hyper(3.8, 0.0, 0.28, 0.0, 0.0, 0.09, 0.2)
    times = np.arange(1.0, 14.0)
    both = np.stack([course, np.where(np.arange(13) < 5, course, 4.0)])
    steps = innovations(both, times, usual)
    assert steps.z.min() > -2.2
    assert np.flatnonzero(in_strain(both, steps)[0]).tolist() == [5, 6, 7, 8, 9, 10, 11]
    assert not in_strain(both, steps)[1].any()


def test_a_missing_session_leaves_a_strain_as_it_stands():
    assert repaired([np.nan, 4.0]) == [0, OPEN, OPEN, RECOVERED]


def test_a_new_flag_before_recovery_keeps_the_first_level():
    y = np.array([[4.0, 2.0, 2.9, 1.0, 2.8, 3.9]])
    flags = np.array([[False, True, False, True, False, False]])
    expected = np.array([[4.0, 4.0, 3.0, 2.9, 2.0, 2.0]])
    states = repair(y, expected, np.full(y.shape, 0.5), flags)[0]
    assert states.tolist() == [0, OPEN, OPEN, OPEN, PARTLY, RECOVERED]


@pytest.mark.parametrize(
    ("scores", "times", "word"),
    [
        ([[1.0, np.inf]], [1, 2], "infinite"),
        ([[1.0, 2.0]], [2, 1], "increase"),
        ([[1.0, 2.0]], [1, 1], "increase"),
        ([[1.0, 2.0]], [1, np.nan], "finite"),
        ([1.0, 2.0], [1, 2], "row per person"),
        ([[1.0, 2.0]], [1, 2, 3], "One time per session"),
    ],
)
def test_bad_input_gets_a_sentence(scores, times, word):
    with pytest.raises(BadInput, match=f"(?i){word}"):
        innovations(scores, times, USUAL)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"var_residual": 0.0}, "above 0"), ({"cov": 1.0}, "root of their product"), ({"phi": 1.0}, "below 1")],
)
def test_impossible_hyper_parameters_are_refused(change, word):
    with pytest.raises(BadInput, match=word):
        Hyper(**({"b0": 0.0, "b1": 0.0, "var_intercept": 1.0, "var_slope": 0.1, "cov": 0.0, "var_residual": 1.0,
                  "phi": 0.2} | change))  # fmt: skip


def test_nobody_and_nothing_are_possible_batches():
    assert innovations(np.empty((0, 15)), T, USUAL).z.shape == (0, 15)
    assert innovations(np.empty((3, 0)), np.empty(0), USUAL).z.shape == (3, 0)
