"""Seeds come in; simulated studies, unbalanced and with gaps, from 5 to 5,000 persons, and their fits go out.

`gold/lme4_simulated.json` holds what lme4 and nlme say about them. To make it again, with R, lme4, nlme, jsonlite:

    python -m tests.accord.mixed_data FOLDER
    Rscript tests/accord/gold/lme4_simulated.R FOLDER tests/accord/gold/lme4_simulated.json
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accord.stats.mixed import MixedFit, fit_mixed

PERSONS = (5, 8, 12, 20, 30, 50, 80, 120, 200, 300)
SHAPES = ("intercept", "slope", "therapist", "therapist slope", "ar1", "ar1 slope", "car1 slope")
LARGE = ((1000, "slope"), (1000, "therapist slope"), (2000, "intercept"), (5000, "slope"), (2000, "ar1 slope"))


@dataclass(frozen=True)
class Recipe:
    """One study: its seed, size and model. Even seeds are fitted by REML, odd ones by ML."""

    seed: int
    persons: int
    shape: str

    @property
    def method(self) -> str:
        return "ML" if self.seed % 2 else "REML"

    @property
    def has(self) -> set[str]:
        return set(self.shape.split())


@dataclass(frozen=True)
class Study:
    """Long columns; one row a rating, in random order."""

    y: np.ndarray
    time: np.ndarray
    person: np.ndarray
    therapist: np.ndarray

    @property
    def fixed(self) -> np.ndarray:
        return np.column_stack([np.ones(len(self.time)), self.time])


def recipes() -> list[Recipe]:
    """48 small and middling studies over all shapes, and five large ones."""
    small = [Recipe(seed, PERSONS[seed % len(PERSONS)], SHAPES[seed % len(SHAPES)]) for seed in range(48)]
    return small + [Recipe(48 + k, persons, shape) for k, (persons, shape) in enumerate(LARGE)]


def study(recipe: Recipe) -> Study:
    """Courses of 4 to 20 sessions, a fifth of them missing inside, variances as in ratings of the alliance."""
    rng = np.random.default_rng(recipe.seed)
    persons, sessions = recipe.persons, 20
    time = np.tile(np.arange(float(sessions)), (persons, 1))
    if "car1" in recipe.has:
        time = np.round(np.cumsum(0.25 + rng.exponential(1.0, (persons, sessions)), axis=1), 3)
    therapist = rng.integers(0, max(3, persons // 6), persons)
    level = 3.5 + 0.55 * rng.standard_normal((persons, 1))
    level = level + 0.35 * rng.standard_normal(therapist.max() + 1)[therapist][:, None]
    growth = 0.04 + 0.04 * rng.standard_normal((persons, 1))
    y = level + growth * time + 0.35 * noise(rng, time, 0.4 if recipe.has & {"ar1", "car1"} else 0.0)
    kept = (np.arange(sessions) < rng.integers(4, sessions + 1, (persons, 1))) & (rng.random(time.shape) > 0.2)
    person, session = np.nonzero(kept)
    order = rng.permutation(len(person))
    person, session = person[order], session[order]
    return Study(y[person, session], time[person, session], person, therapist[person])


def fitted(recipe: Recipe, s: Study) -> MixedFit:
    """The study as its recipe says it should be fitted."""
    return fit_mixed(
        s.y,
        s.fixed,
        s.person,
        slope=s.time if "slope" in recipe.has else None,
        therapist=s.therapist if "therapist" in recipe.has else None,
        time=s.time,
        method=recipe.method,
        ar1=bool(recipe.has & {"ar1", "car1"}),
        names=("(Intercept)", "time"),
    )


def noise(rng: np.random.Generator, time: np.ndarray, phi: float) -> np.ndarray:
    """Unit-variance residuals with correlation phi**gap."""
    e = rng.standard_normal(time.shape)
    rho = phi ** np.diff(time, axis=1) if phi else np.zeros((len(time), time.shape[1] - 1))
    for t in range(1, time.shape[1]):
        e[:, t] = rho[:, t - 1] * e[:, t - 1] + np.sqrt(1.0 - rho[:, t - 1] ** 2) * e[:, t]
    return e


def write(folder: Path) -> None:
    """Each study as CSV, and the list of recipes, for R."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["seed,shape,method"]
    for recipe in recipes():
        s = study(recipe)
        rows = zip(s.y.tolist(), s.time.tolist(), s.person.tolist(), s.therapist.tolist(), strict=True)
        text = "\n".join(["y,time,person,therapist"] + [f"{y!r},{t!r},{p},{h}" for y, t, p, h in rows])
        (folder / f"{recipe.seed}.csv").write_text(text + "\n")
        lines.append(f"{recipe.seed},{recipe.shape},{recipe.method}")
    (folder / "recipes.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
