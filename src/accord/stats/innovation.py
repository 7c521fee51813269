"""How far each rating of a course lies from what the earlier ones let expect, given what is usual (`Hyper`).

The model is y_it = m(t) + u0_i + u1_i f(t) + sd(t) e_it, with (u0, u1) normal over persons and e an AR(1) within a
person. Divided by sd(t), and given the last rating seen, d sessions ago, the quasi-difference r_t - phi^d r_(t-d) is a
regression on (u0, u1) with independent noise. So the Kalman filter needs no matrices: the evidence about (u0, u1)
before each session is a running sum, and the 2 x 2 system is solved in closed form. A missing session adds nothing to
the sum and widens the next step, exactly. The random effects are written as a square root of their covariance times
standard normal values, so zero slope variance needs no special case. Source: the filter named after
Kalman 1960 (from memory, not read here), written out for this model.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.cores import product, spread
from accord.stats.hyper import Hyper

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
States = npt.NDArray[np.int8]
Sum = TypeVar("Sum", np.float32, np.float64)

NONE, OPEN, PARTLY, RECOVERED = 0, 1, 2, 3
STATES = ("none", "open", "partly", "recovered")

CAP = 6.25  # a squared innovation counts at most this much for a person's spread: a strain must not hide itself
CHUNK = 4096  # persons worked on at once: enough that the calls cost little, few enough for the processor's cache
FEW = 50  # persons up to whom it is not worth asking who has gaps
ALIKE = 20  # times as many persons without gaps as sessions, from which on one matrix for all is quicker
SHORT = 100  # sessions up to which it is
SHARE = 0.3  # of persons without gaps, from which on to take them apart costs less than it saves
NARROW = 150  # persons up to whom a few strided calls are quicker than some for each session
NO_EVIDENCE = np.array([1.0, 1.0, 0.0])[:, None, None]  # of precision (c, a, b)
NOTHING_SEEN = np.array([0.0, 0.0, 0.0, -np.inf])[:, None]  # of both regressors, of the residual, and when
LEAST = -np.finfo(np.float64).max  # below every rating, and 0 once it is weighed with 0 (nan stays nan)


@dataclass(frozen=True, slots=True)
class Innovations:
    """One step ahead, for every person and session: arrays of shape (n, T).

    `expected`: mean given all earlier ratings of the person. `sd`: its standard deviation times the person's own
    spread. `z` = (score - expected) / sd, nan where there is no score. `scale`: the person's spread against the usual.
    `earlier`: ratings seen before the session.
    """

    expected: Floats
    sd: Floats
    z: Floats
    scale: Floats
    earlier: Floats


def innovations(scores: npt.ArrayLike, times: npt.ArrayLike, hyper: Hyper) -> Innovations:
    """How far each rating lies from what the person's earlier ratings let expect.

    scores: (n, T), missing as nan. times: (T,) or (n, T), session numbers, increasing. The person's spread is
    s^2 = (nu + sum min(e^2, 6.25)) / (nu + n) over the earlier innovations e. Exact under gaps; memory O(n T) for the
    result and O(chunk) besides. Raises `BadInput` for infinite scores and for times that do not increase.

    >>> usual = Hyper(70.0, 0.5, 190.0, 0.4, 0.0, 70.0, 0.2)
    >>> steps = innovations([[72.0, 75.0, 40.0]], [1, 2, 3], usual)
    >>> bool(steps.z[0, 2] < -2.5)
    True
    """
    y, t = checked(scores, times)
    n, sessions = y.shape
    room = np.empty((5, sessions, n))

    def work(low: int, high: int) -> None:
        for start in range(low, high, CHUNK):
            rows = slice(start, min(start + CHUNK, high))
            _chunk(y[rows], t[rows] if t.ndim == 2 else t, hyper, room[:, :, rows])

    spread(work, n)
    return Innovations(*room.swapaxes(1, 2))


def checked(scores: npt.ArrayLike, times: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Scores as (n, T) and times as (T,) or (n, T) floats; missing is nan. Raises `BadInput` for what is none of these.

    >>> [part.shape for part in checked([[70, 75, 40]], [1, 2, 3])]
    [(1, 3), (3,)]
    """
    y = np.asarray(scores, dtype=np.float64)
    t = np.asarray(times, dtype=np.float64)
    if y.ndim != 2:
        raise BadInput(f"scores have {y.ndim} axes; give one row per person and one column per session.")
    if t.shape not in (y.shape, y.shape[1:]):
        raise BadInput(f"times have shape {t.shape}, scores {y.shape}. Give one time per session.")
    if np.count_nonzero(np.isinf(y)):
        raise BadInput("scores hold an infinite value. Correct it or make it missing (nan).")
    if np.count_nonzero(np.isfinite(t)) < t.size or np.count_nonzero(t[..., 1:] <= t[..., :-1]):
        raise BadInput("times must be finite and increase. Sort the sessions and keep one rating for each.")
    return y, t


def ahead(scores: Floats, times: Floats, hyper: Hyper) -> tuple[Floats, Floats]:
    """Mean of each rating given the earlier ones of the person, and its sd were everybody as steady as is usual.

    scores: (n, T), missing as nan, times (T,), both `checked`. Mean: (n, T); sd: (n, T), or (1, T) where nobody has
    gaps. The first half of `innovations`, for those who need no more of it.

    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=75.0, var_slope=0.0, cov=0.0, var_residual=25.0, phi=0.0)
    >>> mean, sd = ahead(np.array([[70.0, 70.0], [70.0, 80.0]]), np.array([1.0, 2.0]), usual)
    >>> mean.tolist(), sd[:, 0].tolist()
    ([[70.0, 70.0], [70.0, 70.0]], [10.0])
    """
    time = times[:, None]
    usual = hyper.mean(time)
    mean, alike, _weight = _one_step(scores.T - usual, time, hyper, not np.isnan(scores).any())
    mean += usual
    return mean.T, alike.T


def _chunk(y: Floats, t: Floats, hyper: Hyper, out: Floats) -> None:
    """Some persons, those without gaps by themselves where they are many."""
    if len(y) <= FEW or t.ndim == 2:
        _filter(y, t, hyper, out, whole=False)
        return
    gaps = np.asarray(np.isnan(y).any(axis=1))
    share = 1.0 - np.count_nonzero(gaps) / len(y)
    if share < SHARE or share == 1.0:
        _filter(y, t, hyper, out, share == 1.0)
        return
    for rows, whole in ((np.flatnonzero(~gaps), True), (np.flatnonzero(gaps), False)):
        part = np.empty((*out.shape[:2], len(rows)))
        _filter(y[rows], t, hyper, part, whole)
        out[:, :, rows] = part


def _filter(y: Floats, t: Floats, hyper: Hyper, out: Floats, whole: bool) -> None:
    """The arrays of `Innovations`; sessions lie on the first axis, so every step works on long contiguous rows."""
    time = t[:, None] if t.ndim == 1 else np.ascontiguousarray(t.T)
    z, scale, earlier = out[2], out[3], out[4]  # what is counted and computed lies where its result will be
    usual = hyper.mean(time)
    np.subtract(y.T, usual, out=z)
    mean, alike, weight = _one_step(z, time, hyper, whole)
    np.add(mean, usual, out=out[0])
    z -= mean
    z /= alike
    surprise, worth = scale[1:], earlier[:, : weight.shape[1]]
    np.square(z[:-1], out=surprise)
    np.fmin(surprise, CAP, out=surprise)
    if not whole:
        surprise *= weight[:-1]
    worth[1:] = weight[:-1]
    scale[:1] = worth[:1] = hyper.nu
    running(scale)
    running(worth)
    scale /= worth
    np.sqrt(scale, out=scale)
    earlier[:] = np.rint(worth - hyper.nu)  # nu is no whole number: three would be 2.999 999 9, and not judged
    np.multiply(alike, scale, out=out[1])
    z /= scale


def _one_step(rest: Floats, time: Floats, hyper: Hyper, whole: bool) -> tuple[Floats, Floats, Floats]:
    """Mean and usual sd of ratings less their usual mean, (T, n), given the earlier ones; and 1 where there is one.

    How much is known before each session depends on where ratings are, not on what they are. So for persons without
    gaps (`whole`) it is worked out once, in arrays of one column: quicker, and the same to the last digit. And what is
    expected of many of them is one matrix times their ratings, the columns of which follow a rating of 1 in each
    session: half of the time.
    """
    sessions, persons = rest.shape
    if whole and sessions <= SHORT and persons > ALIKE * sessions:
        follows, alike, weight = _one_step(np.eye(sessions), time, hyper, whole)
        return product(follows, rest), alike, weight
    noisy = hyper.relative_sd(time)
    seen = np.ones(time.shape, dtype=np.bool_) if whole else rest == rest  # nan is not itself
    weight = seen.astype(np.float64)
    residual = rest if whole else np.fmax(rest, LEAST) * weight
    if noisy is not None:
        residual = residual / noisy
    mean, variance = _ahead(residual, seen, weight, time, hyper, _regressors(time, noisy, hyper))
    alike = np.sqrt(variance, out=variance)
    if noisy is not None:
        mean *= noisy
        alike *= noisy
    return mean, alike, weight


def _regressors(time: Floats, noisy: Floats | None, hyper: Hyper) -> tuple[Floats, Floats]:
    """What the two standard normal coefficients of a person are multiplied with, in units of the noise."""
    f00, f10, f11 = hyper.root()
    along = hyper.along(time)
    x0, x1 = f00 + f10 * along, f11 * along
    return (x0, x1) if noisy is None else (x0 / noisy, x1 / noisy)


def _ahead(
    residual: Floats, seen: Flags, weight: Floats, time: Floats, hyper: Hyper, regressors: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Mean and variance of each residual given those before it: what is carried over from the last, and the rest.

    The rest is a running Bayesian regression of quasi-differences on two standard normal coefficients.
    """
    quasi = _few_quasi if seen.shape[1] <= NARROW else _many_quasi
    if seen.shape != residual.shape:
        quasi = _whole_quasi
    x, step, carried, keep = quasi(residual, seen, time, hyper.phi, regressors)
    noise = keep * keep
    noise *= -hyper.var_residual
    noise += hyper.var_residual
    mean, variance = _predicted(x, *_evidence(x, step, weight[:-1] / noise[:-1]))
    mean += carried
    variance += noise
    return mean, variance


def _evidence(x: Floats, step: Floats, precision: Floats) -> tuple[Floats, Floats]:
    """Before each session: the precision (a, b; b, c) in the order c, a, b, and its weighted sums."""
    weighted = x[:, :-1] * precision
    information, sums = np.empty((3, *x.shape[1:])), np.empty((2, *step.shape))
    information[:, :1], sums[:, :1] = NO_EVIDENCE, 0.0
    np.multiply(x[:, :-1], weighted[0], out=information[1:, 1:])
    np.multiply(x[1, :-1], weighted[1], out=information[0, 1:])
    np.multiply(step[:-1], weighted, out=sums[:, 1:])
    running(information)
    running(sums)
    return information, sums


def _predicted(x: Floats, information: Floats, sums: Floats) -> tuple[Floats, Floats]:
    """x'C g and x'C x for both regressors x, where C is the inverse of the precision and g its weighted sums."""
    b = information[2]
    determinant = information[0] * information[1]
    determinant -= b * b
    gain = x * information[:2]
    gain -= x[::-1] * b
    gain /= determinant
    parts = gain * sums
    mean = parts[0]
    mean += parts[1]
    gain *= x
    variance = gain[0]
    variance += gain[1]
    return mean, variance


def _whole_quasi(
    residual: Floats, seen: Flags, time: Floats, phi: float, regressors: tuple[Floats, Floats]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Quasi-differences of both regressors and of the residual; what is carried over; phi^d (0 before any rating).

    For persons without gaps, to whom all but what is carried over is common.
    """
    keep = np.zeros(time.shape)
    keep[1:] = _faded(phi, time[1:] - time[:-1])
    x = np.stack(regressors)
    x[:, 1:] -= keep[1:] * x[:, :-1]
    carried = np.zeros(residual.shape)
    np.multiply(residual[:-1], keep[1:], out=carried[1:])
    return x, residual - carried, carried, keep


def _few_quasi(
    residual: Floats, seen: Flags, time: Floats, phi: float, regressors: tuple[Floats, Floats]
) -> tuple[Floats, Floats, Floats, Floats]:
    """The same for few persons: the place of the last rating seen is looked up.

    Nothing, infinitely long ago, lies before the first.
    """
    sessions, persons = residual.shape
    stack = np.empty((4, sessions + 1, persons))
    stack[:, 0] = NOTHING_SEEN
    now = stack[:, 1:]
    when = now[3]
    when[:] = time
    now[0], now[1], now[2] = *regressors, residual
    last = np.arange(residual.size).reshape(residual.shape)
    later = last[1:]
    later *= seen[:-1]
    np.maximum.accumulate(last, axis=0, out=last)
    memory = stack.reshape(4, -1).take(last, axis=1)
    keep = phi ** (when - memory[3])
    carried = memory[:3]
    carried *= keep
    rows = now[:3] - carried
    return rows[:2], rows[2], carried[2], keep


def _many_quasi(
    residual: Floats, seen: Flags, time: Floats, phi: float, regressors: tuple[Floats, Floats]
) -> tuple[Floats, Floats, Floats, Floats]:
    """The same for many persons: from session to session what is remembered fades, and a new rating replaces it."""
    every = *regressors, residual
    fade = _faded(phi, time[1:] - time[:-1])
    memory = np.zeros((4, *residual.shape))
    keep = memory[3]
    np.multiply(seen[:-1], fade, out=keep[1:])
    for now, carried in zip(regressors, memory, strict=False):
        np.multiply(keep[1:], now[:-1], out=carried[1:])
    np.multiply(residual[:-1], fade, out=memory[2, 1:])
    for (before, after), left in zip(pairwise(memory.swapaxes(0, 1)), fade - keep[1:], strict=False):
        after += before * left
    rows = np.empty((3, *residual.shape))
    for now, carried, row in zip(every, memory, rows, strict=False):
        np.subtract(now, carried, out=row)
    return rows[:2], rows[2], memory[2], keep


def _faded(phi: float, gap: Floats) -> Floats:
    """phi to the power of each gap. Whole-numbered sessions look it up: a power would cost more than the filter."""
    widest = float(gap.max(initial=0.0))
    if widest < 100_000 and not (gap % 1).any():
        return np.asarray((phi ** np.arange(widest + 1.0))[gap.astype(np.intp)])
    return np.asarray(phi**gap)


def running(sums: npt.NDArray[Sum]) -> npt.NDArray[Sum]:
    """Make of what lies in each session's place, (T, n) or (k, T, n), the sum up to that session; none is missing.

    >>> running(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[1.0, 2.0], [4.0, 6.0]]
    """
    if sums.shape[-1] <= NARROW:
        return np.add.accumulate(sums, axis=-2, out=sums)
    for before, now in pairwise(np.moveaxis(sums, -2, 0)):
        now += before
    return sums


def together(client: Floats, therapist: Floats, weight: float) -> Floats:
    """Both voices in one statistic: z_client + weight min(z_therapist + 1, 0), shapes (n, T).

    A therapist who saw a session at least one sd worse than usual adds; one who saw none, or did not answer, never
    takes away. Without the client's rating there is nothing (nan).

    >>> together(np.array([[-1.0, -1.0]]), np.array([[-2.0, np.nan]]), 0.4).tolist()
    [[-1.4, -1.0]]
    """
    return client + weight * np.fmin(therapist + 1.0, 0.0)


def cusum(z: Floats, k: float = 0.5) -> Floats:
    """Slow decline: S_t = max(0, S_(t-1) - z_t - k), for (n, T). A missing session leaves the sum as it is.

    One session counts for at most 2.5, so that a single drop is not called a slide.

    >>> cusum(np.array([[-1.0, np.nan, -2.0, 3.0]])).tolist()
    [[0.5, 0.5, 2.0, 0.0]]
    """
    sums = np.ascontiguousarray(np.where(np.isnan(z), 0.0, np.minimum(-z, 2.5) - k).T)
    np.maximum(sums[:1], 0.0, out=sums[:1])
    for before, now in pairwise(sums):
        now += before
        np.maximum(now, 0.0, out=now)
    return sums.T


def repair(
    scores: Floats, expected: Floats, sd: Floats, flags: Flags, reference: Floats | None = None
) -> States:
    """Where the latest flagged strain stands after each session: 0 none, 1 open, 2 partly, 3 recovered; (n, T).

    Measured against what was expected just before the drop (or against `reference`, for slides): recovered once a
    rating lies less than half an sd below it; partly once half of the drop is regained within 3 sessions. A new
    flag while a strain is not recovered keeps the first level, since later expectations contain the strain. A missing
    rating (nan) leaves the state as it is.

    >>> usual, sd, flags = np.full((1, 4), 70.0), np.full((1, 4), 5.0), np.array([[False, True, False, False]])
    >>> [STATES[code] for code in repair(np.array([[70.0, 40.0, 60.0, 70.0]]), usual, sd, flags)[0]]
    ['none', 'open', 'partly', 'recovered']
    """
    state = np.zeros(scores.shape, dtype=np.int8)
    rows = np.flatnonzero(flags.any(axis=1))
    if len(rows):
        level = expected if reference is None else reference
        state[rows] = _follow(scores[rows], level[rows], sd[rows], flags[rows])
    return state


def _follow(scores: Floats, expected: Floats, sd: Floats, flags: Flags) -> States:
    """`repair` for courses that have a flag, session by session."""
    n, sessions = scores.shape
    state = np.zeros((n, sessions), dtype=np.int8)
    now, going = np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.bool_)
    level, unit, bottom, onset = np.zeros(n), np.ones(n), np.zeros(n), np.zeros(n)
    for t in range(int(flags.any(axis=0).argmax()), sessions):
        y, flag = scores[:, t], flags[:, t]
        fresh = flag & ~going
        np.copyto(level, expected[:, t], where=fresh)
        np.copyto(unit, sd[:, t], where=fresh)
        np.fmin(bottom, y, out=bottom, where=flag)
        np.copyto(bottom, y, where=fresh)
        np.copyto(onset, t, where=flag)
        later = going & ~flag  # a missing rating compares as false below, and changes nothing
        half = later & (t - onset <= 3) & (y - bottom >= 0.5 * (level - bottom))
        back = later & ((y - level) / unit > -0.5)
        for mark, where in ((PARTLY, half), (RECOVERED, back), (OPEN, flag)):
            np.copyto(now, np.int8(mark), where=where)
        going = (going | flag) & ~back
        state[:, t] = now
    return state
