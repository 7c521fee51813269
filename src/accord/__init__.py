"""Accord's core: questionnaires, scores, expected courses, signals and statistics, as functions of arrays and records.

The names below are the Python interface. Each loads its module when it is first asked for, so that a command which
computes nothing starts without scipy. A new name is one line in `HOMES` and one below `TYPE_CHECKING`. No module of
this package may bear the name of a function here: importing the module would hide the function.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accord.errors import AccordError
    from accord.instruments import catalogue
    from accord.scoring import score, score_array
    from accord.simulation import simulate
    from accord.stats.coupling import coupling
    from accord.stats.limits import Budget
    from accord.stats.mixed import fit_mixed
    from accord.stats.reliability import reliability
    from accord.stats.riclpm import riclpm
    from accord.stats.thresholds import calibrate
    from accord.tables.strains import find_strains
    from accord.trajectories import trajectory

__all__ = [
    "AccordError",
    "Budget",
    "actor_partner",
    "calibrate",
    "catalogue",
    "clinical_change",
    "coupling",
    "describe_ratings",
    "expected_course",
    "find_strains",
    "fit_mixed",
    "hazard_of_ending",
    "invariance",
    "invariance_of_sides",
    "multilevel_omega",
    "power_by_simulation",
    "reliability",
    "riclpm",
    "score",
    "score_array",
    "simulate",
    "sudden_changes",
    "surface",
    "therapist_spread",
    "trajectory",
    "truth_bias",
]
__version__ = "0.1.0"

HOMES = {
    "AccordError": "accord.errors",
    "Budget": "accord.stats.limits",
    "actor_partner": "accord.stats.actor_partner",
    "calibrate": "accord.stats.thresholds",
    "catalogue": "accord.instruments",
    "clinical_change": "accord.stats.change",
    "coupling": "accord.stats.coupling",
    "describe_ratings": "accord.stats.describe",
    "expected_course": "accord.stats.expected",
    "find_strains": "accord.tables.strains",
    "fit_mixed": "accord.stats.mixed",
    "hazard_of_ending": "accord.stats.hazard",
    "invariance": "accord.stats.invariance",
    "invariance_of_sides": "accord.stats.invariance",
    "multilevel_omega": "accord.stats.omega",
    "power_by_simulation": "accord.stats.power",
    "reliability": "accord.stats.reliability",
    "riclpm": "accord.stats.riclpm",
    "score": "accord.scoring",
    "score_array": "accord.scoring",
    "simulate": "accord.simulation",
    "sudden_changes": "accord.stats.change",
    "surface": "accord.stats.surface",
    "therapist_spread": "accord.stats.therapists",
    "trajectory": "accord.trajectories",
    "truth_bias": "accord.stats.truth_bias",
}


def __getattr__(name: str) -> Any:
    """Load the module that holds `name`, once."""
    if name not in HOMES:
        raise AttributeError(f"module 'accord' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
