"""The evidence for a dip, a drop that lasts, or a slide: from how far ratings lie from what was expected.

At each session the ratings so far are compared under "nothing happened" and under a strain of each shape, begun in each
of the last sessions, of each size: a mixture of likelihood ratios, with the person's own spread integrated out. Another
shape is one entry in `SHAPES`. Source: our own (docs/explanation/signals.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from accord.stats.cores import product
from accord.stats.hyper import Hyper
from accord.stats.innovation import Flags, Floats, innovations, running

Singles = npt.NDArray[np.float32]

SLIDE = 6  # sessions over which a slide reaches its depth
CLIP = 2.5  # an earlier step counts at most so much: one drop is no slide, and a strain must not hide the next
TILE = 4096  # persons worked on at once: their numbers stay in the processor's cache
DEEPEST = 9.0  # a step lower than that is no stronger evidence
HUGE = 80.0  # of a log likelihood ratio: beyond it single precision would overflow


@dataclass(frozen=True, slots=True)
class Shape:
    """A way to be strained: begun so many sessions ago (`begun`), of so many within-person SD (`size`), and how much it
    counts (`weight`, shared by the beginnings); `ramp`: it deepens over `SLIDE` sessions."""

    weight: float
    begun: tuple[int, ...]
    size: float
    ramp: bool = False


SHAPES = (
    Shape(0.9, (0,), 2.5), Shape(0.05, (0,), 7.0), Shape(0.4, (1, 2), 2.0), Shape(1.0, (2, 3, 4, 5), 4.0, ramp=True)
)  # fmt: skip
"""A dip, a very deep one (else a person's own spread would explain it), a drop that lasts, a slide.

Chosen by what is found at equal false alarms, over dips of 2 and 3 SD, drops of 2 SD over three sessions and slides of
3 SD over six, with persons alike and not (of 39 choices, in practices other than those of the tables): more weight on
the dip finds more of those and fewer of the others. More sizes for each found no more.
"""


@dataclass(frozen=True, slots=True)
class Responses:
    """How the steps of a course without gaps answer to strains, each of its size, by hyper-parameters and sessions.

    `over`: (K, T, T), of the strain k seen at session t, in each session's step; `now`: (K, T), in the step of session
    t itself; `weight`: (K, T), 0 where a strain cannot have begun so long before; `ramp`: (K,).
    """

    over: Singles
    now: Singles
    weight: Singles
    ramp: tuple[bool, ...]


@lru_cache(maxsize=64)
def _responses(times: tuple[float, ...], hyper: Hyper) -> Responses:
    t = np.array(times)
    sessions = len(t)
    level = replace(hyper, b0=0.0, b1=0.0, b_log=0.0, b_early=0.0)
    noisy = hyper.relative_sd(t)
    unit = hyper.var_residual**0.5 * (np.ones(sessions) if noisy is None else noisy)
    since = np.arange(sessions) - np.arange(sessions)[:, None]
    answers = {}
    for ramp in (False, True):
        depth = np.clip((since + 1) / SLIDE, 0.0, 1.0) if ramp else (since >= 0).astype(np.float64)
        steps = innovations(-depth * unit, t, level)
        answers[ramp] = steps.z * steps.scale
    kinds = [(shape, begun) for shape in SHAPES for begun in shape.begun]
    over = np.zeros((len(kinds), sessions, sessions), dtype=np.float32)
    for k, (shape, begun) in enumerate(kinds):
        for s in range(begun, sessions):
            over[k, s, : s + 1] = shape.size * answers[shape.ramp][s - begun, : s + 1]
    at = np.arange(sessions)
    weight = [[shape.weight / len(shape.begun) * (s > begun) for s in at] for shape, begun in kinds]
    return Responses(
        over, over[:, at, at], np.array(weight, dtype=np.float32), tuple(shape.ramp for shape, _begun in kinds)
    )


def evidence(step: Floats, seen: Flags, times: Floats, hyper: Hyper, first: int = 0) -> tuple[Floats, Floats]:
    """Log mixture of likelihood ratios of all shapes, and of slides alone, (T, n).

    step: in usual SD, 0 where nothing is seen. Sessions before `first` are left out (-inf).

    The sum over shapes k of w [(nu + Q) / (nu + Q - 2 b + a)]^((nu + t) / 2), where a = g'g, b = -g'e, Q = e'e, g: what
    a strain does to the steps e of a course without gaps, and t: ratings so far. Earlier steps are cut at 2.5.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=0.0, cov=0.0, var_residual=25.0, phi=0.0)
    >>> step = np.array([[0.0, 0.0], [0.5, 0.5], [0.0, 0.0], [0.2, 0.2], [0.0, -5.0]])  # (T, n): one drops at last
    >>> calm, dropped = evidence(step, np.ones(step.shape, dtype=bool), np.arange(1.0, 6.0), usual)[0][-1]
    >>> bool(dropped > calm)
    True
    """
    sessions, n = step.shape
    grid = times if times.ndim == 1 else np.arange(1.0, sessions + 1)
    made = _responses(tuple(grid.tolist()), replace(hyper, name="", n_dyads=0, low=None, high=None, spread=0.0, nu=1.0))
    out = np.full((2, sessions, n), -np.inf)
    for start in range(0, n, TILE):
        few = slice(start, start + TILE)
        _mixed(step[:, few], seen[:, few], made, np.float32(hyper.nu), out[:, first:, few])
    return out[0], out[1]


def _mixed(step: Floats, seen: Flags, made: Responses, nu: np.float32, out: Floats) -> None:
    """Both logarithms of some persons, (2, t, n), for the last t sessions."""
    kinds, first = len(made.ramp), len(step) - out.shape[1]
    e = np.maximum(step, -DEEPEST, dtype=np.float32, casting="same_kind")
    cut = np.clip(e, -CLIP, CLIP)
    over = made.over[:, first:].reshape(-1, len(step))
    ratios = product(-2.0 * over, cut).reshape(kinds, -1, cut.shape[1])  # of likelihoods, once they are worked out
    size, ratings = _sizes(over, seen, first, kinds)
    squares = np.square(cut)
    before = running(squares.copy())[first:] - squares[first:] + np.square(e[first:])
    rest = 1.0 / (nu + before)
    power = -0.5 * (nu + ratings)
    excess = e[first:] - cut[first:]
    every, sliding = np.zeros((2, *rest.shape), dtype=np.float32)
    for k, ramp in enumerate(made.ramp):
        ratio = ratios[k]
        if not ramp:  # one deep drop is no slide
            ratio += -2.0 * made.now[k, first:, None] * excess
        ratio += size[k]
        ratio *= rest
        ratio += 1.0
        np.log(ratio, out=ratio)
        ratio *= power
        np.minimum(ratio, HUGE, out=ratio)
        np.exp(ratio, out=ratio)
        ratio *= made.weight[k, first:, None]
        total = sliding if ramp else every
        total += ratio
    every += sliding
    with np.errstate(divide="ignore"):
        np.log(every, out=out[0])
        np.log(sliding, out=out[1])


def _sizes(over: Singles, seen: Flags, first: int, kinds: int) -> tuple[Singles, Singles]:
    """g'g of each strain at each session, (K, t, n or 1), and ratings so far, (t, n or 1)."""
    if seen.all():
        ratings = np.arange(first + 1.0, len(seen) + 1)[:, None].astype(np.float32)
        return np.square(over).sum(axis=1).reshape(kinds, -1, 1), ratings
    weight = seen.astype(np.float32)
    sizes = product(np.square(over), weight)
    return sizes.reshape(kinds, -1, seen.shape[1]), running(weight)[first:]
