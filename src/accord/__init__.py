"""Accord's core: questionnaires, scores, expected courses, signals, statistics. Arrays in, frozen results out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from accord.errors import AccordError
from accord.instruments import catalogue
from accord.scoring import score, score_array
from accord.simulate import simulate
from accord.stats.mixed import fit_mixed
from accord.stats.reliability import reliability
from accord.stats.thresholds import Budget, calibrate
from accord.trajectory import trajectory

if TYPE_CHECKING:
    from accord.tables.strains import find_strains

__all__ = [
    "AccordError",
    "Budget",
    "calibrate",
    "catalogue",
    "find_strains",
    "fit_mixed",
    "reliability",
    "score",
    "score_array",
    "simulate",
    "trajectory",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`find_strains` once it is asked for: it brings polars with it, which whoever has no tables need not wait for."""
    if name != "find_strains":
        raise AttributeError(f"module 'accord' has no attribute {name!r}")
    return import_module("accord.tables.strains").find_strains


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
