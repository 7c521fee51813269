"""The classical rules by name, and what they do when nothing happened."""

import numpy as np
import pytest

from accord.errors import BadInput
from accord.simulation import nine_items
from accord.stats.courses import draw
from accord.stats.rules import (
    RULES,
    control_chart,
    false_alarms,
    reliable_change,
    reliable_limit,
    rule_named,
    session_drop,
    v_shape,
)

NAN = np.nan


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("own-mean-1sd", 0.99), ("own-mean-2sd", 0.29), ("v-shape-1sd", 0.90), ("v-shape-2sd", 0.42),
        ("control-chart-2sigma", 0.42), ("control-chart-3sigma", 0.21),
    ],
)  # fmt: skip
def test_false_alarms_agree_with_an_independent_simulation(name, share):
    """The shares come from another program, written before this one, with the same parameters."""
    assert false_alarms(RULES[name], nine_items()) == pytest.approx(share, abs=0.05)


def test_a_v_needs_half_of_the_fall_regained_within_three_sessions():
    back = np.array([[4.0, 4.1, 3.9, 2.0, 2.2, 3.1, 4.0]])
    stays = np.array([[4.0, 4.1, 3.9, 2.0, 2.1, 2.0, 2.2]])
    assert np.flatnonzero((v_shape(back) >= 1.0)[0]).tolist() == [3]
    assert not (v_shape(stays) >= 1.0).any()


def test_the_chart_looks_at_earlier_ratings_only():
    y = np.array([[4.0, 4.1, 4.0, 4.1, 3.0, 1.0]])
    first = control_chart(y)[:, :5]
    np.testing.assert_array_equal(first, control_chart(np.array([[4.0, 4.1, 4.0, 4.1, 3.0]])))
    assert (first[0] >= 3.0).tolist() == [False, False, False, False, True]


def test_the_last_rating_counts_over_a_gap():
    y = np.array([[4.0, NAN, 2.0], [4.0, 4.1, 4.0], [3.0, 3.1, 3.0]])
    assert (session_drop(y) >= 2.0)[0].tolist() == [False, False, True]
    assert (reliable_change(y) >= 1.0)[0].tolist() == [False, False, True]


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
@pytest.mark.parametrize(
    "y", [np.full((3, 8), 4.0), np.full((3, 8), NAN), np.array([[4.0]]), np.array([[4.0, NAN, NAN]])],
    ids=["constant", "all missing", "one session", "one rating"],
)  # fmt: skip
def test_where_there_is_nothing_to_see_no_rule_sees_it(rule, y):
    assert not rule.flag(y).any()


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_a_rule_is_matched_to_a_share_of_false_alarms(rule):
    calm, other = (draw(nine_items(), 6000, np.arange(1.0, 16.0), np.random.default_rng(seed)) for seed in (1, 2))
    assert rule.matched(calm, 0.05).flag(other).any(axis=1).mean() == pytest.approx(0.05, abs=0.012)


def test_a_reliable_change_of_a_published_example():
    assert reliable_limit(8.16, 0.801) / 1.96 == pytest.approx(5.15, abs=0.005)


@pytest.mark.parametrize(("sd", "reliability"), [(-1, 0.8), (8, 1.2), (8, float("nan"))])
def test_a_reliable_change_of_nonsense_is_refused(sd, reliability):
    with pytest.raises(BadInput):
        reliable_limit(sd, reliability)


def test_a_rule_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(BadInput, match="own-mean-1sd"):
        rule_named("rupture")
