"""Estimate what is usual here: each followed series gets a new, versioned calibration from the practice's ratings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

import numpy as np
from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord.signals import CHECK_IN, SCORED, TOGETHER
from accord.stats import priors, thresholds
from accord.stats.fitting import misfit
from accord.stats.hyper import Hyper
from accord.stats.level import followed as follow
from accord.stats.reliability import reliability
from accord_clinic.actions.audit import Actor, record
from accord_clinic.models import Calibration, Response
from accord_clinic.queries.ratings import days as dates
from accord_clinic.queries.ratings import item_answers, ratings
from accord_clinic.questionnaires.shelf import instrument, shelf

GAP = "gap"
FEWEST_COURSES = 20
"""Below so many, how reliable a change is cannot be known well."""
MOST_COURSES, MOST_SESSIONS = 500, 40
"""More would move it in the third digit, and take a machine's memory."""
FRESH, LOOKED_AT, GROWN = 30, 0.05, 0.25
"""Ratings since a calibration, and which share of all they are: before that it is left alone; from which share on is
looked whether it still fits; and from which on it is made anew."""
CHANGED = {"level": "another level", "noise": "more or less noise", "length": "longer courses"}
FOLLOWED = (
    *(f"{CHECK_IN}/{scale}{rest}" for scale in SCORED for rest in ("", f"/{GAP}")), TOGETHER,
)  # fmt: skip


def followed() -> tuple[str, ...]:
    """The series that are compared with a person's own usual: the check-in's, and those added since.

    `instrument/scale` is the client's own course, `instrument/scale/gap` the difference of the two voices.
    """
    added = Calibration.objects.exclude(scale__in=FOLLOWED).order_by("scale").values_list("scale", flat=True)
    return (*FOLLOWED, *dict.fromkeys(added))


def renew() -> list[str]:
    """What the sweep does: estimate again each series for which that is due, and say why."""
    due = {series: why for series in followed() if _is_here(series) and (why := _why_anew(series))}
    lines = calibrate(due, by=None)
    return [f"{line} Made anew: {why}." for line, why in zip(lines, due.values(), strict=True)]


def _why_anew(series: str) -> str:
    """Why a calibration is due: marked, of an older method, far fewer ratings than there are, no fit; else nothing."""
    newest = Calibration.objects.filter(scale=series).order_by("-id").first()
    if newest is None:
        return ""
    if newest.make_anew:
        return "an upgrade changed what it was learnt from"
    if not newest.version.startswith(f"{thresholds.METHOD}:"):
        return "the method has changed"
    name, scale, *gap = series.split("/")
    rated = Response.objects.filter(instrument=name, side="client", session__revealed_at__isnull=False)
    fresh, every = rated.filter(session__revealed_at__gt=newest.made_at).count(), rated.count()
    if fresh < FRESH or fresh < every * LOOKED_AT:
        return ""
    if fresh >= every * GROWN:
        return "there are many more ratings"
    if gap:
        return ""
    scores = ratings(name, scale)["client"]
    made = thresholds.Calibration.from_dict(newest.body)
    changed = misfit(made, scores, np.arange(1.0, scores.shape[1] + 1))
    return f"it no longer fitted the ratings here ({', '.join(CHANGED[name] for name in changed)})" if changed else ""


def follow_levels() -> None:
    """What the sweep does next: how far everybody lies from what is usual, by day, once a day and where it counts.

    A change for all (a new room, a hard month) is then expected of each, and is no mark for each.
    """
    for series in filter(_is_here, followed()):
        newest = Calibration.objects.filter(scale=series).order_by("-id").first()
        if newest is None or not newest.version.startswith(f"{thresholds.METHOD}:") or not _grew(newest):
            continue
        made = thresholds.Calibration.from_dict(newest.body)
        if made.learning:
            continue
        name, scale, *gap = series.split("/")
        voices, days = ratings(name, scale), dates(name)
        y = voices["client"] - voices["therapist"] if gap else voices["client"]
        level = follow(y, np.arange(1.0, y.shape[1] + 1), days, made.hyper)
        Calibration.objects.filter(pk=newest.pk).update(level=level.to_dict(), level_at=timezone.now())
        Calibration.objects.filter(scale=series, pk__lt=newest.pk).exclude(level={}).update(level={})


def _grew(newest: Calibration) -> bool:
    """Whether the level is of another day than this one, and there is something new to follow."""
    if newest.level_at is None:
        return True
    since, today = timezone.localdate(newest.level_at), timezone.localdate()
    rated = Response.objects.filter(instrument=newest.scale.split("/")[0], session__revealed_at__gt=newest.level_at)
    return since < today and rated.exists()


def calibrate(series: Iterable[str], *, by: Actor) -> list[str]:
    """Estimate each series again and return a sentence for each. The same ratings give the same row.

    An estimate takes seconds, and an embedded database has one writer. So it is made before the transaction that keeps
    it, and no answer of a client waits for it.
    """
    lines, measured = [], cache(_measured)
    for key in series:
        if not _is_here(key):
            lines.append(f"{key}: this practice has no such scale any more; what was learnt of it stays as it is.")
            continue
        made = _estimate(key, measured)
        _keep(key, made, by)
        if made is None:
            lines.append(f"{key}: nobody has answered it yet, and no starting values are shipped for it.")
        else:
            lines.append(f"{key}: {_how(key, made)}")
    return lines


@transaction.atomic
def _keep(series: str, made: thresholds.Calibration | None, by: Actor) -> None:
    Calibration.objects.filter(scale=series, make_anew=True).update(make_anew=False)
    if made is None:
        return
    facts = {"scale": series, "made_at": timezone.now(), "dyads": made.n, "body": made.to_dict()}
    _row, new = Calibration.objects.get_or_create(version=made.id, defaults=facts)
    if new:
        record(by, "calibrate", f"calibration:{series}"[:80], ["body"])


def _is_here(series: str) -> bool:
    """Whether the questionnaire and the scale are still there: a practice may take its own away."""
    name, scale, *_gap = series.split("/")
    questionnaire = shelf().instruments.get(name)
    scales = set(SCORED) if series == TOGETHER else {scale}
    return questionnaire is not None and scales <= {s.name for s in questionnaire.scales}


def _how(key: str, made: thresholds.Calibration) -> str:
    """How the usual course was estimated, and how reliable a change on the scale is, in two or three sentences."""
    needed = min(thresholds.FEWEST_COURSES.values())
    basis = f"estimated from {made.n} own courses."
    if made.n == 0:
        basis = f"no own courses yet; {made.hyper.name} are used, which are not a norm."
    if made.learning:
        basis += f" Still learning what is usual: no marks until {needed} courses have {thresholds.LONG} ratings."
    change = "is not known yet" if made.reliability is None else f"is {made.reliability:.2f} here"
    return basis if key.endswith(f"/{GAP}") else f"{basis} The reliability of a change {change}."


def _measured(name: str, scale: str) -> float | None:
    """How reliable a change on a scale is in this practice (R_C); nothing while that is unknown."""
    answers = item_answers(name, scale)
    answers = answers[:: len(answers) // MOST_COURSES + 1, :MOST_SESSIONS]
    try:
        result = reliability(answers)
    except BadInput:
        return None
    return result.change if result.converged and result.persons >= FEWEST_COURSES else None


def _estimate(series: str, measured: Callable[[str, str], float | None]) -> thresholds.Calibration | None:
    """The calibration of one series from all that was revealed; while that is little, it leans on starting values.

    Where both voices answer the same questions they are judged together. `None` without ratings and starting values.
    The series of one questionnaire share the practice's budget: it is said of a course, not of a scale.
    """
    name, scale, *gap = series.split("/")
    alike = [other for other in followed() if other.split("/")[0] == name and other.endswith(f"/{GAP}") == bool(gap)]
    budget = thresholds.BUDGET.over(len({*alike, series}))
    made = _of_series(name, scale, bool(gap), budget)
    return made and replace(made, reliability=measured(name, scale))


def _of_series(name: str, scale: str, gap: bool, budget: thresholds.Budget) -> thresholds.Calibration | None:
    """The client's own course, or the `gap` between the voices, under a budget."""
    starting = priors.starting(f"{name}/{scale}")
    voices = ratings(name, scale)
    client, therapist = voices["client"], voices["therapist"]
    if gap:
        prior = starting.difference if starting else None
        return _learned(client - therapist, prior, budget=budget)
    scales = SCORED if f"{name}/{scale}" == TOGETHER else (scale,)
    same = all(instrument(name).scale(one_scale).commensurate for one_scale in scales)
    pairs = same and not np.isnan(therapist).all()
    if np.isnan(client).all() and starting:
        return thresholds.calibrate(starting.client, second=starting.therapist, budget=budget)
    return _learned(
        client,
        starting.client if starting else None,
        budget=budget,
        second=therapist if pairs else None,
        second_prior=starting.therapist if starting and pairs else None,
    )


def _learned(
    levels: np.ndarray, prior: Hyper | None, *, budget: thresholds.Budget, **second
) -> thresholds.Calibration | None:
    if np.isnan(levels).all():
        return None if prior is None else thresholds.calibrate(prior, budget=budget)
    return thresholds.calibrate(levels, prior=prior, budget=budget, **second)
