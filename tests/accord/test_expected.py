"""The usual course of an outcome: lme4's numbers, bands that hold what they promise on persons left out, refusals."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.accord.study_data import gold, implement, processed, refused, trial_from_intake, written

from accord.cli import main
from accord.errors import BadInput
from accord.stats.expected import expected_course


def of_trial():
    data = trial_from_intake()
    return expected_course(data["bai"], data["patient"], data["session"], data["intake"])


def test_the_trial_gives_the_numbers_of_lme4():
    theirs, fit = gold("studies")["expected"], of_trial().fit
    assert list(fit.fixed.values()) == pytest.approx(theirs["fixed"], abs=1e-4)
    assert list(fit.se.values()) == pytest.approx(theirs["se"], rel=1e-3)
    assert (fit.var_intercept, fit.var_slope, fit.cov, fit.var_residual) == pytest.approx(theirs["variances"], rel=1e-3)
    assert fit.loglik == pytest.approx(theirs["loglik"], abs=1e-4)


def test_the_first_rating_is_the_intake_where_none_is_given():
    table = implement()
    bai = table["bai"].cast(float).fill_null(float("nan")).to_numpy()
    course = expected_course(bai, table["patient"].to_numpy(), table["session"].to_numpy())
    assert course.fit.loglik == pytest.approx(of_trial().fit.loglik, abs=1e-6)


def assert_holds(course, within=0.04):
    for share, held in course.coverage.items():
        assert abs(held - share) <= within, (share, held)


def test_bands_hold_what_they_promise_on_patients_left_out():
    """IMPLEMENT's BAI."""
    assert_holds(of_trial())


@pytest.mark.parametrize("side", ["m_reldis", "f_reldis"])
def test_bands_hold_what_they_promise_on_couples_left_out(shared_data, side):
    table = pl.read_csv(shared_data / "BL2013_dyads_long.csv")
    assert_holds(expected_course(table[side].to_numpy(), table["coupleid"].to_numpy(), table["time"].to_numpy()))


def symptoms(seed, persons=120, sessions=10):
    """Whole points of 0 to 27, as of the PHQ-9, that fall with the logarithm of the session."""
    rng = np.random.default_rng(seed)
    fall = 2 + 1.2 * rng.standard_normal((persons, 1))
    score = 14 + 4 * rng.standard_normal((persons, 1)) - fall * np.log1p(np.arange(sessions))
    score = np.clip(np.round(score + 2.5 * rng.standard_normal((persons, sessions))), 0, 27)
    score[rng.random(score.shape) < 0.1] = np.nan
    return score.ravel(), np.repeat(np.arange(persons), sessions), np.tile(np.arange(float(sessions)), persons)


def test_bands_hold_what_they_promise_on_simulated_symptoms():
    courses = [expected_course(*symptoms(seed)) for seed in range(4)]
    for share in (0.8, 0.9):
        assert np.mean([course.coverage[share] for course in courses]) == pytest.approx(share, abs=0.02)


def test_a_band_is_the_mean_and_spread_of_somebody_new():
    """Written out: many new persons drawn from the fitted model."""
    course = expected_course(*symptoms(1))
    fit, rng = course.fit, np.random.default_rng(2)
    root = np.linalg.cholesky([[fit.var_intercept, fit.cov], [fit.cov, fit.var_slope]])
    own = rng.standard_normal((40_000, 2)) @ root.T
    level = np.array(list(fit.fixed.values())) @ [1, np.log(6), 12, 12 * np.log(6)]
    drawn = level + own @ [1, np.log(6)] + fit.var_residual**0.5 * rng.standard_normal(40_000)
    low, expected, high = course.band(5, 12)
    assert expected == pytest.approx(level)
    assert [low, high] == pytest.approx(np.quantile(drawn, [0.1, 0.9]), abs=0.15)
    with pytest.raises(BadInput, match="there is no band of 0.5"):
        course.band(5, 12, 0.5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda y, w, t: (y, w * 0, t), "1 persons have an intake"),
        (lambda y, w, t: (y[t == 0], w[t == 0], t[t == 0]), "0 persons have an intake"),
        (lambda y, w, t: (y * 0 + 3, w, t), "the intake is the same for all"),
        (lambda y, w, t: (y * np.nan, w, t), "0 persons have an intake"),
        (lambda y, w, t: (np.where(y == y[1], np.inf, y), w, t), "the outcome of row"),
        (lambda y, w, t: (y, w, t - 1), "a time is below 0"),
        (lambda y, w, t: (y, w, t, np.arange(len(y)) * 1.0), "person 0 has several intakes"),
        (lambda y, w, t: (y[1:], w, t), "different lengths"),
    ],
)
def test_what_has_no_usual_course_is_refused(change, says):
    with pytest.raises(BadInput, match=says):
        expected_course(*change(*symptoms(1, 30, 5)))


def test_the_command(tmp_path, capsys):
    path = written(tmp_path / "a.csv", **trial_from_intake())
    asked = ("--outcome", "bai", "--person", "patient", "--time", "session")
    told = processed(capsys, "expected", path, *asked, "--intake", "intake")
    assert told["fit"]["loglik"] == pytest.approx(gold("studies")["expected"]["loglik"], abs=1e-4)
    assert main(["fit", "expected", str(path), *asked]) == 0
    assert "80% band holds" in capsys.readouterr().out
    text = written(tmp_path / "b.csv", bai=["low", "1"], patient=[1, 1], session=[1, 2])
    assert "line 2, column 'bai': 'low'" in refused(capsys, "expected", text, *asked)
    written(text, bai=[1, 1], patient=[1, 1], session=[1, 1])
    assert "line 3: patient 1, session 1 is there twice" in refused(capsys, "expected", text, *asked)
    written(text, bai=[1, 1], patient=[1, 1], session=[1, 2])
    assert "b.csv: 1 persons have an intake" in refused(capsys, "expected", text, *asked)
