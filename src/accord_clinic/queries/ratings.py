"""Every revealed rating of one scale, or answer to its items, as arrays: what calibrations are estimated from."""

import numpy as np

from accord_clinic.models import Response, Session
from accord_clinic.models.care import current_responses, rank
from accord_clinic.questionnaires import arrays


def ratings(name: str, scale: str) -> dict[str, np.ndarray]:
    """Both voices on `scale` of questionnaire `name`: arrays (courses, sessions), missing as nan, by session number."""
    return arrays.ratings(name, scale, _latest(name))


def item_answers(name: str, scale: str) -> np.ndarray:
    """The client's answers to the items of a scale: (courses, sessions, items), reversed ones turned round."""
    return arrays.item_answers(name, scale, _latest(name))


def _latest(name: str) -> arrays.Latest:
    """The last response of each side, course and session."""
    rows = Response.objects.filter(instrument=name).exclude(session__revealed_at=None).order_by("id")
    columns = ("session_id", "side", "instrument", "version", "form", "answers")
    # Only sessions that took place have a place in a course.
    held = Session.objects.filter(state="held", pk__in=rows.order_by().values("session"))
    places = {pk: (dyad, number) for pk, dyad, number in held.values_list("pk", "dyad", rank())}
    return {
        (row.side, *places[row.session_id]): (row.version, row.form, row.answers)
        for row in current_responses(rows.values_list(*columns, named=True)).values()
        if row.session_id in places
    }
