"""What two people said over the sessions comes in as numbers; where to draw it goes out, ready for an SVG template.

No models, no request, no language: every word is passed in by the caller. Coordinates leave as strings, because a
template would otherwise print 12.5 as "12,5" in half of Europe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Values = Mapping[int, float | None]
Opener = Literal["client", "therapist", "signal"]

LEFT, RIGHT = 50.0, 26.0
WIDEST_STEP = 84.0
HEAD, PLOT, LANE, SPACE = 34.0, 112.0, 18.0, 16.0
STRAIN_LANE = 42.0
MARK = 4.5
TEXT_SIZE = 13.0
# About the width of a letter of Atkinson Hyperlegible Next, as a share of its size; generous, so labels never touch.
LETTER = 0.56


@dataclass(frozen=True, slots=True)
class SessionMark:
    """A session on the time axis. Until it is `revealed` nothing is said about who answered it."""

    number: int
    modality: str
    held: bool = True
    revealed: bool = True
    when: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One scale of both voices by session number: a number, `None` for asked but not answered, absent for not asked."""

    name: str
    client: Values
    therapist: Values
    band: Mapping[int, tuple[float, float]]
    wide: frozenset[int] = frozenset()
    low: float = 0.0
    high: float = 100.0
    decimals: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class StrainSpan:
    """The life of one strain in session numbers; `settled` is `None` while it is open."""

    opened: int
    talked_about: int | None
    settled: int | None
    by: Opener
    label: str


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that the picture and its table say, in the reader's language."""

    title: str
    description: str
    client: str
    therapist: str
    session: str
    modality: str
    usual: str
    wide_gap: str
    no_answer: str
    not_open_yet: str
    not_asked: str
    strain: str
    no_strain: str
    opened: str
    talked_about: str
    settled: str


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a place. `kind` is a class of the style sheet; `anchor` is start, middle or end."""

    x: str
    y: str
    text: str
    kind: str = ""
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class DrawnPanel:
    """One panel as paths; an empty path is not drawn."""

    labels: tuple[Label, ...]
    rules: str
    band: str
    closed: str
    gaps: str
    missing_client: str
    missing_therapist: str
    client_line: str
    therapist_line: str
    client_marks: str
    therapist_marks: str


@dataclass(frozen=True, slots=True)
class DrawnTrack:
    """The lives of the strains: opened to talked about, talked about to settled, with a mark at each turn."""

    labels: tuple[Label, ...]
    rule: str
    waiting: str
    talked: str
    marks: str
    turns: str


@dataclass(frozen=True, slots=True)
class Table:
    """The same numbers as text: one row a session."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of the course, ready to print, with its legend's words and its table."""

    words: Words
    width: str
    height: str
    panels: tuple[DrawnPanel, ...]
    track: DrawnTrack | None
    outcomes: tuple[DrawnPanel, ...]
    axis: tuple[Label, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class _Axis:
    """Where each session stands from left to right."""

    sessions: tuple[SessionMark, ...]
    x: dict[int, float]
    step: float
    width: float

    @property
    def right(self) -> float:
        return max(self.x.values(), default=LEFT)

    def closed(self) -> frozenset[int]:
        return frozenset(s.number for s in self.sessions if not s.revealed)


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
    """The course as small multiples on one time axis. `last` keeps only the newest sessions, for a narrow screen."""
    kept = tuple(sorted(sessions, key=lambda s: s.number))[-last if last else None :]
    axis = _axis(kept, width)
    top = LANE if axis.closed() else 0.0
    y = top
    drawn: list[DrawnPanel] = []
    for panel in panels:
        part, y = _panel(panel, axis, words, y)
        drawn.append(part)
    track = None
    if strains is not None:
        track, y = _track(strains, axis, words, y)
    below: list[DrawnPanel] = []
    for panel in outcomes:
        part, y = _panel(panel, axis, words, y)
        below.append(part)
    return Chart(
        words=words,
        width=_n(width),
        height=_n(y + 38),
        panels=tuple(drawn),
        track=track,
        outcomes=tuple(below),
        axis=(*_numbers(axis, y + 15), *_modalities(axis, y + 32), *_frame_names(axis, words)),
        table=course_table(sessions, [*panels, *outcomes], strains or (), words),
    )


def course_table(
    sessions: Sequence[SessionMark], panels: Sequence[Panel], strains: Sequence[StrainSpan], words: Words
) -> Table:
    """The numbers of the picture as text: here too a closed session says nothing, and a missing answer says so."""
    voices = [
        (panel, values, f"{panel.name}, {name}")
        for panel in panels
        for values, name in ((panel.client, words.client), (panel.therapist, words.therapist))
        if values
    ]
    rows = []
    for session in sorted(sessions, key=lambda s: s.number):
        cells = [_cell(session, values, panel, words) for panel, values, _ in voices]
        when = f"{session.number} · {session.when}" if session.when else str(session.number)
        rows.append((when, session.modality, *cells, _turns_in_words(session.number, strains, words)))
    return Table((words.session, words.modality, *(head for _, _, head in voices), words.strain), tuple(rows))


def _cell(session: SessionMark, values: Values, panel: Panel, words: Words) -> str:
    value = values.get(session.number)
    if value is not None:
        return f"{value:.{panel.decimals}f}"
    if not session.revealed:
        return words.not_open_yet
    return words.no_answer if session.number in values else words.not_asked


def _turns_in_words(number: int, strains: Sequence[StrainSpan], words: Words) -> str:
    turns = [
        word
        for strain in strains
        for at, word in (
            (strain.opened, words.opened),
            (strain.talked_about, words.talked_about),
            (strain.settled, words.settled),
        )
        if at == number
    ]
    return ", ".join(turns) or words.not_asked


def _n(value: float) -> str:
    """A coordinate with at most one decimal: a tenth of a pixel is finer than anyone sees, and the page stays small."""
    return f"{value:.1f}".removesuffix(".0")


def _axis(sessions: tuple[SessionMark, ...], width: float) -> _Axis:
    room = width - LEFT - RIGHT
    step = min(WIDEST_STEP, room / max(len(sessions) - 1, 1))
    return _Axis(sessions, {s.number: LEFT + i * step for i, s in enumerate(sessions)}, step, width)


def _panel(panel: Panel, axis: _Axis, words: Words, top: float) -> tuple[DrawnPanel, float]:
    """One panel, and where the next one starts."""
    floor = top + HEAD + PLOT

    def y(value: float) -> float:
        share = (value - panel.low) / (panel.high - panel.low)
        return floor - PLOT * min(1.0, max(0.0, share))

    client, therapist = _points(panel.client, axis, y), _points(panel.therapist, axis, y)
    labels = [
        Label("0", _n(top + 18), panel.name, "name", "start"),
        Label(_n(LEFT - 18), _n(floor - PLOT + 4), f"{panel.high:g}", "", "end"),
        Label(_n(LEFT - 18), _n(floor + 4), f"{panel.low:g}", "", "end"),
    ]
    if panel.note:
        labels.append(Label(_n(axis.width), _n(top + 18), panel.note, "", "end"))
    end = floor
    missing = {}
    for kind, values in (("client", panel.client), ("therapist", panel.therapist)):
        gaps = [s.number for s in axis.sessions if s.revealed and values.get(s.number, 0.0) is None]
        if gaps:
            end += LANE
        missing[kind], said = _missing(gaps, axis, words.no_answer, end, kind)
        labels += said
    drawn = DrawnPanel(
        labels=tuple(labels),
        rules=_rules((floor - PLOT, floor), axis),
        band=_band(panel.band, axis, y),
        closed=_frames(axis, floor - PLOT - 8, floor + 8),
        gaps=_wide_gaps(panel, axis, y),
        missing_client=missing["client"],
        missing_therapist=missing["therapist"],
        client_line=_line(client),
        therapist_line=_line(therapist),
        client_marks="".join(_circle(*p) for p in client if p),
        therapist_marks="".join(_square(*p) for p in therapist if p),
    )
    return drawn, end + SPACE


def _points(values: Values, axis: _Axis, y) -> list[tuple[float, float] | None]:
    """A point for each answer, `None` where the line must break: not answered, or not open yet."""
    points: list[tuple[float, float] | None] = []
    for session in axis.sessions:
        value = values.get(session.number)
        if value is not None:
            points.append((axis.x[session.number], y(value)))
        elif session.number in values or not session.revealed:
            points.append(None)
    return points


def _line(points: Iterable[tuple[float, float] | None]) -> str:
    path, pen_up = [], True
    for point in points:
        if point is None:
            pen_up = True
            continue
        path.append(f"{'M' if pen_up else 'L'}{_n(point[0])} {_n(point[1])}")
        pen_up = False
    return "".join(path)


def _circle(x: float, y: float) -> str:
    d = 2 * MARK
    return f"M{_n(x - MARK)} {_n(y)}a{MARK} {MARK} 0 1 0 {d} 0a{MARK} {MARK} 0 1 0-{d} 0z"


def _square(x: float, y: float) -> str:
    side = _n(2 * MARK - 1)
    return f"M{_n(x - MARK + 0.5)} {_n(y - MARK + 0.5)}h{side}v{side}h-{side}z"


def _diamond(x: float, y: float) -> str:
    return f"M{_n(x)} {_n(y - 6)}l6 6l-6 6l-6-6z"


def _rules(heights: Iterable[float], axis: _Axis) -> str:
    """Hairlines across the whole width: the empty stretch on the right is room for the sessions to come."""
    return "".join(f"M{_n(LEFT - 12)} {_n(h)}H{_n(axis.width)}" for h in heights)


def _band(band: Mapping[int, tuple[float, float]], axis: _Axis, y) -> str:
    """The wash: one closed shape for each unbroken run of sessions that have an expected range."""
    path = []
    for run in _runs([s.number for s in axis.sessions], lambda number: number in band):
        upper = [(axis.x[n], y(band[n][1])) for n in run]
        lower = [(axis.x[n], y(band[n][0])) for n in reversed(run)]
        if len(run) == 1:
            upper = [(upper[0][0] - 10, upper[0][1]), (upper[0][0] + 10, upper[0][1])]
            lower = [(lower[0][0] + 10, lower[0][1]), (lower[0][0] - 10, lower[0][1])]
        path.append(_line([*upper, *lower]) + "z")
    return "".join(path)


def _runs(numbers: Sequence[int], wanted) -> list[list[int]]:
    """Neighbouring sessions for which something holds, kept together."""
    runs: list[list[int]] = []
    open_run = False
    for number in numbers:
        if not wanted(number):
            open_run = False
            continue
        if not open_run:
            runs.append([])
            open_run = True
        runs[-1].append(number)
    return runs


def _wide_gaps(panel: Panel, axis: _Axis, y) -> str:
    """A stroke between the two marks; never in a session that is not open yet."""
    path = []
    for session in axis.sessions:
        client, therapist = panel.client.get(session.number), panel.therapist.get(session.number)
        if session.revealed and session.number in panel.wide and client is not None and therapist is not None:
            path.append(f"M{_n(axis.x[session.number])} {_n(y(client))}V{_n(y(therapist))}")
    return "".join(path)


def _missing(numbers: Sequence[int], axis: _Axis, text: str, y: float, kind: str) -> tuple[str, list[Label]]:
    """Missing answers in a lane of their own: words where there is room, a short dash where there is not."""
    order = [s.number for s in axis.sessions]
    runs = _runs(order, set(numbers).__contains__)
    centres = [(axis.x[run[0]] + axis.x[run[-1]]) / 2 for run in runs]
    kept = _fitting([(x, text) for x in centres], axis.width)
    labels = [Label(_n(centres[i]), _n(y), text, kind) for i in kept]
    dashes = [n for i, run in enumerate(runs) if i not in kept for n in run]
    return "".join(f"M{_n(axis.x[n] - 3)} {_n(y - 4)}h6" for n in dashes), labels


def _width(text: str) -> float:
    return len(text) * TEXT_SIZE * LETTER


def _fitting(labels: Sequence[tuple[float, str]], width: float) -> set[int]:
    """Which of these centred labels can stand side by side, the newest first, since it matters most."""
    kept: set[int] = set()
    limit = width + 20
    for i in reversed(range(len(labels))):
        x, text = labels[i]
        half = _width(text) / 2
        if x + half + 6 <= limit:
            kept.add(i)
            limit = x - half
    return kept


def _numbers(axis: _Axis, y: float) -> list[Label]:
    """Session numbers, thinned to every second, fifth or tenth when they would touch."""
    if not axis.sessions:
        return []
    need = _width(str(axis.sessions[-1].number)) + 6
    every = next((k for k in (1, 2, 5, 10, 20, 50) if k * axis.step >= need), 100)
    labels = []
    for session in axis.sessions:
        if every == 1 or session.number % every == 0:
            labels.append(Label(_n(axis.x[session.number]), _n(y), str(session.number), "axis"))
    return labels


def _modalities(axis: _Axis, y: float) -> list[Label]:
    """How each session was held: a word under each when there is room, else one under each run of the same."""
    words = [(s.number, s.modality) for s in axis.sessions]
    widest = max((_width(word) for _, word in words), default=0.0)
    if axis.step >= widest + 6:
        return [Label(_n(axis.x[n]), _n(y), word, "axis") for n, word in words]
    labels = []
    groups: list[tuple[str, list[int]]] = []
    for number, word in words:
        if groups and groups[-1][0] == word:
            groups[-1][1].append(number)
        else:
            groups.append((word, [number]))
    for word, numbers in groups:
        first, last = axis.x[numbers[0]], axis.x[numbers[-1]]
        room = last - first + axis.step
        shown = word if room >= _width(word) + 4 else word[:1]
        labels.append(Label(_n((first + last) / 2), _n(y), shown, "axis"))
    return labels


def _closed_runs(axis: _Axis) -> list[tuple[float, float]]:
    """From where to where the sessions reach whose answers are not open yet."""
    half = min(axis.step / 2, 24.0)
    runs = _runs([s.number for s in axis.sessions], axis.closed().__contains__)
    return [(axis.x[run[0]] - half, axis.x[run[-1]] + half) for run in runs]


def _frames(axis: _Axis, top: float, bottom: float) -> str:
    return "".join(f"M{_n(a)} {_n(top)}H{_n(b)}V{_n(bottom)}H{_n(a)}z" for a, b in _closed_runs(axis))


def _frame_names(axis: _Axis, words: Words) -> list[Label]:
    """What the dotted frames mean, once above each."""
    edge = axis.width - _width(words.not_open_yet) / 2
    named = [(min((a + b) / 2, edge), words.not_open_yet) for a, b in _closed_runs(axis)]
    kept = _fitting(named, axis.width)
    return [Label(_n(x), _n(LANE - 5), text, "axis") for i, (x, text) in enumerate(named) if i in kept]


def _track(strains: Sequence[StrainSpan], axis: _Axis, words: Words, top: float) -> tuple[DrawnTrack, float]:
    """The lives of the strains, each in the first lane where neither its stroke nor its words touch another."""
    name = Label("0", _n(top + 18), words.strain, "name", "start")
    base = top + HEAD + 8
    shown = [s for s in strains if axis.sessions and (s.settled is None or s.settled >= axis.sessions[0].number)]
    if not shown:
        rule = _rules((base,), axis)
        label = Label(_n(LEFT - 12), _n(base + 20), words.no_strain, "", "start")
        return DrawnTrack((name, label), rule, "", "", "", ""), base + STRAIN_LANE
    lanes: list[float] = []
    labels, waiting, talked, marks, turns = [name], [], [], [], []
    for span in sorted(shown, key=lambda s: s.opened):
        start, talk, end = _places(span, axis)
        wide = _width(span.label) * (1.08 if span.settled is None else 1.0)
        at = max(LEFT - 12, min(start - MARK, axis.width - wide))
        lane = next((i for i, taken in enumerate(lanes) if taken + 8 <= min(start - 6, at)), len(lanes))
        if lane == len(lanes):
            lanes.append(0.0)
        lanes[lane] = max(end + 6, at + wide)
        y = base + lane * STRAIN_LANE
        waiting.append(f"M{_n(start)} {_n(y)}H{_n(talk)}")
        if talk < end:
            talked.append(f"M{_n(talk)} {_n(y)}H{_n(end)}")
        if span.opened in axis.x:
            marks.append({"client": _circle, "therapist": _square, "signal": _diamond}[span.by](start, y))
        turns.append(_turns(span, axis, y))
        labels.append(Label(_n(at), _n(y + 20), span.label, "open" if span.settled is None else "", "start"))
    rule = _rules([base + i * STRAIN_LANE for i in range(len(lanes))], axis)
    drawn = DrawnTrack(tuple(labels), rule, "".join(waiting), "".join(talked), "".join(marks), "".join(turns))
    return drawn, base + len(lanes) * STRAIN_LANE


def _places(span: StrainSpan, axis: _Axis) -> tuple[float, float, float]:
    """Where a strain starts, is talked about and ends; what lies before the first drawn session starts at the edge."""

    def at(number: int | None) -> float:
        if number is None or number > axis.sessions[-1].number:
            return axis.right + 12
        return axis.x.get(number, LEFT - 12)

    end = at(span.settled)
    return at(span.opened), min(at(span.talked_about), end), end


def _turns(span: StrainSpan, axis: _Axis, y: float) -> str:
    """A short tick where it was talked about, and a bar where it was settled."""
    path = ""
    if span.talked_about in axis.x and span.talked_about != span.settled:
        path += f"M{_n(axis.x[span.talked_about])} {_n(y - 5)}v10"
    if span.settled in axis.x:
        path += f"M{_n(axis.x[span.settled])} {_n(y - 7)}v14"
    return path
