"""Where sessions are drawn from left to right, and which words fit beneath them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from accord_clinic.charts.shapes import px
from accord_clinic.charts.types import Label, SessionMark, Words

LEFT, RIGHT = 50.0, 26.0
WIDEST_STEP = 84.0
HEAD, LANE = 38.0, 18.0
TEXT_SIZE, NAME_SIZE = 13.0, 17.0
# About the width of a letter of Atkinson Hyperlegible Next, as a share of its size; generous, so labels never touch.
LETTER = 0.56


@dataclass(frozen=True, slots=True)
class Axis:
    """Where each session is drawn, from left to right."""

    sessions: tuple[SessionMark, ...]
    x: dict[int, float]
    step: float
    width: float

    @property
    def right(self) -> float:
        return max(self.x.values(), default=LEFT)

    def closed(self) -> frozenset[int]:
        return frozenset(s.number for s in self.sessions if not s.revealed)


def make_axis(sessions: tuple[SessionMark, ...], width: float) -> Axis:
    room = width - LEFT - RIGHT
    step = min(WIDEST_STEP, room / max(len(sessions) - 1, 1))
    return Axis(sessions, {s.number: LEFT + i * step for i, s in enumerate(sessions)}, step, width)


def unbroken(numbers: Sequence[int], wanted: Callable[[int], bool]) -> list[list[int]]:
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


def rules(heights: Iterable[float], axis: Axis) -> str:
    """Hairlines across the whole width: the empty stretch on the right is room for the sessions to come."""
    return "".join(f"M{px(LEFT - 12)} {px(h)}H{px(axis.width)}" for h in heights)


def width_of(text: str) -> float:
    return len(text) * TEXT_SIZE * LETTER


def fitting(labels: Sequence[tuple[float, str]], width: float) -> set[int]:
    """Which of these centred labels can stand side by side, the newest first, since it matters most."""
    shown: set[int] = set()
    limit = width + 20
    for i in reversed(range(len(labels))):
        x, text = labels[i]
        half = width_of(text) / 2
        if x + half + 6 <= limit:
            shown.add(i)
            limit = x - half
    return shown


def session_numbers(axis: Axis, y: float) -> list[Label]:
    """Session numbers, thinned to every second, fifth or tenth when they would touch."""
    if not axis.sessions:
        return []
    need = width_of(str(axis.sessions[-1].number)) + 6
    every = next((k for k in (1, 2, 5, 10, 20, 50) if k * axis.step >= need), 100)
    labels = []
    for session in axis.sessions:
        if every == 1 or session.number % every == 0:
            labels.append(Label(px(axis.x[session.number]), px(y), str(session.number)))
    return labels


def modalities(axis: Axis, y: float) -> list[Label]:
    """How each session was held: a word under each when there is room, else one a run of the same.

    A word that does not fit becomes its first letter; what does not even fit as a letter is in the table only.
    """
    words = [(s.number, s.modality) for s in axis.sessions]
    widest = max((width_of(word) for _, word in words), default=0.0)
    if axis.step >= widest + 6:
        return [Label(px(axis.x[n]), px(y), word) for n, word in words]
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
        shown = next((text for text in (word, word[:1]) if room >= width_of(text) + 1), "")
        if shown:
            labels.append(Label(px((first + last) / 2), px(y), shown))
    return labels


def _closed_runs(axis: Axis) -> list[tuple[float, float]]:
    """From where to where the sessions reach whose answers are not open yet."""
    half = min(axis.step / 2, 24.0)
    runs = unbroken([s.number for s in axis.sessions], axis.closed().__contains__)
    return [(axis.x[run[0]] - half, axis.x[run[-1]] + half) for run in runs]


def frames(axis: Axis, top: float, bottom: float) -> str:
    """A dotted frame around the sessions whose answers are not open yet."""
    return "".join(f"M{px(a)} {px(top)}H{px(b)}V{px(bottom)}H{px(a)}z" for a, b in _closed_runs(axis))


def frame_names(axis: Axis, words: Words, beside: str) -> list[Label]:
    """What the dotted frames mean, above each: on the line of the first name, or higher where that is in the way."""
    edge = axis.width - width_of(words.not_open_yet) / 2
    named = [(min((a + b) / 2, edge), words.not_open_yet) for a, b in _closed_runs(axis)]
    shown = fitting(named, axis.width)
    crowded = any(
        named[i][0] - width_of(words.not_open_yet) / 2 < width_of(beside) * NAME_SIZE / TEXT_SIZE + 12 for i in shown
    )
    y = LANE - 5 if crowded else HEAD - 18
    return [Label(px(x), px(y), text) for i, (x, text) in enumerate(named) if i in shown]
