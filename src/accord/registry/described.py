"""Who is in a registry and how they rate, scale by scale: one Ibis expression, on DuckDB or on Spark."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from accord.disclosure import LEAST
from accord.registry.engine import connected, table_of
from accord.registry.join import Registry


@dataclass(frozen=True, slots=True)
class ScaleDescription:
    """One scale of one side: practices, courses, scores, and spread between and within courses (one-way ANOVA)."""

    scale: str
    rater: str
    practices: int
    courses: int
    scores: int
    mean: float
    sd_between: float
    sd_within: float

    @property
    def icc(self) -> float:
        """The share of variance that lies between courses."""
        total = self.sd_between**2 + self.sd_within**2
        return self.sd_between**2 / total if total else 0.0


@dataclass(frozen=True, slots=True)
class RegistryDescription:
    """All scales that ten courses or more have; `left_out` counts the others."""

    scales: tuple[ScaleDescription, ...]
    left_out: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"scales": [{**asdict(s), "icc": s.icc} for s in self.scales], "left_out": self.left_out}

    def __str__(self) -> str:
        numbers = f"{'practices':>9}{'courses':>10}{'scores':>12}{'mean':>10}{'between':>9}{'within':>9}{'ICC':>6}"
        head = f"{'scale':<40}{'rater':<11}{numbers}"
        lines = [
            f"{s.scale:<40}{s.rater:<11}{s.practices:>9,}{s.courses:>10,}{s.scores:>12,}{s.mean:>10.3f}"
            f"{s.sd_between:>9.3f}{s.sd_within:>9.3f}{s.icc:>6.2f}"
            for s in self.scales
        ]
        few = [f"{self.left_out} scales of fewer than {LEAST} courses are left out"] if self.left_out else []
        return "\n".join([head, *lines, *few])


def describe_registry(registry: Registry, engine: str = "duckdb") -> RegistryDescription:
    """Describe every scale of a registry. Missing scores are left out. Raises `BadInput` as `growth` does.

    Variance components by the one-way ANOVA of courses (Searle, Casella & McCulloch 1992, chapter 3), not below zero.
    """
    with connected(engine) as backend:
        rows = table_of(backend, registry, "scores").filter(lambda t: t.score.notnull())
        persons = rows.group_by("scale", "rater", "practice", "dyad").aggregate(n=rows.count(), y=rows.score.sum())
        squares = rows.group_by("scale", "rater").aggregate(yy=(rows.score * rows.score).sum())
        sums = persons.group_by("scale", "rater").aggregate(
            practices=persons.practice.nunique(), courses=persons.count(), scores=persons.n.sum(),
            total=persons.y.sum(), nn=(persons.n * persons.n).sum(),
            explained=(persons.y * persons.y / persons.n).sum(),
        )  # fmt: skip
        table = sums.join(squares, ["scale", "rater"]).execute()
    records = sorted(table.to_dict("records"), key=lambda row: (row["scale"], row["rater"]))
    described = [_described(row) for row in records if row["courses"] >= LEAST]
    return RegistryDescription(tuple(described), len(records) - len(described))


def _described(row: dict[str, Any]) -> ScaleDescription:
    n, courses = float(row["scores"]), int(row["courses"])
    mean = row["total"] / n
    between = (row["explained"] - n * mean**2) / (courses - 1)
    within = (row["yy"] - row["explained"]) / (n - courses) if n > courses else 0.0
    size = (n - row["nn"] / n) / (courses - 1)
    return ScaleDescription(
        row["scale"], row["rater"], int(row["practices"]), courses, int(n), float(mean),
        max(0.0, (between - within) / size) ** 0.5, max(0.0, within) ** 0.5,
    )  # fmt: skip
