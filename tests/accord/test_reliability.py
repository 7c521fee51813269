"""Reliability for persons and for change: lme4's numbers, simulated truth, a slow obvious version, and bad input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from accord.cli import main
from accord.errors import BadInput
from accord.stats.reliability import EFFECTS, reliability

IMPLEMENT = Path(__file__).parents[2] / "src/accord_clinic/data/implement_wai_bai_57x15.csv"
GOLD = json.loads((Path(__file__).parent / "gold" / "implement.json").read_text())
ITEMS = [f"wai{k}" for k in range(1, 10)]
TRUTH = {"person": 0.3, "session": 0.02, "item": 0.1, "person:session": 0.2, "person:item": 0.1, "session:item": 0.01}


def drawn(persons, sessions, items, seed, residual=0.3, missing=0.2, truth=TRUTH):
    """Answers of which the variances are known."""
    rng = np.random.default_rng(seed)
    shape = {"person": (persons, 1, 1), "session": (1, sessions, 1), "item": (1, 1, items)}
    y = rng.standard_normal((persons, sessions, items)) * residual**0.5
    for name, variance in truth.items():
        size = np.broadcast_shapes(*(shape[part] for part in name.split(":")))
        y = y + rng.standard_normal(size) * variance**0.5
    return np.where(rng.random(y.shape) < missing, np.nan, y)


def of_implement():
    table = pl.read_csv(IMPLEMENT, null_values=["NA"])
    y = np.full((57, 15, 9), np.nan)
    y[table["patient"].rank("dense").to_numpy() - 1, table["session"].to_numpy() - 1] = table.select(ITEMS).to_numpy()
    return y


def test_real_ratings_give_the_numbers_of_lme4():
    """57 courses of up to 15 sessions, nine items, 17 % of the answers missing (IMPLEMENT)."""
    found = reliability(of_implement())
    assert found.converged
    assert found.change == pytest.approx(GOLD["Rc"], abs=2e-5)
    assert found.person == pytest.approx(GOLD["RkF"], abs=2e-5)
    assert found.any_session == pytest.approx(GOLD["R1R"], abs=2e-4)
    theirs = {key.replace("patient", "person"): value for key, value in GOLD["vc_cranford"].items()}
    assert found.variances["residual"] == pytest.approx(theirs.pop("Residual"), rel=1e-4)
    for name, value in theirs.items():
        assert found.variances[name] == pytest.approx(value, rel=1e-3), name


def test_another_data_set_with_a_variance_of_zero_does_too(shared_data):
    """50 persons, 10 times, 4 items (Bolger and Laurenceau 2013)."""
    table = pl.read_csv(shared_data / "BL2013_psychometrics.csv")
    gold = json.loads((shared_data / "golden" / "golden_bl2013.json").read_text())["bl_psychometrics"]
    y = np.full((50, 10, 4), np.nan)
    place = (table[name].rank("dense").to_numpy() - 1 for name in ("person", "time", "item"))
    y[tuple(place)] = table["y"].cast(pl.Float64, strict=False).to_numpy()
    found = reliability(y)
    assert found.change == pytest.approx(gold["R_C"], abs=5e-5)
    assert (found.person, found.session) == pytest.approx((gold["R_kF"], gold["R_1F"]), abs=5e-5)
    assert found.variances["session"] == 0.0
    assert found.variances["session:item"] == pytest.approx(gold["vc"]["time:item"], rel=2e-3)


def plain_deviance(y, ratios):
    """Written out: the covariance of all answers as one matrix."""
    cells = np.argwhere(~np.isnan(y))
    values = y[tuple(cells.T)]
    axes = {"person": 0, "session": 1, "item": 2}
    v = np.eye(len(values))
    for name, ratio in zip(EFFECTS, ratios, strict=True):
        same = [cells[:, None, axes[part]] == cells[None, :, axes[part]] for part in name.split(":")]
        v += ratio * np.logical_and.reduce(same)
    one = np.ones(len(values))
    inverse = np.linalg.inv(v)
    information = one @ inverse @ one
    rest = values - one * (one @ inverse @ values) / information
    left = rest @ inverse @ rest
    free = len(values) - 1
    logs = np.linalg.slogdet(v)[1] + math.log(information)
    return logs + free * (1 + math.log(2 * math.pi * left / free)), left / free


@pytest.mark.parametrize("seed", range(4))
def test_it_agrees_with_the_slow_obvious_version(seed):
    y = drawn(6, 5, 3, seed, missing=0.3)
    found = reliability(y)
    ratios = np.array([found.variances[name] for name in EFFECTS]) / found.variances["residual"]
    best, residual = plain_deviance(y, ratios)
    assert found.variances["residual"] == pytest.approx(residual, rel=1e-6)
    for start in (0.05, 1.0):
        again = minimize(lambda r: plain_deviance(y, r)[0], np.full(6, start), method="L-BFGS-B", bounds=[(0, 1e4)] * 6)
        assert best <= again.fun + 1e-4


def test_known_reliabilities_are_found():
    """The mean of 20 data sets lies within three standard errors of the truth; the interval holds it in most."""
    runs = [reliability(drawn(50, 8, 4, seed)) for seed in range(20)]
    changes = np.array([run.change for run in runs])
    truth = 0.2 / (0.2 + 0.3 / 4)
    assert abs(changes.mean() - truth) < 3 * changes.std(ddof=1) / 20**0.5
    assert sum(run.change_low <= truth <= run.change_high for run in runs) >= 17
    assert all(run.converged for run in runs)


def test_where_nobody_changes_a_change_has_no_reliability():
    still = dict(TRUTH, **{"person:session": 0.0})
    found = [reliability(drawn(30, 6, 3, seed, truth=still)).change for seed in range(8)]
    assert min(found) == 0.0
    assert np.mean(found) < 0.15


def test_the_unit_and_the_middle_of_the_answers_do_not_matter():
    y = drawn(20, 6, 3, 1)
    assert reliability(10 * y + 7).change == pytest.approx(reliability(y).change, abs=1e-5)


def test_the_order_of_persons_sessions_and_items_does_not_matter():
    y = drawn(20, 6, 3, 1)
    assert reliability(y[::-1, ::-1, ::-1]).change == pytest.approx(reliability(y).change, abs=1e-5)


def with_item(answers):
    """Three items of six persons and four sessions, and this one beside them."""
    return np.dstack([drawn(6, 4, 3, 5), answers])


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (np.ones((3, 4)), "2 axes"),
        (np.full((3, 4, 2), np.nan), "answers of 0 persons"),
        (np.ones((1, 4, 2)), "answers of 1 persons"),
        (np.ones((3, 1, 2)), "answers of 1 sessions"),
        (np.ones((3, 4, 1)), "answers of 1 items"),
        (np.ones((3, 4, 2)), "all answers are the same"),
        (np.array([[[1.0, np.inf]] * 2] * 2), "infinite"),
        (with_item(np.full((6, 4), 3.0)), "item 4: all answers are the same"),
        (with_item(np.full((6, 4), np.nan)), "item 4: there is no answer"),
        (with_item(drawn(6, 4, 3, 5)[:, :, 1]), "items 2 and 4 have the same answers everywhere"),
    ],
)
def test_bad_input_gets_a_sentence(answers, says):
    with pytest.raises(BadInput, match=says):
        reliability(answers)


def test_what_would_take_too_much_memory_is_said():
    y = np.full((2000, 400, 9), np.nan)
    y[:, :, 0] = np.arange(400)
    y[:, 1, :] = np.add.outer(np.arange(2000), np.arange(9))
    with pytest.raises(BadInput, match=r"2,000 persons by 400 sessions by 9 items need about .* GB"):
        reliability(y)


class TestTheCommand:
    def test_it_prints_what_the_python_call_gives(self, tmp_path, capsys):
        y = drawn(12, 5, 3, 2)
        rows = [
            {"who": f"c{p}", "session": t + 1, **{f"q{i}": None if np.isnan(a) else a for i, a in enumerate(y[p, t])}}
            for p in range(12)
            for t in range(5)
        ]
        pl.DataFrame(rows).sample(fraction=1, shuffle=True, seed=1).write_csv(tmp_path / "a.csv")
        basic = ["fit", "reliability", str(tmp_path / "a.csv"), "--person", "who", "--time", "session", "--items"]
        assert main([*basic, "q0,q1,q2", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["change"] == pytest.approx(reliability(y).change, abs=1e-6)
        assert main([*basic, "q0,q1,q2"]) == 0
        assert "a change from session to session (R_C)" in capsys.readouterr().out
        assert main([*basic, "q0,nope"]) == 2
        assert "column 'nope' is missing" in capsys.readouterr().err
        assert main([*basic, "q0"]) == 2
        assert "a.csv: there are answers of 1 items" in capsys.readouterr().err

    def test_a_second_row_of_a_session_is_a_slip(self, tmp_path, capsys):
        pl.DataFrame({"who": [1, 1], "session": [1, 1], "a": [1, 2], "b": [1, 2]}).write_csv(tmp_path / "a.csv")
        arguments = ["--person", "who", "--time", "session", "--items", "a,b"]
        assert main(["fit", "reliability", str(tmp_path / "a.csv"), *arguments]) == 2
        assert "is there twice" in capsys.readouterr().err
