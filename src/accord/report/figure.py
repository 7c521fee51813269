"""Draw estimates with their intervals as SVG: black dots and lines, so that no colour carries a meaning."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from accord.report.sections import ReportedNumber
from accord.report.texts import printed

WIDTH, ROW, TOP = 700, 22, 8
LABELS, LETTER = 310, 7.6  # room for names on the left: at most, and for each letter in the widest of the fonts
APART = 40  # labels of the axis that are nearer would run into each other
MOST = 24
INK, QUIET = "#23262b", "#8a8f98"


def forest(estimates: Sequence[ReportedNumber]) -> str:
    """A dot with its 95 % interval for each estimate that has one, over a common axis with zero; nothing for none.

    >>> forest([ReportedNumber("mean", 1.0)])
    ''
    >>> forest([ReportedNumber("effect", 1.0, 0.5)]).count("<circle")
    1
    """
    rows = [(e.name, e.value, e.interval) for e in estimates if e.interval is not None and e.drawn][:MOST]
    if not rows:
        return ""
    low = min(0.0, *(interval[0] for _n, _v, interval in rows))
    high = max(0.0, *(interval[1] for _n, _v, interval in rows))
    left = min(LABELS, 24 + LETTER * max(len(name) for name, _v, _i in rows))
    scale = (WIDTH - left - 20) / ((high - low) or 1.0)
    height = TOP + ROW * len(rows) + 30

    def x(value: float) -> str:
        return f"{left + (value - low) * scale:.1f}"

    bottom = TOP + ROW * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" font-family="Libertinus Serif, Georgia, serif" font-size="12.5">',
        f"<title>{escape('Estimates with 95 % intervals: ' + ', '.join(name for name, _v, _i in rows))}</title>",
        f'<line x1="{x(0)}" y1="{TOP}" x2="{x(0)}" y2="{bottom}" stroke="{QUIET}" stroke-dasharray="3 3"/>',
        f'<line x1="{left:g}" y1="{bottom}" x2="{WIDTH - 20}" y2="{bottom}" stroke="{QUIET}"/>',
    ]
    for n, (name, value, interval) in enumerate(rows):
        y = TOP + ROW * n + ROW / 2
        parts += [
            f'<text x="{left - 12:g}" y="{y + 4:g}" text-anchor="end" fill="{INK}">{escape(name)}</text>',
            f'<line x1="{x(interval[0])}" y1="{y:g}" x2="{x(interval[1])}" y2="{y:g}" stroke="{INK}"/>',
            f'<circle cx="{x(value)}" cy="{y:g}" r="4" fill="{INK}"/>',
        ]
    for value in [low, high, *([0.0] if min(high, -low) * scale > APART else [])]:
        parts.append(
            f'<text x="{x(value)}" y="{bottom + 18}" text-anchor="middle" fill="{INK}">{printed(value, ".3g")}</text>'
        )
    return "".join([*parts, "</svg>"])
