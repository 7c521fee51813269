"""The starting values that ship with Accord for a scale (a prior, not a norm). New scales go into `priors.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from accord.stats.hyper import Hyper

CHECK_IN_SCALES = "accord-check-in/"


@dataclass(frozen=True, slots=True)
class Priors:
    """What a scale's estimates lean on while a practice has few courses: both voices and their difference."""

    client: Hyper
    therapist: Hyper
    difference: Hyper


@cache
def shipped() -> dict[str, Priors]:
    """Starting values by scale of Accord's check-in. `data/priors.json` says where from.

    >>> sorted(shipped())
    ['collaboration', 'connection', 'together']
    """
    text = files("accord").joinpath("data/priors.json").read_text(encoding="utf-8")
    return {
        scale: Priors(*(Hyper(**entry[voice]) for voice in ("client", "therapist", "difference")))
        for scale, entry in json.loads(text)["scales"].items()
    }


def starting(scale: str) -> Priors | None:
    """The starting values of a scale, where there are any: `collaboration`, or with its questionnaire before it.

    >>> starting("accord-check-in/collaboration") is starting("collaboration")
    True
    >>> starting("wai-sr/bond")
    """
    return shipped().get(scale.removeprefix(CHECK_IN_SCALES))
