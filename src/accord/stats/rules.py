"""Rules that the literature speaks of for flagging ratings, each with its simulated false-alarm rate.

For research and comparison only: nothing in Accord raises a signal by them. Each is a generic version of its family,
since exact published cut-offs could not be read; the names say what is computed, not who published it. A rule is a
statistic and a limit: `matched` gives it the limit at which it makes as many false alarms as another. Another rule is
a function from ratings (n, T), missing as nan, to a statistic (n, T), and a line in `_RULES`. Source: the families are
named with each, without a published cut-off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from accord.errors import BadInput
from accord.stats.courses import PLAIN, Noise, draw
from accord.stats.hyper import Hyper
from accord.stats.innovation import Flags, Floats

WINDOW = 3  # sessions within which a V must turn upward again
CHART_UNIT = 1.128  # expected range of two normal values, in SD
RELIABILITY = 0.84  # of a nine-item scale at the first session (IMPLEMENT); a reliable change needs one


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by name: (n, T) ratings, missing as nan, to a statistic (n, T), high where it sees a fall; it flags what
    reaches `limit`. `online`: it needs no later session."""

    name: str
    says: str
    online: bool
    statistic: Callable[[Floats], Floats]
    limit: float

    def flag(self, y: Floats) -> Flags:
        """Flags of (n, T) ratings."""
        return np.asarray(self.statistic(y) >= self.limit)

    def matched(self, calm: Floats, share: float) -> Rule:
        """The same rule with the limit that flags this share of uneventful courses (n, T)."""
        most = np.nan_to_num(self.statistic(calm), nan=-np.inf).max(axis=1)
        return replace(self, limit=float(np.nextafter(np.quantile(most, 1.0 - share, method="higher"), np.inf)))


def below_own_mean(y: Floats) -> Floats:
    """How far below the mean of the person's whole course, in the person's own SD (looks back only).

    (n, T), missing (nan) left out.

    >>> int(np.argmax(below_own_mean(np.array([[70.0, 72.0, 71.0, 73.0, 40.0]]))))
    4
    """
    mean, sd = _own(y)
    return _where(sd > 0, (mean - y) / np.where(sd > 0, sd, 1.0))


def v_shape(y: Floats) -> Floats:
    """Falls since the last rating in own SD, where half is regained within three sessions (Stiles family).

    (n, T), missing (nan) left out.

    >>> int(np.argmax(v_shape(np.array([[70.0, 72.0, 71.0, 73.0, 40.0, 72.0]]))))
    4
    """
    _, sd = _own(y)
    drop = _last(y) - y
    ahead = np.full_like(y, -np.inf)
    for step in range(1, WINDOW + 1):
        ahead[:, :-step] = np.fmax(ahead[:, :-step], y[:, step:])
    back = (sd > 0) & (drop > 0) & (ahead - y >= 0.5 * drop)
    return _where(back, drop / np.where(sd > 0, sd, 1.0))


def session_drop(y: Floats) -> Floats:
    """Falls since the last rating, in SD of all such differences in the table (Strauss family).

    (n, T), missing (nan) left out.

    >>> int(np.argmax(session_drop(np.array([[70.0, 72.0, 71.0, 73.0, 40.0]]))))
    4
    """
    fall = _last(y) - y
    sd = float(np.nanstd(fall)) if not np.isnan(fall).all() else 0.0
    return _where(fall > 0, fall / sd) if sd > 0 else np.full(y.shape, -np.inf)


def control_chart(y: Floats) -> Floats:
    """How far below the mean of the person's earlier ratings, in sigma = mean moving range / 1.128 (three at least).

    (n, T), missing (nan) left out.

    >>> int(np.argmax(control_chart(np.array([[70.0, 72.0, 71.0, 73.0, 40.0]]))))
    4
    """
    seen = ~np.isnan(y)
    before = np.cumsum(seen, axis=1) - seen
    moves = np.nan_to_num(np.abs(y - _last(y)))
    ranges = np.cumsum(moves, axis=1) - moves
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = ranges / (before - 1) / CHART_UNIT
        far = (_earlier_mean(y) - y) / sigma
    return _where(seen & (before >= 3) & (far > 0), far)


def reliable_change(y: Floats, reliability: float = RELIABILITY) -> Floats:
    """Falls since the last rating in units of `reliable_limit`, by the SD between persons at their first rating.

    (n, T), missing (nan) left out.

    >>> int(np.argmax(reliable_change(np.array([[70.0, 72.0, 71.0, 73.0, 40.0], [60.0] * 5]))))
    4
    """
    first = y[np.arange(len(y)), np.argmax(~np.isnan(y), axis=1)]
    limit = reliable_limit(float(np.nanstd(first)) if np.isfinite(first).any() else 0.0, reliability)
    fall = _last(y) - y
    return _where(fall > 0, fall / max(limit, 1e-12))


def fall_from_mean(y: Floats, own: bool) -> Floats:
    """How far below the mean of the person's earlier ratings, in the person's `own` SD so far or in that of all.

    (n, T), missing (nan) left out.

    >>> int(np.argmax(fall_from_mean(np.array([[70.0, 72.0, 71.0, 73.0, 40.0]]), own=True)))
    4
    """
    return _judged(y, -_from_mean(y, own))


def ewma(y: Floats, own: bool, keep: float = 0.3) -> Floats:
    """A weighted mean of how far the last ratings lie below the mean of those before each, later ones counting more.

    (n, T), missing (nan) left out.

    >>> int(np.argmax(ewma(np.array([[70.0, 72.0, 71.0, 73.0, 40.0]]), own=False)))
    4
    """
    far, now = _from_mean(y, own), np.zeros(len(y))
    path = np.empty_like(y)
    for t in range(y.shape[1]):
        now = np.where(np.isnan(far[:, t]), now, (1.0 - keep) * now - keep * far[:, t])
        path[:, t] = now
    return _judged(y, path)


def cusum(y: Floats, own: bool, slack: float = 1.0) -> Floats:
    """A running sum of how far ratings lie below the mean of those before, beyond `slack` SD, and never below 0.

    (n, T), missing (nan) left out.

    >>> int(np.argmax(cusum(np.array([[70.0, 72.0, 71.0, 73.0, 40.0]]), own=False)))
    4
    """
    far, now = _from_mean(y, own), np.zeros(len(y))
    path = np.empty_like(y)
    for t in range(y.shape[1]):
        now = np.where(np.isnan(far[:, t]), now, np.maximum(now - far[:, t] - slack, 0.0))
        path[:, t] = now
    return _judged(y, path)


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
_RULES: tuple[tuple[str, str, bool, Callable[[Floats], Floats], float], ...] = (
    ("own-mean-1sd", "below own mean by 1 own SD", False, below_own_mean, 1.0),
    ("own-mean-2sd", "below own mean by 2 own SD", False, below_own_mean, 2.0),
    ("v-shape-1sd", _FALLS_BACK.format(1), False, v_shape, 1.0),
    ("v-shape-2sd", _FALLS_BACK.format(2), False, v_shape, 2.0),
    ("session-drop-1sd", "falls 1 SD of all differences", True, session_drop, 1.0),
    ("session-drop-2sd", "falls 2 SD of all differences", True, session_drop, 2.0),
    ("control-chart-2sigma", "own earlier mean less 2 sigma", True, control_chart, 2.0),
    ("control-chart-3sigma", "own earlier mean less 3 sigma", True, control_chart, 3.0),
    ("reliable-change", "falls beyond measurement error", True, reliable_change, 1.0),
    ("earlier-mean-3sd", "own earlier mean less 3 SD of all", True, lambda y: fall_from_mean(y, own=False), 3.0),
    ("earlier-mean-own-3sd", "own earlier mean less 3 own SD", True, lambda y: fall_from_mean(y, own=True), 3.0),
    ("ewma", "EWMA (.3) from own earlier mean, SD of all", True, lambda y: ewma(y, own=False), 1.2),
    ("ewma-own-sd", "EWMA (.3) from own earlier mean, own SD", True, lambda y: ewma(y, own=True), 1.2),
    ("cusum", "CUSUM (k = 1) from own earlier mean, SD of all", True, lambda y: cusum(y, own=False), 3.0),
    ("cusum-own-sd", "CUSUM (k = 1) from own earlier mean, own SD", True, lambda y: cusum(y, own=True), 3.0),
)
RULES = {row[0]: Rule(*row) for row in _RULES}


def rule_named(name: str) -> Rule:
    """The rule of this name. Raises `BadInput` that lists the names.

    >>> rule_named("v-shape-2sd").limit
    2.0
    """
    if name not in RULES:
        raise BadInput(f"there is no rule {name!r}; choose one of {', '.join(RULES)}.")
    return RULES[name]


def false_alarms(
    rule: Rule, hyper: Hyper, sessions: int = 15, *, draws: int = 6000, seed: int = 0, noise: Noise = PLAIN
) -> float:
    """Share of simulated courses in which nothing happened that the rule flags at least once.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=0.0, cov=0.0, var_residual=25.0, phi=0.0)
    >>> false_alarms(rule_named("own-mean-2sd"), usual, draws=500) > 0.05
    True
    """
    courses = draw(hyper, draws, np.arange(1.0, sessions + 1), np.random.default_rng(seed), noise)
    return float(rule.flag(courses).any(axis=1).mean())


def _own(y: Floats) -> tuple[Floats, Floats]:
    """Mean and SD of each person's ratings, (n, 1); SD 0 with fewer than three, so that nothing is flagged."""
    seen = ~np.isnan(y)
    ratings = seen.sum(axis=1, keepdims=True)
    mean = np.where(seen, y, 0.0).sum(axis=1, keepdims=True) / np.maximum(ratings, 1)
    square = np.where(seen, (y - mean) ** 2, 0.0).sum(axis=1, keepdims=True) / np.maximum(ratings - 1, 1)
    return mean, np.where(ratings >= 3, np.sqrt(square), 0.0)


def _earlier_mean(y: Floats) -> Floats:
    """Mean of the person's earlier ratings, nan before any."""
    seen = ~np.isnan(y)
    before = np.cumsum(seen, axis=1) - seen
    sums = np.cumsum(np.where(seen, y, 0.0), axis=1) - np.where(seen, y, 0.0)
    return np.where(before > 0, sums / np.maximum(before, 1), np.nan)


def _from_mean(y: Floats, own: bool) -> Floats:
    """Ratings less the mean of the person's earlier ones, made equally wide by how many these are, in the SD of all
    such or in the person's own SD so far (two earlier ratings at least)."""
    seen = ~np.isnan(y)
    before = np.cumsum(seen, axis=1) - seen
    far = np.where(before >= 2, (y - _earlier_mean(y)) * np.sqrt(before / (before + 1.0)), np.nan)
    if not own:
        sd = float(np.nanstd(far)) if not np.isnan(far).all() else 0.0
        return far / sd if sd > 0 else np.full(y.shape, np.nan)
    centred = np.where(seen, y - np.nanmean(np.where(seen, y, 0.0)), 0.0)
    squares = (np.cumsum(centred**2, axis=1) - centred**2) / np.maximum(before, 1)
    mean = (np.cumsum(centred, axis=1) - centred) / np.maximum(before, 1)
    variance = (squares - mean**2) * before / np.maximum(before - 1, 1)
    typical = np.nanmean(np.where(before >= 2, variance, np.nan)) if (before >= 2).any() else 0.0
    least = max(0.1 * float(typical), 1e-12)  # two alike ratings are no SD of 0
    return np.asarray(far / np.sqrt(np.maximum(variance, least)))


def _judged(y: Floats, statistic: Floats) -> Floats:
    """From the fourth rating on, as Accord's own."""
    seen = ~np.isnan(y)
    return _where(seen & (np.cumsum(seen, axis=1) > 3) & ~np.isnan(statistic), statistic)


def _where(judged: Flags, statistic: Floats) -> Floats:
    return np.where(judged, statistic, -np.inf)


def _last(y: Floats) -> Floats:
    """The person's last rating before each session, nan where there is none."""
    last = np.full_like(y, np.nan)
    for t in range(1, y.shape[1]):
        last[:, t] = np.where(np.isnan(y[:, t - 1]), last[:, t - 1], y[:, t - 1])
    return last
