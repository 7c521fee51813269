"""Accord's core: questionnaires, scores, expected courses, signals, statistics. Arrays in, frozen results out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from accord.errors import AccordError
from accord.instruments import catalogue
from accord.scoring import score, score_array
from accord.simulate import simulate
from accord.stats.mixed import fit_mixed
from accord.stats.thresholds import calibrate
from accord.trajectory import trajectory

if TYPE_CHECKING:
    from accord.strain_table import find_strains

__all__ = [
    "AccordError",
    "calibrate",
    "catalogue",
    "find_strains",
    "fit_mixed",
    "score",
    "score_array",
    "simulate",
    "trajectory",
]
__version__ = "0.1.0"

_ON_DEMAND = {"find_strains": "accord.strain_table"}
"""It brings polars with it, which whoever has no tables need not wait for."""


def __getattr__(name: str) -> Any:
    if name not in _ON_DEMAND:
        raise AttributeError(f"module 'accord' has no attribute {name!r}")
    return getattr(import_module(_ON_DEMAND[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_ON_DEMAND})
