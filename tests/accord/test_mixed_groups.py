"""Growth from sums by design is growth from the rows: REML and ML, gaps, one design or many, any centre and order."""

import numpy as np
import polars as pl
import pytest

from accord.errors import BadInput
from accord.stats.mixed import fit_mixed
from accord.stats.mixed_groups import GrowthGroups, fit_growth_groups


def ratings(persons: int = 150, waves: int = 8, missing: float = 0.2, level: float = 3.0) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    slopes = 0.1 + rng.normal(0, 0.08, (persons, 1))
    y = level + rng.normal(0, 0.8, (persons, 1)) + np.arange(waves) * slopes + rng.normal(0, 0.6, (persons, waves))
    person, t = np.nonzero(rng.random((persons, waves)) >= missing)
    return pl.DataFrame({"person": person, "t": t.astype(float), "y": y[person, t]})


def groups(rows: pl.DataFrame, centre: float = 0.0) -> GrowthGroups:
    y, t = pl.col("y") - centre, pl.col("t")
    persons = rows.group_by("person", maintain_order=True).agg(
        n=pl.len().cast(float), t=t.sum(), tt=(t * t).sum(), y=y.sum(), ty=(t * y).sum(), yy=(y * y).sum()
    )
    sy, sty = pl.col("y"), pl.col("ty")
    by = persons.group_by("n", "t", "tt", maintain_order=True).agg(
        persons=pl.len().cast(float), sy=sy.sum(), sty=sty.sum(), y_y=(sy * sy).sum(), y_ty=(sy * sty).sum(),
        ty_ty=(sty * sty).sum(), yy=pl.col("yy").sum(),
    )  # fmt: skip
    names = ("n", "t", "tt", "persons", "sy", "sty", "y_y", "y_ty", "ty_ty", "yy")
    return GrowthGroups(*(by[name].to_numpy() for name in names), y_centre=centre)


def from_rows(rows: pl.DataFrame, method="REML"):
    t = rows["t"].to_numpy()
    fixed = np.column_stack([np.ones(len(rows)), t])
    return fit_mixed(rows["y"], fixed, rows["person"], slope=t, method=method, names=("start", "time"))


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_sums_give_what_rows_give(method, missing):
    rows = ratings(missing=missing)
    mine, theirs = fit_growth_groups(groups(rows), method), from_rows(rows, method)
    assert mine.converged
    assert mine.loglik == pytest.approx(theirs.loglik, abs=1e-7)
    for name, value in theirs.fixed.items():
        assert mine.fixed[name] == pytest.approx(value, rel=1e-8)
        assert mine.se[name] == pytest.approx(theirs.se[name], rel=1e-6)
    assert mine.random == pytest.approx(theirs.random, rel=1e-5)
    assert (mine.n, mine.n_persons) == (theirs.n, theirs.n_persons)


def test_equal_sessions_are_one_row():
    assert len(groups(ratings(missing=0.0)).persons) == 1


def test_taken_from_a_centre_no_digit_is_lost():
    rows = ratings(level=1e6)
    centre = float(rows["y"].mean())
    assert fit_growth_groups(groups(rows, centre)).loglik == pytest.approx(from_rows(rows).loglik, abs=1e-6)


def test_the_order_of_persons_does_not_matter():
    rows = ratings()
    other = rows.sample(fraction=1.0, shuffle=True, seed=1)
    assert fit_growth_groups(groups(other)).loglik == pytest.approx(fit_growth_groups(groups(rows)).loglik, abs=1e-8)


def test_it_recovers_the_truth():
    fit = fit_growth_groups(groups(ratings(persons=4000)))
    assert fit.fixed["time"] == pytest.approx(0.1, abs=4 * fit.se["time"])
    assert fit.var_intercept == pytest.approx(0.64, rel=0.1)
    assert fit.var_slope == pytest.approx(0.0064, rel=0.15)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (ratings(persons=4), "too few"),
        (ratings().with_columns(y=pl.lit(2.0)), "constant"),
        (ratings().with_columns(t=pl.lit(1.0)), "time is constant"),
        (ratings().with_columns(y=pl.lit(float("inf"))), "not finite"),
    ],
)
def test_what_cannot_tell_is_refused(rows, says):
    with pytest.raises(BadInput, match=says):
        fit_growth_groups(groups(rows))
