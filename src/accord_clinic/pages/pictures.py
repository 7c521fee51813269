"""The picture of a course and its strains, wide and narrow, in the reader's language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import segno
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord.course import Course, Series
from accord.instruments import Instrument, Scale
from accord.records import RATERS, Rater
from accord.signals import CHECK_IN
from accord.stats.thresholds import BUDGET
from accord_clinic.charts import Chart, Panel, SessionMark, StrainSpan, Words, course_chart
from accord_clinic.charts.types import Opener
from accord_clinic.questionnaires.answer_words import wording
from accord_clinic.questionnaires.plan import BEGINNINGS, WIDER_LOOK
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.attainment import AS_AGREED
from accord_clinic.words.sentences import Names, scale_name

NARROW, NARROW_SESSIONS = 360.0, 8
ALLIANCE = {"collaboration", "connection", "goal", "task", "bond"}
"""Scales that make a questionnaire one about the alliance: Bordin's three parts, or the check-in's two."""
NOT_DRAWN = {"strain", "voice"}
FEWEST_FOR_A_BAND = 2
"""With fewer earlier ratings the expected range says what is usual for people, not for this person."""

AT_REVIEWS, FEWEST_REVIEWS = ("w5", "w6", "w7"), 2
"""Content with the sessions, hope, own ability. One review is a point: it stands on the talk sheet."""

FEWEST_POINTS, LONGEST_NAME = 2, 40
"""Two points make a line; a goal in so many letters stands above its panel on a phone, too."""

Wide = Mapping[tuple[str, str], frozenset[int]]


@dataclass(frozen=True, slots=True)
class Picture:
    """The course as a chart for a desk and one for a phone; `None` while there is nothing to draw."""

    wide: Chart
    narrow: Chart | None


def picture(
    course: Course,
    instruments: Mapping[str, Instrument],
    marks: Sequence[SessionMark],
    strains: Sequence[StrainSpan],
    wide: Wide,
    names: Names,
    moved: Sequence[Panel] = (),
) -> Picture | None:
    """Draw the course. `marks`: the sessions in order; `wide`: where the two voices lie unusually far apart; `moved`:
    what else has a line below the alliance, such as tasks and goals.
    """
    revealed = {m.number for m in marks if m.revealed}
    alliance: list[Panel] = []
    outcomes: list[Panel] = []
    for instrument, scale in _drawn(course, instruments):
        panel = _panel(course, instrument, scale, revealed, wide.get((instrument.id, scale.name), frozenset()))
        part = alliance if ALLIANCE & {s.name for s in instrument.scales} else outcomes
        earlier = list(_of_earlier_versions(course, instrument.id, scale.name))
        if not earlier or any((rater, instrument.id, scale.name) in course.scores for rater in RATERS):
            part += [panel] if scale.commensurate else _apart(panel)
        part += earlier
    outcomes += [*moved, *_reviews(course)]
    if not (alliance or outcomes):
        return None
    words = course_words(names, any(wide.values()))
    has_check_in = any(instrument == CHECK_IN for _rater, instrument, _scale in course.scores)
    track = strains if strains or has_check_in else None
    whole = course_chart(marks, alliance, track, outcomes, words)
    narrow = course_chart(marks, alliance, track, outcomes, words, width=NARROW, last=NARROW_SESSIONS)
    return Picture(whole, narrow)


def _drawn(course: Course, instruments: Mapping[str, Instrument]) -> list[tuple[Instrument, Scale]]:
    """The scales that get a panel, the check-in's first: a questionnaire's total where it has one, else each scale."""
    answered = dict.fromkeys((*(key[1] for key in course.scores), *(key[1] for key in course.earlier)))
    apart = (*BEGINNINGS, WIDER_LOOK)
    names = sorted((n for n in answered if n not in apart), key=lambda n: (n != CHECK_IN, n))
    drawn = []
    for instrument in (instruments[name] for name in names):
        totals = [s for s in instrument.scales if s.name == "total"]
        drawn += [(instrument, s) for s in totals or instrument.scales if s.name not in NOT_DRAWN]
    return drawn


def _panel(course: Course, instrument: Instrument, scale: Scale, revealed: set[int], wide: frozenset[int]) -> Panel:
    return Panel(
        name=_name(instrument, scale),
        client=_values(course, "client", instrument.id, scale.name, revealed),
        therapist=_values(course, "therapist", instrument.id, scale.name, revealed),
        band=_band(course, instrument.id, scale.name),
        wide=wide,
        low=scale.low,
        high=scale.high,
        decimals=0 if scale.high - scale.low > 12 else 1,
        note=_note(course, instrument, scale),
    )


def _of_earlier_versions(course: Course, instrument: str, scale: str) -> Iterator[Panel]:
    """A line of its own for each version in which the scale means another number: drawn, and not judged."""
    versions = sorted({v for _rater, name, v, s in course.earlier if (name, s) == (instrument, scale)})
    for version in versions:
        asked = shelf().answered(instrument, version)
        if asked is None:
            continue
        measured = asked.scale(scale)
        voices = {
            rater: {
                facts.number: score.value
                for facts, score in zip(
                    course.record.sessions, course.earlier.get((rater, instrument, version, scale), ()), strict=False
                )
                if score is not None
            }
            for rater in RATERS
        }
        panel = Panel(
            name=f"{_name(asked, measured)} {version}",
            client=voices["client"],
            therapist=voices["therapist"],
            band={},
            wide=frozenset(),
            low=measured.low,
            high=measured.high,
            decimals=0 if measured.high - measured.low > 12 else 1,
            note=_("different questions at that time, so shown as a separate line"),
        )
        yield from [panel] if measured.commensurate else _apart(panel)


def _reviews(course: Course) -> Iterator[Panel]:
    """A line for each question that both are asked together at reviews, from two reviews on.

    Nothing else of the wider look is drawn: its questions come in turns, and a line through two or three answers would
    show a course where there is none. Both versions ask these three in the same words.
    """
    asked = shelf().instruments[WIDER_LOOK]
    given = [r for r in course.record.responses if r.instrument == WIDER_LOOK]
    for item in AT_REVIEWS:
        voices: dict[Rater, dict[int, float | None]] = {
            rater: {
                r.session: float(answer)
                for r in sorted(given, key=lambda r: r.session)
                if r.rater == rater and isinstance(answer := r.answers.get(item), int)
            }
            for rater in RATERS
        }
        steps = asked.answer_set(item).values
        if max(map(len, voices.values())) >= FEWEST_REVIEWS:
            yield Panel(
                name=wording(asked).shared_item(item),
                client=voices["client"],
                therapist=voices["therapist"],
                band={},
                low=min(steps),
                high=max(steps),
                note=_("one question, asked every few sessions"),
            )


def tasks_panel(values: Mapping[int, Sequence[int]]) -> list[Panel]:
    """What became of tasks between sessions, by session: never a judgement, and nothing where nobody was asked."""
    return _done_panel(_("Tasks between sessions"), _("0 not done, 1 partly, 2 done"), values)


def medication_panel(values: Mapping[int, Sequence[int]]) -> list[Panel]:
    """How it went with the medication plan, in the client's own words: as planned, partly or not."""
    return _done_panel(_("Medication"), _("0 not taken as planned, 1 partly, 2 as planned"), values)


def _done_panel(name: str, note: str, values: Mapping[int, Sequence[int]]) -> list[Panel]:
    if len(values) < FEWEST_POINTS:
        return []
    means: dict[int, float | None] = {number: sum(given) / len(given) for number, given in values.items()}
    return [Panel(name, means, {}, {}, low=0.0, high=2.0, note=note)]


def levels_panel(words: str, values: Mapping[int, int]) -> list[Panel]:
    """Where the client sees one goal against the levels that both agreed on, from -2 to 2, by session."""
    if len(values) < FEWEST_POINTS:
        return []
    far: dict[int, float | None] = {number: float(value - AS_AGREED) for number, value in values.items()}
    return [Panel(_short(words), far, {}, {}, low=-2.0, high=2.0, note=_("0: as agreed"))]


def goal_panel(words: str, values: Mapping[int, int]) -> list[Panel]:
    """How far the client sees one goal, from 0 to 10, by session."""
    if len(values) < FEWEST_POINTS:
        return []
    far: dict[int, float | None] = {number: float(value) for number, value in values.items()}
    return [Panel(_short(words), far, {}, {}, low=0.0, high=10.0, note=_("how far, from 0 to 10"))]


def _short(words: str) -> str:
    return words if len(words) <= LONGEST_NAME else words[: LONGEST_NAME - 1].rstrip() + "…"


def _apart(panel: Panel) -> Iterator[Panel]:
    """Voices that answer different questions never share a panel, in which they would be compared."""
    if panel.client:
        yield replace(panel, therapist={})
    if panel.therapist:
        yield replace(panel, client={}, band={})


def _note(course: Course, instrument: Instrument, scale: Scale) -> str:
    if (instrument.id, scale.name) in course.silent:
        return _("the shaded band is drawn from starting values, until there are enough ratings here")
    return _("higher is worse") if scale.direction == "high is bad" else ""


def _name(instrument: Instrument, scale: Scale) -> str:
    if instrument.id == CHECK_IN:
        return scale_name(scale.name)
    name = instrument.name.partition(",")[0]
    return name if scale.name == "total" or len(instrument.scales) == 1 else f"{name}: {scale_name(scale.name)}"


def _values(course: Course, rater: Rater, instrument: str, scale: str, revealed: set[int]) -> dict[int, float | None]:
    """Scores by session. A revealed session without one is missing where the questionnaire is asked each time."""
    sessions = course.record.sessions
    series = course.scores.get((rater, instrument, scale)) or (None,) * len(sessions)
    if not (instrument == CHECK_IN or _asked_each_time(series)):
        revealed = set()
    return {
        facts.number: None if score is None else score.value
        for facts, score in zip(sessions, series, strict=True)
        if score is not None or facts.number in revealed
    }


def _asked_each_time(series: Series) -> bool:
    """Answered twice in a row: so a gap is a missing answer, and not a session in which it was not asked."""
    return any(score is not None and following is not None for score, following in pairwise(series))


def _band(course: Course, instrument: str, scale: str) -> dict[int, tuple[float, float]]:
    path = course.trajectories.get((instrument, scale))
    if path is None:
        return {}
    rows = zip(
        course.record.sessions, path.low[0].tolist(), path.high[0].tolist(), path.earlier[0].tolist(), strict=True
    )
    return {facts.number: (low, high) for facts, low, high, earlier in rows if earlier >= FEWEST_FOR_A_BAND}


def span(opened: int, talked: int | None, settled: int | None, by: Opener) -> StrainSpan:
    """One strain over time, in session numbers, with its words."""
    if settled is None:
        label = {
            "client": _("opened by the client"),
            "therapist": _("opened by the therapist"),
            "signal": _("opened from a signal"),
        }[by]
    elif settled == opened:
        label = _("resolved at once")
    else:
        count = settled - opened
        label = ngettext("resolved in {count} session", "resolved in {count} sessions", count).format(count=count)
    return StrainSpan(opened, talked, settled, by, label)


def course_words(names: Names, marked: bool) -> Words:
    """`marked`: some session is marked as wide apart, so the legend says how often that is chance."""
    wide = _("further apart than is usual")
    if marked:
        chance = _("(by chance alone in about {count} of 100 courses of 15 sessions)")
        wide += " " + chance.format(count=round(100 * BUDGET.gap))
    return Words(
        title=_("Ratings so far"),
        description=_(
            "Both people's answers, session by session, with strains and outcomes. The numbers are in the "
            "table below."
        ),
        client=_("{name}'s answers").format(name=names.client),
        therapist=_("your answers") if names.you else _("{name}'s answers").format(name=names.therapist),
        session=_("Session"),
        modality=_("Where"),
        usual=_("{name}'s usual range").format(name=names.client),
        wide_gap=wide,
        no_answer=_("no answer"),
        not_open_yet=_("not open yet"),
        not_asked="–",
        strain=_("Strain"),
        no_strain=_("No strain so far."),
        opened=_("opened"),
        talked_about=_("talked about"),
        settled=_("resolved"),
    )


def qr(text: str) -> SafeString:
    """A QR code as an inline SVG with its own quiet zone and white ground: a camera must read it in a dark room too."""
    code = segno.make(text, error="m")
    return mark_safe(code.svg_inline(scale=5, border=4, light="#fff", dark="#000", omitsize=True, svgclass="qr"))  # noqa: S308
