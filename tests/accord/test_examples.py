"""Every example in a docstring of the core runs and says the truth; results print for people and go into JSON."""

import doctest
import importlib
import json
import pkgutil
from dataclasses import FrozenInstanceError, fields
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import accord
from accord.simulation import simulate

MODULES = sorted(m.name for m in pkgutil.walk_packages(accord.__path__, "accord.") if not m.name.endswith("__main__"))
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "use-from-python.md"
STUDY = simulate(40, 8, seed=2, missing=0.1)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def test_there_are_examples_to_run():
    finder = doctest.DocTestFinder()
    found = [one for name in MODULES for one in finder.find(importlib.import_module(name)) if one.examples]
    assert len(found) >= 8


def test_the_page_on_python_runs():
    found = doctest.testfile(str(HOW_TO), module_relative=False)
    assert found.attempted >= 12
    assert found.failed == 0


RESULTS = ("calibrate", "trajectory", "trajectory of one", "find_strains", "simulate", "fit_mixed")


@cache
def results():
    made = accord.calibrate(STUDY.client, draws=1000)
    session = np.tile(np.arange(8.0), 40)
    fixed = np.column_stack([np.ones(320), session])
    return {
        "calibrate": made,
        "trajectory": accord.trajectory(STUDY.client, STUDY.times, made),
        "trajectory of one": accord.trajectory(STUDY.client[:1], STUDY.times, made),
        "find_strains": accord.find_strains(STUDY.tables()[0]),
        "simulate": STUDY,
        "fit_mixed": accord.fit_mixed(STUDY.client.ravel(), fixed, np.repeat(np.arange(40), 8)),
    }


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_frozen_prints_as_a_table_and_goes_into_json(name):
    result = results()[name]
    assert len(str(result)) < 6000
    assert "array(" not in str(result)
    assert json.loads(json.dumps(result.to_dict()))
    with pytest.raises(FrozenInstanceError):
        setattr(result, fields(result)[0].name, None)
