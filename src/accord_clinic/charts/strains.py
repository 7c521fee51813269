"""The track of strains under a course: strokes, marks and words that do not collide."""

from __future__ import annotations

from collections.abc import Sequence

from accord_clinic.charts.axis import HEAD, LEFT, Axis, rules, width_of
from accord_clinic.charts.shapes import MARK, circle, diamond, px, square
from accord_clinic.charts.types import DrawnTrack, Label, StrainSpan, Words

STRAIN_LANE = 42.0


def draw_track(strains: Sequence[StrainSpan], axis: Axis, words: Words, top: float) -> tuple[DrawnTrack, float]:
    """The strains over time, each in the first lane where neither its stroke nor its words touch another."""
    name = Label("0", px(top + 18), words.strain, "name", "start")
    base = top + HEAD + 8
    shown = [s for s in strains if axis.sessions and (s.settled is None or s.settled >= axis.sessions[0].number)]
    if not shown:
        rule = rules((base,), axis)
        label = Label(px(LEFT - 12), px(base + 20), words.no_strain, "", "start")
        return DrawnTrack((name, label), rule, "", "", "", ""), base + STRAIN_LANE
    lanes: list[float] = []
    labels, waiting, talked, marks, turns = [name], [], [], [], []
    for span in sorted(shown, key=lambda s: s.opened):
        start, talk, end = _places(span, axis)
        wide = width_of(span.label) * (1.08 if span.settled is None else 1.0)
        at = max(LEFT - 12, min(start - MARK, axis.width - wide))
        lane = next((i for i, taken in enumerate(lanes) if taken + 8 <= min(start - 6, at)), len(lanes))
        if lane == len(lanes):
            lanes.append(0.0)
        lanes[lane] = max(end + 6, at + wide)
        y = base + lane * STRAIN_LANE
        waiting.append(f"M{px(start)} {px(y)}H{px(talk)}")
        if talk < end:
            talked.append(f"M{px(talk)} {px(y)}H{px(end)}")
        if span.opened in axis.x:
            marks.append({"client": circle, "therapist": square, "signal": diamond}[span.by](start, y))
        turns.append(_turns(span, axis, y))
        labels.append(Label(px(at), px(y + 20), span.label, "open" if span.settled is None else "", "start"))
    rule = rules([base + i * STRAIN_LANE for i in range(len(lanes))], axis)
    drawn = DrawnTrack(tuple(labels), rule, "".join(waiting), "".join(talked), "".join(marks), "".join(turns))
    return drawn, base + len(lanes) * STRAIN_LANE


def _places(span: StrainSpan, axis: Axis) -> tuple[float, float, float]:
    """Where a strain starts, is talked about and ends; what lies before the first drawn session starts at the edge."""

    def at(number: int | None) -> float:
        if number is None or number > axis.sessions[-1].number:
            return axis.right + 12
        return axis.x.get(number, LEFT - 12)

    end = at(span.settled)
    return at(span.opened), min(at(span.talked_about), end), end


def _turns(span: StrainSpan, axis: Axis, y: float) -> str:
    """A short tick where it was talked about, and a bar where it was settled."""
    path = ""
    if span.talked_about in axis.x and span.talked_about != span.settled:
        path += f"M{px(axis.x[span.talked_about])} {px(y - 5)}v10"
    if span.settled in axis.x:
        path += f"M{px(axis.x[span.settled])} {px(y - 7)}v14"
    return path
