"""Every revealed rating of one scale as arrays, one row a course: what calibrations are estimated from."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from accord.records import RATERS
from accord.scoring import score_array
from accord_clinic.instruments import instrument
from accord_clinic.models import Response


def ratings(name: str, scale: str) -> dict[str, np.ndarray]:
    """Both voices on `scale` of questionnaire `name`: arrays (courses, sessions), missing as nan, by session number."""
    rows = Response.objects.filter(instrument=name).exclude(session__revealed_at=None).order_by("id")
    latest = {
        (side, dyad, number): (form, answers)
        for side, dyad, number, form, answers in rows.values_list(
            "side", "session__dyad", "session__number", "form", "answers"
        )
    }
    dyads = sorted({dyad for _side, dyad, _number in latest})
    place = {dyad: i for i, dyad in enumerate(dyads)}
    longest = max((number for _side, _dyad, number in latest), default=0)
    filled = {rater: np.full((len(dyads), longest), np.nan) for rater in RATERS}
    by_form = defaultdict(list)
    for key, (form, answers) in latest.items():
        by_form[form].append((key, answers))
    for form, said in by_form.items():
        values = _scores(name, scale, form, [answers for _key, answers in said])
        for ((side, dyad, number), _answers), value in zip(said, values, strict=True):
            filled[side][place[dyad], number - 1] = value
    return filled


def _scores(name: str, scale: str, form: str, said: list[dict]) -> np.ndarray:
    """As `kept_scores`: what cannot be answered any more, since the practice changed it, counts as missing."""
    asked = instrument(name)
    if form not in asked.forms:
        return np.full(len(said), np.nan)
    possible = [(item, asked.answer_set(item)) for item in asked.numeric_items(form)]
    table = [[float(a) if (a := r.get(i)) is not None and of.allows(a) else np.nan for i, of in possible] for r in said]
    scored = score_array(np.array(table), asked, form).get(scale)
    return np.full(len(said), np.nan) if scored is None else scored.value
