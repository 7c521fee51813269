"""How many persons a study needs: the simulated scores are what they should be, errors hold, and what is refused.

4,500 runs a design, for the size to a hundredth: benchmarks/studies.py.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.accord.study_data import PLANNED, RUNS, gold, processed

from accord.cli import main
from accord.errors import BadInput
from accord.stats.power import StudyDesign, power_by_simulation, simulated_study


def normal(z: float) -> float:
    return 0.5 * math.erfc(-z / 2**0.5)


def test_scores_have_the_lags_and_variances_that_were_asked_for():
    design = StudyDesign(40_000, 4, -0.2, auto=0.4, levels=0.6, therapists=100, therapist_share=0.25)
    x, y = simulated_study(design, np.random.default_rng(1))
    assert x.var(axis=0) == pytest.approx(np.full(4, 2.5), rel=0.06)
    assert y.var(axis=0) == pytest.approx(np.full(4, 2.5), rel=0.06)
    steps = np.diff(y, axis=1)  # without levels: cov(x_t, y_t+1 - y_t) = c within persons, where x and y are apart
    assert np.cov(x[:, 0], steps[:, 0])[0, 1] == pytest.approx(-0.2, abs=0.03)
    of_therapists = x.mean(axis=1).reshape(-1, 100).mean(axis=0).var()
    assert of_therapists == pytest.approx(1.5 * 0.25, rel=0.4)


def test_without_an_effect_it_is_called_as_often_as_it_says():
    size = power_by_simulation("riclpm", StudyDesign(150, 3, 0.0), runs=80)
    assert size.usable > 0.98
    assert size.power <= 0.14
    assert size.coverage == pytest.approx(1 - size.power)


def test_power_is_what_the_standard_error_promises():
    """Against the normal curve: Φ(|c| / SE − 1.96)."""
    found = power_by_simulation("riclpm", StudyDesign(250, 4, -0.15), runs=60)
    assert found.power == pytest.approx(normal(0.15 / found.se - 1.96), abs=0.18)
    assert found.se == pytest.approx(found.sd, rel=0.3)
    assert abs(found.bias) < 3.5 * found.sd / 60**0.5


@pytest.mark.parametrize("model", PLANNED)
def test_power_is_that_of_lavaan_and_lme4_in_the_same_studies(model):
    """Each of thirty simulated studies was fitted by lavaan (`riclpm`) or lme4 (`coupling`) too."""
    theirs, design, rng = gold("power")[model], StudyDesign(**PLANNED[model]), np.random.default_rng(1)
    drawn = [simulated_study(design, rng) for _ in range(RUNS)]
    assert sum(float(np.nansum(part)) for study in drawn for part in study) == pytest.approx(theirs["sum"])
    found = power_by_simulation(model, design, RUNS)
    assert (found.power, found.coverage, found.usable) == pytest.approx((theirs["power"], theirs["coverage"], 1.0))
    assert (found.bias, found.se, found.sd) == pytest.approx([theirs[name] for name in ("bias", "se", "sd")], abs=1e-5)


def test_short_courses_bias_the_coupling_and_the_panel_model_not():
    design = StudyDesign(120, 4, -0.15, auto=0.4)
    biased, sound = (power_by_simulation(model, design, runs=20) for model in ("coupling", "riclpm"))
    assert abs(biased.bias) > 3 * biased.sd / 20**0.5  # 5 times
    assert abs(sound.bias) < 3.5 * sound.sd / 20**0.5


def test_more_persons_and_fewer_gaps_give_more_power():
    few, many, gaps = (
        power_by_simulation("riclpm", StudyDesign(n, 4, -0.2, missing=missing), runs=20)
        for n, missing in ((60, 0.0), (250, 0.0), (250, 0.15))
    )
    assert many.power > few.power
    assert gaps.se > many.se


@pytest.fixture(scope="module")
def small():
    return power_by_simulation("riclpm", StudyDesign(60, 3, 0.2), 20)


def test_the_same_seed_gives_the_same_numbers(small):
    same, other = (power_by_simulation("riclpm", StudyDesign(60, 3, 0.2), 20, seed) for seed in (1, 2))
    assert small == same
    assert small != other


@pytest.mark.parametrize(
    ("change", "runs", "says"),
    [
        ({"n": 1}, 20, "1 persons with 4 sessions"),
        ({"sessions": 2}, 20, "100 persons with 2 sessions"),
        ({"missing": 1.0}, 20, "missing is 1"),
        ({"effect": 1.0}, 20, "leaves no variance"),
        ({"effect": math.inf}, 20, "leaves no variance"),
        ({"therapists": 101}, 20, "101 therapists for 100 persons"),
        ({}, 5, "5 simulated studies say nothing"),
        ({"n": 5}, 20, "none of the simulated studies can be analysed"),
    ],
)
def test_a_design_that_cannot_be_is_refused(change, runs, says):
    with pytest.raises(BadInput, match=says):
        power_by_simulation("riclpm", StudyDesign(**({"n": 100, "sessions": 4, "effect": 0.1} | change)), runs)


def test_the_command(capsys, small):
    asked = ("power", "--model", "riclpm", "--n", "60", "--sessions", "3", "--effect", "0.2", "--runs", "20")
    told = processed(capsys, *asked)
    assert told["power"] == small.power
    assert main(["fit", *asked]) == 0
    assert "95 % intervals that hold it" in capsys.readouterr().out
    with pytest.raises(BadInput, match="model 'dsem' is not known"):
        power_by_simulation("dsem", StudyDesign(80, 3, 0.2))
