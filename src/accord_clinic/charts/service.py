"""The two pictures of the service over its periods: how many sessions were answered, and parts of a whole as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accord_clinic.charts.shapes import px
from accord_clinic.charts.types import Label

WIDTH, TOP, HEIGHT, FOOT, SIDE, EDGE = 360.0, 14.0, 150.0, 26.0, 36.0, 30.0
RADIUS, SQUARE = 5.0, 9.0
BAR, BAR_STEP, LABELS, AFTER = 18.0, 44.0, 118.0, 74.0
"""A bar, from one bar to the next, the room for names before them and for numbers after them."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Two voices over the periods; one in which a share is kept back has no mark."""

    width: str
    height: str
    rules: str
    client: str
    client_marks: str
    therapist: str
    therapist_marks: str
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One period: the whole, and how much of it."""

    y: str
    whole: str
    part: str
    name: Label
    number: Label


@dataclass(frozen=True, slots=True)
class Bars:
    """The periods one under the other."""

    width: str
    height: str
    x: str
    thickness: str
    bars: tuple[Bar, ...]


def lines(names: Sequence[str], client: Sequence[int | None], therapist: Sequence[int | None]) -> Lines:
    """Shares in percent by period. The scale starts at 50, or at 0 where a share is lower."""
    low = lowest(client, therapist)
    step = (WIDTH - SIDE - EDGE) / max(len(names) - 1, 1)
    xs = [SIDE + step * place for place in range(len(names))]

    def y(percent: int) -> float:
        return TOP + HEIGHT * (100 - percent) / (100 - low)

    levels = (low, (low + 100) // 2, 100)
    labels = [Label(px(SIDE - 14), px(y(level) + 4), str(level), anchor="end") for level in levels]
    labels += [Label(px(x), px(TOP + HEIGHT + FOOT - 6), name) for x, name in zip(xs, names, strict=True)]
    ours = [(x, y(share)) if share is not None else None for x, share in zip(xs, client, strict=True)]
    theirs = [(x, y(share)) if share is not None else None for x, share in zip(xs, therapist, strict=True)]
    return Lines(
        width=px(WIDTH),
        height=px(TOP + HEIGHT + FOOT),
        rules="".join(f"M{px(SIDE - 8)} {px(y(level))}H{px(WIDTH)}" for level in levels),
        client=_line(ours),
        client_marks="".join(
            f"M{px(x - RADIUS)} {px(h)}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z" for x, h in filter(None, ours)
        ),
        therapist=_line(theirs),
        therapist_marks="".join(f"M{px(x - SQUARE / 2)} {px(h - SQUARE / 2)}h9v9h-9z" for x, h in filter(None, theirs)),
        labels=tuple(labels),
    )


def lowest(client: Sequence[int | None], therapist: Sequence[int | None]) -> int:
    """Where the scale of the shares starts."""
    return 50 if all(share is None or share >= 50 for share in (*client, *therapist)) else 0


def bars(rows: Sequence[tuple[str, int, int, str]]) -> Bars:
    """Each row: the period, how much of how many, and that in words."""
    most = max((whole for _name, _part, whole, _words in rows), default=1) or 1
    room = WIDTH - LABELS - AFTER
    made = []
    for place, (name, part, whole, words) in enumerate(rows):
        y = BAR_STEP * place + 8
        middle = px(y + BAR / 2 + 5)
        end = LABELS + room * whole / most
        made.append(
            Bar(
                y=px(y),
                whole=px(room * whole / most),
                part=px(room * part / most),
                name=Label("0", middle, name, anchor="start"),
                number=Label(px(end + 8), middle, words, anchor="start"),
            )
        )
    return Bars(px(WIDTH), px(BAR_STEP * max(len(rows), 1)), px(LABELS), px(BAR), tuple(made))


def _line(points: Sequence[tuple[float, float] | None]) -> str:
    return "".join(f"{'L' if place else 'M'}{px(x)} {px(y)}" for place, (x, y) in enumerate(filter(None, points)))
