"""Possible strains in a whole registry: the filter of `accord signals` over one practice after another, on an engine.

Courses are judged by what is usual in the registry: it is calibrated here, by courses drawn where there are very many,
and the engine hands over the ratings of whole practices. What else is told of a rating is one more column of `JUDGED`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from accord.errors import BadInput
from accord.records import RATERS
from accord.registry.engine import connected, courses_of, table_of
from accord.registry.join import Registry
from accord.stats.innovation import STATES, repair
from accord.stats.priors import starting
from accord.stats.thresholds import BUDGET, MOST, Calibration, calibrate
from accord.tables.study import Grid
from accord.trajectories import trajectory

READ = ("practice", "dyad", "session", "rater", "score")
# The state is text: Spark knows no enumeration, and both engines write the same columns.
JUDGED = {"expected": pl.Float64, "sd": pl.Float64, "z": pl.Float64, "flag": pl.Int8, "state": pl.String}
COLUMNS = (
    "practice string, dyad bigint, session bigint, rater string, score double, "
    "expected double, sd double, z double, flag tinyint, state string"
)


@dataclass(frozen=True, slots=True)
class RegistrySignals:
    """Of one scale, by voice: `courses`, how many of them were `flagged`, and the calibration that judged them."""

    scale: str
    courses: Mapping[str, int]
    flagged: Mapping[str, int]
    calibrations: Mapping[str, Calibration]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        voices = {
            voice: {"courses": self.courses[voice], "flagged": self.flagged[voice],
                    "calibration": made.to_dict() | {"id": made.id}}
            for voice, made in self.calibrations.items()
        }  # fmt: skip
        return {"scale": self.scale, "voices": voices}

    def __str__(self) -> str:
        lines = []
        for voice, made in self.calibrations.items():
            lines.append(f"{self.scale} ({voice}): {self.flagged[voice]:,} of {self.courses[voice]:,} courses flagged")
            lines.append(f"  Judged by {made.id}, from {made.n:,} courses.")
        return "\n".join(lines)


def registry_signals(
    registry: Registry, scale: str, out: str | Path, engine: str = "duckdb", drop_budget: float = BUDGET.drop
) -> RegistrySignals:
    """Judge every rating of a scale as `accord signals` does, and write them to the folder `out`, practice by practice.

    Calibrated by all courses, or by ten thousand that are drawn, as `calibrate` does with a table. `drop_budget`: share
    of uneventful 15-session courses that may be flagged. `out` gets Parquet, partitioned by practice, with the columns
    of `READ` and of `JUDGED`; missing scores are left out. With Spark, the workers write it and need Accord. Raises
    `BadInput` where the folder holds something, the extra is not installed, or nobody rated the scale.
    """
    folder = Path(out)
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(f"{folder}: the folder is not empty. Give a new one, so that nothing old stays in it.")
    with connected(engine) as backend:
        rows = table_of(backend, registry, "scores")
        rows = rows.filter(lambda t: (t.scale == scale) & t.session.notnull() & t.score.notnull()).select(*READ)
        made = _calibrated(rows, scale, drop_budget, registry)
        if backend.name == "pyspark":
            _write_on_spark(backend, rows, made, folder)
        else:
            for practice in sorted(registry.practices):
                table = rows.filter(rows.practice == practice).to_polars()
                if len(table):
                    part = folder / f"practice={practice}"
                    part.mkdir(parents=True)
                    judged(table, made).drop("practice").write_parquet(part / "signals.parquet")
        courses, flagged = _counts(folder)
    voices = {voice: calibration for voice, calibration in made.items() if voice in courses}
    return RegistrySignals(scale, courses, flagged, voices)


def judged(table: pl.DataFrame, made: Mapping[str, Calibration]) -> pl.DataFrame:
    """Ratings of whole courses of one practice (columns `READ`), with the columns `JUDGED`, by course and session.

    >>> from accord.simulation import simulate
    >>> made = {"client": calibrate(simulate(60, 10, seed=1, strain="none").client, draws=2000)}
    >>> columns = {"practice": "a", "dyad": 1, "rater": "client", "session": [1, 2, 3, 4, 5]}
    >>> rows = pl.DataFrame({**columns, "score": [4.0, 4.1, 3.9, 4.0, 1.5]})
    >>> judged(rows, made)["flag"].to_list()
    [0, 0, 0, 0, 1]
    """
    grid = Grid.of(table, "the registry")
    rater, scores = table["rater"].to_numpy(), table["score"].to_numpy()
    voices = {voice: grid.fill(scores, rater == voice) for voice in RATERS}
    columns = {name: np.full(len(table), np.nan) for name in ("expected", "sd", "z")}
    columns |= {name: np.zeros(len(table), dtype=np.int8) for name in ("flag", "state")}
    for voice in (voice for voice in RATERS if voice in made and (rater == voice).any()):
        y, pair = voices[voice], voices["therapist"] if voice == "client" else None
        path = trajectory(y, grid.sessions, made[voice], None if pair is None or np.isnan(pair).all() else pair)
        rows = rater == voice
        at = grid.dyad[rows], grid.session[rows]
        for name in ("expected", "sd", "z"):
            columns[name][rows] = getattr(path, name)[at]
        columns["flag"][rows] = path.flag_drop[at]
        columns["state"][rows] = repair(y, path.expected, path.sd, path.flag_drop)[at]
    states = pl.Series("state", STATES).gather(columns.pop("state").astype(np.uint32))
    added = [pl.Series(name, values).cast(JUDGED[name]) for name, values in columns.items()]
    whole = table.select(READ).with_columns(*added, states).with_columns(pl.col("expected", "sd", "z").fill_nan(None))
    return whole.sort("dyad", "session", "rater")


def _calibrated(rows: Any, scale: str, drop_budget: float, registry: Registry) -> dict[str, Calibration]:
    """One calibration for each voice, by the courses that `calibrate` itself would draw from all."""
    courses = courses_of(rows).order_by("practice", "dyad").to_polars()
    if not len(courses):
        raise BadInput(f"{registry.root}: nobody rated {scale!r}. See accord registry describe.")
    if len(courses) > MOST:
        courses = courses[np.sort(np.random.default_rng(0).choice(len(courses), MOST, replace=False))]
        rows = _of(rows, courses)
    table = rows.to_polars().with_columns(course=pl.struct("practice", "dyad").rank("dense"))
    grid = Grid.of(table.select("session", dyad="course"), registry.root)
    rater, scores = table["rater"].to_numpy(), table["score"].to_numpy()
    rated = {voice: grid.fill(scores, rater == voice) for voice in RATERS if (rater == voice).any()}
    priors, budget = starting(scale), replace(BUDGET, drop=drop_budget)
    made = {}
    for voice, y in rated.items():
        pair = rated.get("therapist") if voice == "client" else None
        made[str(voice)] = calibrate(
            y, grid.sessions, second=pair, prior=getattr(priors, voice, None),
            second_prior=getattr(priors, "therapist", None), budget=budget,
        )  # fmt: skip
    return made


def _of(rows: Any, courses: pl.DataFrame) -> Any:
    import ibis  # noqa: PLC0415 - only where the extra is installed

    return rows.semi_join(ibis.memtable(courses), ["practice", "dyad"])


def _write_on_spark(backend: Any, rows: Any, made: Mapping[str, Calibration], folder: Path) -> None:
    """Each practice by one worker, which also writes it."""

    def judge(table: Any) -> Any:
        import pyarrow as pa  # noqa: PLC0415 - on the workers

        whole = judged(pl.DataFrame(pl.from_arrow(table)), made).to_arrow()
        plain = [pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type) for f in whole.schema]
        return whole.cast(pa.schema(plain))

    frame = backend._session.sql(backend.compile(rows)).groupBy("practice").applyInArrow(judge, COLUMNS)
    frame.write.mode("overwrite").partitionBy("practice").parquet(str(folder.resolve()))


def _counts(folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Courses of each voice and those with a flag, from what was written."""
    rows = pl.scan_parquet(folder / "**/*.parquet", hive_partitioning=True)
    courses = rows.group_by("rater", "practice", "dyad").agg(pl.col("flag").max())
    table = courses.group_by("rater").agg(pl.len().alias("courses"), pl.col("flag").sum()).collect()
    voices = table["rater"].to_list()
    return dict(zip(voices, table["courses"], strict=True)), dict(zip(voices, table["flag"], strict=True))
