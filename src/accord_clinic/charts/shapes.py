"""SVG path strings from points. A new shape is a function here."""

from __future__ import annotations

from collections.abc import Iterable

MARK = 4.5


def px(value: float) -> str:
    """A coordinate with at most one decimal: a tenth of a pixel is finer than anyone sees, and the page stays small."""
    return f"{value:.1f}".removesuffix(".0")


def line(points: Iterable[tuple[float, float] | None]) -> str:
    path, pen_up = [], True
    for point in points:
        if point is None:
            pen_up = True
            continue
        path.append(f"{'M' if pen_up else 'L'}{px(point[0])} {px(point[1])}")
        pen_up = False
    return "".join(path)


def circle(x: float, y: float) -> str:
    d = 2 * MARK
    return f"M{px(x - MARK)} {px(y)}a{MARK} {MARK} 0 1 0 {d} 0a{MARK} {MARK} 0 1 0-{d} 0z"


def square(x: float, y: float) -> str:
    side = px(2 * MARK - 1)
    return f"M{px(x - MARK + 0.5)} {px(y - MARK + 0.5)}h{side}v{side}h-{side}z"


def diamond(x: float, y: float) -> str:
    return f"M{px(x)} {px(y - 6)}l6 6l-6 6l-6-6z"
