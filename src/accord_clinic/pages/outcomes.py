"""How an outcome measure has changed since the start, in words, with what may be chance and where that is from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord.instruments import Instrument, PublishedThreshold, Scale, catalogue
from accord.records import DyadRecord, Response
from accord.scoring import kept_scores, scores
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.attainment import AS_AGREED, LEVELS

RELIABLE = "reliable change"
GOAL_ATTAINMENT = "gas"
FORMS_BY_GOALS = {1: "one", 2: "two", 3: "full", 4: "four", 5: "five"}


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """One measure: what changed, how much of it may be chance, and the source of that number."""

    name: str
    change: str
    chance: str
    source: str


def outcome_changes(record: DyadRecord) -> tuple[OutcomeChange, ...]:
    """Each measure with a published reliable change that was checked, answered at least twice by the client."""
    lines = []
    for instrument in shelf().instruments.values():
        given = [r for r in record.responses if r.rater == "client" and r.instrument == instrument.id]
        of_version = sorted((r for r in given if r.version == instrument.version), key=lambda r: r.session)
        for threshold in instrument.thresholds:
            if threshold.kind == RELIABLE and threshold.verified and len(of_version) > 1:
                lines += _change(instrument, threshold, of_version)
                break
    return tuple(lines)


def attainment(levels: Sequence[int | None], client: str) -> str:
    """Goal attainment over one to five goals that go on, where the client rated each; else nothing."""
    form = FORMS_BY_GOALS.get(len(levels))
    if form is None or any(level not in LEVELS for level in levels):
        return ""
    answers = {f"goal{n}": level - AS_AGREED for n, level in enumerate(levels, 1) if level is not None}
    [(score,)] = scores([answers], catalogue().get(GOAL_ATTAINMENT), form)
    text = _(
        "Goal attainment score for current goals, rated by {client}: {score}. 50 means as agreed; higher is better."
    )
    return "" if score.value is None else text.format(score=round(score.value), client=client)


def _change(instrument: Instrument, threshold: PublishedThreshold, given: list[Response]) -> list[OutcomeChange]:
    scale = instrument.scale(threshold.scale)
    scored = [(response.session, _value(instrument, response, scale)) for response in given]
    points = [(session, value) for session, value in scored if value is not None]
    if len(points) < 2:
        return []
    (first, start), (last, now) = points[0], points[-1]
    return [
        OutcomeChange(
            name=instrument.name.partition(",")[0],
            change=_words(round(now - start), first, last, scale) + _between(points),
            chance=_("Changes under {points} points may be chance.").format(points=round(threshold.value)),
            source=threshold.source,
        )
    ]


def _between(points: Sequence[tuple[int, float]]) -> str:
    """The first and the last score say little of a course that was lower or higher in between than at both."""
    (_first, start), (_last, now) = points[0], points[-1]
    (low_at, low), (high_at, high) = (pick(points, key=lambda point: point[1]) for pick in (min, max))
    text = ""
    if low < min(start, now):
        text += " " + _("The lowest was {points} in session {number}.").format(points=round(low), number=low_at)
    if high > max(start, now):
        text += " " + _("The highest was {points} in session {number}.").format(points=round(high), number=high_at)
    return text


def _value(instrument: Instrument, response: Response, scale: Scale) -> float | None:
    [row] = kept_scores([response.answers], instrument, response.form)
    return next((score.value for score in row if score.scale == scale.name), None)


def _words(points: int, first: int, last: int, scale: Scale) -> str:
    if not points:
        return _("No change from session {first} to session {last}.").format(first=first, last=last)
    if points < 0:
        text = ngettext(
            "{points} point lower in session {last} than in session {first}",
            "{points} points lower in session {last} than in session {first}",
            abs(points),
        )
    else:
        text = ngettext(
            "{points} point higher in session {last} than in session {first}",
            "{points} points higher in session {last} than in session {first}",
            points,
        )
    way = _("lower is better") if scale.direction == "high is bad" else _("higher is better")
    return text.format(points=abs(points), first=first, last=last) + f" ({way})."
