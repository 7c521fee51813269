"""Every revealed rating of one scale, or answer to its items, as arrays: what calibrations are estimated from."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from accord.instruments import Instrument
from accord.records import RATERS
from accord.scoring import comparable, score_array
from accord_clinic.models import Response
from accord_clinic.models.care import current_responses
from accord_clinic.questionnaires.shelf import instrument, shelf


def ratings(name: str, scale: str) -> dict[str, np.ndarray]:
    """Both voices on `scale` of questionnaire `name`: arrays (courses, sessions), missing as nan, by session number."""
    latest, place, longest = _latest(name)
    filled = {rater: np.full((len(place), longest), np.nan) for rater in RATERS}
    by_form = defaultdict(list)
    for key, (version, form, answers) in latest.items():
        by_form[version, form].append((key, answers))
    for (version, form), said in by_form.items():
        values = _scores(shelf().answered(name, version), scale, form, [answers for _key, answers in said])
        for ((side, dyad, number), _answers), value in zip(said, values, strict=True):
            filled[side][place[dyad], number - 1] = value
    return filled


def item_answers(name: str, scale: str) -> np.ndarray:
    """The client's answers to the items of a scale: (courses, sessions, items), reversed ones turned round."""
    latest, place, longest = _latest(name)
    asked = instrument(name)
    of = asked.scale(scale)
    filled = np.full((len(place), longest, len(of.items)), np.nan)
    possible = [(item, asked.answer_set(item)) for item in of.items]
    for (side, dyad, number), (version, _form, answers) in latest.items():
        if side == "client" and comparable(scale, shelf().answered(name, version) or asked, asked):
            for nth, (item, answer_set) in enumerate(possible):
                answer = answers.get(item)
                if answer is not None and answer_set.allows(answer):
                    turned = answer_set.low + answer_set.high - answer if item in of.reversed else answer
                    filled[place[dyad], number - 1, nth] = turned
    return filled


def _latest(name: str) -> tuple[dict[tuple[str, int, int], tuple[str, str, dict]], dict[int, int], int]:
    """The last response of each side, course and session; the place of each course; the longest course."""
    rows = Response.objects.filter(instrument=name).exclude(session__revealed_at=None).order_by("id")
    columns = ("session_id", "side", "instrument", "session__dyad", "session__number", "version", "form", "answers")
    latest = {
        (row.side, row.session__dyad, row.session__number): (row.version, row.form, row.answers)
        for row in current_responses(rows.values_list(*columns, named=True)).values()
    }
    dyads = sorted({dyad for _side, dyad, _number in latest})
    return latest, {dyad: i for i, dyad in enumerate(dyads)}, max((number for _s, _d, number in latest), default=0)


def _scores(asked: Instrument | None, scale: str, form: str, said: list[dict]) -> np.ndarray:
    """As a course has them: by the version that was answered, where the scale still is the same; as `kept_scores`."""
    now = shelf().instruments.get(asked.id) if asked else None
    if now is None or form not in asked.forms or not comparable(scale, asked, now):
        return np.full(len(said), np.nan)
    possible = [(item, asked.answer_set(item)) for item in asked.numeric_items(form)]
    table = [[float(a) if (a := r.get(i)) is not None and of.allows(a) else np.nan for i, of in possible] for r in said]
    scored = score_array(np.array(table), asked, form).get(scale)
    return np.full(len(said), np.nan) if scored is None else scored.value
