"""Every revealed rating of one scale, or answer to its items, as arrays: what calibrations are estimated from."""

from datetime import datetime

import numpy as np

from accord.stats.level import day_of
from accord_clinic.models import Response, Session
from accord_clinic.models.care import rank
from accord_clinic.questionnaires import arrays
from accord_clinic.records.responses import current_responses


def ratings(name: str, scale: str) -> dict[str, np.ndarray]:
    """Both voices on `scale` of questionnaire `name`, as `arrays.ratings` has them."""
    return arrays.ratings(name, scale, _latest(name))


def days(name: str) -> np.ndarray:
    """The day of each of these sessions, (courses, sessions), nan where there is none."""
    return arrays.by_session(_latest(name), {place[:2]: day_of(place[2]) for place in _places(name).values()})


def item_answers(name: str, scale: str) -> np.ndarray:
    """The client's answers to the items of a scale, as `arrays.item_answers` has them."""
    return arrays.item_answers(name, scale, _latest(name))


def _latest(name: str) -> arrays.Latest:
    """The last response of each side, course and session."""
    rows = Response.objects.filter(instrument=name).exclude(session__revealed_at=None).order_by("id")
    columns = ("session_id", "side", "instrument", "version", "form", "answers")
    places = _places(name)
    return {
        (row.side, *places[row.session_id][:2]): (row.version, row.form, row.answers)
        for row in current_responses(rows.values_list(*columns, named=True)).values()
        if row.session_id in places
    }


def _places(name: str) -> dict[int, tuple[int, int, datetime]]:
    """The course, number and beginning of each session. Only those that took place have a place in a course."""
    rated = Response.objects.filter(instrument=name).exclude(session__revealed_at=None)
    held = Session.objects.filter(state="held", pk__in=rated.values("session"))
    return {pk: (dyad, number, start) for pk, dyad, number, start in held.values_list("pk", "dyad", rank(), "start")}
