"""Read a preregistered plan (TOML): its measures, exclusions and questions. A new key is a field and a line here."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from accord.errors import BadInput
from accord.toml import TomlTable

ROLES = {
    "describe": ("measures",),
    "growth": ("outcome",),
    "coupling": ("outcome", "alliance"),
    "dyads": ("judge", "truth"),
    "riclpm": ("x", "y"),
    "therapists": ("outcome",),
}
"""By analysis, what its question names; each is one measure of the plan, `measures` a list of them."""
FEWEST_WAVES, MOST_WAVES = 3, 20
"""Of a panel: with two, levels and lags cannot be told apart; twenty have more parameters than most studies persons."""


class BadPlan(BadInput):
    """A plan that cannot be followed: which key, why, and what to write instead."""


@dataclass(frozen=True, slots=True)
class PlannedMeasure:
    """One score of one side, as study files name it."""

    scale: str
    rater: str


@dataclass(frozen=True, slots=True)
class PlannedQuestion:
    """What is asked, what is expected, and the analysis that answers it with which measures by their roles."""

    asks: str
    expects: str
    analysis: str
    measures: Mapping[str, tuple[str, ...]]
    waves: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it was registered. `text` is the file itself, `sha256` its hash: what is printed and kept."""

    title: str
    about: str
    registered: str
    measures: Mapping[str, PlannedMeasure]
    least_sessions: int
    why_excluded: str
    questions: tuple[PlannedQuestion, ...]
    text: bytes
    sha256: str


def read_plan(path: str | Path) -> Plan:
    """The plan in a file. Raises `BadPlan`."""
    path = Path(path)
    if not path.is_file():
        raise BadPlan(f"{path}: there is no such file. Check the path.")
    return parse_plan(path.read_bytes(), path.name)


def parse_plan(text: bytes, name: str = "the plan") -> Plan:
    """The plan from its bytes, which are hashed as they are. Raises `BadPlan`.

    >>> parse_plan(b'title = "T"').questions
    Traceback (most recent call last):
    accord.report.plan.BadPlan: the plan: it asks no question. Add one as [[questions]].
    """
    try:
        data = tomllib.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, a number or a list beyond what can be read
        raise BadPlan(f"{name}: this is not TOML in UTF-8: {error}. Correct that line.") from error
    file = TomlTable(name, "the file", data, BadPlan)
    left_out = file.part("exclusions", "[exclusions]")
    measures = {key: _measure(part) for key, part in file.named("measures", "a measure").items()}
    questions = tuple(_question(part, measures) for part in file.parts("questions"))
    if not questions:
        raise file.wrong("it asks no question", "Add one as [[questions]].")
    plan = Plan(
        file.text("title"), file.text("about", ""), file.text("registered", ""), measures,
        left_out.integer("least_sessions", 1), left_out.text("why", ""), questions, text,
        hashlib.sha256(text).hexdigest(),
    )  # fmt: skip
    left_out.done()
    file.done()
    return plan


def _measure(part: TomlTable) -> PlannedMeasure:
    measure = PlannedMeasure(part.text("scale"), part.one_of("rater", ("client", "therapist"), "client"))
    part.done()
    return measure


def _question(part: TomlTable, measures: Mapping[str, PlannedMeasure]) -> PlannedQuestion:
    analysis = part.one_of("analysis", tuple(ROLES))
    named: dict[str, tuple[str, ...]] = {}
    for role in ROLES[analysis]:
        named[role] = part.texts(role) if role == "measures" else (part.text(role),)
        for name in named[role]:
            if name not in measures:
                what = f"{part.where}: {role} is {name!r}, which is no measure of the plan"
                raise part.wrong(what, f"The plan has {', '.join(measures) or 'none'}.")
    every = [name for names in named.values() for name in names]
    if len(set(every)) < len(every):
        raise part.wrong(f"{part.where}: a measure is named twice", "Name each once.")
    waves = part.integer("waves", 5) if analysis == "riclpm" else FEWEST_WAVES
    if not FEWEST_WAVES <= waves <= MOST_WAVES:
        raise part.wrong(f"{part.where}: waves is {waves}", f"Write {FEWEST_WAVES} to {MOST_WAVES}.")
    question = PlannedQuestion(part.text("asks"), part.text("expects", ""), analysis, named, waves)
    part.done()
    return question
