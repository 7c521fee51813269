"""What every analysis of a report shares: the ratings of a study as it reads them, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite

import polars as pl

from accord.disclosure import LEAST
from accord.errors import BadInput
from accord.registry.faults import check_faultless
from accord.registry.folder import StudyFolder, typed
from accord.report.plan import Plan
from accord.stats.mixed import MixedFit
from accord.tables.vocabulary import TABLE

TOO_FEW = f"fewer than {LEAST} persons have what this question needs"
NOT_DRAWN = ("start", "outcome_before")
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class ReportedNumber:
    """One number of a table: with its standard error and 95 % interval, or without where it has none.

    `drawn`: whether the figure shows it; a level or a lag of the outcome would only press the others together.
    """

    name: str
    value: float
    se: float | None = None
    drawn: bool = True

    @property
    def interval(self) -> tuple[float, float] | None:
        """By the normal distribution."""
        return None if self.se is None else (self.value - Z95 * self.se, self.value + Z95 * self.se)

    def tellable(self) -> ReportedNumber:
        """Without a standard error that is no number: some fits have none at a boundary."""
        return self if self.se is None or isfinite(self.se) else replace(self, se=None)


@dataclass(frozen=True, slots=True)
class Section:
    """The answer to one question: how, from how many, the numbers, what to be careful with; or why there is none."""

    asks: str
    expects: str
    analysis: str
    methods: str
    persons: int = 0
    ratings: int = 0
    estimates: tuple[ReportedNumber, ...] = ()
    cautions: tuple[str, ...] = ()
    refused: str = ""


class Ratings:
    """The scores that a plan uses, each of one course, session and measure; and the study that they are from."""

    def __init__(self, scores: pl.DataFrame, dyads: pl.DataFrame, study: StudyFolder, plan: Plan) -> None:
        self.scores, self.dyads, self.study, self.plan = scores, dyads, study, plan

    def of_study(self, name: str, column: str) -> pl.DataFrame:
        """Another table of the study, of the courses that are used. Raises `BadInput` where it or the column is not
        there, and for a fault in it.
        """
        table = self.study.tables.get(name)
        if table is None or column not in table.columns:
            raise BadInput(f"this file has no {name}.{column}; ask for a file that has it")
        check_faultless(replace(self.study, tables={key: self.study.tables[key] for key in {"dyads", name}}))
        return typed(table, TABLE[name]).join(self.scores.select("dyad").unique(), on="dyad")

    def wide(self, *measures: str) -> pl.DataFrame:
        """A row for each course and session that has one of these, each measure a column, missing as nan.

        Raises `BadInput` for a measure that nobody rated.
        """
        if absent := sorted(set(measures) - set(self.scores["measure"])):
            raise BadInput(f"nobody who is left rated {', '.join(absent)} as the plan names it")
        rows = self.scores.filter(pl.col("measure").is_in(measures))
        wide = rows.pivot(on="measure", index=["dyad", "session"], values="score", on_columns=list(measures))
        return wide.sort("dyad", "session").with_columns(pl.col(*measures).fill_null(float("nan")))


def tens(count: int) -> int | None:
    """A count of people or ratings as it may leave: to the nearest ten, so that two of them give no small one away.

    >>> tens(0), tens(7), tens(57)
    (0, None, 60)
    """
    return None if 0 < count < LEAST else round(count / LEAST) * LEAST


def of_fit(
    section: Section, fit: MixedFit, label: str, names: tuple[str, ...], more: tuple[ReportedNumber, ...] = ()
) -> Section:
    """The section with these coefficients of a mixed model; nothing of a fit that did not converge."""
    if not fit.converged:
        return replace(section, cautions=(*section.cautions, f"{label}not converged: {fit.message}"))
    there = [name for name in names if name in fit.fixed]
    rows = [
        ReportedNumber(f"{label}{name.replace('_', ' ')}", fit.fixed[name], fit.se[name], name not in NOT_DRAWN)
        for name in there
    ]
    boundary = tuple(f"{label}at the boundary: {place}" for place in fit.boundary)
    persons = min(section.persons or fit.n_persons, fit.n_persons)
    return replace(
        section, persons=persons, ratings=max(section.ratings, fit.n), estimates=(*section.estimates, *rows, *more),
        cautions=(*section.cautions, *boundary, *fit.warnings),
    )  # fmt: skip
