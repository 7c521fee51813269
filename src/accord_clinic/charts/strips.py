"""One answer of each of two people on the same steps: where line, ticks and marks stand. Its words are the caller's."""

from __future__ import annotations

from dataclasses import dataclass

from accord_clinic.charts.shapes import px

WIDTH, HEIGHT, EDGE = 460.0, 40.0, 26.0
RADIUS, SQUARE = 10.5, 19.0
LOWEST = 2
"""So many steps are set off at the lower end."""
APART = 2
"""Steps of a five-step answer between the two voices from which the way between them is drawn, and told in words."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Paths as strings; a `gap` is wide. On one step the marks are half a circle and half a square, side by side.

    Two whole marks beside each other would seem to stand on two steps.
    """

    width: str
    height: str
    line: str
    ticks: str
    low_width: str
    client: str
    therapist: str
    gap: str


def strip(steps: int, client: int | None, therapist: int | None) -> Strip:
    """Steps count from 0 at the lower end. A voice without an answer has no mark, and nothing says so."""
    apart = (WIDTH - 2 * EDGE) / (steps - 1)
    middle = HEIGHT / 2
    xs = [EDGE + apart * step for step in range(steps)]
    same = client is not None and client == therapist
    gap = ""
    if client is not None and therapist is not None and abs(client - therapist) >= APART:
        gap = f"M{px(xs[client])} {px(middle)}H{px(xs[therapist])}"
    return Strip(
        width=px(WIDTH),
        height=px(HEIGHT),
        line=f"M{px(xs[0])} {px(middle)}H{px(xs[-1])}",
        ticks="".join(f"M{px(x)} {px(middle - 6)}v12" for x in xs),
        low_width=px(EDGE + apart * (LOWEST - 0.5)),
        client="" if client is None else _circle(xs[client], middle, same),
        therapist="" if therapist is None else _square(xs[therapist], middle, same),
        gap=gap,
    )


def _circle(x: float, y: float, half: bool) -> str:
    """Round a point, or its left half."""
    turn = f"M{px(x)} {px(y - RADIUS)}a{RADIUS:g} {RADIUS:g} 0 0 0 0 {2 * RADIUS:g}"
    return f"{turn}z" if half else f"{turn}a{RADIUS:g} {RADIUS:g} 0 0 0 0 {-2 * RADIUS:g}z"


def _square(x: float, y: float, half: bool) -> str:
    """Round a point, or its right half."""
    left, wide = (x, SQUARE / 2) if half else (x - SQUARE / 2, SQUARE)
    return f"M{px(left)} {px(y - SQUARE / 2)}h{wide:g}v{SQUARE:g}h{-wide:g}z"


def strip_svg(steps: int, client: int | None, therapist: int | None) -> str:
    """The same as a picture that stands alone, in the inks of paper: what prints it knows no style sheet."""
    drawn = strip(steps, client, therapist)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawn.width} {drawn.height}" fill="none">',
        f'<rect width="{drawn.low_width}" height="{drawn.height}" rx="8" fill="#f3eee3"/>',
        f'<path d="{drawn.line}{drawn.ticks}" stroke="#857f74" stroke-width="2"/>',
    ]
    if drawn.gap:
        parts.append(f'<path d="{drawn.gap}" stroke="#d6c48f" stroke-width="8"/>')
    if drawn.client:
        parts.append(f'<path d="{drawn.client}" fill="#a94a24"/>')
    if drawn.therapist:
        parts.append(f'<path d="{drawn.therapist}" fill="#1d5f6d"/>')
    return "".join((*parts, "</svg>"))
