"""Accord's core: questionnaires, scores, expected courses, signals, statistics. Arrays in, frozen results out."""

from accord.errors import AccordError
from accord.instruments import catalogue
from accord.scoring import score, score_array
from accord.simulate import simulate
from accord.stats.mixed import fit_mixed
from accord.stats.thresholds import calibrate
from accord.strain_table import find_strains
from accord.trajectory import trajectory

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
