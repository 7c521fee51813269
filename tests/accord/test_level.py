"""The practice's level by date: a change for all is followed, and is no mark for each."""

from dataclasses import replace

import numpy as np
import pytest

from accord.simulation import nine_items
from accord.stats.courses import draw
from accord.stats.level import Level, followed
from accord.stats.thresholds import calibrate
from accord.trajectories import trajectory

NINE = replace(nine_items(), low=None, high=None)
T = np.arange(1.0, 16.0)


def ratings(n, seed, since=np.inf):
    """Courses that begin over a year, one session a week, all 1 SD lower from a day on; and the days."""
    rng = np.random.default_rng(seed)
    days = rng.integers(0, 250, (n, 1)) + 7.0 * T
    return draw(NINE, n, T, rng) - 0.3 * (days >= since), days


def test_a_change_for_all_is_followed_within_days():
    y, days = ratings(300, 1, since=180.0)
    level = followed(y, T, days, NINE)
    assert np.mean(level.at(np.arange(100.0, 180.0))) == pytest.approx(0.0, abs=0.15)
    assert np.mean(level.at(np.arange(183.0, 200.0))) == pytest.approx(-0.3, abs=0.15)


def test_a_rating_is_read_by_the_level_before_its_day():
    level = Level((10.0, 20.0), (-1.0, -2.0))
    assert level.at(np.array([[5.0, 10.0, 11.0, 20.0, 21.0]])).tolist() == [[0.0, 0.0, -1.0, -1.0, -2.0]]


def test_a_change_for_all_is_not_a_mark_for_each():
    made = calibrate(ratings(300, 2)[0], draws=4000)
    y, days = ratings(1500, 3, since=180.0)
    level = followed(y, T, days, made.hyper).at(days)
    alone, together = (trajectory(y, T, made, level=one) for one in (None, level))
    for kind in ("flag_drop", "flag_slide"):
        assert getattr(together, kind).sum() < 0.85 * getattr(alone, kind).sum()
    shift = together.expected - trajectory(y - level, T, made).expected
    np.testing.assert_allclose(shift, level)
