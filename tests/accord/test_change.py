"""Reliable, clinically significant and sudden change: other programs' counts, error rates, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm
from tests.accord.study_data import courses_with_jumps, gold, processed, refused, written

from accord.cli import main
from accord.errors import BadInput
from accord.stats.change import CATEGORIES, change_of_slopes, clinical_change, sudden_changes

OF_CLAUS = {
    ("bdi", "JT"): (10, 8, 22, 0, 0),
    ("hamd", "JT"): (26, 3, 10, 1, 0),
    ("hamd", "EN"): (26, 6, 5, 3, 0),
    ("hamd", "HLL"): (12, 0, 16, 11, 1),
    ("hamd", "GLN"): (26, 3, 10, 1, 0),
    ("hamd", "NK"): (26, 2, 11, 1, 0),
    ("hamd", "HA"): (23, 9, 7, 1, 0),
}
"""Recovered, improved, unchanged, deteriorated, harmed: the tests of the R package clinicalsignificance."""
NORMS = {"bdi": ("0.801", "7.69,7.52"), "hamd": ("0.8", "8,8")}


class TestClinicalChange:
    @pytest.mark.parametrize(("score", "method"), OF_CLAUS)
    def test_in_patients_give_the_counts_of_clinicalsignificance(self, shared_data, capsys, score, method):
        reliability, functional = NORMS[score]
        more = ("--reliability-after", "0.5") if method == "NK" else ()
        told = processed(
            capsys, "change", shared_data / "claus_2020.csv", "--outcome", score, "--person", "id", "--time", "time",
            "--first", "1", "--last", "4", "--reliability", reliability, "--functional", functional,
            "--method", method, *more,
        )  # fmt: skip
        assert tuple(told[name] for name in CATEGORIES) == OF_CLAUS[score, method]
        assert told["n"] == 40
        if score == "bdi":
            theirs = json.loads((shared_data / "golden" / "golden_misc.json").read_text())["claus_jt"]
            assert told["cutoff"] == pytest.approx(theirs["cutoff"])
            assert told["pre_sd"] == pytest.approx(theirs["sd"])
            assert told["least"] / 1.96 == pytest.approx(theirs["sdiff"], abs=2e-4)

    def test_slopes_of_in_patients_give_the_counts_of_clinicalsignificance(self, shared_data, capsys):
        told = processed(
            capsys, "change", shared_data / "claus_2020.csv", "--outcome", "hamd", "--person", "id", "--time", "time",
            "--method", "HLM", "--functional", "8,8",
        )  # fmt: skip
        assert tuple(told[name] for name in CATEGORIES) == (10, 1, 20, 9, 0)

    def test_couples_of_jacobson_have_the_published_means(self, shared_data):
        theirs = json.loads((shared_data / "golden" / "golden_misc.json").read_text())["jacobson"]
        table = pl.read_csv(shared_data / "jacobson_1989.csv", null_values="NA")
        scores = [table.filter(pl.col("time") == time).sort("subject")["das"] for time in ("pre", "post")]
        change = clinical_change(*(s.cast(float).fill_null(float("nan")).to_numpy() for s in scores), 0.88)
        assert (change.pre_mean, change.pre_sd) == pytest.approx((theirs["pre_mean"], theirs["pre_sd"]))
        assert change.n + change.dropped == theirs["n"]

    @pytest.mark.parametrize("method", ["JT", "GLN", "HLL", "EN", "NK"])
    def test_where_nobody_changes_few_are_called_changed(self, method):
        """40,000 persons, reliability .8: of those without any change, 5 % pass the index either way."""
        rng = np.random.default_rng(1)
        true = 20 + 0.8**0.5 * 5 * rng.standard_normal(40_000)
        pre, post = (true + 0.2**0.5 * 5 * rng.standard_normal(40_000) for _time in range(2))
        change = clinical_change(pre, post, 0.8, method=method)
        expected = {"JT": 0.05, "GLN": 0.05, "HLL": 0.05, "EN": 0.144, "NK": 0.0613}[method]
        assert 1 - change.counts["unchanged"] / change.n == pytest.approx(expected, abs=0.006)

    def test_a_change_that_is_there_is_found_as_often_as_the_normal_curve_says(self):
        rng = np.random.default_rng(2)
        pre = 20 + 5 * rng.standard_normal(20_000)
        post = pre - 5 + 0.2**0.5 * 5 * 2**0.5 * rng.standard_normal(20_000)
        change = clinical_change(pre, post, 0.8, functional=(0.0, 1.0))
        assert (change.index < -1.96).mean() == pytest.approx(0.352, abs=0.01)  # Φ(5 / 3.162 − 1.96)

    def test_true_change_is_as_sure_as_the_index_of_hageman_and_arrindell_says(self):
        """Φ(−|index|) of those called improved did not truly improve; beyond 1.65 that is one in twenty at most."""
        rng = np.random.default_rng(4)
        true = 20 + 0.8**0.5 * 5 * rng.standard_normal(40_000)
        true_change = -2 + 4 * rng.standard_normal(40_000)
        pre, post = (score + 0.2**0.5 * 5 * rng.standard_normal(40_000) for score in (true, true + true_change))
        index = clinical_change(pre, post, 0.8, method="HA").index
        improved, edge = index < -1.65, (index < -1.5) & (index > -1.8)
        assert improved.mean() == pytest.approx(0.252, abs=0.008)  # Φ(−(1.65 √10 √R − 2) / (R √26)), with R 16 / 26
        assert (true_change[improved] >= 0).mean() == pytest.approx(norm.cdf(index[improved]).mean(), abs=0.003)
        assert (true_change[edge] >= 0).mean() == pytest.approx(0.05, abs=0.012)

    def test_slopes_are_as_far_from_the_mean_slope_as_their_index_says(self):
        """8,000 courses of six sessions with slopes that are known: wrong signs are as many as it tells."""
        rng = np.random.default_rng(5)
        who, t = np.repeat(np.arange(8000), 6), np.tile(np.arange(6.0), 8000)
        departs, level = [[0.8], [4.0]] * rng.standard_normal((2, 8000))
        y = 25 + level[who] + (departs - 0.5)[who] * t + 2 * rng.standard_normal(48_000)
        index = change_of_slopes(y, who, t).index
        called, wrong = np.abs(index) > 1.96, np.sign(departs) != np.sign(index)
        assert called.mean() == pytest.approx(0.261, abs=0.015)  # 2 Φ(−1.96 √(v / (0.8² − v))) with v their errors²
        assert wrong[called].mean() == pytest.approx(norm.cdf(-np.abs(index[called])).mean(), abs=0.004)
        assert wrong.mean() == pytest.approx(norm.cdf(-np.abs(index)).mean(), abs=0.012)

    def test_the_other_direction_mirrors(self):
        rng = np.random.default_rng(3)
        pre, post = 30 + 5 * rng.standard_normal((2, 200)) - [[0], [6]]
        down = clinical_change(pre, post, 0.8, functional=(15.0, 5.0))
        up = clinical_change(-pre, -post, 0.8, functional=(-15.0, 5.0), lower_is_better=False)
        assert up.counts == down.counts
        assert up.category.tolist() == down.category.tolist()

    @pytest.mark.parametrize(
        ("arguments", "options", "says"),
        [
            (([1], [2], 0.8), {}, "1 persons have both scores"),
            (([np.nan, np.nan], [2, 3], 0.8), {}, "0 persons have both scores"),
            (([4, 4, 4], [2, 3, 4], 0.8), {}, "the same score before"),
            (([1, np.inf], [2, 3], 0.8), {}, "the score before of row 2 is infinite"),
            (([1, 2], [2, 3, 4], 0.8), {}, "give each person one of each"),
            (([1, 2], [2, 3], 1.0), {}, "the reliability is 1"),
            (([1, 2], [2, 3], 0.8), {"method": "XX"}, "method 'XX' is not known"),
            (([1, 2], [2, 3], 0.8), {"method": "NK", "reliability_after": 1.5}, "the reliability is 1.5"),
            (([1, 2, 4], [2, 3, 5], 0.8), {"method": "HA"}, "differ no more than the error"),
            (([1, 2], [2, 3], 0.8), {"functional": (3.0, 0.0)}, "a standard deviation above 0"),
        ],
    )
    def test_what_cannot_be_sorted_is_refused(self, arguments, options, says):
        with pytest.raises(BadInput, match=says):
            clinical_change(*arguments, **options)


class TestSuddenChanges:
    def test_simulated_courses_give_the_cells_of_suddengains(self):
        theirs, scores = gold("sudden"), courses_with_jumps()
        assert np.nansum(scores) == theirs["sum"]
        found = sudden_changes(scores, 7)
        assert np.argwhere(found.falls).tolist() == theirs["falls"]
        assert found.judged.sum() == theirs["judged"]

    def test_jumps_are_found_where_they_were_put_and_hardly_elsewhere(self):
        found = sudden_changes(courses_with_jumps(600, seed=5), 7)
        with_jump = np.arange(600) % 3 == 0
        assert found.falls[with_jump].any(axis=1).mean() > 0.5
        assert found.falls[~with_jump].any(axis=1).mean() < 0.05

    def test_a_rise_is_a_fall_seen_from_below(self):
        course = np.array([[30.0, 29, 31, 30, 18, 17, 18, 16]])
        falls, rises = sudden_changes(course, 7), sudden_changes(course[:, ::-1], 7)
        assert np.argwhere(falls.falls).tolist() == [[0, 4]]
        assert np.argwhere(rises.rises).tolist() == [[0, 4]]
        assert not rises.falls.any()

    @pytest.mark.parametrize(
        ("scores", "points", "says"),
        [
            (np.ones((3, 3)), 7, "at least four sessions"),
            (np.ones(8), 7, "at least four sessions"),
            (np.full((2, 5), np.inf), 7, "a score of person 1 is infinite"),
            (np.ones((2, 5)), 0, "above 0"),
        ],
    )
    def test_what_cannot_be_judged_is_refused(self, scores, points, says):
        with pytest.raises(BadInput, match=says):
            sudden_changes(scores, points)


class TestTheCommand:
    ASKED = ("--outcome", "y", "--person", "who", "--time", "t")

    @pytest.fixture
    def path(self, tmp_path):
        scores = courses_with_jumps()
        who, session = np.nonzero(~np.isnan(scores))
        return written(tmp_path / "a.csv", y=scores[who, session], who=who, t=session + 1)

    def test_reliability_after_is_that_of_the_last_score_and_of_nk_alone(self, path, capsys):
        asked = (path, *self.ASKED, "--reliability", "0.8", "--first", "1", "--last", "4")
        later = "--reliability-after", "0.3"
        alike, other = (processed(capsys, "change", *asked, "--method", "NK", *more) for more in ((), later))
        assert alike["n"] == other["n"] > 20
        assert other["unchanged"] > alike["unchanged"], "a last score that is less reliable changes reliably less often"
        assert "for --method NK alone" in refused(capsys, "change", *asked, *later)
        assert "give either --reliability" in refused(capsys, "change", path, *self.ASKED)

    def test_slopes_say_that_they_are_judged_against_each_other(self, path, capsys):
        asked = (path, *self.ASKED, "--method", "HLM")
        assert main(["fit", "change", *map(str, asked)]) == 0
        shown = capsys.readouterr().out
        assert "careful: HLM compares with the mean slope; deteriorated means a worse slope than others have" in shown
        assert "HLM takes all scores of a person" in refused(capsys, "change", *asked, "--first", "1")

    def test_each_person_s_first_and_last(self, path, capsys):
        scores = courses_with_jumps()
        ends = [[row[~np.isnan(row)][end] for row in scores] for end in (0, -1)]
        plain = clinical_change(*ends, 0.85, functional=(8, 6))
        told = processed(capsys, "change", path, *self.ASKED, "--reliability", "0.85", "--functional", "8,6")
        assert {name: told[name] for name in CATEGORIES} == plain.counts
        assert main(["fit", "change", str(path), *self.ASKED, "--reliability", "0.85"]) == 0
        assert "cut-off a:" in capsys.readouterr().out

    def test_sudden_changes(self, path, capsys):
        assert processed(capsys, "change", path, *self.ASKED, "--sudden", "7")["falls"] == len(gold("sudden")["falls"])
        assert main(["fit", "change", str(path), *self.ASKED, "--sudden", "7"]) == 0
        assert "steps could be judged" in capsys.readouterr().out

    def test_a_person_with_one_session_is_left_out(self, tmp_path, capsys):
        path = written(tmp_path / "a.csv", y=[9, 5, 4, 8, 2], who=[1, 1, 2, 3, 3], t=[1, 2, 1, 1, 5])
        told = processed(capsys, "change", path, *self.ASKED, "--reliability", "0.8")
        assert (told["n"], told["dropped"]) == (2, 1)

    def test_slips_are_said(self, path, tmp_path, capsys):
        assert "give either --reliability" in refused(capsys, "change", path, *self.ASKED)
        asked = (*self.ASKED, "--reliability", "0.8")
        assert "give mean and SD" in refused(capsys, "change", path, *asked, "--functional", "8")
        assert "the reliability is 8" in refused(capsys, "change", path, *self.ASKED, "--reliability", "8")
        other = written(tmp_path / "b.csv", y=["x", "2"], who=[1, 1], t=[1, 2])
        assert "line 2, column 'y': 'x' is not a finite number" in refused(capsys, "change", other, *asked)
        written(other, y=[1, 2], who=[1, 1], t=[1, 1])
        assert "line 3: who 1, t 1 is there twice" in refused(capsys, "change", other, *asked)
        written(other, y=[1, 2], who=[1, 1], t=[1, 2])
        assert "1 persons have both scores" in refused(capsys, "change", other, *asked)
