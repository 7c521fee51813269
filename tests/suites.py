"""Suites of `make` one after the other, then a table: how many tests each has, how long it took, its slowest ten.

`python -m tests.suites lint test-core` runs two. It stops at the first that fails, and leaves with its exit code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

SLOWEST = 10
NOTES = "ACCORD_TEST_TIMES"
"""The file in which pytest notes how long each test took: `tests/conftest.py` writes it where this is set."""


@dataclass(frozen=True)
class Suite:
    """One target of the Makefile that has run. `tests` are seconds by name; a style check has none."""

    name: str
    seconds: float
    tests: dict[str, float]


def run(name: str) -> tuple[Suite, int]:
    """Run one target of the Makefile."""
    with tempfile.TemporaryDirectory() as folder:
        notes, began = Path(folder) / "times.json", time.monotonic()
        code = subprocess.run(["make", "--no-print-directory", name], env=os.environ | {NOTES: str(notes)}).returncode
        tests = json.loads(notes.read_text()) if notes.exists() else {}
        return Suite(name, time.monotonic() - began, tests), code


def table(suites: list[Suite]) -> str:
    """The suites and their sum, then the slowest tests of each."""
    rows = [(s.name.removeprefix("test-"), len(s.tests), s.seconds) for s in suites]
    rows.append(("all", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    lines = [f"{'suite':<12}{'tests':>7}{'seconds':>9}", *(f"{n:<12}{tests or '':>7}{s:>9.0f}" for n, tests, s in rows)]
    for suite in filter(lambda suite: suite.tests, suites):
        lines += ["", f"slowest of {suite.name.removeprefix('test-')}"]
        slowest = sorted(suite.tests.items(), key=lambda test: -test[1])[:SLOWEST]
        lines += [f"{seconds:>8.2f} s  {name}" for name, seconds in slowest]
    return "\n".join(lines)


def main(names: list[str]) -> int:
    """Run them; print the table also where one fails."""
    suites, code = [], 0
    for name in names:
        suite, code = run(name)
        suites.append(suite)
        if code:
            break
    print(f"\n{table(suites)}", flush=True)
    if code:
        print(f"\n{suites[-1].name} fails.")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
