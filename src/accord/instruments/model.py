"""The parts of a questionnaire as frozen records: what is asked, how it is keyed and worded, who owns it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from accord.errors import BadInput
from accord.records import Answer, Rater

AnswerKind = Literal["choice", "many", "number", "text"]
Method = Literal["mean", "sum", "mean100", "tscore"]
Operator = Literal[">=", ">", "<=", "<"]
Direction = Literal["high is good", "high is bad", "none"]
SourceType = Literal["paper", "programme", "repository", "secondary", "our own", "unverified"]
WordingStatus = Literal["original", "draft translation", "site"]

PLACEHOLDERS = frozenset({"session", "client", "therapist"})


@dataclass(frozen=True, slots=True)
class AnswerSet:
    """What may be answered. `choice`: one of `values`; `many`: any of `codes`; `number`: low to high; `text`: words.

    A choice can name its values with `codes` (`settled`, `partly` ...); `groups` sorts the codes of a `many`
    into wider kinds (`withdrawal`, `confrontation` ...). Both run parallel to the values. `only`: the codes of a `many`
    that are offered to one rater alone; every code has labels for both, since each reads what the other chose.
    `highest_first`: a choice is offered from its highest value down; values and labels keep their order.
    """

    id: str
    kind: AnswerKind
    values: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    low: float = math.nan
    high: float = math.nan
    only: Mapping[Rater, frozenset[str]] = field(default_factory=dict)
    highest_first: bool = False

    def offered(self, rater: Rater) -> tuple[str, ...]:
        """The codes of a `many` that this rater can choose from, in order."""
        others = frozenset().union(*(codes for side, codes in self.only.items() if side != rater))
        return tuple(code for code in self.codes if code not in others)

    def allows(self, answer: Answer) -> bool:
        """Whether this is a possible answer. A skipped one (`None`) always is."""
        if answer is None:
            return True
        if self.kind == "many":
            return isinstance(answer, tuple) and all(code in self.codes for code in answer)
        if self.kind == "text":
            return isinstance(answer, str)
        if isinstance(answer, bool) or not isinstance(answer, int | float):
            return False
        return answer in self.values if self.kind == "choice" else self.low <= answer <= self.high

    def code(self, value: int) -> str:
        """The name of a choice's value, for example `settled` for 0."""
        return self.codes[self.values.index(value)]

    def range(self) -> str:
        """The possible answers in words, for a sentence about a wrong one."""
        if self.kind == "choice":
            return f"one of {', '.join(str(value) for value in self.values)}"
        if self.kind == "number":
            return f"a number from {self.low:g} to {self.high:g}"
        return f"one of {', '.join(self.codes)}" if self.kind == "many" else "words"


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `asked_if` ("t1", 1) means: only when item t1 was answered with 1 or more.

    `safety`: help is shown at this value or above, and whoever answers cannot keep it; all other answers can be kept.
    `commensurate`: both raters are asked the same about the same thing, so that their answers may be compared.
    """

    id: str
    answers: str
    kind: AnswerKind
    construct: str
    raters: tuple[Rater, ...]
    asked_if: tuple[str, int] | None = None
    safety: int | None = None
    commensurate: bool = False

    def is_safety_answer(self, answer: object) -> bool:
        """Whether this answer asks for help: at or above the value that the questionnaire names. Never a missing one.

        >>> from accord.instruments import catalogue
        >>> item = catalogue().instruments["phq-9"].item("phq9")
        >>> [item.is_safety_answer(answer) for answer in (0, 1, 3, None)]
        [False, True, True, False]
        """
        return self.safety is not None and isinstance(answer, int) and answer >= self.safety


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number or a key comes from. Unverified ones are never shown as published nor used for a statement."""

    source: str
    source_type: SourceType
    verified: bool
    verified_on: str | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """How some items become one number, `low` to `high`.

    `method`: `mean`, `sum` (mean of the answered items times their number), `mean100` (mean rescaled to 0–100) or
    `tscore` (Goal Attainment Scaling; `weights` names the item that holds each item's weight).
    `at_least`: how many items must be answered, for each form that is scored.
    """

    name: str
    items: tuple[str, ...]
    reversed: tuple[str, ...]
    method: Method
    at_least: Mapping[str, int]
    low: float
    high: float
    direction: Direction
    commensurate: bool
    key: Source
    missing_rule: Source
    weights: tuple[str, ...] = ()

    def needed(self, form: str, asked: int) -> int:
        """How many of the `asked` items must be answered. A rule that nobody has read about is not used: then all."""
        return self.at_least[form] if self.missing_rule.verified else asked


@dataclass(frozen=True, slots=True)
class PublishedThreshold:
    """A published number about a scale, with the sample it comes from. `kind`: cut-off, band, reliable change ..."""

    scale: str
    kind: str
    label: str
    op: Operator
    value: float
    sample: str
    source: str
    source_type: SourceType
    verified: bool
    verified_on: str | None = None


@dataclass(frozen=True, slots=True)
class Licence:
    """What may be done with the wording. `text_allowed`: it may be shipped with Accord."""

    spdx: str
    holder: str
    text_allowed: bool
    redistribution_allowed: bool
    modification_allowed: bool
    commercial_allowed: bool
    notice: str
    evidence: str
    checked_on: str


@dataclass(frozen=True, slots=True)
class ItemText:
    """The words of one item for each rater: the question, the answers' labels, and what the talk sheet prints."""

    client: str | None
    therapist: str | None
    short: str | None = None
    labels: Mapping[Rater, tuple[str, ...]] = field(default_factory=dict)
    statements: Mapping[Rater, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InstrumentWording:
    """A questionnaire in one language. Texts may hold `{session}`, `{client}` and `{therapist}`, and nothing else.

    `{session}` is filled with a noun phrase that fits after "in": "the session on Tuesday", "der Sitzung am Dienstag".
    `asked` lists, for each form and rater, the items that are shown, in order. `reminder` stands in for the instruction
    from the second item on, where one is shown at a time.
    """

    instrument: str
    version: str
    language: str
    status: WordingStatus
    title: str
    items: Mapping[str, ItemText]
    answers: Mapping[str, tuple[str, ...]]
    asked: Mapping[str, Mapping[Rater, tuple[str, ...]]]
    instruction: str | None = None
    notice: str | None = None
    reminder: str | None = None

    def text(self, item_id: str, rater: Rater) -> str:
        """The question as this rater reads it. Raises `BadInput` when this rater is not asked it."""
        item = self._item(item_id)
        text = item.client if rater == "client" else item.therapist
        if text is None:
            raise BadInput(f"{self.instrument}: item {item_id!r} is not asked of the {rater}.")
        return text

    def labels(self, item_id: str, rater: Rater = "client") -> tuple[str, ...]:
        """The labels of the answers, in the order of the answer set; empty for words and numbers."""
        return self._item(item_id).labels.get(rater, ())

    def shared_item(self, item_id: str) -> str:
        """The short noun phrase that stands for the item on the talk sheet, for example "Time on what matters most"."""
        return self._item(item_id).short or ""

    def statement(self, item_id: str, rater: Rater, position: int) -> str:
        """What a rater said, as the talk sheet prints it; `position` counts in the order of the answer set.

        Where the file has no phrase for it, the label of the answer.
        """
        phrases = self._item(item_id).statements.get(rater) or self.labels(item_id, rater)
        return phrases[position]

    def shown(self, form: str, rater: Rater) -> dict[str, Any]:
        """Exactly what this rater sees of this form, before names are filled in: plain lists and strings."""
        items = [
            {"id": item_id, "text": self.text(item_id, rater), "labels": list(self.labels(item_id, rater))}
            for item_id in self.asked[form][rater]
        ]
        return {
            "instrument": self.instrument, "version": self.version, "form": form, "rater": rater,
            "language": self.language, "instruction": self.instruction, "notice": self.notice, "items": items,
            **({"reminder": self.reminder} if self.reminder else {}),
        }  # fmt: skip

    def hash(self, form: str, rater: Rater) -> str:
        """SHA-256 (hex) of the canonical JSON of `shown`: kept with each response, so that scores trace to words."""
        canonical = json.dumps(self.shown(form, rater), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def _item(self, item_id: str) -> ItemText:
        if item_id not in self.items:
            raise BadInput(f"{self.instrument}: there is no item {item_id!r}; it has {', '.join(self.items)}.")
        return self.items[item_id]


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: answers of one form (absent ones skipped) and the scores that they must give."""

    form: str
    answers: Mapping[str, Answer]
    scores: Mapping[str, float | None]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire: everything about it, read from one file and its wordings."""

    id: str
    version: str
    name: str
    status: str
    about: str
    raters: tuple[Rater, ...]
    answer_sets: Mapping[str, AnswerSet]
    items: tuple[Item, ...]
    scales: tuple[Scale, ...]
    forms: Mapping[str, tuple[str, ...]]
    seconds: Mapping[str, int]
    thresholds: tuple[PublishedThreshold, ...]
    licence: Licence
    wordings: Mapping[str, InstrumentWording]
    examples: tuple[Example, ...]
    loinc: Mapping[str, str]
    youngest: int = 0
    """From which age on it was shown to measure what it says; 0: for nobody is it said to be too young."""

    def item(self, item_id: str) -> Item:
        """The item with this id. Raises `BadInput` when there is none."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise BadInput(f"{self.id}: there is no item {item_id!r}; it has {', '.join(i.id for i in self.items)}.")

    def scale(self, name: str) -> Scale:
        """The scale with this name. Raises `BadInput` when there is none."""
        for scale in self.scales:
            if scale.name == name:
                return scale
        raise BadInput(f"{self.id}: there is no scale {name!r}; it has {', '.join(s.name for s in self.scales)}.")

    def answer_set(self, item_id: str) -> AnswerSet:
        """What may be answered to this item."""
        return self.answer_sets[self.item(item_id).answers]

    def form(self, name: str) -> tuple[str, ...]:
        """The ids of the items that a form asks, in order. Raises `BadInput` when there is no such form."""
        if name not in self.forms:
            raise BadInput(f"{self.id}: there is no form {name!r}; it has {', '.join(self.forms)}.")
        return self.forms[name]

    def numeric_items(self, form: str = "full") -> tuple[str, ...]:
        """The ids of a form's items that are answered with a number, in order: the columns of `score_array`."""
        return tuple(i for i in self.form(form) if self.item(i).kind in ("choice", "number"))

    def asked(self, form: str, rater: Rater) -> tuple[Item, ...]:
        """The items that a form asks of one rater, in order (those with `asked_if` included)."""
        return tuple(item for item in map(self.item, self.form(form)) if rater in item.raters)

    def safety_items(self, answers: Mapping[str, Any]) -> tuple[str, ...]:
        """The ids of the items whose answer asks for help, in order; `answers` by item, absent ones not asked.

        >>> from accord.instruments import catalogue
        >>> phq9 = catalogue().instruments["phq-9"]
        >>> phq9.safety_items({"phq1": 3, "phq9": 1}), phq9.safety_items({"phq9": None})
        (('phq9',), ())
        """
        return tuple(item.id for item in self.items if item.is_safety_answer(answers.get(item.id)))

    def has_wording(self, language: str | None = None) -> bool:
        """Whether it can be shown to a person: in this language, or in any."""
        return bool(self.wordings) if language is None else language in self.wordings

    def to_dict(self) -> dict[str, Any]:
        """Everything in plain lists, strings and numbers (as JSON can hold): `items` are ids in order."""
        whole = asdict(self)
        whole["items"] = [item.id for item in self.items]
        whole["item_details"] = {item.id: asdict(item) for item in self.items}
        for answer_set in whole["answer_sets"].values():
            answer_set["only"] = {rater: sorted(codes) for rater, codes in answer_set["only"].items()}
            for end in ("low", "high"):
                if math.isnan(answer_set[end]):
                    del answer_set[end]
        return whole
