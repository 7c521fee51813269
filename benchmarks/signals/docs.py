"""What `python -m benchmarks.signals` printed in; the tables of the pages about possible strain out.

    python -m benchmarks.signals | tee tables.md
    python -m benchmarks.signals.docs tables.md

Each table follows a comment with its name, in what was printed and on the page. Tables that were not printed stay. The
two short tables of signals.md are taken from the long ones: another row there is an entry in `CONDITIONS` or `STRAINS`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

DOCS = Path("docs/explanation")
TABLE = re.compile(r"<!-- (\w+) -->\n((?:\|.*\n)+)")
CONDITIONS = {
    "nothing": ["nothing differs from the model"],
    "noise falls by a third, or rises": ["noise falls, SD 1.19 to .85", "noise rises, SD .85 to 1.19"],
    "noise falls to less than half, or rises": ["noise falls, SD 1.6 to .6", "noise rises, SD .6 to 1.6"],
    "ratings rise and level off, 6, 15 or 60 sessions": [f"mean levels off, {n} sessions" for n in (6, 15, 60)],
    "calibrated on 15 sessions, read to 60": ["calibrated on 15 sessions, read to 60"],
    "all 1 SD lower from a date on": ["all 1 SD lower from a date on"],
    "four five-point items, mean 1.7, 4.7, 5.0": [f"four five-point items, mean {m}" for m in (1.7, 4.7, "5.0")],
    "heavy tails (t, 4 df)": ["t noise, 4 df"],
    "20 or 37 % of the practice's courses strained": ["20 % of the practice's courses strained", "37 % strained"],
    "noise skewed -1, -2": ["noise skewed -1", "noise skewed -2"],
}
STRAINS = {
    "one session, 2 SD lower": "dip of 2 SD", "one session, 3 SD lower": "dip of 3 SD",
    "three sessions, 2 SD lower": "2 SD over 3 sessions", "a slide to 3 SD over six sessions": "slide to 3 SD",
}  # fmt: skip
ACCORD = "Accord (drop)"


def main(printed: Path) -> None:
    """Put the printed tables into both pages."""
    long, short = DOCS / "signals-tables.md", DOCS / "signals.md"
    new = tables(printed.read_text(encoding="utf-8"))
    long.write_text(with_tables(long.read_text(encoding="utf-8"), new), encoding="utf-8")
    all_tables = tables(long.read_text(encoding="utf-8"))
    shortened = {"budget": budget(all_tables["budget"]), "found": found(all_tables["rivals"])}
    short.write_text(with_tables(short.read_text(encoding="utf-8"), shortened), encoding="utf-8")


def tables(text: str) -> dict[str, str]:
    """The tables of a page or of what was printed, by name."""
    return {match[1]: match[2] for match in TABLE.finditer(text)}


def with_tables(page: str, new: Mapping[str, str]) -> str:
    """The page with those of its tables replaced that are there anew."""
    return TABLE.sub(lambda match: f"<!-- {match[1]} -->\n{new.get(match[1], match[2])}", page)


def rows(table: str) -> dict[str, dict[str, str]]:
    """A table's rows by their first cell, each with its cells by column."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    head, body = cells[0], cells[2:]
    return {first: dict(zip(head[1:], rest, strict=True)) for first, *rest in body}


def budget(table: str) -> str:
    """The short table of what becomes of the budget."""
    measured = rows(table)
    lines = ["| what differs from the model | drop | slide |", "|---|---|---|"]
    for name, conditions in CONDITIONS.items():
        pair = (", ".join(measured[condition][kind] for condition in conditions) for kind in ("drop", "slide"))
        lines.append(f"| {name} | {' | '.join(pair)} |")
    return "\n".join(lines) + "\n"


def found(table: str) -> str:
    """The short table of what is found, beside the best rule that uses nothing of Accord."""
    measured = rows(table)
    classical = [cells for name, cells in measured.items() if "Accord" not in name]
    lines = ["| strain | Accord, CV .36 | best classical rule | Accord, persons alike | best classical rule |"]
    lines.append("|---|---|---|---|---|")
    for name, cell in STRAINS.items():
        columns = [f"{cell}, CV {cv}" for cv in ("0.36", "0.0")]
        pairs = ((measured[ACCORD][c], max((rule[c] for rule in classical), key=float)) for c in columns)
        lines.append(f"| {name} | {' | '.join(value for pair in pairs for value in pair)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
