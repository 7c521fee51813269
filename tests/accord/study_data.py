"""What the tests of the analyses of `accord fit` share: gold values, the trial's scores, and the command as a call."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from accord.cli import main

GOLD = Path(__file__).parent / "gold"
IMPLEMENT = Path(__file__).parents[2] / "src/accord_clinic/data/implement_wai_bai_57x15.csv"


def gold(name: str) -> dict:
    """The numbers of another program that are kept in `gold/`."""
    return json.loads((GOLD / f"{name}.json").read_text(encoding="utf-8"))


def implement() -> pl.DataFrame:
    """57 courses of up to 15 sessions: mean of the nine WAI items and of the three BAI parcels, where all are there."""
    table = pl.read_csv(IMPLEMENT, null_values=["NA"])
    for name, items in (("wai", 9), ("bai", 3)):
        parts = [f"{name}{k}" for k in range(1, items + 1)]
        whole = pl.sum_horizontal(*(pl.col(part).is_null() for part in parts)) == 0
        table = table.with_columns(pl.when(whole).then(pl.mean_horizontal(*parts)).alias(name))
    return table.select("patient", "therapist", "session", "wai", "bai")


def processed(capsys, *arguments: str) -> dict:
    """The JSON that `accord fit` prints."""
    assert main(["fit", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments: str) -> str:
    """The sentence with which `accord fit` refuses."""
    assert main(["fit", *map(str, arguments)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("accord: ")
    assert "Traceback" not in error
    return error


def written(path: Path, **columns) -> Path:
    """A CSV with these columns."""
    pl.DataFrame({name: np.asarray(values).tolist() for name, values in columns.items()}, strict=False).write_csv(path)
    return path


PANELS = {
    "5 waves, complete": (400, 5, 0.0, 1.0, 1),
    "5 waves, a quarter missing": (400, 5, 0.25, 1.0, 2),
    "3 waves, a quarter missing": (150, 3, 0.25, 1.0, 3),
    "6 waves, one in ten missing": (250, 6, 0.1, 1.0, 4),
    "4 waves, hardly any levels": (120, 4, 0.25, 0.02, 5),
}
"""Studies of which lavaan's numbers are in gold/riclpm.json: persons, waves, missing, variance of levels, seed."""
RUNS = 30
PLANNED: dict[str, dict] = {
    "riclpm": {"n": 150, "sessions": 4, "effect": -0.15, "missing": 0.1},
    "coupling": {"n": 60, "sessions": 8, "effect": -0.2},
}
"""Designs of which `RUNS` simulated studies, each fitted by lavaan or lme4, are summed up in gold/power.json."""
LAGS = {"x~x": 0.3, "x~y": -0.15, "y~x": -0.25, "y~y": 0.4}


def panel(persons, waves, missing, levels, seed, lags=LAGS):
    """Two scores (persons, waves) with levels of their own and known lags within persons."""
    rng = np.random.default_rng(seed)
    size = np.linalg.cholesky([[1.0, -0.5], [-0.5, 1.0]])
    own = levels**0.5 * rng.standard_normal((persons, 2)) @ size.T
    residual = np.linalg.cholesky([[0.8, -0.25], [-0.25, 0.8]])
    step = np.array([[lags["x~x"], lags["x~y"]], [lags["y~x"], lags["y~y"]]])
    state, scores = rng.standard_normal((persons, 2)) @ size.T, []
    for wave in range(waves):
        if wave:
            state = state @ step.T + rng.standard_normal((persons, 2)) @ residual.T
        scores.append(own + state + [4.0 + 0.1 * wave, 10.0 - 0.5 * wave])
    x, y = (np.array([score[:, which] for score in scores]).T.copy() for which in (0, 1))
    for score in (x, y):
        score[rng.random(score.shape) < missing] = np.nan
    return x, y


def agreeing(n=300, seed=11):
    """Two ratings on one scale, and an outcome that suffers where they differ."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n)
    y = 0.5 * x + rng.standard_normal(n)
    z = 2.0 + 0.4 * x + 0.2 * y - 0.3 * x**2 + 0.5 * x * y - 0.2 * y**2 + rng.standard_normal(n)
    return {"z": z, "x": x, "y": y, "dyad": np.arange(n) // 6}


def couples(n=150, missing=0.1, seed=12):
    """One row a dyad: outcomes and predictors of both sides, with known actor and partner effects."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 2)) @ [[1.0, 0.4], [0.0, 0.9]]
    y = x @ [[0.5, 0.2], [-0.1, 0.3]] + rng.standard_normal((n, 2)) @ [[0.8, 0.3], [0.0, 0.7]] + [1.0, 2.0]
    rows = np.hstack([y, x])
    rows[rng.random(rows.shape) < missing] = np.nan
    return dict(zip(("yc", "yt", "xc", "xt"), rows.T, strict=True))


def couples_over_time(dyads=40, sessions=8, seed=13):
    """The same over sessions: effects within dyads, and levels of their own for both sides."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(dyads), sessions)
    x = rng.standard_normal((dyads, 2))[who] + rng.standard_normal((len(who), 2))
    levels = (rng.standard_normal((dyads, 2)) @ [[0.8, 0.4], [0.0, 0.6]])[who]
    y = x @ [[0.5, 0.2], [-0.1, 0.3]] + levels + 0.7 * rng.standard_normal((len(who), 2))
    y[rng.random(y.shape) < 0.1] = np.nan
    return {"dyad": who, "yc": y[:, 0], "yt": y[:, 1], "xc": x[:, 0], "xt": x[:, 1]}


def clients(therapists=30, between=0.15, seed=14, most=16):
    """One row a client, unlike numbers a therapist: an outcome that depends on intake and on the therapist."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(therapists), rng.integers(3, most, therapists))
    intake = rng.standard_normal(len(who))
    y = 10.0 + 0.6 * intake + between**0.5 * rng.standard_normal(therapists)[who] + rng.standard_normal(len(who))
    return {"therapist": who, "client": np.arange(len(who)), "intake": intake, "y": y}


def leaving(persons=400, waves=10, seed=15, competing=False):
    """Person-period rows of a discrete-time hazard; `event` 1 in the last row of who leaves, 2 of a planned ending."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(persons):
        steady = rng.standard_normal()
        for time in range(1, waves + 1):
            alliance = 0.6 * steady + rng.standard_normal()
            odds = np.exp(-2.6 - 0.1 * (time - 3) ** 2 / 4 - 0.6 * alliance)
            planned = np.exp(-4.0 + 0.3 * time) if competing else 0.0
            draw = rng.random() * (1 + odds + planned)
            event = 1 if draw < odds else 2 if draw < odds + planned else 0
            rows.append((person, time, alliance, person % 12, event))
            if event:
                break
    names = ("id", "time", "alliance", "therapist", "event")
    return dict(zip(names, map(np.array, zip(*rows, strict=True)), strict=True))


def trial_from_intake():
    """The trial's BAI after each patient's first rating, which is the intake."""
    table = (
        implement()
        .drop_nulls("bai")
        .sort("patient", "session")
        .with_columns(pl.col("bai").first().over("patient").alias("intake"))
    )
    later = table.filter(pl.col("patient").is_first_distinct().not_())
    return {name: later[name].to_numpy() for name in ("bai", "patient", "session", "intake")}


STUDIES = {
    "trial_from_intake": trial_from_intake,
    "agreeing": agreeing,
    "couples": couples,
    "couples_over_time": couples_over_time,
    "clients": clients,
    "no_spread": lambda: clients(12, 0.0, 4),
    "leaving": leaving,
    "competing": lambda: leaving(seed=16, competing=True),
}
"""Studies of which R's numbers are in gold/studies.json."""


def courses_with_jumps(persons=80, sessions=12, seed=17):
    """Scores of 0 to 63 in whole points, (persons, sessions), one in eight missing; every third falls suddenly once."""
    rng = np.random.default_rng(seed)
    level = 26 + 6 * rng.standard_normal((persons, 1)) - 0.4 * np.arange(sessions)
    scores = level + 3 * rng.standard_normal((persons, sessions))
    for person in range(0, persons, 3):
        scores[person, rng.integers(3, sessions - 2) :] -= 13
    scores = np.clip(np.round(scores), 0, 63)
    scores[rng.random(scores.shape) < 0.125] = np.nan
    return scores


def two_sides(n=300, missing=0.08, seed=18):
    """Answers of two sides to four items (n, 4) each: equal loadings, one intercept that differs."""
    rng = np.random.default_rng(seed)
    shared, loading = rng.standard_normal((n, 1)), np.array([1.0, 0.8, 1.2, 0.9])
    specific = 0.4 * rng.standard_normal((n, 4))
    sides = []
    for side in (0, 1):
        factor = 0.7 * shared + 0.6 * rng.standard_normal((n, 1)) - 0.3 * side
        answers = 4.0 + loading * factor + specific + 0.7 * rng.standard_normal((n, 4))
        answers[:, 3] -= 0.5 * side
        answers[rng.random(answers.shape) < missing] = np.nan
        sides.append(answers)
    return sides


def answers_of_sessions(persons=120, sessions=9, seed=19):
    """Answers (persons, sessions, 4 items), courses of unlike length: a factor within and another between persons."""
    rng = np.random.default_rng(seed)
    between = rng.standard_normal((persons, 1, 1)) * np.array([1.0, 0.9, 0.8, 1.1])
    between = between + 0.3 * rng.standard_normal((persons, 1, 4))
    within = 0.6 * rng.standard_normal((persons, sessions, 1)) * np.array([1.0, 0.7, 1.1, 0.8])
    answers = 3.0 + between + within + 0.5 * rng.standard_normal((persons, sessions, 4))
    answers[np.arange(sessions) >= rng.integers(2, sessions + 1, persons)[:, None]] = np.nan
    return answers
