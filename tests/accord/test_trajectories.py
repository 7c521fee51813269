"""The expected course of a dyad, its band, what is flagged, and how a strain goes on."""

import numpy as np
import pytest

from accord.errors import BadInput
from accord.simulation import simulate
from accord.stats.innovation import NONE, OPEN, RECOVERED
from accord.stats.priors import shipped as starting_values
from accord.stats.thresholds import Calibration, calibrate
from accord.trajectories import drops, trajectory

pytestmark = pytest.mark.usefixtures("small_twins")
T = np.arange(1.0, 13.0)
CALM = np.array([75.0, 70, 80, 75, 78, 75, 77, 74, 76, 78, 75, 77])


@pytest.fixture(scope="module")
def both() -> Calibration:
    """Collaboration in a practice of a hundred uneventful courses, both voices."""
    start = starting_values()["collaboration"]
    own = simulate(100, 15, 4, "none", items=4)
    return calibrate(own.client, second=own.therapist, prior=start.client, second_prior=start.therapist, draws=4000)


def with_drop(at: int, to: float) -> np.ndarray:
    y = CALM.copy()
    y[at] = to
    return y[None, :]


def test_a_calm_course_has_no_flag_and_no_strain(both):
    path = trajectory(CALM[None, :], T, both)
    assert not path.flag_drop.any()
    assert not path.flag_slide.any()
    assert (path.state == NONE).all()
    assert path.calibration == both.id


def test_a_deep_drop_is_flagged_where_it_happens_and_recovers(both):
    path = trajectory(with_drop(6, 25.0), T, both)
    assert np.flatnonzero(path.flag_drop[0]).tolist() == [6]
    assert path.state[0, 5:8].tolist() == [NONE, OPEN, RECOVERED]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_nothing_is_flagged_in_the_first_three_sessions(both, at):
    path = trajectory(with_drop(at, 0.0), T, both)
    assert not (path.flag_drop | path.flag_slide | path.flag_gap)[:, :3].any()


def test_a_hand_over_starts_its_own_baseline(both):
    """Ratings that begin at session 20 are as new as ratings that begin at session 1."""
    path = trajectory(with_drop(2, 0.0), T + 19, both)
    assert not path.flag_drop[0, :3].any()


def test_with_one_known_rating_nobody_is_judged(both):
    y = np.full((1, 12), np.nan)
    y[0, [0, 8]] = 90.0, 10.0
    assert not trajectory(y, T, both).flag_drop.any()


def test_a_slow_decline_is_said_once_as_a_slide(both):
    y = np.concatenate([CALM[:5], 75.0 - 9.0 * np.arange(1, 8)])[None, :]
    path = trajectory(y, T, both)
    assert path.flag_slide.sum() == 1
    assert path.state[0, -1] == OPEN


def test_a_slide_that_begins_with_the_first_judged_session_is_measured_by_the_persons_own_level(both):
    """Not by what was expected of anybody before the first rating, to which 64 would nearly be a way back."""
    y = np.array([[96.0, 95, 97, 88, 80, 72, 66, 64, 64, 64, 64, 64]])
    path = trajectory(y, T, both)
    assert path.flag_slide.any()
    assert path.state[0, -3:].tolist() == [OPEN, OPEN, OPEN]
    back = trajectory(np.where(T > 10, 95.0, y), T, both)
    assert back.state[0, -1] == RECOVERED


def test_what_is_printed_of_one_voice_calls_a_high_rating_no_gap_between_two(both):
    path = trajectory(np.where(T == 8, 0.0, CALM)[None, :], T, both)
    assert path.flag_gap[0, 7]
    one, many = str(path), str(trajectory(np.where(T == 8, 0.0, CALM)[None, :].repeat(2, axis=0), T, both))
    for said in (one, many):
        assert said.endswith("gap: said of differences between two voices alone; of one voice it says nothing")
    assert "differences" not in str(trajectory(CALM[None, :], T, both))


def test_voices_of_different_dyads_are_refused(both):
    for wrong in (CALM, CALM[None, :5], CALM[None, :].repeat(2, axis=0)):
        with pytest.raises(BadInput, match="same dyads"):
            trajectory(CALM[None, :], T, both, wrong)
        with pytest.raises(BadInput, match="same dyads"):
            calibrate(CALM[None, :], second=wrong, draws=500)


def test_the_therapist_can_raise_a_mark_but_never_clear_one(both):
    y = with_drop(6, 51.0)
    alone = trajectory(y, T, both)
    low, high = CALM[None, :].copy(), CALM[None, :].copy()
    low[0, 6], high[0, 6] = 20.0, 100.0
    assert trajectory(y, T, both, low).z[0, 6] < alone.z[0, 6] - 0.4
    assert trajectory(y, T, both, high).z[0, 6] == alone.z[0, 6]
    deep = with_drop(6, 25.0)
    assert trajectory(deep, T, both, high).flag_drop[0, 6]


def test_a_mark_that_the_clients_rating_alone_would_not_have_raised_says_so(both):
    low = CALM[None, :].copy()
    low[0, 6] = 5.0
    deep, slight = with_drop(6, 25.0), with_drop(6, 57.0)
    assert not trajectory(slight, T, both).flag_drop.any()
    joint, own = trajectory(slight, T, both, low), trajectory(deep, T, both, low)
    assert (joint.flag_drop[0, 6], joint.joint_drop[0, 6]) == (True, True)
    assert (own.flag_drop[0, 6], own.joint_drop[0, 6]) == (True, False)


def test_one_deep_drop_is_not_called_a_slide(both):
    path = trajectory(with_drop(6, 5.0), T, both)
    assert path.flag_drop[0, 6]
    assert not path.flag_slide.any()


def test_a_drop_that_lasts_is_marked_once(both):
    y = np.where(T > 6, CALM - 45.0, CALM)[None, :]
    path = trajectory(y, T, both)
    assert path.flag_drop.sum() == 1
    assert path.state[0, -1] == OPEN


def test_starting_values_alone_draw_a_band_and_make_no_mark():
    start = starting_values()["collaboration"]
    path = trajectory(with_drop(6, 0.0), T, calibrate(start.client, second=start.therapist))
    assert not (path.flag_drop | path.flag_slide).any()
    assert np.isfinite(path.low).all()


def test_the_therapist_alone_raises_nothing(both):
    nobody = np.full((1, 12), np.nan)
    path = trajectory(nobody, T, both, with_drop(6, 0.0))
    assert np.isnan(path.z).all()
    assert not path.flag_drop.any()


def test_the_band_stays_within_the_scale_and_holds_most_of_a_calm_course(both):
    path = trajectory(CALM[None, :], T, both)
    assert (path.low >= 0).all()
    assert (path.high <= 100).all()
    assert ((path.low[0] <= CALM) & (path.high[0] >= CALM)).mean() >= 0.8


def test_a_difference_outside_its_usual_is_a_gap_in_either_direction():
    own = simulate(100, 15, 4, "none", items=4)
    usual = calibrate(own.client - own.therapist, prior=starting_values()["collaboration"].difference, draws=4000)
    calm = np.full((1, 12), 6.0)
    for change in (-60.0, 60.0):
        y = calm.copy()
        y[0, 8] += change
        assert np.flatnonzero(trajectory(y, T, usual).flag_gap[0]).tolist() == [8]


def test_the_page_of_one_client_and_the_table_of_many_agree(both):
    many = np.random.default_rng(2).normal(70, 12, (50, 12))
    whole = trajectory(many, T, both)
    one = trajectory(many[7:8], T, both)
    for name in ("expected", "sd", "z", "flag_drop", "flag_slide", "state"):
        np.testing.assert_array_equal(getattr(one, name)[0], getattr(whole, name)[7])


def test_one_session_constant_ratings_and_no_rating_at_all_are_fine(both):
    assert trajectory([[70.0]], [1], both).state.tolist() == [[NONE]]
    assert not trajectory(np.full((1, 12), 100.0), T, both).flag_drop.any()
    assert not trajectory(np.full((1, 12), np.nan), T, both).flag_drop.any()


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("level", [None, -3.0])
def test_drops_are_those_of_the_whole_trajectory(both, second, level):
    own = simulate(50, 12, 7, items=4)
    own.client[::3, 4] = np.nan
    told = {"second": own.therapist if second else None, "level": None if level is None else np.full((50, 12), level)}
    path = trajectory(own.client, T, both, **told)
    whole = (path.expected, path.sd, path.z, path.flag_drop)
    assert path.flag_drop.any()
    for part, same in zip(drops(own.client, T, both, **told), whole, strict=True):
        np.testing.assert_array_equal(part, same)
