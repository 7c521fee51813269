"""Time to repair: the plain estimates where they apply, the best likelihood where weeks overlap, and honest ends."""

import numpy as np
import pytest

from accord.stats.repair_time import LEFT, OPEN, SETTLED, _possible, repair_time


def curve(rows, **how):
    """`rows` of (after, until, end, count)."""
    after, until, end, count = (np.array(column) for column in zip(*rows, strict=True))
    return repair_time(after, until, end, count, **{"draws": 50, **how})


def at(week, end, count=1):
    """Known to the week."""
    return (week - 1, week, end, count)


def aalen_johansen(rows, horizon):
    """The slow, obvious way, for ends that are known to the week: (week, end) pairs."""
    settled, left, alive, curves = 0.0, 0.0, 1.0, []
    for week in range(horizon + 1):
        at_risk = sum(w >= week for w, _end in rows)
        here = [end for w, end in rows if w == week]
        if at_risk:
            settled += alive * here.count(SETTLED) / at_risk
            left += alive * here.count(LEFT) / at_risk
            alive *= 1 - (here.count(SETTLED) + here.count(LEFT)) / at_risk
        curves.append((settled, left))
    return np.array(curves).T


def test_nothing_open_and_nothing_unsure_is_a_plain_share():
    found = curve([at(1, SETTLED, 20), at(3, SETTLED, 10), at(3, LEFT, 10)], horizon=4)
    assert found.settled == pytest.approx([0, 0.5, 0.5, 0.75, 0.75])
    assert found.left == pytest.approx([0, 0, 0, 0.25, 0.25])
    assert found.n == 40


def test_known_weeks_with_some_still_open_give_aalen_johansen():
    rng = np.random.default_rng(5)
    rows = [(int(w), int(e)) for w, e in zip(rng.integers(0, 12, 150), rng.integers(0, 3, 150), strict=True)]
    # Open at the end of week w means: it ended after week w.
    found = curve([(w, 99, OPEN, 1) if e == OPEN else at(w, e) for w, e in rows], horizon=11)
    settled, left = aalen_johansen(rows, 11)
    assert found.settled == pytest.approx(settled, abs=2e-4)
    assert found.left == pytest.approx(left, abs=2e-4)


def test_leaving_is_not_taken_for_a_strain_that_may_still_be_settled():
    """Half leave in week 1, half settle in week 2: censoring the leavers would say 100 % are settled."""
    assert curve([at(1, LEFT, 10), at(2, SETTLED, 10)], horizon=3).settled[-1] == pytest.approx(0.5)


def test_a_settling_somewhere_in_four_weeks_is_not_dated_to_the_day_it_was_told():
    found = curve([(0, 4, SETTLED, 30)], horizon=6)
    assert found.settled == pytest.approx([0, 0.25, 0.5, 0.75, 1, 1, 1])


def test_no_other_curve_is_likelier():
    """The conditions for the maximum (Gentleman & Geyer 1994): no cell's gradient exceeds 1, used cells reach it."""
    rng = np.random.default_rng(9)
    after = rng.integers(0, 10, 80)
    until = after + rng.integers(1, 8, 80)
    end, count = rng.integers(0, 3, 80), rng.integers(1, 6, 80)
    found = repair_time(after, until, end, count, horizon=20, draws=2)
    may = _possible(after, np.minimum(until, 21), end, 20)
    masses = np.concatenate([np.diff([0, *found.settled]), [0], np.diff([0, *found.left]), [0]])
    rest = 1 - masses.sum()
    masses[21] = masses[43] = rest / 2
    gradient = (count / (may @ masses)) @ may / count.sum()
    assert gradient.max() < 1 + 5e-3
    assert gradient[masses > 1e-3] == pytest.approx(1, abs=5e-3)


def test_the_interval_holds_the_curve_and_narrows_with_more_strains():
    few = curve([at(2, SETTLED, 10), at(5, SETTLED, 10), (8, 99, OPEN, 10)], horizon=8, draws=200)
    many = curve([at(2, SETTLED, 1000), at(5, SETTLED, 1000), (8, 99, OPEN, 1000)], horizon=8, draws=200)
    width = lambda found: found.high[5] - found.low[5]  # noqa: E731
    assert few.low[5] < few.settled[5] < few.high[5]
    assert width(many) < width(few) / 5


def test_the_same_strains_give_the_same_interval():
    rows = [at(2, SETTLED, 10), (1, 6, SETTLED, 5), (3, 99, OPEN, 5)]
    assert curve(rows) == curve(rows)


def test_beyond_the_horizon_is_later():
    found = curve([at(50, SETTLED, 10), at(2, SETTLED, 10)], horizon=26)
    assert found.settled[-1] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("rows", "says"), [([at(1, SETTLED, 0)], "no strain"), ([(3, 3, SETTLED, 2)], "after < until")]
)
def test_what_cannot_be_is_refused(rows, says):
    with pytest.raises(ValueError, match=says):
        curve(rows)
