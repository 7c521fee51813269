"""Read a preregistered plan (TOML): its measures, exclusions and questions. A new key is a field and a line here."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from accord.errors import BadInput
from accord.stats.change import METHODS
from accord.toml import NOTHING, TomlTable

ROLES = {
    "describe": ("measures",),
    "growth": ("outcome",),
    "coupling": ("outcome", "alliance"),
    "dyads": ("judge", "truth"),
    "riclpm": ("x", "y"),
    "therapists": ("outcome",),
    "dropout": ("covariates",),
    "change": ("outcome",),
    "expected": ("outcome",),
    "reliability": ("outcome",),
}
"""By analysis, what its question names; each is one measure of the plan, those of `LISTS` a list of them."""
LISTS = {"measures": 1, "covariates": 0}
"""How many measures such a list names at least."""
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
class PlannedOptions:
    """What an analysis has to know besides: `waves` of a panel; of change the `reliability` of the score, mean and SD
    of people without the problem (`functional`), the index (`method`), and whether a high score is good.
    """

    waves: int = FEWEST_WAVES
    reliability: float = 0.0
    functional: tuple[float, float] | None = None
    method: str = "JT"
    higher_is_better: bool = False


@dataclass(frozen=True, slots=True)
class PlannedQuestion:
    """What is asked, what is expected, and the analysis that answers it with which measures by their roles."""

    asks: str
    expects: str
    analysis: str
    measures: Mapping[str, tuple[str, ...]]
    options: PlannedOptions


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
        least = LISTS.get(role)
        named[role] = (part.text(role),) if least is None else part.texts(role, () if least == 0 else NOTHING)
        for name in named[role]:
            if name not in measures:
                what = f"{part.where}: {role} is {name!r}, which is no measure of the plan"
                raise part.wrong(what, f"The plan has {', '.join(measures) or 'none'}.")
    every = [name for names in named.values() for name in names]
    if len(set(every)) < len(every):
        raise part.wrong(f"{part.where}: a measure is named twice", "Name each once.")
    options = OPTIONS[analysis](part) if analysis in OPTIONS else PlannedOptions()
    question = PlannedQuestion(part.text("asks"), part.text("expects", ""), analysis, named, options)
    part.done()
    return question


def _of_panel(part: TomlTable) -> PlannedOptions:
    waves = part.integer("waves", 5)
    if not FEWEST_WAVES <= waves <= MOST_WAVES:
        raise part.wrong(f"{part.where}: waves is {waves}", f"Write {FEWEST_WAVES} to {MOST_WAVES}.")
    return PlannedOptions(waves=waves)


def _of_change(part: TomlTable) -> PlannedOptions:
    reliability, others = part.number("reliability"), None
    if not 0.0 < reliability < 1.0:
        raise part.wrong(f"{part.where}: reliability is {reliability:g}", "Write a number between 0 and 1.")
    if part.has("functional"):
        group = part.part("functional", f"functional of {part.where}")
        others = group.number("mean"), group.number("sd")
        group.done()
        if others[1] <= 0:
            raise part.wrong(f"{part.where}: the sd of functional is {others[1]:g}", "Write a number above 0.")
    method, rising = part.one_of("method", tuple(METHODS), "JT"), part.truth("higher_is_better", False)
    return PlannedOptions(reliability=reliability, functional=others, method=method, higher_is_better=rising)


OPTIONS: Mapping[str, Callable[[TomlTable], PlannedOptions]] = {"riclpm": _of_panel, "change": _of_change}
