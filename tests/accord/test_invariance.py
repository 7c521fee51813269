"""Answers that mean the same, or not: lavaan's numbers on public and simulated answers, error rates, and refusals."""

from __future__ import annotations

import numpy as np
import pytest
from tests.accord.study_data import answers_of_sessions, gold, processed, refused, two_sides, written

from accord.cli import main
from accord.errors import BadInput
from accord.stats.invariance import STEPS, compare_groups, invariance, invariance_of_sides
from accord.stats.normal_patterns import Patterns
from accord.stats.omega import multilevel_omega

LAVAAN = gold("invariance")
MEASURES = {"chisq": "chi2", "df": "df", "cfi": "cfi", "rmsea": "rmsea", "bic": "bic", "logl": "loglik"}
FACTOR = {"bond": ["a", "b", "c", "d"]}


def assert_fits(found, theirs):
    for step in STEPS:
        assert found.fits[step].converged, found.fits[step].message
        for name, value in theirs[step].items():
            assert getattr(found.fits[step], MEASURES[name]) == pytest.approx(value, abs=2e-4), (step, name)


class TestGroups:
    def test_two_schools_give_the_numbers_of_lavaan(self):
        """Holzinger and Swineford 1939, from the moments of both schools: χ² 115.851, 124.044, 164.103, 181.511."""
        theirs, every = LAVAAN["groups"], np.ones((1, 9), dtype=bool)
        groups = [
            Patterns(np.array([float(m["n"])]), every, np.array([m["mean"]]), np.array([m["covariance"]]), 0)
            for m in theirs["moments"]
        ]
        found = compare_groups(groups, {"visual": [0, 1, 2], "textual": [3, 4, 5], "speed": [6, 7, 8]})
        assert_fits(found, theirs["fits"])
        chi2 = [fit.chi2 for fit in found.fits.values()]
        assert chi2 == pytest.approx([115.851, 124.044, 164.103, 181.511], abs=5e-4)
        assert list(found.means.values()) == pytest.approx(theirs["means"], abs=1e-4)
        assert list(found.means_se.values()) == pytest.approx(
            theirs["means_se"], rel=0.01
        )  # they: expected information

    def test_where_groups_answer_alike_each_step_holds_in_most_studies(self):
        steps = {"metric": 0, "scalar": 0, "strict": 0}
        for seed in range(12):
            rng = np.random.default_rng(seed)
            answers = rng.standard_normal((240, 1)) * [1.0, 0.8, 1.1, 0.9] + 0.7 * rng.standard_normal((240, 4))
            found = invariance(answers, np.arange(240) % 2, FACTOR)
            for name in steps:
                steps[name] += found.steps[name]["p"] < 0.05
        assert max(steps.values()) <= 3

    def test_an_intercept_that_differs_is_seen_in_the_scalar_step_and_a_loading_in_the_metric(self):
        rng = np.random.default_rng(1)
        label = np.arange(600) % 2
        factor = rng.standard_normal((600, 1))
        answers = factor * [1.0, 0.8, 1.1, 0.9] + 0.7 * rng.standard_normal((600, 4))
        other_level = answers + 0.6 * label[:, None] * [0, 0, 0, 1]
        steps = invariance(other_level, label, FACTOR).steps
        assert steps["metric"]["p"] > 0.01
        assert steps["scalar"]["p"] < 1e-4
        other_loading = answers + 0.8 * factor * label[:, None] * [0, 0, 0, 1]
        assert invariance(other_loading, label, FACTOR).steps["metric"]["p"] < 1e-4

    @pytest.mark.parametrize(
        ("change", "factors", "says"),
        [
            (lambda y, g: (y, g * 0), FACTOR, "only one group"),
            (lambda y, g: (y[:, :3], g), FACTOR, "there are 4 items"),
            (lambda y, g: (y, g), {"f": ["a", "b"], "g": ["c", "c"]}, "item 'c' is named twice"),
            (lambda y, g: (y, g), {"f": ["a", "b", "c"], "g": ["d"]}, "factor 'g' has 1 items"),
            (lambda y, g: (y[:, :2], g), {"f": ["a", "b"]}, "factor 'f' has 2 items"),
            (lambda y, g: (np.where(g[:, None] == 1, 1.0, y), g), FACTOR, "group 1: column 'a' is constant"),
            (lambda y, g: (y[:6], g[:6]), FACTOR, "group 0: there are 3 rows for 4 columns"),
            (lambda y, g: (y[:, [0, 1, 2, 2]], g), FACTOR, "say the same"),
            (lambda y, g: (np.full_like(y, np.nan), g), FACTOR, "always missing"),
            (lambda y, g: (np.where(y == y[2, 1], np.inf, y), g), FACTOR, "is infinite"),
        ],
    )
    def test_what_cannot_be_compared_is_refused(self, change, factors, says):
        answers = np.random.default_rng(1).standard_normal((60, 4))
        with pytest.raises(BadInput, match=says):
            invariance(*change(answers, np.arange(60) % 2), factors)


class TestSides:
    def test_both_sides_of_dyads_give_the_numbers_of_lavaan(self):
        theirs, sides = LAVAAN["sides"], two_sides()
        assert sum(np.nansum(side) for side in sides) == pytest.approx(theirs["sum"])
        found = invariance_of_sides(*sides, FACTOR)
        assert_fits(found, theirs["fits"])
        assert found.means["bond~1"] == pytest.approx(theirs["mean"], abs=1e-5)
        assert found.means_se["bond~1"] == pytest.approx(theirs["mean_se"], rel=1e-3)

    def test_sides_of_other_shapes_are_refused(self):
        with pytest.raises(BadInput, match="there are 4 items"):
            invariance_of_sides(np.ones((5, 4)), np.ones((5, 3)), FACTOR)


class TestOmega:
    def test_courses_of_unlike_length_give_the_numbers_of_lavaan(self):
        found = multilevel_omega(answers_of_sessions())
        assert found.converged
        assert found.within == pytest.approx(LAVAAN["levels"]["within"], abs=1e-4)
        assert found.between == pytest.approx(LAVAAN["levels"]["between"], abs=1e-4)

    def test_known_omegas_are_found(self):
        runs = [multilevel_omega(answers_of_sessions(80, seed=seed)) for seed in range(8)]
        within, between = 3.6**2 * 0.36 / (3.6**2 * 0.36 + 1.0), 3.8**2 / (3.8**2 + 0.36)
        for name, truth in (("within", within), ("between", between)):
            values = np.array([getattr(run, name) for run in runs])
            assert abs(values.mean() - truth) < 3.5 * values.std(ddof=1) / len(runs) ** 0.5

    @pytest.mark.parametrize(
        ("answers", "says"),
        [
            (np.ones((9, 5, 2)), "three items at least"),
            (np.ones((9, 5)), "three items at least"),
            (np.full((9, 5, 3), np.nan), "0 persons with complete sessions"),
            (np.random.default_rng(1).standard_normal((1, 9, 3)), "1 persons with complete sessions"),
            (np.random.default_rng(1).standard_normal((30, 1, 3)), "too few for 3 items on two levels"),
            (np.ones((9, 5, 3)), "does not move within persons"),
            (np.full((9, 5, 3), np.inf), "infinite"),
        ],
    )
    def test_what_cannot_be_told_is_refused(self, answers, says):
        with pytest.raises(BadInput, match=says):
            multilevel_omega(answers)


class TestTheCommand:
    def test_groups_and_sides(self, tmp_path, capsys):
        first, second = two_sides()
        columns = {f"{side}{k}": y[:, k] for side, y in (("c", first), ("t", second)) for k in range(4)}
        path = written(tmp_path / "a.csv", **columns, land=np.where(np.arange(300) % 2, "AT", "DE"))
        path.write_text(path.read_text().replace("NaN", ""))
        factors = ("--factors", "bond=c0,c1,c2,c3")
        told = processed(capsys, "invariance", path, *factors, "--other", "t0,t1,t2,t3")
        assert told["scalar"]["chi2"] == pytest.approx(LAVAAN["sides"]["fits"]["scalar"]["chisq"], abs=1e-3)
        assert main(["fit", "invariance", str(path), *factors, "--group", "land"]) == 0
        assert "scalar" in capsys.readouterr().out
        assert "names 1 items" in refused(capsys, "invariance", path, *factors, "--other", "t0")
        assert "--factors is 'bond'" in refused(capsys, "invariance", path, "--factors", "bond", "--group", "land")

    def test_reliability_says_omega_too(self, tmp_path, capsys):
        answers = answers_of_sessions(40)
        who, session = np.nonzero(~np.isnan(answers).any(axis=2))
        columns = {f"i{k}": answers[who, session, k] for k in range(4)}
        path = written(tmp_path / "a.csv", who=who, t=session, **columns)
        asked = ("reliability", path, "--person", "who", "--time", "t", "--items")
        told = processed(capsys, *asked, "i0,i1,i2,i3")
        assert told["omega"]["within"] == pytest.approx(multilevel_omega(answers).within, abs=1e-6)
        assert "three items at least" in processed(capsys, *asked, "i0,i1")["omega"]["message"]
