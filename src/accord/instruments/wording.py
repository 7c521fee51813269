"""Read and check the words of a questionnaire in one language. What else a wording may say is read here."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import get_args

from accord.instruments.model import PLACEHOLDERS, Instrument, InstrumentWording, Item, ItemText, WordingStatus
from accord.records import RATERS, Rater
from accord.toml import TomlTable

ByRater = dict[Rater, tuple[str, ...]]


def read_wording(part: TomlTable, instrument: Instrument, language: str) -> InstrumentWording:
    """Check a wording table against the questionnaire: nothing missing, nothing unknown. Raises `BadInstrument`."""
    status: WordingStatus = part.one_of("status", get_args(WordingStatus))
    answers = part.part("answers", "the labels of answers")
    items = part.part("items", "the texts of items")
    wording = InstrumentWording(
        instrument=instrument.id,
        version=instrument.version,
        language=language,
        status=status,
        title=part.text("title", instrument.name),
        items={item.id: _item_text(items, answers, instrument, item) for item in instrument.items},
        answers={n: answers.texts(n) for n in instrument.answer_sets if isinstance(answers.data.get(n), list)},
        asked={
            form: {rater: tuple(item.id for item in instrument.asked(form, rater)) for rater in RATERS}
            for form in instrument.forms
        },
        instruction=_checked(part, part.text("instruction")) if part.has("instruction") else None,
        notice=part.text("notice") if part.has("notice") else None,
        reminder=_checked(part, part.text("reminder")) if part.has("reminder") else None,
    )
    for inner in (items, answers, part):
        inner.done()
    return wording


def _item_text(items: TomlTable, answers: TomlTable, instrument: Instrument, item: Item) -> ItemText:
    where = f"item {item.id!r}"
    if isinstance(items.data.get(item.id), str):
        text = _checked(items, items.text(item.id))
        words: dict[Rater, str] = dict.fromkeys(item.raters, text)
        part = TomlTable(items.file, where, {})
    else:
        if not items.has(item.id):
            raise items.wrong(f"there is no text for {where}", "Add it.")
        part = items.part(item.id, where)
        words = {rater: _checked(part, part.text(rater)) for rater in item.raters}
    labels = _labels(answers, instrument, item)
    short = _checked(part, part.text("short")) if part.has("short") else None
    statements = _by_rater(part, "said", item, instrument) if part.has("said") else {}
    part.done()
    return ItemText(words.get("client"), words.get("therapist"), short, labels, statements)


def _labels(answers: TomlTable, instrument: Instrument, item: Item) -> Mapping[Rater, tuple[str, ...]]:
    """The labels of the item's answers: its own where the file has them under the item's id, else those of its set."""
    if item.kind in ("text", "number"):
        answers.has(item.answers)
        return {}
    for key in (item.id, item.answers):
        if answers.has(key):
            return _by_rater(answers, key, item, instrument)
    raise answers.wrong(f"there are no labels for the answers {item.answers!r} of item {item.id!r}", "Add them.")


def _by_rater(part: TomlTable, key: str, item: Item, instrument: Instrument) -> ByRater:
    """A list for both raters, or a table with a list for each (another item may need one that this item does not)."""
    answers = instrument.answer_sets[item.answers]
    if isinstance(part.data[key], list):
        by_rater = dict.fromkeys(item.raters, part.texts(key))
    else:
        inner = part.part(key, f"{part.where}, {key!r}")
        by_rater = {rater: inner.texts(rater) for rater in RATERS if inner.has(rater) or rater in item.raters}
        inner.done()
    expected = len(answers.values or answers.codes)
    for texts in by_rater.values():
        if len(texts) != expected:
            what = f"{part.where}: {key!r} has {len(texts)} texts, and item {item.id!r} has {expected} answers"
            raise part.wrong(what, "Give one for each.")
        for text in texts:
            _checked(part, text)
    return by_rater


def _checked(part: TomlTable, text: str) -> str:
    """The text, if its braces hold known placeholders only."""
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        raise part.wrong(f"{part.where}: the braces in {text!r} do not match", "Close them.") from None
    for name in names:
        if name not in PLACEHOLDERS:
            raise part.wrong(f"{part.where}: {{{name}}} is no placeholder", "Use {session}, {client} or {therapist}.")
    return text
