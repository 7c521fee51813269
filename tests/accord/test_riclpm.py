"""The random-intercept cross-lagged panel model: lavaan's numbers, known truth, slopes written out, and refusals."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.accord.study_data import LAGS, PANELS, gold, panel, processed, refused

from accord.cli import main
from accord.errors import BadInput
from accord.stats.normal_patterns import patterns
from accord.stats.path_fit import _loglik, _slope, fit_paths
from accord.stats.paths import PathCell, PathModel, parameters
from accord.stats.riclpm import _cells, riclpm

LAVAAN = gold("riclpm")
MEASURES = {"logl": "loglik", "chisq": "chi2", "df": "df", "cfi": "cfi", "rmsea": "rmsea", "npar": "npar"}


@pytest.mark.parametrize("name", LAVAAN)
def test_simulated_studies_give_the_numbers_of_lavaan(name):
    """Complete and with a quarter missing, free and constrained; estimates within a thousandth of their errors."""
    study, kind = name.split(": ")
    x, y = panel(*PANELS[study])
    theirs = LAVAAN[name]
    assert np.nansum(x) + np.nansum(y) == pytest.approx(theirs["sum"])
    ours = riclpm(x, y, constrained=kind == "constrained")
    assert ours.fit.converged, ours.fit.message
    for measure, value in theirs["fit"].items():
        assert ours.fit.indices()[MEASURES[measure]] == pytest.approx(value, abs=1e-4), measure
    assert set(theirs["estimate"]) == set(ours.estimates)
    for parameter, value in theirs["estimate"].items():
        assert ours.estimates[parameter] == pytest.approx(value, abs=1e-3 * theirs["se"][parameter]), parameter
        assert ours.se[parameter] == pytest.approx(theirs["se"][parameter], rel=1e-3), parameter


def test_the_slope_is_that_of_the_likelihood():
    x, y = panel(60, 3, 0.3, 1.0, 9)
    names = [f"{which}{wave}" for which in "xy" for wave in (1, 2, 3)]
    seen = patterns(np.hstack([x, y]), names)
    for constrained in (False, True):
        cells = _cells(names, seen, constrained, 0.4)
        parameter_names, start = parameters([cells])
        model = PathModel(cells, 6, 14, parameter_names)
        theta = start + 0.02 * np.arange(len(start)) / len(start)
        plain = [
            (_loglik([seen], [model], theta + move) - _loglik([seen], [model], theta - move)) / 2e-5
            for move in 1e-5 * np.eye(len(theta))
        ]
        assert _slope([seen], [model], theta)[1] == pytest.approx(plain, rel=1e-5, abs=1e-4)


def test_the_likelihood_is_that_of_each_row_by_itself():
    rng = np.random.default_rng(2)
    y = rng.standard_normal((40, 3)) @ rng.standard_normal((3, 3))
    y[rng.random(y.shape) < 0.3] = np.nan
    mean, root = rng.standard_normal(3), rng.standard_normal((3, 3))
    sigma = root @ root.T + np.eye(3)
    plain = 0.0
    for row in y[~np.isnan(y).all(axis=1)]:
        there = ~np.isnan(row)
        part, off = sigma[np.ix_(there, there)], row[there] - mean[there]
        plain -= 0.5 * (np.linalg.slogdet(2 * np.pi * part)[1] + off @ np.linalg.solve(part, off))
    assert patterns(y, "abc").loglik(mean, sigma) == pytest.approx(plain)


def test_known_lags_are_found_and_their_intervals_cover_them():
    """20 studies of 150 persons and 4 waves, one in ten missing; lags the same at all waves."""
    fits = [riclpm(*panel(150, 4, 0.1, 1.0, 100 + seed), constrained=True) for seed in range(20)]
    assert all(fit.fit.converged for fit in fits)
    truths = {f"{name[0]}2~{name[2]}1": value for name, value in LAGS.items()}
    covered = 0
    for name, truth in truths.items():
        values, errors = (np.array([getattr(fit, what)[name] for fit in fits]) for what in ("estimates", "se"))
        assert abs(values.mean() - truth) < 3.5 * values.std(ddof=1) / len(fits) ** 0.5, name
        covered += int((np.abs(values - truth) < 1.96 * errors).sum())
    assert 68 <= covered <= 80  # of 80; 76 are expected
    assert 18 <= np.mean([fit.fit.chi2 for fit in fits]) <= 31  # 23 degrees of freedom


def test_the_unit_of_the_scores_does_not_matter():
    x, y = panel(*PANELS["3 waves, a quarter missing"])
    one, other = riclpm(x, y), riclpm(100 * x + 7, 0.01 * y)
    assert other.fit.chi2 == pytest.approx(one.fit.chi2, abs=1e-6)
    assert other.estimates["y2~x1"] == pytest.approx(1e-4 * one.estimates["y2~x1"], rel=1e-4)
    assert other.se["y2~x1"] == pytest.approx(1e-4 * one.se["y2~x1"], rel=1e-3)


def test_persons_without_any_value_are_left_out_and_counted():
    x, y = panel(*PANELS["3 waves, a quarter missing"])
    empty = np.full((7, 3), np.nan)
    fit = riclpm(np.vstack([empty, x]), np.vstack([empty, y])).fit
    there = (~np.isnan(np.hstack([x, y]))).any(axis=1).sum()
    assert (fit.rows, fit.dropped) == (there, 157 - there)
    assert fit.loglik == pytest.approx(riclpm(x, y).fit.loglik, abs=1e-8)


def test_a_variance_below_zero_is_said_and_a_fine_one_is_not():
    assert riclpm(*panel(*PANELS["5 waves, complete"])).warnings == ()
    said = riclpm(*panel(100, 3, 0.0, 0.0, 3), constrained=True)
    assert min(said.estimates["RI_x~~RI_x"], said.estimates["RI_y~~RI_y"]) < 0
    assert "the variance RI_" in said.warnings[0]


def test_a_model_that_is_not_identified_is_said():
    rows = np.random.default_rng(1).standard_normal((50, 2))
    cells = [PathCell("path", 1, 0, 0.1, "a"), PathCell("spread", 0, 1, 0.1, "c"), PathCell("mean", 0, 0, 0.0, "m")]
    cells += [PathCell("spread", 0, 0, 1.0, "v"), PathCell("spread", 1, 1, 1.0, "e"), PathCell("mean", 1, 0, 0.0, "n")]
    fit = fit_paths([patterns(rows, "xy")], [cells], 2)
    assert not fit.converged
    assert fit.message


def slip(change):
    x, y = panel(60, 4, 0.0, 1.0, 1)
    return change(x, y)


FIRST_HALF = np.arange(60)[:, None] < 30


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x, y: (x[:1], y[:1]), "column 'x1' is constant"),
        (lambda x, y: (x[:8], y[:8]), "8 rows for 8 columns"),
        (lambda x, y: (x[:, :1], y[:, :1]), "there are 1 waves"),
        (lambda x, y: (x[:, :2], y[:, :2]), "there are 2 waves"),
        (lambda x, y: (x, y[:, :3]), r"x has the shape \(60, 4\) and y \(60, 3\)"),
        (lambda x, y: (np.where(np.arange(4) == 1, 3.0, x), y), "column 'x2' is constant"),
        (lambda x, y: (np.where(np.arange(4) == 1, np.nan, x), y), "column 'x2' is always missing"),
        (lambda x, y: (np.where(np.arange(4) == 1, y, x), y), "columns x2, y2 say the same"),
        (lambda x, y: (np.where(x == x[2, 2], np.inf, x), y), "column 'x3' is infinite in row 3"),
        (
            lambda x, y: (np.where(FIRST_HALF, x, np.nan), np.where(FIRST_HALF, np.nan, y)),
            "'x1' and 'y1' are both there in fewer than three rows",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_refused(change, says):
    with pytest.raises(BadInput, match=says):
        riclpm(*slip(change))


class TestTheCommand:
    @pytest.fixture
    def path(self, tmp_path):
        x, y = panel(*PANELS["3 waves, a quarter missing"])
        columns = {f"{name}{k + 1}": score[:, k] for name, score in (("wai", x), ("phq", y)) for k in range(3)}
        pl.DataFrame(columns).fill_nan(None).write_csv(tmp_path / "a.csv", null_value="NA")
        return tmp_path / "a.csv"

    COLUMNS = ("--x", "wai1,wai2,wai3", "--y", "phq1,phq2,phq3")

    def test_it_prints_what_lavaan_gives(self, path, capsys):
        theirs = LAVAAN["3 waves, a quarter missing: constrained"]
        told = processed(capsys, "riclpm", path, *self.COLUMNS, "--constrained")
        assert (told["npar"], told["df"]) == (19, 8)
        assert told["loglik"] == pytest.approx(theirs["fit"]["logl"], abs=1e-4)
        assert told["estimates"]["phq3~wai2"]["estimate"] == pytest.approx(theirs["estimate"]["y3~x2"], abs=1e-4)
        assert main(["fit", "riclpm", str(path), *self.COLUMNS]) == 0
        shown = capsys.readouterr().out
        assert "χ²(1) = 1.321" in shown
        assert "phq3~wai2" in shown

    def test_slips_are_said_with_the_name_of_the_file(self, path, capsys):
        assert "column 'wai9' is missing" in refused(capsys, "riclpm", path, "--x", "wai9", "--y", "phq1")
        twice = refused(capsys, "riclpm", path, "--x", "wai1,wai2,wai2", "--y", "phq1,phq2,phq3")
        assert "a.csv: column 'wai2' is named twice" in twice
        assert "there are 2 waves" in refused(capsys, "riclpm", path, "--x", "wai1,wai2", "--y", "phq1,phq2")
        path.write_text(path.read_text().replace("NA", "none", 1))
        assert "'none' is not a finite number" in refused(capsys, "riclpm", path, *self.COLUMNS)
        assert "there are 0 waves" in refused(capsys, "riclpm", path, "--x", ",", "--y", ",")
