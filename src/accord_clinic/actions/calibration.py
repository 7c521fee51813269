"""Learning what is usual here: each followed series gets a new, versioned calibration from the practice's ratings."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from django.db import transaction
from django.utils import timezone

from accord.stats import priors, thresholds
from accord.stats.innovation import Hyper
from accord_clinic.actions.audit import Actor, record
from accord_clinic.instruments import instrument
from accord_clinic.models import Calibration
from accord_clinic.plan import CHECK_IN
from accord_clinic.queries.ratings import ratings

GAP = "gap"
FOLLOWED = tuple(f"{CHECK_IN}/{scale}{rest}" for scale in ("collaboration", "connection") for rest in ("", f"/{GAP}"))


def followed() -> tuple[str, ...]:
    """The series that are compared with a person's own usual: the check-in's, and those added since.

    `instrument/scale` is the client's own course, `instrument/scale/gap` the difference of the two voices.
    """
    added = Calibration.objects.exclude(scale__in=FOLLOWED).order_by("scale").values_list("scale", flat=True)
    return (*FOLLOWED, *dict.fromkeys(added))


@transaction.atomic
def calibrate(series: Iterable[str], *, by: Actor) -> list[str]:
    """Estimate each series anew; gives a sentence for each. The same ratings give the same row again."""
    told = []
    for key in series:
        made = estimate(key)
        if made is None:
            told.append(f"{key}: nobody has answered it yet, and no starting values are shipped for it.")
            continue
        _row, new = Calibration.objects.get_or_create(
            version=made.id, defaults={"scale": key, "made_at": timezone.now(), "dyads": made.n, "body": made.to_dict()}
        )
        if new:
            record(by, "calibrate", f"calibration:{key}"[:80], ["body"])
        told.append(f"{key}: {_how(made)}")
    return told


def _how(made: thresholds.Calibration) -> str:
    """How the usual course was found, in a sentence."""
    if made.n == 0:
        return f"no own courses yet; {made.hyper.name} are used, which are not a norm."
    if made.learning:
        return f"still learning what is usual: {made.n} own courses so far."
    return f"estimated from {made.n} own courses."


def estimate(series: str) -> thresholds.Calibration | None:
    """The calibration of one series from all that was revealed; while that is little, it leans on starting values.

    Where both voices answer the same questions they are judged together. `None` without ratings and starting values.
    The scales of one questionnaire share the practice's budget: it is said of a course, not of a scale.
    """
    name, scale, *gap = series.split("/")
    budget = thresholds.BUDGET.over(
        len({one.split("/")[1] for one in (*followed(), series) if one.split("/")[0] == name})
    )
    starting = priors.starting(f"{name}/{scale}")
    voices = ratings(name, scale)
    client, therapist = voices["client"], voices["therapist"]
    if gap:
        prior = starting.difference if starting else None
        return _learned(client - therapist, prior, budget=budget)
    pairs = instrument(name).scale(scale).commensurate and not np.isnan(therapist).all()
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
    said: np.ndarray, prior: Hyper | None, *, budget: thresholds.Budget, **second
) -> thresholds.Calibration | None:
    if np.isnan(said).all():
        return None if prior is None else thresholds.calibrate(prior, budget=budget)
    return thresholds.calibrate(said, prior=prior, budget=budget, **second)
