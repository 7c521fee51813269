"""What a mixed model promises: the likelihood is right, the optimum is the optimum, and trouble is told."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.accord.mixed_data import Recipe, Study, fitted, study
from tests.accord.mixed_plain import Ratings, Variances, best_loglik, covariance, loglik

from accord.errors import BadInput
from accord.stats.mixed import MixedFit, fit_growth, fit_mixed

SHAPES = ["intercept", "slope", "therapist", "therapist slope", "ar1", "ar1 slope", "car1 slope", "therapist ar1 slope"]


def plain(recipe: Recipe, s: Study) -> Ratings:
    slope = s.time if "slope" in recipe.has else np.zeros(len(s.y))
    therapist = s.therapist if "therapist" in recipe.has else np.arange(len(s.y))
    return Ratings(s.y, s.fixed, s.person, slope, s.time, therapist)


def variances(fit: MixedFit) -> Variances:
    return Variances(
        fit.var_intercept,
        fit.var_residual,
        fit.var_slope or 0.0,
        fit.cov or 0.0,
        fit.var_therapist or 0.0,
        fit.phi or 0.0,
    )


class TestAgainstTheCovarianceWrittenOut:
    """The slow second version is the judge: V of all ratings, determinant, solve."""

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("seed", [100, 101])
    def test_the_log_likelihood_at_the_estimates_is_that_of_the_written_out_model(self, seed: int, shape: str) -> None:
        recipe = Recipe(seed, 12, shape)
        s = study(recipe)
        fit = fitted(recipe, s)
        assert fit.converged, fit.message
        assert fit.loglik == pytest.approx(loglik(plain(recipe, s), variances(fit), recipe.method), abs=1e-7)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_no_neighbouring_variances_are_more_likely(self, shape: str) -> None:
        recipe = Recipe(102, 25, shape)
        s = study(recipe)
        fit = fitted(recipe, s)
        at, ratings = variances(fit), plain(recipe, s)
        for name in ("intercept", "residual", "slope", "cov", "therapist", "phi"):
            for factor in (0.99, 1.01):
                near = replace(at, **{name: getattr(at, name) * factor})
                assert loglik(ratings, near, recipe.method) <= fit.loglik + 1e-8, (name, factor)

    @pytest.mark.parametrize(("persons", "shape"), [(4, "slope"), (6, "therapist"), (5, "ar1 slope"), (7, "intercept")])
    def test_a_blunt_search_from_several_starts_finds_nothing_better(self, persons: int, shape: str) -> None:
        recipe = Recipe(110 + persons, persons, shape)
        s = study(recipe)
        parts = {"slope": "slope" in recipe.has, "therapist": "therapist" in recipe.has, "ar1": "ar1" in recipe.has}
        best = best_loglik(plain(recipe, s), recipe.method, **parts, starts=3)
        assert fitted(recipe, s).loglik >= best - 1e-5

    def test_where_nlme_fails_at_a_singular_covariance_the_blunt_search_agrees(self) -> None:
        for seed in (12, 40):
            recipe = Recipe(seed, {12: 12, 40: 5}[seed], "ar1 slope")
            s = study(recipe)
            fit = fitted(recipe, s)
            assert fit.converged
            assert fit.boundary == ("the correlation of intercept and slope is at its limit (singular covariance)",)
            best = best_loglik(plain(recipe, s), recipe.method, slope=True, therapist=False, ar1=True, starts=1)
            assert fit.loglik == pytest.approx(best, abs=1e-4)

    def test_predictions_and_their_errors_are_those_of_the_joint_normal(self) -> None:
        recipe = Recipe(103, 12, "therapist ar1 slope")
        s = study(recipe)
        fit, r = fitted(recipe, s), plain(recipe, s)
        v = variances(fit)
        inverse = np.linalg.inv(covariance(r, v))
        residual = s.y - s.fixed @ np.array(list(fit.fixed.values()))
        person = fit.persons[3]
        z = (s.person == person)[:, None] * np.column_stack([np.ones(len(s.y)), s.time])
        g = np.array([[v.intercept, v.cov], [v.cov, v.slope]])
        assert fit.blups[3] == pytest.approx(g @ z.T @ inverse @ residual, abs=1e-9)
        assert fit.blup_se[3] == pytest.approx(np.sqrt(np.diag(g - g @ z.T @ inverse @ z @ g)), rel=1e-7)
        assert fit.therapists is not None
        assert fit.therapist_blups is not None
        assert fit.therapist_blup_se is not None
        here = (s.therapist == fit.therapists[1]).astype(float)
        assert fit.therapist_blups[1] == pytest.approx(v.therapist * here @ inverse @ residual, abs=1e-9)
        spread = v.therapist - v.therapist**2 * here @ inverse @ here
        assert fit.therapist_blup_se[1] == pytest.approx(np.sqrt(spread), rel=1e-6, abs=1e-9)


class TestWhatMustNotMatter:
    """Order of rows, names of persons, units and origin of the clock."""

    def test_the_order_of_rows_and_the_labels(self) -> None:
        recipe = Recipe(120, 15, "therapist slope")
        s = study(recipe)
        order = np.argsort(s.time, kind="stable")
        named = np.array([f"client {k:03d}" for k in s.person])
        other = fit_mixed(
            s.y[order], s.fixed[order], named[order], slope=s.time[order], therapist=s.therapist[order].astype(str)
        )
        fit = fitted(recipe, s)
        assert other.loglik == pytest.approx(fit.loglik, abs=1e-8)
        assert sorted(other.blups[:, 0]) == pytest.approx(sorted(fit.blups[:, 0]), abs=1e-6)

    def test_a_clock_in_days_since_1970_and_a_scale_of_thousands(self) -> None:
        recipe = Recipe(122, 30, "slope")
        s = study(recipe)
        fit = fitted(recipe, s)
        days = 20_000.0 + 7.0 * s.time
        far = fit_mixed(1e6 + 1000.0 * s.y, np.column_stack([np.ones(len(days)), days]), s.person, slope=days)
        assert far.converged
        assert far.fixed["x1"] == pytest.approx(1000.0 * fit.fixed["time"] / 7.0, rel=1e-6)
        assert far.var_residual == pytest.approx(1e6 * fit.var_residual, rel=1e-6)
        assert far.var_slope == pytest.approx(1e6 * fit.var_slope / 49.0, rel=1e-5)

    def test_a_table_of_sessions_gives_what_the_long_rows_give(self) -> None:
        recipe = Recipe(124, 40, "ar1 slope")
        s = study(recipe)
        table = np.full((40, 20), np.nan)
        table[s.person, s.time.astype(int)] = s.y
        growth, fit = fit_growth(table, ar1=True), fitted(recipe, s)
        assert growth.converged
        assert (growth.b1, growth.phi) == pytest.approx((fit.fixed["time"], fit.phi))
        assert growth.loglik == pytest.approx(fit.loglik, abs=1e-8)

    def test_missing_rows_are_left_out_and_counted(self) -> None:
        recipe = Recipe(126, 20, "slope")
        s = study(recipe)
        y = np.r_[s.y, np.nan, 3.0]
        time = np.r_[s.time, 3.5, np.nan]
        person = np.r_[s.person, 0, 1]
        fit = fit_mixed(y, np.column_stack([np.ones(len(y)), time]), person, slope=time)
        assert fit.n_dropped == 2
        assert fit.loglik == pytest.approx(fitted(recipe, s).loglik, abs=1e-9)

    def test_large_data_in_several_blocks(self) -> None:
        recipe = Recipe(128, 9000, "therapist ar1 slope")
        s = study(recipe)
        fit = fitted(recipe, s)
        assert fit.converged
        assert fit.var_residual == pytest.approx(0.35**2, rel=0.02)
        assert fit.phi == pytest.approx(0.4, abs=0.01)
        assert fit.var_therapist == pytest.approx(0.35**2, rel=0.1)


class TestTroubleIsTold:
    """A border or a failure says so; nothing is called converged that is not an optimum."""

    def test_no_difference_between_persons_is_a_border(self) -> None:
        rng = np.random.default_rng(5)
        person = np.repeat(np.arange(30), 10)
        y = rng.standard_normal(300)
        for k in range(30):
            y[person == k] -= y[person == k].mean()
        fit = fit_mixed(y, np.ones((300, 1)), person)
        assert fit.converged
        assert fit.var_intercept == 0.0
        assert fit.boundary == ("the variance between persons is zero",)
        assert "at the boundary: the variance between persons is zero" in str(fit)

    def test_parallel_lines_without_noise_do_not_converge(self) -> None:
        rng = np.random.default_rng(6)
        person, time = np.repeat(np.arange(20), 8), np.tile(np.arange(8.0), 20)
        y = rng.standard_normal(20)[person] + rng.standard_normal(20)[person] * time
        fit = fit_mixed(y, np.column_stack([np.ones(160), time]), person, slope=time)
        assert not fit.converged
        assert "residual variance has gone to zero" in fit.message
        assert "NOT converged" in str(fit)

    def test_two_ratings_a_person_do_not_fix_an_autocorrelation(self) -> None:
        rng = np.random.default_rng(7)
        person, time = np.repeat(np.arange(40), 2), np.tile([0.0, 1.0], 40)
        y = rng.standard_normal(40)[person] + 0.5 * rng.standard_normal(80)
        fit = fit_mixed(y, np.ones((80, 1)), person, time=time, ar1=True)
        assert not fit.converged
        assert fit.message

    @pytest.mark.filterwarnings("error")
    def test_persons_who_always_answer_the_same_are_told_without_a_warning_of_numpy(self) -> None:
        y = np.repeat([-0.34, 0.45, 0.75], [3, 3, 2])
        time = np.array([6.0, 11, 13, 3, 4, 14, 7, 18])
        fixed = np.column_stack([np.ones(8), time])
        fit = fit_mixed(y, fixed, np.repeat([1, 2, 3], [3, 3, 2]), time=time, ar1=True)
        assert not fit.converged
        assert "the residual variance has gone to zero" in fit.message

    def test_the_frozen_result_goes_to_json(self) -> None:
        recipe = Recipe(130, 20, "therapist slope")
        told = json.loads(json.dumps(fitted(recipe, study(recipe)).to_dict()))
        assert {"fixed", "se", "random", "loglik", "criterion", "n", "converged", "boundary"} <= set(told)
        assert told["criterion"] == pytest.approx(-2 * told["loglik"])
        assert set(told["random"]) == {"var_intercept", "var_slope", "cov", "corr", "var_therapist", "var_residual"}


ONE = np.ones((6, 1))
PERSON = np.array([1, 1, 1, 2, 2, 2])
TIME = np.array([0.0, 1.0, 2.0, 0.0, 1.0, 2.0])
Y = np.array([1.0, 2.0, 4.0, 2.0, 2.0, 5.0])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"person": np.ones(6)}, "there is only one person"),
        ({"person": np.arange(6)}, "no person has more than 1 complete rating"),
        ({"y": np.full(6, 3.0)}, "the outcome is constant"),
        ({"y": np.full(6, np.nan)}, "no row is complete"),
        ({"y": np.array([1.0, np.inf, 2.0, 3.0, 1.0, 2.0])}, "infinite values"),
        ({"y": np.array(["a"] * 6)}, "`y` is not all numbers"),
        ({"y": Y[:5]}, "different lengths: 5 and 6"),
        ({"fixed": np.column_stack([ONE, ONE])}, "fixed effect 'x1' is constant or a combination"),
        ({"fixed": np.ones(6)}, "a row a rating and a column a fixed effect"),
        ({"slope": np.ones(6)}, "the random slope is constant"),
        ({"slope": TIME, "person": np.array([1, 1, 2, 2, 3, 3])}, "at least one person needs 3"),
        ({"therapist": np.ones(6)}, "at least two therapists"),
        ({"therapist": PERSON}, "Leave the therapist out"),
        ({"therapist": np.array([1, 2, 1, 2, 2, 2])}, "person 1 appears under two therapists"),
        ({"person": np.array([1.0, np.nan, 1, 2, 2, 2])}, "row 2 has no person"),
        ({"person": np.array(["a", None, "a", "b", "b", "b"])}, "row 2 has no person"),
        ({"ar1": True}, "need `time`"),
        ({"ar1": True, "time": np.array([0.0, 1, 1, 0, 1, 2])}, "person 1 has two ratings at time 1"),
        ({"method": "OLS"}, "choose 'REML' or 'ML'"),
        ({"names": ("a", "b")}, "2 names for 1 fixed effects"),
    ],
)
def test_bad_input_gets_a_sentence(change: dict, sentence: str) -> None:
    given = {"y": Y, "fixed": ONE, "person": PERSON} | change
    with pytest.raises(BadInput, match=sentence):
        fit_mixed(**given)


def test_a_table_of_growth_needs_two_dimensions() -> None:
    with pytest.raises(BadInput, match="one row a dyad and one column a session"):
        fit_growth(np.ones(5))


def test_covariates_that_are_nearly_alike_are_said():
    rng = np.random.default_rng(1)
    person, x = np.repeat(np.arange(40), 10), rng.standard_normal(400)
    y = 3.0 + 0.5 * rng.standard_normal(40)[person] + 0.1 * x + 0.3 * rng.standard_normal(400)
    names = ("level", "x", "almost x")
    for noise, warned in ((1e-7, True), (0.1, False)):
        near = x + noise * rng.standard_normal(400)
        fit = fit_mixed(y, np.column_stack([np.ones(400), x, near]), person, names=names)
        assert bool(fit.warnings) == warned
        assert fit.to_dict()["warnings"] == list(fit.warnings)
        if warned:
            assert "x, almost x say nearly the same" in fit.warnings[0]
            assert "careful: the fixed effects" in str(fit)


@pytest.mark.parametrize(
    ("persons", "slope", "warned"), [(2, True, True), (3, True, True), (3, False, True), (12, True, False)]
)
def test_too_few_persons_to_say_how_persons_differ_are_said(persons, slope, warned):
    rng = np.random.default_rng(2)
    person, time = np.repeat(np.arange(persons), 8), np.tile(np.arange(8.0), persons)
    y = 3.0 + rng.standard_normal(persons)[person] + 0.3 * rng.standard_normal(len(person))
    fit = fit_mixed(y, np.column_stack([np.ones(len(y)), time]), person, slope=time if slope else None)
    assert any("hardly known from" in warning for warning in fit.warnings) == warned
