"""The analyses of a report on how people fare: who leaves, who changes, what is expected; and how well it is measured.

A further one is a function and an entry of `OUTCOMES`, its sentence one of `OUTCOME_METHODS`, its roles in `plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from accord.disclosure import LEAST
from accord.errors import BadInput
from accord.instruments import Scale, catalogue
from accord.registry.measures import session_rows
from accord.report.plan import PlannedQuestion
from accord.report.sections import TOO_FEW, Ratings, ReportedNumber, Section, of_fit, tens
from accord.stats.change import CATEGORIES, clinical_change
from accord.stats.expected import BANDS, expected_course
from accord.stats.hazard import hazard_of_ending
from accord.stats.reliability import reliability
from accord.tables.study import Grid

SHOWN = (1, 5, 10)
"""Sessions after the intake for which the expectation is told, as far as courses last."""


def _dropout(question: PlannedQuestion, ratings: Ratings, empty: Section) -> Section:
    """Courses that the plan uses, over all their sessions: also those that nobody rated."""
    ratings.of_study("dyads", "ending")
    if "sessions" in ratings.study.tables:
        ratings.of_study("sessions", "session")
    names = list(question.measures["covariates"])
    rows = session_rows(ratings.study).join(ratings.scores.select("dyad").unique(), on="dyad", maintain_order="left")
    rows = rows.select("dyad", "session", pl.col("event").cast(pl.Float64).fill_null(float("nan")),
                       *(name for name in ("therapist",) if name in rows.columns))  # fmt: skip
    if names:
        rows = rows.join(ratings.wide(*names), on=["dyad", "session"], how="left", maintain_order="left")
        rows = rows.with_columns(pl.col(*names).fill_null(float("nan")))
    whose = rows["therapist"] if "therapist" in rows.columns and not rows["therapist"].null_count() else None
    fit = hazard_of_ending(
        rows["dyad"].to_numpy(), rows["session"].to_numpy(), rows["event"].to_numpy(),
        rows.select(names).to_numpy() if names else None, names=tuple(names), smooth=True,
        therapist=None if whose is None else whose.to_numpy(),
    )  # fmt: skip
    wanted = [name for name in fit.estimates if name.removeprefix("planned:") in names]
    estimates = [
        ReportedNumber(f"log odds of {_kind(name)}, {name.removeprefix('planned:')}", fit.estimates[name], fit.se[name])
        for name in wanted
    ]
    # Of all courses whose ending is known. In the odds a session without a covariate is left out, its ending with it.
    of_known_ending = rows.filter(~pl.col("event").is_nan().any().over("dyad"))
    courses, ends = of_known_ending["dyad"].n_unique(), ((1, "unplanned"), (2, "planned"))
    shares = {kind: _share(int((of_known_ending["event"] == code).sum()), courses) for code, kind in ends}
    left_out = tens(fit.dropped)
    more = (f"about {left_out} sessions without a score or a known ending are not in the odds",) if left_out else ()
    of_known = {f"share with {kind} endings, of courses whose ending is known": v for kind, v in shares.items() if v}
    estimates += [ReportedNumber(name, share) for name, share in of_known.items()]
    if judged := fit.held_out:
        estimates += [
            ReportedNumber(f"slope of calibration, {judged.what} left out", judged.slope, judged.slope_se, False),
            ReportedNumber("Brier score there", judged.brier),
            ReportedNumber("Brier score without covariates", judged.brier_baseline),
            ReportedNumber("area under the curve there", judged.auc),
        ]
    cautions = (*fit.warnings, *more)
    return replace(empty, persons=fit.persons, ratings=fit.n, estimates=tuple(estimates), cautions=cautions)


def _kind(name: str) -> str:
    return "a planned ending" if name.startswith("planned:") else "an unplanned ending"


def _change(question: PlannedQuestion, ratings: Ratings, empty: Section) -> Section:
    [name], options = question.measures["outcome"], question.options
    ends = ratings.wide(name).filter(pl.col(name).is_not_nan()).group_by("dyad", maintain_order=True).agg(
        pre=pl.col(name).first(), post=pl.col(name).last(), many=pl.len()
    ).filter(pl.col("many") > 1)  # fmt: skip
    change = clinical_change(
        ends["pre"].to_numpy(), ends["post"].to_numpy(), options.reliability, functional=options.functional,
        lower_is_better=not options.higher_is_better, method=options.method,
    )  # fmt: skip
    means = {"mean before": change.pre_mean, "SD before": change.pre_sd, "mean after": change.post_mean,
             f"cut-off {change.cutoff_kind}": change.cutoff,
             "least change that counts as reliable": change.least}  # fmt: skip
    shares = {name: _share(change.counts[name], change.n) for name in CATEGORIES}
    estimates = [ReportedNumber(f"share {name}", share) for name, share in shares.items() if share is not None]
    estimates += [ReportedNumber(name, value) for name, value in means.items()]
    small = [name for name, share in shares.items() if share is None]
    cautions = (f"fewer than {LEAST} persons each, so not told: {', '.join(small)}",) if small else ()
    return replace(empty, persons=change.n, ratings=2 * change.n, estimates=tuple(estimates), cautions=cautions)


def _share(count: int, persons: int) -> float | None:
    """From counts as they may leave, so that no small one can be worked out; nothing for a small one."""
    part, whole = tens(count), tens(persons)
    return None if part is None or not whole else min(1.0, part / whole)


def _expected(question: PlannedQuestion, ratings: Ratings, empty: Section) -> Section:
    [name] = question.measures["outcome"]
    wide = ratings.wide(name)
    session = wide["session"].to_numpy().astype(float)
    course = expected_course(wide[name].to_numpy(), wide["dyad"].to_numpy(), session)
    section = of_fit(empty, course.fit, "", tuple(course.fit.fixed))
    if not course.fit.converged:
        return section
    first = wide.filter(pl.col(name).is_not_nan()).group_by("dyad", maintain_order=True).agg(pl.col(name).first())
    intake = float(first[name].mean())  # type: ignore[arg-type]
    bands = []
    for time in (time for time in SHOWN if time <= course.times[-1]):
        low, middle, high = (float(end) for end in course.band(time, intake))
        label = f"mean intake, session {time}"
        bands += [ReportedNumber(f"{label}: expected", middle), ReportedNumber(f"{label}: 80 % band, low", low),
                  ReportedNumber(f"{label}: 80 % band, high", high)]  # fmt: skip
    held = [ReportedNumber(f"ratings in the {share:.0%} band, persons left out", course.coverage[share])
            for share in BANDS]  # fmt: skip
    estimates = tuple(replace(estimate, drawn=False) for estimate in section.estimates)
    cautions = (*section.cautions, *course.warnings)
    return replace(section, ratings=course.ratings, estimates=(*estimates, *bands, *held), cautions=cautions)


def _reliability(question: PlannedQuestion, ratings: Ratings, empty: Section) -> Section:
    [name] = question.measures["outcome"]
    planned = ratings.plan.measures[name]
    instrument, _slash, scale_name = planned.scale.partition("/")
    scale = _scale(instrument, scale_name)
    answers = ratings.of_study("answers", "answer").drop_nulls(["session", "answer"])
    answers = answers.filter(
        pl.col("rater") == planned.rater, pl.col("instrument") == instrument, pl.col("item").is_in(scale.items)
    ).with_columns(value=pl.col("answer").cast(pl.Float64, strict=False)).drop_nulls("value")  # fmt: skip
    if answers["dyad"].n_unique() < LEAST:
        raise BadInput(TOO_FEW)
    grid = Grid.of(answers.select("dyad", "session"), ratings.study.source)
    turned = answers.with_columns(pl.when(pl.col("item").is_in(scale.reversed)).then(-pl.col("value"))
                                  .otherwise(pl.col("value")).alias("value"))  # fmt: skip
    values, item = turned["value"].to_numpy(), turned["item"].to_numpy()
    fit = reliability(np.stack([grid.fill(values, item == asked) for asked in scale.items], axis=2))
    if not fit.converged:
        return replace(empty, persons=grid.dyads, cautions=("not converged",))
    numbers = {
        "of a change (R_C)": fit.change, "its 95 % interval, low": fit.change_low,
        "its 95 % interval, high": fit.change_high, "of a person's mean (R_kF)": fit.person,
        "of one session (R_1F)": fit.session,
    }  # fmt: skip
    estimates = tuple(ReportedNumber(label, value) for label, value in numbers.items())
    return replace(empty, persons=grid.dyads, ratings=len(answers), estimates=estimates)


def _scale(instrument: str, name: str) -> Scale:
    made = catalogue().instruments.get(instrument)
    if made is None or name not in {scale.name for scale in made.scales}:
        raise BadInput(f"Accord has no scale {instrument}/{name}, so its items are not known here")
    return made.scale(name)


OUTCOMES: Mapping[str, Callable[[PlannedQuestion, Ratings, Section], Section]] = {
    "dropout": _dropout, "change": _change, "expected": _expected, "reliability": _reliability,
}  # fmt: skip
OUTCOME_METHODS = {
    "dropout": "Discrete-time survival (Singer & Willett 1993): the log odds that a course ends in a session, given "
    "that it has lasted so far, on the session, its logarithm and the scores of that session; endings by the client "
    "without a plan and planned endings compete. Predictions are judged on persons, or therapists, not seen by a fit.",
    "change": "Reliable and clinically significant change from the first to the last score of each course (Jacobson & "
    "Truax 1991, or the variant that the plan names). Shares are made from counts to tens.",
    "expected": "A linear mixed model by restricted maximum likelihood: the outcome on the logarithm of the session, "
    "the first score and their product, with an intercept and a slope for each course. How many ratings the bands hold "
    "is counted on persons left out.",
    "reliability": "Variance components of persons, sessions, items and their pairs (crossed, restricted maximum "
    "likelihood; Cranford et al. 2006), from the single answers, reversed items turned round.",
}
