"""What was asked and answered, in words: by the questionnaire as it was answered, as far as this practice still has it.

A practice may change its own questionnaires, or take one away; what was said stays, if need be without words.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from django.utils.translation import get_language

from accord.instruments import Instrument, Wording
from accord.records import Rater
from accord_clinic.questionnaires.shelf import shelf


class Answered(Protocol):
    """A response, as far as words need it."""

    side: Rater
    instrument: str
    version: str


def wording(instrument: Instrument) -> Wording:
    """The words in the reader's language, else in English, else in whatever language there is."""
    words = instrument.wordings
    return words.get((get_language() or "en").split("-")[0]) or words.get("en") or next(iter(words.values()))


def asked(row: Answered, item: str) -> tuple[Instrument, Wording] | None:
    """The questionnaire and its words, where this side is asked this item in it; nothing where that is here no more."""
    known = shelf().answered(row.instrument, row.version)
    if known is None or not known.wordings or not any(i.id == item and row.side in i.raters for i in known.items):
        return None
    return known, wording(known)


def question(row: Answered, item: str, names: Mapping[str, str]) -> str:
    """The question as this side read it, with `names` in its gaps; the id of the item where there are no words."""
    found = asked(row, item)
    text = found[1].text(item, row.side) if found else item
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def phrase(row: Answered, item: str) -> str:
    """The short noun phrase that stands for the item; nothing where there are no words."""
    found = asked(row, item)
    return found[1].shared_item(item) if found else ""


def in_words(row: Answered, item: str, answer: Any) -> str:
    """The answer as it was worded; empty where it was skipped or there are no words."""
    found = asked(row, item)
    if answer is None or found is None:
        return ""
    of, labels = found[0].answer_set(item), found[1].labels(item, row.side)
    values = of.codes if of.kind == "many" else of.values
    return ", ".join(labels[values.index(one)] for one in given(answer) if one in values)


def given(answer: Any) -> list[Any]:
    """One answer, or each of several."""
    return list(answer) if isinstance(answer, (list, tuple)) else [answer]
