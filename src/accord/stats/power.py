"""How many persons and sessions a study needs: simulated studies, analysed as the real one will be.

Muthén & Muthén 2002, Struct Equ Modeling 9: 599. Within persons both scores have variance 1 in each session, so effects
are standardised:

    x_t = a x_t-1 + e,   y_t = a y_t-1 + c x_t-1 + e',   each with a level of the person (and of the therapist) added

Each simulated study is fitted by `riclpm` (lags the same at all waves) or `coupling` (alliance one session before);
power is the share in which c lies more than 1.96 standard errors off zero. Another analysis is one more entry of
`MODELS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import AccordError, BadInput
from accord.stats.coupling import lagged_coupling
from accord.stats.riclpm import riclpm

Floats = npt.NDArray[np.float64]
Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class StudyDesign:
    """A study to be: `n` persons, `sessions` of each, `missing` share of ratings, `effect` c, `auto` a (same for both).

    `levels`: share of a rating's variance between persons; `therapists` (0: none) and the share of that which lies
    between them. Shares from 0 to below 1.
    """

    n: int
    sessions: int
    effect: float
    missing: float = 0.0
    auto: float = 0.3
    levels: float = 0.5
    therapists: int = 0
    therapist_share: float = 0.1


@dataclass(frozen=True, slots=True)
class Power:
    """Of `runs` simulated studies: `power` with its simulation error, `bias` of the estimate, `coverage` of the 95 %
    interval, `se` (mean of the standard errors) and `sd` (of the estimates), and the share that was `usable`.
    """

    model: str
    design: StudyDesign
    power: float
    power_error: float
    bias: float
    coverage: float
    se: float
    sd: float
    usable: float
    runs: int

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        about = self.design
        what = "power" if about.effect else "wrongly called an effect"
        lines = [
            f"{self.model}: {about.n} persons, {about.sessions} sessions, {about.missing:.0%} missing, "
            f"effect {about.effect:g}; {self.runs} simulated studies",
            f"{what:<28}{self.power:.3f} (simulation error {self.power_error:.3f})",
            f"{'bias of the estimate':<28}{self.bias:.4f}",
            f"{'95 % intervals that hold it':<28}{self.coverage:.3f}",
            f"{'mean SE, SD of estimates':<28}{self.se:.4f}, {self.sd:.4f}",
        ]
        if self.usable < 1.0:
            lines.append(f"careful: {1 - self.usable:.1%} of the studies could not be analysed.")
        if abs(self.coverage - 0.95) > 0.03 + 2 * self.power_error:
            lines.append("careful: intervals do not hold what they promise in this design; power says little then.")
        return "\n".join(lines)


def _by_riclpm(x: Floats, y: Floats) -> tuple[float, float]:
    fit = riclpm(x, y, constrained=True, starts=1)
    return (fit.estimates["y2~x1"], fit.se["y2~x1"]) if fit.fit.converged else (np.nan, np.nan)


def _by_coupling(x: Floats, y: Floats) -> tuple[float, float]:
    who, session = np.divmod(np.arange(x.size), x.shape[1])
    fit = lagged_coupling(y.ravel(), x.ravel(), who, session)
    return (fit.fixed["within"], fit.se["within"]) if fit.converged else (np.nan, np.nan)


MODELS: dict[str, Callable[[Floats, Floats], tuple[float, float]]] = {"riclpm": _by_riclpm, "coupling": _by_coupling}


def power_by_simulation(model: str, design: StudyDesign, runs: int = 500, seed: int = 1) -> Power:
    """Power, bias and coverage of one `design` under one of `MODELS`, from so many simulated studies.

    Missing ratings are missing completely at random, session by session. Formula and source: at the top of this module.
    The same seed gives the same numbers. Raises `BadInput` for another model, fewer than 20 runs, and a design that
    cannot be: shares below 0 or not below 1, fewer than three sessions, an effect that no variance of 1 can hold,
    persons who are fewer than therapists, or studies of which none can be analysed.

    >>> some = power_by_simulation("riclpm", StudyDesign(150, 4, 0.3), runs=20)
    >>> some.power > 0.5, abs(some.bias) < 0.1
    (True, True)
    """
    if model not in MODELS:
        raise BadInput(f"model {model!r} is not known; choose one of {', '.join(MODELS)}.")
    if runs < 20:
        raise BadInput(f"{runs} simulated studies say nothing of power; ask for 20 at least, and 500 to rely on it.")
    _check(design)
    rng = np.random.default_rng(seed)
    results = []
    for _run in range(runs):
        x, y = simulated_study(design, rng)
        try:
            results.append(MODELS[model](x, y))
        except AccordError:
            results.append((np.nan, np.nan))
    estimate, error = np.array(results).T
    usable = ~np.isnan(estimate + error)
    if usable.sum() < 2:
        raise BadInput("none of the simulated studies can be analysed. Plan more persons or sessions, or less missing.")
    estimate, error = estimate[usable], error[usable]
    power = float((np.abs(estimate) > Z * error).mean())
    return Power(
        model=model,
        design=design,
        power=power,
        power_error=float(np.sqrt(power * (1.0 - power) / len(estimate))),
        bias=float(estimate.mean() - design.effect),
        coverage=float((np.abs(estimate - design.effect) < Z * error).mean()),
        se=float(error.mean()),
        sd=float(estimate.std(ddof=1)),
        usable=float(usable.mean()),
        runs=runs,
    )


def simulated_study(design: StudyDesign, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Both scores x and y of one study, (persons, sessions) each, missing as nan.

    >>> x, y = simulated_study(StudyDesign(50, 6, 0.2, missing=0.1), np.random.default_rng(1))
    >>> x.shape, bool(np.isnan(x).any())
    ((50, 6), True)
    """
    lags = np.array([[design.auto, 0.0], [design.effect, design.auto]])
    root = np.linalg.cholesky(np.eye(2) - lags @ lags.T)
    own = np.sqrt(design.levels / (1.0 - design.levels)) * _levels(design, rng)
    state, scores = rng.standard_normal((design.n, 2)), []
    for session in range(design.sessions):
        if session:
            state = state @ lags.T + rng.standard_normal((design.n, 2)) @ root.T
        scores.append(own + state)
    x, y = (np.stack([score[:, side] for score in scores], axis=1) for side in (0, 1))
    gone = rng.random(x.shape) < design.missing
    return np.where(gone, np.nan, x), np.where(gone, np.nan, y)


def _levels(design: StudyDesign, rng: np.random.Generator) -> Floats:
    """Of variance 1, (persons, 2), part of it shared by the clients of a therapist."""
    own = rng.standard_normal((design.n, 2))
    if not design.therapists:
        return own
    share = design.therapist_share
    of_therapists = rng.standard_normal((design.therapists, 2))[np.arange(design.n) % design.therapists]
    return np.asarray(np.sqrt(1.0 - share) * own + np.sqrt(share) * of_therapists)


def _check(design: StudyDesign) -> None:
    for name in ("missing", "levels", "therapist_share"):
        share = getattr(design, name)
        if not 0.0 <= share < 1.0:
            raise BadInput(f"{name} is {share:g}; give a share from 0 to below 1.")
    if design.sessions < 3 or design.n < 2:
        raise BadInput(f"{design.n} persons with {design.sessions} sessions; give two and three at least.")
    if not 0 <= design.therapists <= design.n:
        raise BadInput(f"{design.therapists} therapists for {design.n} persons; each needs one at least.")
    lags = np.array([[design.auto, 0.0], [design.effect, design.auto]])
    if not np.isfinite(lags).all() or np.linalg.eigvalsh(np.eye(2) - lags @ lags.T)[0] <= 1e-9:
        raise BadInput(f"an effect of {design.effect:g} with auto {design.auto:g} leaves no variance. Choose less.")
