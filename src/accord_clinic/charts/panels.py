"""One panel of the course: a scale in two voices, with its lines, marks, wash and missing answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from accord_clinic.charts.axis import HEAD, LANE, LEFT, Axis, fitting, frames, rules, unbroken
from accord_clinic.charts.shapes import circle, line, px, square
from accord_clinic.charts.types import DrawnPanel, Label, Panel, Values, Words

PLOT, SPACE = 124.0, 16.0

Height = Callable[[float], float]
Point = tuple[float, float]


def draw_panel(panel: Panel, axis: Axis, words: Words, top: float) -> tuple[DrawnPanel, float]:
    """One panel, and where the next one starts."""
    floor = top + HEAD + PLOT

    def y(value: float) -> float:
        share = (value - panel.low) / (panel.high - panel.low)
        return floor - PLOT * min(1.0, max(0.0, share))

    client, therapist = _points(panel.client, axis, y), _points(panel.therapist, axis, y)
    labels = [
        Label("0", px(top + 18), panel.name, "name", "start"),
        Label(px(LEFT - 18), px(floor - PLOT + 4), f"{panel.high:g}", "", "end"),
        Label(px(LEFT - 18), px(floor + 4), f"{panel.low:g}", "", "end"),
    ]
    if panel.note:
        labels.append(Label(px(axis.width), px(top + 18), panel.note, "", "end"))
    end = floor
    missing = {}
    for kind, values in (("client", panel.client), ("therapist", panel.therapist)):
        gaps = [s.number for s in axis.sessions if s.asked and s.revealed and values.get(s.number, 0.0) is None]
        if gaps:
            end += LANE
        missing[kind], gap_labels = _missing(gaps, axis, words.no_answer, end, kind)
        labels += gap_labels
    drawn = DrawnPanel(
        labels=tuple(labels),
        rules=rules((floor - PLOT, floor), axis),
        band=_band(panel.band, axis, y),
        closed=frames(axis, floor - PLOT - 8, floor + 8),
        gaps=_wide_gaps(panel, axis, y),
        missing_client=missing["client"],
        missing_therapist=missing["therapist"],
        client_line=line(client),
        therapist_line=line(therapist),
        client_marks="".join(circle(*p) for p in client if p),
        therapist_marks="".join(square(*p) for p in therapist if p),
    )
    return drawn, end + SPACE


def _points(values: Values, axis: Axis, y: Height) -> list[Point | None]:
    """A point for each answer, `None` where the line must break: not answered, or not open yet."""
    points: list[Point | None] = []
    for session in axis.sessions:
        value = values.get(session.number)
        if value is not None:
            points.append((axis.x[session.number], y(value)))
        elif session.number in values or not session.revealed:
            points.append(None)
    return points


def _band(band: Mapping[int, tuple[float, float]], axis: Axis, y: Height) -> str:
    """The wash: one closed shape for each unbroken run of sessions that have an expected range."""
    path = []
    for run in unbroken([s.number for s in axis.sessions], lambda number: number in band):
        upper = [(axis.x[n], y(band[n][1])) for n in run]
        lower = [(axis.x[n], y(band[n][0])) for n in reversed(run)]
        if len(run) == 1:
            upper = [(upper[0][0] - 10, upper[0][1]), (upper[0][0] + 10, upper[0][1])]
            lower = [(lower[0][0] + 10, lower[0][1]), (lower[0][0] - 10, lower[0][1])]
        path.append(line([*upper, *lower]) + "z")
    return "".join(path)


def _wide_gaps(panel: Panel, axis: Axis, y: Height) -> str:
    """A stroke between the two marks; never in a session that is not open yet."""
    path = []
    for session in axis.sessions:
        client, therapist = panel.client.get(session.number), panel.therapist.get(session.number)
        if session.revealed and session.number in panel.wide and client is not None and therapist is not None:
            path.append(f"M{px(axis.x[session.number])} {px(y(client))}V{px(y(therapist))}")
    return "".join(path)


def _missing(numbers: Sequence[int], axis: Axis, text: str, y: float, kind: str) -> tuple[str, list[Label]]:
    """Missing answers in a lane of their own: words where there is room, a short dash where there is not."""
    order = [s.number for s in axis.sessions]
    runs = unbroken(order, set(numbers).__contains__)
    centres = [(axis.x[run[0]] + axis.x[run[-1]]) / 2 for run in runs]
    labelled = fitting([(x, text) for x in centres], axis.width)
    labels = [Label(px(centres[i]), px(y), text, kind) for i in labelled]
    dashes = [n for i, run in enumerate(runs) if i not in labelled for n in run]
    return "".join(f"M{px(axis.x[n] - 3)} {px(y - 4)}h6" for n in dashes), labels
