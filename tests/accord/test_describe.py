"""Who is in a study and what is missing: lme4's variances of a trial, counts written out, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from tests.accord.study_data import IMPLEMENT, gold, implement, processed, refused, written

from accord.cli import main
from accord.errors import BadInput
from accord.stats.describe import describe_ratings


def test_the_trial_gives_the_variances_of_lme4():
    """57 patients of up to 15 sessions; a quarter of the session totals is missing."""
    table = implement()
    wai = table["wai"].cast(float).fill_null(float("nan")).to_numpy()
    about = describe_ratings(wai, table["patient"].to_numpy(), table["session"].to_numpy())
    between, within = gold("implement")["ICC_wai"]
    assert (about.sd_between**2, about.sd_within**2) == pytest.approx((between, within), rel=1e-5)
    assert about.icc == pytest.approx(between / (between + within), rel=1e-5)
    assert (about.ratings, about.persons) == (gold("implement")["n_obs"], 57)
    assert about.missing == pytest.approx(1 - 642 / 855)


def test_what_is_missing_is_counted_where_it_is():
    nan = np.nan
    grid = np.array([[3, nan, 4, nan, nan, nan], [1, 2, 3, 4, 5, 5], [nan, 5, 5, 5, nan, 5]])
    who, session = np.divmod(np.arange(18), 6)
    about = describe_ratings(grid.ravel(), who, session)
    assert about.missing == pytest.approx(6 / 18)
    assert (about.gaps, about.after_last) == pytest.approx((3 / 18, 3 / 18))
    assert about.missing_by_third == pytest.approx((2 / 6, 1 / 6, 3 / 6))
    assert (about.fewest, about.median_sessions, about.most) == (2, 4.0, 6)
    assert (about.floor, about.ceiling) == pytest.approx((1 / 12, 6 / 12))


def test_rows_that_are_not_there_count_like_empty_ones():
    nan = np.nan
    grid = np.array([[3.0, nan, 4, 4], [1, 2, 3, nan]])
    who, session = np.divmod(np.arange(8), 4)
    there = ~np.isnan(grid.ravel())
    every = describe_ratings(grid.ravel(), who, session)
    assert describe_ratings(grid.ravel()[there], who[there], session[there]) == every


def test_known_variances_are_found():
    rng = np.random.default_rng(1)
    shares = []
    for _study in range(20):
        y = 0.6**0.5 * rng.standard_normal((60, 1)) + 0.4**0.5 * rng.standard_normal((60, 8))
        who, session = np.divmod(np.arange(480), 8)
        shares.append(describe_ratings(y.ravel(), who, session).icc)
    assert abs(np.mean(shares) - 0.6) < 3 * np.std(shares) / 20**0.5


def test_one_person_and_one_rating_are_described_without_a_share():
    about = describe_ratings([3, 4, 5], [1, 1, 1], [1, 2, 3])
    assert np.isnan(about.icc)
    assert np.isnan(describe_ratings([4.0, 4], [1, 2], [1, 1]).icc)
    assert "nan" not in str(describe_ratings([4.0, 5], [1, 2], [1, 1]))


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (([np.nan, np.nan], [1, 2], [1, 1]), "all ratings are missing"),
        (([1, np.inf], [1, 2], [1, 1]), "the rating of row 2 is infinite"),
        (([1, 2], [1, 2], [1, np.nan]), "row 2 has no time"),
        (([1, 2], [7, 7], [1, 1]), "person 7 has two rows at time 1"),
        (([1, 2], [1, 2], [1]), "different lengths"),
        (([1, 9], [1, 2], [1, 1], (1, 5)), "the rating 9 of row 2 lies beyond 1 to 5"),
    ],
)
def test_what_cannot_be_described_is_refused(columns, says):
    with pytest.raises(BadInput, match=says):
        describe_ratings(*columns)


def test_the_command(tmp_path, capsys):
    asked = ("--person", "patient", "--time", "session", "--columns")
    told = processed(capsys, "describe", IMPLEMENT, *asked, "wai1,bai2")
    assert told["wai1"]["persons"] == 57
    assert 0.05 < told["bai2"]["missing"] < 0.3
    assert main(["fit", "describe", str(IMPLEMENT), *asked, "wai1"]) == 0
    assert "intraclass correlation" in capsys.readouterr().out
    path = written(tmp_path / "a.csv", patient=[1, 1, 2], session=[1, 2, 1], q=[5, 5, 4])
    assert main(["fit", "describe", str(path), *asked, "q", "--ends", "1,5"]) == 0
    assert "careful: many ratings are at the highest value" in capsys.readouterr().out
    assert "column 'q': the rating 5 of row 1 lies beyond" in refused(
        capsys, "describe", path, *asked, "q", "--ends", "1,4"
    )
    assert "--ends is '1'" in refused(capsys, "describe", path, *asked, "q", "--ends", "1")
    assert "--columns names none" in refused(capsys, "describe", path, *asked, ",")
