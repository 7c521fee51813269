"""A calibration that no longer fits says in what, and one that fits says nothing."""

from dataclasses import replace

import numpy as np
import pytest

from accord.simulation import nine_items
from accord.stats.courses import draw
from accord.stats.fitting import misfit
from accord.stats.thresholds import Calibration

NINE = nine_items()
MADE = Calibration(replace(NINE, longest=15.0))


def ratings(usual, n=60, sessions=15):
    return draw(usual, n, np.arange(1.0, sessions + 1), np.random.default_rng(1))


@pytest.mark.parametrize(
    ("usual", "sessions", "changed"),
    [
        (NINE, 15, ()),
        (replace(NINE, b0=2.0), 15, ("level",)),
        (replace(NINE, var_residual=0.3, high=None, low=None), 15, ("noise",)),
        (replace(NINE, longest=15.0), 30, ("length",)),
    ],
    ids=["as it was", "another level", "more noise", "longer courses"],
)
def test_what_has_changed_is_named(usual, sessions, changed):
    assert set(changed) <= set(misfit(MADE, ratings(usual, sessions=sessions), np.arange(1.0, sessions + 1)))
    assert bool(misfit(MADE, ratings(usual, sessions=sessions), np.arange(1.0, sessions + 1))) == bool(changed)


def test_a_few_ratings_say_nothing():
    assert misfit(MADE, ratings(replace(NINE, b0=1.0), n=3), np.arange(1.0, 16.0)) == ()
