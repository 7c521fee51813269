"""A questionnaire goes in; its questions, as one side sees them in one language, come out: made once per process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from accord.instruments import Instrument, InstrumentWording, Item
from accord.records import Rater
from accord.signals import HELD_BACK
from accord_clinic.questionnaires.shelf import shelf

Kind = Literal["one", "many", "words"]
KINDS: dict[str, Kind] = {"text": "words", "many": "many"}
"""By the kind of an item; of any other, one answer is chosen."""
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer: what is posted, and what the person reads."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionNames:
    """Whom and what the questions speak of. `session` fits after "in": "the session on Tuesday"."""

    session: str
    client: str
    therapist: str

    def fill(self, text: str) -> str:
        """Put the names into a text. No format string is used: a name may hold braces."""
        for name in ("session", "client", "therapist"):
            text = text.replace(f"{{{name}}}", getattr(self, name))
        return text


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a page. `id` is the name of the field that holds its answer.

    `lead` is said before the question; `asked_if` names the question it hangs on, and `condition` says so in words.
    `sharing`: whoever answers decides at the end whether it is shown. `safety`: help opens at this value, and the
    answer cannot be kept. `unless`: it is left out where that question was answered with 1 or more.
    `closing`: it stands on the screen that sends. `on_sheet`: its name on the talk sheet and in the last look.
    `reader`: the client says who may read these words. `notice`: whose words the questions are, under the last.
    `language` and `foreign`: where there is no translation, the language of the words, and a line that says so.
    """

    id: str
    text: str
    kind: Kind
    choices: tuple[Choice, ...] = ()
    lead: str = ""
    hint: str = ""
    asked_if: str = ""
    asked_at_least: int = 1
    condition: str = ""
    unless: str = ""
    closing: bool = False
    item: str = ""
    sharing: bool = False
    safety: int | None = None
    reader: bool = False
    notice: str = ""
    language: str = ""
    foreign: str = ""
    on_sheet: str = ""

    def filled(self, names: QuestionNames) -> Question:
        """The same question with the names in it."""
        return replace(
            self,
            text=names.fill(self.text),
            lead=names.fill(self.lead),
            hint=names.fill(self.hint),
            condition=names.fill(self.condition),
            choices=tuple(Choice(c.value, names.fill(c.text)) for c in self.choices),
        )


@dataclass(frozen=True, slots=True)
class QuestionBlock:
    """One questionnaire on a page. `place` is its position, which keeps two questionnaires' fields apart."""

    place: int
    instrument: str
    version: str
    form: str
    side: Rater
    language: str
    wording: str
    title: str
    instruction: str
    draft: bool
    seconds: int
    questions: tuple[Question, ...]


def block(name: str, form: str, side: Rater, place: int, version: str | None = None) -> QuestionBlock | None:
    """The questions of one form in the language of the page; `None` when this practice cannot show it.

    A licensed questionnaire has no wording until the site brings one; a form may ask nothing of one side. `version`:
    for a page that was made, or sent, before a newer one came; else the latest.
    """
    instrument = shelf().instruments.get(name) if version is None else shelf().answered(name, version)
    if instrument is None or form not in instrument.forms:
        return None
    page_language = (get_language() or FALLBACK).split("-")[0]
    language = page_language if instrument.has_wording(page_language) else FALLBACK
    if not instrument.has_wording(language):
        return None
    made = _block(name, instrument.version, form, side, place, language, page_language)
    return made if made.questions else None


@lru_cache(maxsize=512)
def _block(
    name: str, version: str, form: str, side: Rater, place: int, language: str, page_language: str
) -> QuestionBlock:
    instrument = shelf().versions[name, version]
    wording = instrument.wordings[language]
    with override(page_language):
        questions = [_question(item, instrument, wording, side, place) for item in instrument.asked(form, side)]
        if wording.reminder:
            questions[1:] = [replace(question, lead=wording.reminder) for question in questions[1:]]
        if language != page_language:
            no_translation = _("There is no translation of this question. You can skip it.")
            questions = [replace(question, language=language, foreign=no_translation) for question in questions]
    if questions and wording.notice:
        questions[-1] = replace(questions[-1], notice=wording.notice)
    return QuestionBlock(
        place=place,
        instrument=name,
        version=version,
        form=form,
        side=side,
        language=language,
        wording=wording.hash(form, side),
        title=wording.title,
        instruction=wording.instruction or "",
        draft=wording.status == "draft translation",
        seconds=instrument.seconds.get(form, 0),
        questions=tuple(questions),
    )


def _question(item: Item, instrument: Instrument, wording: InstrumentWording, side: Rater, place: int) -> Question:
    parent, least = item.asked_if or ("", 1)
    return Question(
        id=f"{place}-{item.id}",
        text=wording.text(item.id, side),
        kind=KINDS.get(item.kind, "one"),
        choices=_choices(item, instrument, wording, side),
        lead=wording.instruction or "",
        hint=_hint(item, side),
        asked_if=f"{place}-{parent}" if parent else "",
        asked_at_least=least,
        condition=_condition(instrument, wording, side, parent, least) if parent else "",
        item=item.id,
        sharing=item.safety is None and not (item.kind == "text" and side == "client"),
        safety=item.safety,
        reader=item.kind == "text" and side == "client",
        # What hangs on another question says less by its name than by its words.
        on_sheet="" if parent or item.kind != "choice" else wording.shared_item(item.id),
    )


def _hint(item: Item, side: Rater) -> str:
    """What matters most to know where an honest answer is hardest."""
    if item.safety is not None:
        return _("{therapist} always sees your answer to this question.")
    if item.id == HELD_BACK and side == "client":
        return _("You can keep this answer to yourself before you send.")
    return ""


def _choices(item: Item, instrument: Instrument, wording: InstrumentWording, side: Rater) -> tuple[Choice, ...]:
    answers = instrument.answer_sets[item.answers]
    if item.kind == "text":
        return ()
    if item.kind == "number":
        return tuple(Choice(str(n), str(n)) for n in range(int(answers.low), int(answers.high) + 1))
    values = answers.codes if item.kind == "many" else map(str, answers.values)
    offered = answers.offered(side) if item.kind == "many" else ()
    labelled = zip(values, wording.labels(item.id, side), strict=True)
    choices = tuple(Choice(value, text) for value, text in labelled if not offered or value in offered)
    return choices[::-1] if answers.highest_first else choices


def _condition(instrument: Instrument, wording: InstrumentWording, side: Rater, parent: str, least: int) -> str:
    """When a question is asked, in words, for a page that cannot hide it."""
    values = instrument.answer_set(parent).values
    first = next((i for i, value in enumerate(values) if value >= least), 0)
    label = wording.labels(parent, side)[first]
    return _("Only if you answered “{answer}” or more to: {question}").format(
        answer=label, question=wording.text(parent, side)
    )
