"""What a chart is made from, and what it is made into: numbers and translated words, and strings to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal

from django.utils.safestring import SafeString, mark_safe

Values = Mapping[int, float | None]
Opener = Literal["client", "therapist", "signal"]


@dataclass(frozen=True, slots=True)
class SessionMark:
    """A session on the time axis. Until it is `revealed` nothing is said about who answered it.

    `asked`: it took place, and there was a check-in, so that an answer may be missing.
    """

    number: int
    modality: str
    asked: bool = True
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
    """One strain over time, in session numbers; `settled` is `None` while it is open."""

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


def texts(labels: Iterable[Label]) -> SafeString:
    """The labels as SVG, in one string: a page has a hundred, and a template took a tenth of its time for them.

    The style sheet centres what has no anchor of its own.
    """
    return mark_safe(  # noqa: S308 - words are escaped, all else is ours
        "".join(
            f'<text x="{label.x}" y="{label.y}"'
            + (f' text-anchor="{label.anchor}"' if label.anchor != "middle" else "")
            + (f' class="{label.kind}"' if label.kind else "")
            + f">{escape(label.text)}</text>"
            for label in labels
        )
    )


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

    @property
    def texts(self) -> SafeString:
        return texts(self.labels)


@dataclass(frozen=True, slots=True)
class DrawnTrack:
    """The strains over time: opened to talked about, talked about to settled, with a mark at each turn."""

    labels: tuple[Label, ...]
    rule: str
    waiting: str
    talked: str
    marks: str
    turns: str

    @property
    def texts(self) -> SafeString:
        return texts(self.labels)


def _table_row(row: tuple[str, ...]) -> str:
    head, *cells = map(escape, row)
    return f'<tr><th scope="row">{head}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


@dataclass(frozen=True, slots=True)
class CourseTable:
    """The same numbers as text: one row a session."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def body(self) -> SafeString:
        """The rows as HTML, the first cell of each its head; in one string, as `texts`."""
        return mark_safe("".join(map(_table_row, self.rows)))  # noqa: S308 - each cell is escaped


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
    table: CourseTable | None

    @property
    def drawn(self) -> frozenset[str]:
        """The fields of a panel that are in this picture, so that its legend explains no others."""
        kinds = ("client_marks", "therapist_marks", "band", "gaps")
        panels = (*self.panels, *self.outcomes)
        return frozenset(kind for kind in kinds if any(getattr(panel, kind) for panel in panels))

    @property
    def axis_texts(self) -> SafeString:
        return texts(self.axis)
