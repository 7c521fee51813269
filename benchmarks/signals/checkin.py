"""Two scales and three kinds of marks at once: how many uneventful courses get any mark at all on the check-in."""

from __future__ import annotations

import numpy as np

from accord.stats.courses import draw, wander
from accord.stats.estimate import behind_ends
from accord.stats.hyper import Hyper
from accord.stats.priors import shipped
from accord.stats.simulated_practice import SHARED
from accord.stats.thresholds import BUDGET, Budget, calibrate
from accord.trajectories import trajectory
from benchmarks.signals.tables import HALF, Size, show

KINDS = ("drop", "slide", "gap")
TIMES = np.arange(1.0, 16.0)


def check_in(size: Size) -> None:
    """Share of uneventful courses with a mark, on one of the two scales and on either, by how alike the scales are."""
    rows = [("Collaboration alone, whole budget", *_alone(size))]
    rows += [(f"{alike:.1f}", *_shares(size, alike)) for alike in (0.0, 0.5, 0.8)]
    head = ("correlation of the two scales within a session", *(f"{kind}, one scale" for kind in KINDS),
            *(f"{kind}, either" for kind in KINDS), "any of them")  # fmt: skip
    show(f"The check-in as a whole, starting values, {size.courses:,} uneventful courses", head, rows)


def _shares(size: Size, alike: float) -> list[float]:
    rng = np.random.default_rng(5)
    marks = np.stack([_marked(scale, noise, size, rng) for scale, noise in _noises(size.courses, alike, rng).items()])
    either = marks.any(axis=0)
    return [*marks.mean(axis=(0, 1)), *either.mean(axis=0), float(either.any(axis=1).mean())]


def _alone(size: Size) -> list[float | str]:
    """While Connection does not speak: the whole budget is Collaboration's."""
    rng = np.random.default_rng(5)
    noise = _noises(size.courses, 0.0, rng)["collaboration"]
    marks = _marked("collaboration", noise, size, rng, BUDGET)
    return [*marks.mean(axis=0), *[""] * len(KINDS), float(marks.any(axis=1).mean())]


def _noises(n: int, alike: float, rng: np.random.Generator) -> dict[str, list[np.ndarray]]:
    """Noise of client and therapist for each scale: voices are correlated within a session, and so are scales."""
    noises: dict[str, list[np.ndarray]] = {}
    for scale, priors in shipped().items():
        own = [wander(n, TIMES, priors.client.phi, rng) for _voice in range(2)]
        own[1] = _mixed(own[0], own[1], SHARED)
        first = next(iter(noises.values()), own)
        noises[scale] = [_mixed(a, b, alike) for a, b in zip(first, own, strict=True)] if noises else own
    return noises


def _mixed(one: np.ndarray, other: np.ndarray, correlation: float) -> np.ndarray:
    return correlation * one + (1.0 - correlation**2) ** 0.5 * other


def _marked(
    scale: str, noise: list[np.ndarray], size: Size, rng: np.random.Generator, budget: Budget = HALF
) -> np.ndarray:
    """Whether each course has a mark of each kind on this scale, (n, 3), under the shipped starting values."""
    priors = shipped()[scale]

    def voice(usual: Hyper, wandering: np.ndarray) -> np.ndarray:
        return draw(behind_ends(usual), len(wandering), TIMES, rng, wandering=wandering)

    client, therapist = voice(priors.client, noise[0]), voice(priors.therapist, noise[1])
    own = trajectory(
        client, TIMES, calibrate(priors.client, second=priors.therapist, budget=budget, draws=size.draws), therapist
    )
    apart = trajectory(client - therapist, TIMES, calibrate(priors.difference, budget=budget, draws=size.draws))
    return np.column_stack([own.flag_drop.any(axis=1), own.flag_slide.any(axis=1), apart.flag_gap.any(axis=1)])
