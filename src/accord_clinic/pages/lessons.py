"""The picture of a lesson or a practice case: the chart of the dyad page, drawn from an invented course."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from accord.lessons import SCALES, InventedCourse, courses
from accord.signals import CHECK_IN
from accord.stats.priors import starting
from accord.stats.thresholds import Calibration
from accord.trajectories import trajectory
from accord_clinic.charts import Panel, SessionMark, StrainSpan, course_chart
from accord_clinic.pages.pictures import FEWEST_FOR_A_BAND, NARROW, Picture, course_words, span
from accord_clinic.words.sentences import Names, scale_name

APART = 20.0
"""So far apart two invented voices count as further apart than usual; a practice learns its own limit."""


def picture_of(slug: str) -> Picture:
    """The course of one lesson in the language of the page, for a desk and for a phone."""
    course = courses()[slug]
    opened, talked, settled = course.strain or (0, 0, 0)
    return course_picture(course, [span(opened, talked or None, settled or None, "client")] if opened else [])


def course_picture(course: InventedCourse, strains: Sequence[StrainSpan]) -> Picture:
    """An invented course with its strains, in the language of the page."""
    sessions = len(course.scores["client_collaboration"])
    where = course.where or ("room",) * sessions
    marks = [SessionMark(number, modality) for number, modality in enumerate(where, 1)]
    panels = [_panel(course, scale) for scale in SCALES]
    words = course_words(Names(course.client, course.therapist, you=False), marked=False)
    return Picture(
        course_chart(marks, panels, strains, [], words), course_chart(marks, panels, strains, [], words, width=NARROW)
    )


def _panel(course: InventedCourse, scale: str) -> Panel:
    client, therapist = (dict(enumerate(course.scores[f"{side}_{scale}"], 1)) for side in ("client", "therapist"))
    both = {number: (own, therapist[number]) for number, own in client.items()}
    wide = {n for n, (own, other) in both.items() if own is not None and other is not None and abs(own - other) > APART}
    return Panel(scale_name(scale), client, therapist, _band(scale, tuple(client.values())), frozenset(wide))


@cache
def _band(scale: str, scores: tuple[float | None, ...]) -> dict[int, tuple[float, float]]:
    """Where the client's answers would usually fall, as on the dyad page, by the values that Accord starts from."""
    prior = starting(f"{CHECK_IN}/{scale}")
    if prior is None:
        return {}
    values = np.array([np.nan if value is None else value for value in scores])
    path = trajectory(values[None, :], np.arange(1.0, values.size + 1), Calibration(prior.client))
    rows = zip(path.low[0].tolist(), path.high[0].tolist(), path.earlier[0].tolist(), strict=True)
    return {n: (low, high) for n, (low, high, earlier) in enumerate(rows, 1) if earlier >= FEWEST_FOR_A_BAND}
