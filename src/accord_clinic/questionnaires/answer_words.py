"""What was asked and answered, in words: by the questionnaire as it was answered, as far as this practice still has it.

A practice may change its own questionnaires, or take one away; what was said stays, if need be without words.
"""

from collections.abc import Mapping
from typing import Any, Protocol, cast

from django.utils.translation import get_language

from accord.instruments import Instrument, InstrumentWording
from accord.records import Rater
from accord_clinic.questionnaires.shelf import shelf


class WordedResponse(Protocol):
    """A response, as far as words need it."""

    @property
    def side(self) -> str: ...

    @property
    def instrument(self) -> str: ...

    @property
    def version(self) -> str: ...


def wording(instrument: Instrument) -> InstrumentWording:
    """The words in the reader's language, else in English, else in whatever language there is."""
    words = instrument.wordings
    return words.get((get_language() or "en").split("-")[0]) or words.get("en") or next(iter(words.values()))


def _instrument_and_words(row: WordedResponse, item: str) -> tuple[Instrument, InstrumentWording] | None:
    """The questionnaire and its words, where this side is asked this item in it; nothing where that is here no more."""
    instrument = shelf().answered(row.instrument, row.version)
    if (
        instrument is None
        or not instrument.wordings
        or not any(i.id == item and row.side in i.raters for i in instrument.items)
    ):
        return None
    return instrument, wording(instrument)


def question(row: WordedResponse, item: str, names: Mapping[str, str]) -> str:
    """The question as this side read it, with `names` in its gaps; the id of the item where there are no words."""
    of_item = _instrument_and_words(row, item)
    text = of_item[1].text(item, cast(Rater, row.side)) if of_item else item
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def phrase(row: WordedResponse, item: str) -> str:
    """The short noun phrase that stands for the item; nothing where there are no words."""
    of_item = _instrument_and_words(row, item)
    return of_item[1].shared_item(item) if of_item else ""


def in_words(row: WordedResponse, item: str, answer: Any) -> str:
    """The answer as it was worded; empty where it was skipped or there are no words."""
    of_item = _instrument_and_words(row, item)
    if answer is None or of_item is None:
        return ""
    of, labels = of_item[0].answer_set(item), of_item[1].labels(item, cast(Rater, row.side))
    values = of.codes if of.kind == "many" else of.values
    return ", ".join(labels[values.index(value)] for value in given(answer) if value in values)


def given(answer: Any) -> list[Any]:
    """One answer, or each of several."""
    return list(answer) if isinstance(answer, (list, tuple)) else [answer]
