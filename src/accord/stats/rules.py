"""Ratings in; flags of the rules that the literature speaks of out, each with its simulated false-alarm rate.

For research and comparison only: nothing in Accord raises a signal by them. Each is a generic version of its family,
since exact published cut-offs could not be read; the names say what is computed, not who published it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from accord.errors import BadInput
from accord.stats.courses import PLAIN, Noise, draw
from accord.stats.innovation import Flags, Floats, Hyper

WINDOW = 3  # sessions within which a V must turn upward again
CHART_UNIT = 1.128  # expected range of two normal values, in SD
RELIABILITY = 0.84  # of a nine-item scale at the first session (IMPLEMENT); a reliable change needs one


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by name: (n, T) ratings, missing as nan, to (n, T) flags. `online`: it needs no later session."""

    name: str
    says: str
    online: bool
    flag: Callable[[Floats], Flags]


def below_own_mean(y: Floats, k: float) -> Flags:
    """Below the mean of the person's whole course by at least k of the person's own SD (looks back only)."""
    mean, sd = _own(y)
    return np.asarray((sd > 0) & (y <= mean - k * sd))


def v_shape(y: Floats, k: float) -> Flags:
    """A fall since the last rating of k own SD or more, half of it regained within three sessions (Stiles family)."""
    _, sd = _own(y)
    last = _last(y)
    drop = last - y
    ahead = np.full_like(y, -np.inf)
    for step in range(1, WINDOW + 1):
        ahead[:, :-step] = np.fmax(ahead[:, :-step], y[:, step:])
    return np.asarray((sd > 0) & (drop > 0) & (drop >= k * sd) & (ahead - y >= 0.5 * drop))


def session_drop(y: Floats, k: float) -> Flags:
    """A fall since the last rating of k SD or more of all such differences in the table (Strauss family)."""
    fall = _last(y) - y
    if np.isnan(fall).all():
        return np.zeros(y.shape, dtype=np.bool_)
    sd = float(np.nanstd(fall))
    return np.asarray((fall >= k * sd) & (fall > 0))


def control_chart(y: Floats, k: float) -> Flags:
    """Below the mean of the person's earlier ratings by k sigma, sigma = mean moving range / 1.128 (at least three)."""
    seen = ~np.isnan(y)
    before = np.cumsum(seen, axis=1) - seen
    sums = np.cumsum(np.where(seen, y, 0.0), axis=1) - np.where(seen, y, 0.0)
    moves = np.nan_to_num(np.abs(y - _last(y)))
    ranges = np.cumsum(moves, axis=1) - moves
    with np.errstate(invalid="ignore", divide="ignore"):
        limit = sums / before - k * ranges / (before - 1) / CHART_UNIT
        return np.asarray(seen & (before >= 3) & (y < limit))


def reliable_change(y: Floats, reliability: float = RELIABILITY) -> Flags:
    """A fall since the last rating of `reliable_limit` or more, by the SD between persons at their first rating."""
    first = y[np.arange(len(y)), np.argmax(~np.isnan(y), axis=1)]
    sd = float(np.nanstd(first)) if np.isfinite(first).any() else 0.0
    limit = reliable_limit(sd, reliability)
    fall = _last(y) - y
    return np.asarray((fall >= limit) & (fall > 0))


def reliable_limit(sd: float, reliability: float) -> float:
    """The change that exceeds 1.96 standard errors of a difference: 1.96 sqrt(2) sd sqrt(1 - reliability).

    sd in the scale's units, reliability 0 to 1 (Jacobson and Truax 1991). Raises `BadInput` outside these.

    >>> round(reliable_limit(8.16, 0.801), 2)
    10.09
    """
    if not (sd >= 0 and 0 <= reliability <= 1):
        raise BadInput(f"sd {sd} and reliability {reliability}: give sd of at least 0 and reliability between 0 and 1.")
    return float(1.96 * 2**0.5 * sd * (1.0 - reliability) ** 0.5)


_FALLS_BACK = "falls {} own SD, half of it regained within 3 sessions"
RULES = {
    rule.name: rule
    for rule in (
        Rule("own-mean-1sd", "below own mean by 1 own SD", False, lambda y: below_own_mean(y, 1.0)),
        Rule("own-mean-2sd", "below own mean by 2 own SD", False, lambda y: below_own_mean(y, 2.0)),
        Rule("v-shape-1sd", _FALLS_BACK.format(1), False, lambda y: v_shape(y, 1.0)),
        Rule("v-shape-2sd", _FALLS_BACK.format(2), False, lambda y: v_shape(y, 2.0)),
        Rule("session-drop-1sd", "falls 1 SD of all differences", True, lambda y: session_drop(y, 1.0)),
        Rule("session-drop-2sd", "falls 2 SD of all differences", True, lambda y: session_drop(y, 2.0)),
        Rule("control-chart-2sigma", "own earlier mean less 2 sigma", True, lambda y: control_chart(y, 2.0)),
        Rule("control-chart-3sigma", "own earlier mean less 3 sigma", True, lambda y: control_chart(y, 3.0)),
        Rule("reliable-change", "falls beyond measurement error", True, reliable_change),
    )
}


def rule_named(name: str) -> Rule:
    """The rule of this name. Raises `BadInput` that lists the names."""
    if name not in RULES:
        raise BadInput(f"there is no rule {name!r}; choose one of {', '.join(RULES)}.")
    return RULES[name]


def false_alarms(
    rule: Rule, hyper: Hyper, sessions: int = 15, *, draws: int = 6000, seed: int = 0, noise: Noise = PLAIN
) -> float:
    """Share of simulated courses in which nothing happened that the rule flags at least once."""
    courses = draw(hyper, draws, np.arange(1.0, sessions + 1), np.random.default_rng(seed), noise)
    return float(rule.flag(courses).any(axis=1).mean())


def _own(y: Floats) -> tuple[Floats, Floats]:
    """Mean and SD of each person's ratings, (n, 1); SD 0 with fewer than three, so that nothing is flagged."""
    seen = ~np.isnan(y)
    known = seen.sum(axis=1, keepdims=True)
    mean = np.where(seen, y, 0.0).sum(axis=1, keepdims=True) / np.maximum(known, 1)
    square = np.where(seen, (y - mean) ** 2, 0.0).sum(axis=1, keepdims=True) / np.maximum(known - 1, 1)
    return mean, np.where(known >= 3, np.sqrt(square), 0.0)


def _last(y: Floats) -> Floats:
    """The person's last rating before each session, nan where there is none."""
    last = np.full_like(y, np.nan)
    for t in range(1, y.shape[1]):
        last[:, t] = np.where(np.isnan(y[:, t - 1]), last[:, t - 1], y[:, t - 1])
    return last
