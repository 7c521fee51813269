"""Draw strains for simulated courses: how far below its usual each course lies in which sessions, and the truth.

Sizes are in within-person SD of the client's scale. Shares, lengths and sizes come from `data/sim_defaults.json`, whose
blocks name the papers and what is assumed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from accord.stats.innovation import Flags, Floats
from accord.stats.mixture import SLIDE

Strain = Literal["none", "dip", "drop", "slide", "mixed"]
STRAINS: tuple[Strain, ...] = ("none", "dip", "drop", "slide", "mixed")
DROP = 3  # sessions that a sustained drop lasts
FELT = 0.7  # of a strain's size, where the therapist notices it (an assumption)


@cache
def defaults() -> dict[str, Any]:
    """The shipped simulation defaults, each block with its source.

    >>> defaults()["rupture"]["drop_in_within_sd"]
    [2, 3, 4]
    """
    text = files("accord").joinpath("data/sim_defaults.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened. Per dyad: `kind` ('none' ...), `onset` (index of the first strained session, -1 none),
    `size` in within-person SD, `repaired`, `seen` by the therapist. `strained`: (n, T), a strain is going on.
    """

    kind: npt.NDArray[np.str_]
    onset: npt.NDArray[np.intp]
    size: Floats
    repaired: Flags
    seen: Flags
    strained: Flags


def strains(
    n: int,
    sessions: int,
    rng: np.random.Generator,
    strain: Strain = "mixed",
    share: float | None = None,
    sizes: tuple[float, ...] | None = None,
    repaired: float | None = None,
    misses: float = 0.5,
) -> tuple[Floats, Truth]:
    """How far each session lies below its usual, in within-person SD (n, T), and the truth about it.

    share: of courses with a strain, by default .37. sizes: one of them is drawn for each. repaired: share that comes
    back; the others stay down. misses: share of strains that the therapist does not notice. Nothing is missing: the
    shift is 0 where there is no strain, in all sessions of courses of fewer than four.

    >>> shift, truth = strains(100, 12, np.random.default_rng(1), "dip", share=0.5)
    >>> shift.shape, bool((shift[~truth.strained] == 0).all())
    ((100, 12), True)
    """
    block = defaults()["rupture"]
    chance = (0.0 if strain == "none" else 0.37) if share is None else share
    possible = sessions >= 4 and strain != "none"
    struck = (rng.random(n) < chance) & possible
    onset = np.where(struck, rng.integers(3, max(sessions, 4), n), -1)
    size = np.where(struck, rng.choice(sizes or block["drop_in_within_sd"], n), 0.0)
    kinds = rng.choice(["dip", "drop", "slide"], n) if strain == "mixed" else np.full(n, strain)
    kind = np.where(struck, kinds, "none").astype(np.str_)
    back = (rng.random(n) < (block["share_repaired_given_rupture"] if repaired is None else repaired)) & struck
    lengths = rng.choice([int(k) for k in block["duration_sessions"]], n, p=list(block["duration_sessions"].values()))
    length = np.where(kind == "slide", SLIDE, np.where(kind == "drop", DROP, lengths))
    since = np.arange(sessions) - onset[:, None]
    going = struck[:, None] & (since >= 0) & ((since < length[:, None]) | ~back[:, None])
    depth = np.where(kind[:, None] == "slide", np.minimum((since + 1) / SLIDE, 1.0), 1.0)
    seen = struck & (rng.random(n) >= misses)
    return np.where(going, depth * size[:, None], 0.0), Truth(kind, onset, size, back, seen, going)
