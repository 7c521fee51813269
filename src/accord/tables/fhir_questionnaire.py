"""A FHIR R4 `Questionnaire` from an instrument: what one side is asked in one form and one language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accord.errors import BadInput
from accord.instruments import Instrument, InstrumentWording, Item
from accord.records import Rater
from accord.tables.fhir import choice, may_go_out, unnamed
from accord.tables.fhir_names import codes, questionnaire_name

Resource = dict[str, Any]
LOWEST, HIGHEST = (f"http://hl7.org/fhir/StructureDefinition/{end}Value" for end in ("min", "max"))
TYPES = {"choice": "choice", "many": "choice", "number": "decimal", "text": "text"}


def questionnaires(instrument: Instrument) -> Iterator[Resource]:
    """One for each form, side and language; none where the wording is not here or may not be handed on.

    >>> from accord.instruments import catalogue
    >>> len(list(questionnaires(catalogue().get("wai-sr"))))
    0
    """
    if may_go_out(instrument):
        for form in instrument.forms:
            for rater in instrument.raters:
                for wording in instrument.wordings.values():
                    if instrument.asked(form, rater):
                        yield questionnaire(instrument, form, rater, wording)


def questionnaire(instrument: Instrument, form: str, rater: Rater, wording: InstrumentWording) -> Resource:
    """What one side is asked, with its possible answers and their numbers; a blank stands for each name.

    No answer is required: whoever is asked may skip. Raises `BadInput` where the licence does not allow it.

    >>> from accord.instruments import catalogue
    >>> phq = catalogue().get("phq-9")
    >>> [item["linkId"] for item in questionnaire(phq, "full", "client", phq.wordings["en"])["item"]][:2]
    ['phq1', 'phq2']
    """
    if not may_go_out(instrument):
        raise BadInput(f"{instrument.id}: its licence does not allow its wording to be handed on.")
    name = questionnaire_name(instrument.id, form, rater, wording.language)
    made: Resource = {
        "resourceType": "Questionnaire",
        "language": wording.language,
        "url": name,
        "version": instrument.version,
        "name": "".join(part.title() for part in (instrument.id.replace("-", " ") + f" {form} {rater}").split()),
        "title": f"{wording.title} ({form}, {rater})",
        "status": "active",
        "experimental": instrument.status != "published",
        "subjectType": ["Patient"],
        "copyright": instrument.licence.notice,
    }
    if wording.instruction:
        made["description"] = unnamed(wording.instruction, wording.language)
    items = [_item(instrument, item, rater, wording) for item in instrument.asked(form, rater)]
    return made | {"item": items}


def _item(instrument: Instrument, item: Item, rater: Rater, wording: InstrumentWording) -> Resource:
    possible = instrument.answer_set(item.id)
    made: Resource = {
        "linkId": item.id,
        "text": unnamed(wording.text(item.id, rater), wording.language),
        "type": TYPES[possible.kind],
        "required": False,
    }
    if possible.kind == "number":
        ends = (LOWEST, possible.low), (HIGHEST, possible.high)
        made["extension"] = [{"url": url, "valueDecimal": value} for url, value in ends]
    if possible.kind in ("choice", "many"):
        values = possible.values if possible.kind == "choice" else possible.codes
        values = values[::-1] if possible.highest_first else values
        made["repeats"] = possible.kind == "many"
        made["answerOption"] = [
            {"valueCoding": choice(instrument, possible, value, item.id, rater, wording)} for value in values
        ]
    if item.asked_if:
        made |= _condition(instrument, *item.asked_if)
    return made


def _condition(instrument: Instrument, question: str, at_least: int) -> Resource:
    """Asked where another question was answered with one of the higher values."""
    possible = instrument.answer_set(question)
    system = codes(instrument.id, possible.id)
    codings = [{"system": system, "code": str(value)} for value in possible.values if value >= at_least]
    conditions = [{"question": question, "operator": "=", "answerCoding": coding} for coding in codings]
    return {"enableWhen": conditions} | ({"enableBehavior": "any"} if len(conditions) > 1 else {})
