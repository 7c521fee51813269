"""What is usual on a scale, in numbers: the mean over sessions, how persons differ, how noise changes.

Another way in which ratings may rise is one entry in `RISES`. Source: our own (docs/explanation/signals.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput

Floats = npt.NDArray[np.float64]
Rise = Literal["session", "log", "early"]
RISES: dict[Rise, Callable[[Floats], Floats]] = {
    "session": lambda s: s,
    "log": lambda s: np.log1p(np.maximum(s, 0.0)),
    "early": lambda s: 1.0 - np.exp(-np.maximum(s, 0.0) / 4.0),
}
"""What a person's own rise goes along with: steadily, more and more slowly, or in the first sessions alone."""
STEADY = 1e6  # prior ratings of a person's spread that stand for "all persons are alike"
BEND = 3.0  # sessions in which two thirds of an early rise are over


@dataclass(frozen=True, slots=True)
class Hyper:
    """The usual course of a scale: what is known of a person before the first rating.

    Mean: b0 + b1 s + b_log log(s + 1) + b_early (1 - e^(-s/3)) at session s. `var_intercept`, `var_slope`, `cov`: how
    persons differ in level and in the rise along `rise`. `var_residual`: variance within a person around the own
    course in mid-course; the sd is that times exp(trend (s/longest - 1/2)). `phi`: its correlation from one session to
    the next. `spread`: coefficient of variation of the within-person SD over persons; `nu`: ratings that the usual
    spread is worth against a person's own. After session `longest` everything stands still (`None`: nothing does, and
    noise does not change). `low`, `high`: ends of the scale. `name` says where the numbers come from, `n_dyads` from
    how many courses of one's own.
    """

    b0: float
    b1: float
    var_intercept: float
    var_slope: float
    cov: float
    var_residual: float
    phi: float
    low: float | None = None
    high: float | None = None
    name: str = ""
    n_dyads: int = 0
    spread: float = 0.36
    b_log: float = 0.0
    b_early: float = 0.0
    rise: Rise = "session"
    trend: float = 0.0
    longest: float | None = None
    nu: float = 8.0

    def __post_init__(self) -> None:
        if not (self.var_intercept >= 0 and self.var_slope >= 0 and self.var_residual > 0):
            raise BadInput("Hyper: variances must not be negative and var_residual must be above 0.")
        if self.cov**2 > self.var_intercept * self.var_slope * (1 + 1e-9) + 1e-300:
            raise BadInput("Hyper: cov is larger than the two variances allow. Give at most the root of their product.")
        if not 0 <= self.phi < 1:
            raise BadInput(f"Hyper: phi is {self.phi}; it must be at least 0 and below 1.")
        if self.rise not in RISES:
            raise BadInput(f"Hyper: there is no rise {self.rise!r}; choose one of {', '.join(RISES)}.")

    def root(self) -> tuple[float, float, float]:
        """Lower triangular square root (f00, f10, f11) of the covariance of the random effects."""
        f00 = self.var_intercept**0.5
        f10 = self.cov / f00 if f00 > 0 else 0.0
        return f00, f10, max(self.var_slope - f10 * f10, 0.0) ** 0.5

    def clock(self, times: Floats) -> Floats:
        """Sessions, standing still after the longest course that was seen."""
        return times if self.longest is None else np.minimum(times, self.longest)

    def mean(self, times: Floats) -> Floats:
        """The mean rating at these sessions, any shape."""
        s = self.clock(times)
        usual = self.b0 + self.b1 * s
        if self.b_log or self.b_early:
            late = np.maximum(s, 0.0)
            usual += self.b_log * np.log1p(late) - self.b_early * np.expm1(-late / BEND)
        return usual

    def along(self, times: Floats) -> Floats:
        """What a person's own rise is multiplied with."""
        return RISES[self.rise](self.clock(times))

    def relative_sd(self, times: Floats) -> Floats | None:
        """Noise at these sessions against that in mid-course; `None` where it does not change."""
        if self.longest is None or self.trend == 0.0:
            return None
        return np.exp(self.trend * (np.clip(times / self.longest, 0.0, 1.0) - 0.5))


def basis(s: Floats) -> Floats:
    """1, s, log(s + 1) and 1 - e^(-s/3) at sessions s, (T,) or any shape: (4, T). Of these the mean is made.

    A missing session (nan) gives nan.

    >>> basis(np.array([0.0, 3.0])).round(2).tolist()
    [[1.0, 1.0], [0.0, 3.0], [0.0, 1.39], [0.0, 0.63]]
    """
    late = np.maximum(s, 0.0)
    return np.stack([np.ones_like(s), s, np.log1p(late), -np.expm1(-late / BEND)])
