"""The picture of a course: sessions, two voices and strains on one time axis. A new track of it is placed here."""

from __future__ import annotations

from collections.abc import Sequence

from accord_clinic.charts.axis import LANE, frame_names, make_axis, modalities, session_numbers
from accord_clinic.charts.panels import draw_panel
from accord_clinic.charts.shapes import px
from accord_clinic.charts.strains import draw_track
from accord_clinic.charts.table import course_table
from accord_clinic.charts.types import Chart, DrawnPanel, Panel, SessionMark, StrainSpan, Words


def course_chart(
    sessions: Sequence[SessionMark],
    panels: Sequence[Panel],
    strains: Sequence[StrainSpan] | None,
    outcomes: Sequence[Panel],
    words: Words,
    *,
    width: float = 740.0,
    last: int | None = None,
) -> Chart:
    """The course as small multiples on one time axis. `last` keeps only the newest sessions, for a narrow screen.

    The table has all of them, so it is made with the picture that has all of them.
    """
    shown = tuple(sorted(sessions, key=lambda s: s.number))[-last if last else None :]
    axis = make_axis(shown, width)
    named = frame_names(axis, words, panels[0].name if panels else "")
    y = LANE if any(float(label.y) < LANE for label in named) else 0.0
    drawn: list[DrawnPanel] = []
    for panel in panels:
        part, y = draw_panel(panel, axis, words, y)
        drawn.append(part)
    track = None
    if strains is not None:
        track, y = draw_track(strains, axis, words, y)
    below: list[DrawnPanel] = []
    for panel in outcomes:
        part, y = draw_panel(panel, axis, words, y)
        below.append(part)
    return Chart(
        words=words,
        width=px(width),
        height=px(y + 38),
        panels=tuple(drawn),
        track=track,
        outcomes=tuple(below),
        axis=(*session_numbers(axis, y + 15), *modalities(axis, y + 32), *named),
        table=None if last else course_table(sessions, [*panels, *outcomes], strains or (), words),
    )
