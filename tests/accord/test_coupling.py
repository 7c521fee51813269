"""Alliance and outcome, within and between persons: lme4's numbers, known truth, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from tests.accord.study_data import gold, implement, processed, refused, written

from accord.cli import main
from accord.errors import BadInput
from accord.stats.coupling import coupling, lagged_coupling
from accord.stats.power import StudyDesign, simulated_study


def of_implement():
    table = implement()
    columns = (table[name].cast(float).fill_null(float("nan")).to_numpy() for name in ("bai", "wai"))
    return coupling(*columns, table["patient"].to_numpy(), table["session"].to_numpy())


def test_the_trial_gives_the_numbers_of_lme4():
    theirs, fit = gold("implement"), of_implement()
    names = {"(Intercept)": "(Intercept)", "session": "time", "bai1l": "outcome_before", "waiw1": "within"}
    for name, ours in {**names, "pm": "between"}.items():
        assert fit.lagged.fixed[ours] == pytest.approx(theirs["lagged"][name], abs=1e-6)
        assert fit.lagged.se[ours] == pytest.approx(theirs["lagged_se"][name], abs=1e-6)
    assert (fit.concurrent.fixed["within"], fit.concurrent.se["within"]) == pytest.approx((-0.049, 0.041), abs=5e-4)
    assert fit.lagged.n == 563


def test_without_trends_it_is_the_model_on_each_person_s_own_line():
    """Written out: numpy's line through each person's ratings, and the mixed model with a slope a person."""
    from accord.stats.mixed import fit_mixed

    table = implement().drop_nulls(["wai", "bai"])
    rows = []
    for patient in table["patient"].unique(maintain_order=True):
        part = table.filter(table["patient"] == patient)
        if len(part) < 3:
            continue
        session, wai = part["session"].to_numpy().astype(float), part["wai"].to_numpy()
        line = np.polyval(np.polyfit(session, wai, 1), session)
        rows += zip([patient] * len(part), session, part["bai"], wai - line, [wai.mean()] * len(part), strict=True)
    who, session, bai, left, mean = map(np.asarray, zip(*rows, strict=True))
    plain = fit_mixed(bai, np.column_stack([np.ones(len(bai)), session, left, mean]), who, slope=session)
    ours = coupling(
        table["bai"].to_numpy(), table["wai"].to_numpy(), table["patient"].to_numpy(), table["session"].to_numpy()
    ).concurrent_detrended
    assert ours.fixed["within"] == pytest.approx(plain.fixed["x2"], abs=1e-7)
    assert ours.loglik == pytest.approx(plain.loglik, abs=1e-6)


def simulated(seed, persons=80, sessions=12, within=-0.3, between=-0.6, trend=0.0):
    """Concurrent effects of which the truth is known; with `trend` both drift, which is no effect."""
    rng = np.random.default_rng(seed)
    level, drift = rng.standard_normal((persons, 1)), trend * (1 + rng.standard_normal((persons, 1)))
    time = np.arange(1.0, sessions + 1)
    state = 0.6 * rng.standard_normal((persons, sessions))
    alliance = level + drift * time + state
    outcome = between * level + within * state - drift * time + 0.4 * rng.standard_normal((persons, 1))
    outcome = outcome + 0.5 * rng.standard_normal((persons, sessions))
    alliance[rng.random(alliance.shape) < 0.15] = np.nan
    who = np.repeat(np.arange(persons), sessions)
    return outcome.ravel(), alliance.ravel(), who, np.tile(time, persons)


def test_known_effects_are_found_and_their_intervals_cover_them():
    fits = [coupling(*simulated(seed, persons=60)).concurrent for seed in range(16)]
    for effect, truth in (("within", -0.3), ("between", -0.6)):
        values = np.array([fit.fixed[effect] for fit in fits])
        errors = np.array([fit.se[effect] for fit in fits])
        assert abs(values.mean() - truth) < 3 * values.std(ddof=1) / len(fits) ** 0.5
        assert np.sum(np.abs(values - truth) < 1.96 * errors) >= 13


def test_a_lagged_effect_is_found_in_long_courses_and_its_intervals_cover_it():
    """Forty sessions, of which the bias of the outcome before is a fortieth; short ones: tests/accord/test_power.py."""
    design, rng = StudyDesign(40, 40, -0.2, auto=0.3), np.random.default_rng(4)
    who, time = np.divmod(np.arange(1600), 40)
    values, errors = np.array([
        (fit.fixed["within"], fit.se["within"])
        for x, y in (simulated_study(design, rng) for _study in range(24))
        for fit in (lagged_coupling(y.ravel(), x.ravel(), who, time),)
    ]).T  # fmt: skip
    assert abs(values.mean() + 0.2) < 3 * values.std(ddof=1) / 24**0.5 + 0.01
    assert np.sum(np.abs(values + 0.2) < 1.96 * errors) >= 20


def test_a_common_trend_is_no_effect_without_trends():
    fits = [coupling(*simulated(seed, within=0.0, trend=0.15)) for seed in range(4)]
    raw = np.mean([fit.concurrent.fixed["within"] for fit in fits])
    without = [fit.concurrent_detrended for fit in fits]
    worst = 3 * np.mean([fit.se["within"] for fit in without]) / len(fits) ** 0.5
    assert abs(np.mean([fit.fixed["within"] for fit in without])) < worst
    assert raw < -worst


def test_the_order_of_rows_does_not_matter():
    columns = simulated(3, persons=20)
    order = np.random.default_rng(1).permutation(len(columns[0]))
    mixed = coupling(*(column[order] for column in columns))
    assert mixed.lagged.fixed == pytest.approx(coupling(*columns).lagged.fixed, abs=1e-8)


def test_a_session_that_is_missing_is_not_skipped_over():
    """The rating before is that of the session before, not whichever came last."""
    y, x, who, time = simulated(1, persons=20)
    odd = time % 2 == 1
    with pytest.raises(BadInput, match="no outcome has a rating one session before"):
        coupling(y[odd], x[odd], who[odd], time[odd])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda y, x, w, t: (y, x, np.zeros_like(w), np.arange(len(t))), "only one person"),
        (lambda y, x, w, t: (y, x, np.arange(len(w)), t), "moves within nobody"),
        (lambda y, x, w, t: (y, t + w, w, t), "on each person's own line"),
        (lambda y, x, w, t: (np.ones_like(y), x, w, t), "the outcome is constant"),
        (lambda y, x, w, t: (y, x, w, np.ones_like(t)), "the time is constant"),
        (lambda y, x, w, t: (y, np.full_like(x, np.nan), w, t), "all values of the alliance are missing"),
        (lambda y, x, w, t: (np.where(t == 2, np.inf, y), x, w, t), "outcome of row 2 is infinite"),
        (lambda y, x, w, t: (y, x, w, np.where(t == 2, 1, t)), "two rows at time 1"),
        (lambda y, x, w, t: (y, x, w, np.where(t == 2, np.nan, t)), "row 2 has no time"),
        (lambda y, x, w, t: (y, x, w[:-1], t), "different lengths"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, says):
    with pytest.raises(BadInput, match=says):
        coupling(*change(*simulated(1, persons=12, sessions=6)))


ROLES = ("--outcome", "y", "--alliance", "x", "--person", "who", "--time", "t")


class TestTheCommand:
    def test_it_prints_what_the_python_call_gives(self, tmp_path, capsys):
        path = tmp_path / "a.csv"
        implement().rename({"bai": "y", "wai": "x", "patient": "who", "session": "t"}).write_csv(path)
        told = processed(capsys, "coupling", path, *ROLES)
        assert told["lagged"]["fixed"]["within"] == pytest.approx(gold("implement")["lagged"]["waiw1"], abs=1e-6)
        assert main(["fit", "coupling", str(path), *ROLES]) == 0
        shown = capsys.readouterr().out
        assert "alliance one session before, without trends" in shown
        assert "Nickell" in shown

    def test_slips_are_said_by_line_and_column(self, tmp_path, capsys):
        y, x, who, t = (column.tolist() for column in simulated(1, persons=6, sessions=4))
        path = written(tmp_path / "a.csv", y=["high", *y[1:]], x=[0.0] * 24, who=who, t=t)
        assert "line 2, column 'y': 'high' is not a finite number" in refused(capsys, "coupling", path, *ROLES)
        written(path, y=y, x=[0.0] * 24, who=who, t=[1.0, 1.0, *t[2:]])
        assert "line 3: who 0, t 1.0 is there twice" in refused(capsys, "coupling", path, *ROLES)
        written(path, y=y, x=who, who=who, t=t)
        assert f"{path}: the alliance moves within nobody" in refused(capsys, "coupling", path, *ROLES)
        assert "column 'z' is missing" in refused(capsys, "coupling", path, *ROLES[:3], "z", *ROLES[4:])
