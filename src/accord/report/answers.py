"""Run the analyses of a plan on a study, and keep what may leave: estimates of many persons, no row, no small cell.

An analysis is a function of the ratings that gives a `Section`, in `ANALYSES` by the name that plans use.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from math import isfinite
from typing import Any

import numpy as np
import polars as pl

from accord.disclosure import LEAST
from accord.errors import BadInput
from accord.registry.faults import check_faultless
from accord.registry.folder import StudyFolder, typed
from accord.report.outcomes import OUTCOME_METHODS, OUTCOMES
from accord.report.plan import Plan, PlannedQuestion
from accord.report.sections import TOO_FEW, Ratings, ReportedNumber, Section, of_fit, tens
from accord.stats.coupling import coupling
from accord.stats.describe import describe_ratings
from accord.stats.mixed import fit_mixed
from accord.stats.riclpm import riclpm
from accord.stats.therapists import therapist_spread
from accord.stats.truth_bias import truth_bias
from accord.tables.vocabulary import TABLE

READ = (("dyads", "dyad"), ("scores", "score"))
"""What is read of a study, and what it cannot do without."""
FEWEST_THERAPISTS = 10
SOFTWARE = ("accord", "numpy", "scipy", "polars")


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says, before it is a page."""

    plan: Plan
    study_sha256: str
    consent: str
    counts: Mapping[str, int | None]
    sections: tuple[Section, ...]
    software: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "title": self.plan.title,
            "plan_sha256": self.plan.sha256,
            "study_sha256": self.study_sha256,
            "consent": self.consent,
            "counts": dict(self.counts),
            "software": dict(self.software),
            "sections": [asdict(section) for section in self.sections],
        }


def answered(study: StudyFolder, plan: Plan) -> Report:
    """The plan's questions answered from a study. Raises `BadInput` for fewer than ten persons, `BadTable` for faults.

    What an analysis refuses is told with its reason: a registered question that cannot be answered is a result too.
    """
    for table, column in READ:
        if table not in study.tables or column not in study.tables[table].columns:
            raise BadInput(f"{study.source}: a report needs {table}.{column}. Ask for a file that has it.")
    check_faultless(replace(study, tables={table: study.tables[table] for table, _column in READ}))
    dyads = typed(study.tables["dyads"], TABLE["dyads"])
    scores = typed(study.tables["scores"], TABLE["scores"]).drop_nulls(["session", "score"])
    planned = pl.DataFrame(
        [{"scale": m.scale, "rater": m.rater, "measure": name} for name, m in plan.measures.items()]
        or None, schema={"scale": pl.String, "rater": pl.String, "measure": pl.String},
    )  # fmt: skip
    rated = scores.join(planned, on=["scale", "rater"]).select("dyad", "session", "measure", "score")
    enough = rated.group_by("dyad").agg(pl.col("session").n_unique()).filter(pl.col("session") >= plan.least_sessions)
    used = rated.join(enough.select("dyad"), on="dyad").sort("dyad", "session", "measure")
    if used["dyad"].n_unique() < LEAST:
        absent = set(plan.measures) - set(rated["measure"].unique())
        without = f" Nobody rated {', '.join(sorted(absent))} as the plan names it." if absent else ""
        raise BadInput(
            f"{study.source}: fewer than {LEAST} courses are left for this plan.{without} Check its measures and "
            "exclusions; a report is about more."
        )
    ratings = Ratings(used, dyads, study, plan)
    return Report(
        plan, study.sha256, study.consent, _counts(dyads, rated, used),
        tuple(_section(question, ratings) for question in plan.questions),
        {"python": platform.python_version(), **{name: version(name) for name in SOFTWARE}},
    )  # fmt: skip


def _counts(dyads: pl.DataFrame, rated: pl.DataFrame, used: pl.DataFrame) -> dict[str, int | None]:
    """Courses in the file, without a planned score, left out by the plan, used; to tens, and nothing for small ones."""
    n, with_scores, left = len(dyads), rated["dyad"].n_unique(), used["dyad"].n_unique()
    counts = {"in the file": n, "without such scores": n - with_scores, "left out": with_scores - left, "used": left}
    return {name: tens(count) for name, count in counts.items()}


def _section(question: PlannedQuestion, ratings: Ratings) -> Section:
    empty = Section(question.asks, question.expects, question.analysis, METHODS[question.analysis])
    try:
        section = ANALYSES[question.analysis](question, ratings, empty)
    except BadInput as error:
        return replace(empty, refused=str(error))
    if 0 < section.persons < LEAST:
        return replace(empty, refused=TOO_FEW)
    numbers = tuple(number.tellable() for number in section.estimates if isfinite(number.value))
    return replace(
        section, persons=tens(section.persons) or 0, ratings=tens(section.ratings) or 0, estimates=numbers
    )


def _describe(question: PlannedQuestion, ratings: Ratings, empty: Section) -> Section:
    estimates: list[ReportedNumber] = []
    cautions: list[str] = []
    persons = n = 0
    for name in question.measures["measures"]:
        wide = ratings.wide(name)
        about = describe_ratings(wide[name].to_numpy(), wide["dyad"].to_numpy(), wide["session"].to_numpy())
        if about.persons < LEAST:
            cautions.append(f"{name} was rated by fewer than {LEAST} persons and is left out")
            continue
        persons, n = max(persons, about.persons), n + about.ratings
        shares = {"missing": about.missing, "at the lowest value": about.floor, "at the highest value": about.ceiling}
        tellable = {end: share for end, share in shares.items() if not 0 < share * about.ratings < LEAST}
        of_all = {
            "mean": about.mean, "SD between persons": about.sd_between, "SD within persons": about.sd_within,
            "share of persons' differences (intraclass correlation)": about.icc,
        }  # fmt: skip
        estimates += [ReportedNumber(f"{name}: {what}", value) for what, value in (of_all | tellable).items()]
    if not estimates:
        raise BadInput(TOO_FEW)
    return replace(empty, persons=persons, ratings=n, estimates=tuple(estimates), cautions=tuple(cautions))


def _growth(question: PlannedQuestion, ratings: Ratings, empty: Section) -> Section:
    [name] = question.measures["outcome"]
    wide = ratings.wide(name)
    time = wide["session"].to_numpy().astype(float)
    fixed = np.column_stack([np.ones(len(wide)), time])
    fit = fit_mixed(wide[name].to_numpy(), fixed, wide["dyad"].to_numpy(), slope=time, names=("start", "a session"))
    spread = (
        ReportedNumber("SD of starts between persons", fit.var_intercept**0.5),
        ReportedNumber("SD of changes between persons", (fit.var_slope or 0.0) ** 0.5),
    )
    return of_fit(empty, fit, "", ("start", "a session"), spread)


def _coupling(question: PlannedQuestion, ratings: Ratings, empty: Section) -> Section:
    [outcome], [alliance] = question.measures["outcome"], question.measures["alliance"]
    wide = ratings.wide(outcome, alliance)
    time = wide["session"].to_numpy().astype(float)
    fit = coupling(wide[outcome].to_numpy(), wide[alliance].to_numpy(), wide["dyad"].to_numpy(), time)
    named = {
        "one session later": fit.lagged, "one session later, without trends": fit.lagged_detrended,
        "same session": fit.concurrent, "same session, without trends": fit.concurrent_detrended,
    }  # fmt: skip
    section = empty
    for label, model in named.items():
        section = of_fit(section, model, f"{label}: ", ("within", "between", "outcome_before"))
    return replace(section, cautions=tuple(dict.fromkeys((*section.cautions, *fit.warnings))))


def _dyads(question: PlannedQuestion, ratings: Ratings, empty: Section) -> Section:
    [judge], [truth] = question.measures["judge"], question.measures["truth"]
    wide = ratings.wide(judge, truth)
    fit = truth_bias(wide[judge].to_numpy(), wide[truth].to_numpy(), wide["dyad"].to_numpy())
    section = of_fit(empty, fit.within, "", ("bias", "congruence"))
    return of_fit(section, fit.both, "", ("congruence_between",))


def _riclpm(question: PlannedQuestion, ratings: Ratings, empty: Section) -> Section:
    [x], [y], waves = question.measures["x"], question.measures["y"], question.options.waves
    wide = ratings.wide(x, y).filter(pl.col("session") <= waves)
    persons = wide["dyad"].unique().sort()
    panels = []
    for name in (x, y):
        panel = np.full((len(persons), waves), np.nan)
        panel[persons.search_sorted(wide["dyad"]).to_numpy(), wide["session"].to_numpy() - 1] = wide[name].to_numpy()
        panels.append(panel)
    names = [f"{x}_{wave}" for wave in range(1, waves + 1)], [f"{y}_{wave}" for wave in range(1, waves + 1)]
    fit = riclpm(panels[0], panels[1], constrained=True, names=names)
    fewest = min(int(np.isfinite(panel).any(axis=1).sum()) for panel in panels)
    if not fit.fit.converged:
        return replace(empty, persons=fewest, cautions=(f"not converged: {fit.fit.message}",))
    lags = {
        f"{x} → {x}": f"{x}_2~{x}_1", f"{y} → {y}": f"{y}_2~{y}_1",
        f"{x} → {y}": f"{y}_2~{x}_1", f"{y} → {x}": f"{x}_2~{y}_1",
    }  # fmt: skip
    estimates = [ReportedNumber(label, fit.estimates[name], fit.se[name]) for label, name in lags.items()]
    indices = {"χ²": fit.fit.chi2, "degrees of freedom": fit.fit.df, "CFI": fit.fit.cfi, "RMSEA": fit.fit.rmsea}
    estimates += [ReportedNumber(name, float(value)) for name, value in indices.items()]
    seen = int(np.isfinite(panels).sum())
    return replace(
        empty, persons=fewest, ratings=seen, estimates=tuple(estimates), cautions=tuple(fit.warnings)
    )


def _therapists(question: PlannedQuestion, ratings: Ratings, empty: Section) -> Section:
    if "therapist" not in ratings.dyads.columns:
        raise BadInput("this file has no codes for therapists; files of approved studies have")
    [name] = question.measures["outcome"]
    whose = ratings.dyads.select("dyad", "therapist").drop_nulls()
    wide = ratings.wide(name).join(whose, on="dyad").sort("dyad", "session")
    if wide["therapist"].n_unique() < FEWEST_THERAPISTS:
        raise BadInput(f"fewer than {FEWEST_THERAPISTS} therapists")
    fit = therapist_spread(
        wide[name].to_numpy(), wide["therapist"].to_numpy(), person=wide["dyad"].to_numpy(),
        fixed=wide["session"].to_numpy().astype(float)[:, None], names=("session",),
    )  # fmt: skip
    if not fit.fit.converged:
        return replace(empty, persons=fit.clients, cautions=(f"not converged: {fit.fit.message}",))
    low, middle, high = fit.reliability_quartiles
    values = {
        "share of variance between therapists": fit.share, "its 95 % interval, low": fit.share_low,
        "its 95 % interval, high": fit.share_high, "p of no spread": fit.p_zero,
        "reliability of a therapist's mean, middle": middle, "its lower quartile": low, "its upper quartile": high,
    }  # fmt: skip
    estimates = tuple(ReportedNumber(label, value) for label, value in values.items())
    return replace(empty, persons=fit.clients, ratings=fit.fit.n, estimates=estimates, cautions=fit.warnings)


ANALYSES: Mapping[str, Callable[[PlannedQuestion, Ratings, Section], Section]] = {
    "describe": _describe,
    "growth": _growth,
    "coupling": _coupling,
    "dyads": _dyads,
    "riclpm": _riclpm,
    "therapists": _therapists,
    **OUTCOMES,
}
METHODS = {
    **OUTCOME_METHODS,
    "describe": "Each measure is described by its mean, its spread between and within persons, and what is missing. "
    "Shares that rest on fewer than ten ratings are left out.",
    "growth": "A linear mixed model by restricted maximum likelihood: the outcome on the number of the session, with "
    "an intercept and a slope for each course.",
    "coupling": "Linear mixed models by restricted maximum likelihood. The alliance is split into a course's own mean "
    "(between) and the departure from it (within). One session later: the outcome given the outcome and the alliance "
    "of the session before. Without trends: the alliance as departure from the course's own straight line, the "
    "outcome with a slope for each course. What changes both is not in the model, so no effect proves a cause.",
    "dyads": "Truth and bias (West & Kenny 2011) by a mixed model: the judged rating, less the dyad's mean of the "
    "other, on the other's departure from that mean, with both effects differing between dyads.",
    "riclpm": "A random-intercept cross-lagged panel model (Hamaker et al. 2015) of the first sessions, the same lags "
    "at all waves, full-information maximum likelihood.",
    "therapists": "A mixed model by restricted maximum likelihood with persons within therapists. No therapist's own "
    "estimate and no order of therapists is computed for a report.",
}
