"""What was answered to each item of a response: before and after the questionnaire's numbers are known.

Another kind of value, or another sign that there is no answer, belongs here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Resource = Mapping[str, Any]

NUMBERS = ("/ordinalValue", "-ordinalValue", "/itemWeight", "/iso21090-CO-value", "/iso21090-ordinal-value")
"""How extensions end that give the number of an answer: R4's, those before and after it, those of HL7's examples."""
PROPERTY = "contains.property"
"""How the extension ends in which a value set gives R5's properties of its codes; one of them is `itemWeight`."""
ABSENT = "/data-absent-reason"
"""How an extension ends that says why there is no answer; and a system of codes that say it."""
NO_ANSWER = ("NullFlavor", "urn:oid:2.16.840.1.113883.5.1008", ABSENT)
"""How systems end whose codes say that there is no answer: not asked, asked but declined, unknown."""
YES_NO, YES_AND_NO = "/v2-0532", ("Y", "N")
"""HL7's expanded yes/no: whatever is neither of them says that there is no answer."""


class Coded(NamedTuple):
    """A choice that bears no number of its own; the questionnaire may know it."""

    system: str
    code: str
    display: str


class NoAnswer(NamedTuple):
    """A code in place of an answer that says that there is none: declined, not asked, unknown."""

    code: str


Value = str | Coded | NoAnswer
Given = Mapping[str, tuple[Value, ...]]


def answers(response: Resource) -> dict[str, tuple[Value, ...]]:
    """What stands under each id, in the order of the response; nothing for a question without an answer.

    Items of items, and of answers, stand beside the others by their own ids; a group has no answer of its own.
    """
    given: dict[str, tuple[Value, ...]] = {}
    for item in items(response):
        inner_answers = item.get("answer") or ()
        if inner_answers or "item" not in item:
            link = str(item.get("linkId", ""))
            values = tuple([value(answer) for answer in inner_answers])
            given[link] = given[link] + values if link in given else values
    return given


def items(element: Resource) -> Iterator[Resource]:
    """Each item however deep, those under an item or its answers after it."""
    waiting = list(reversed(element.get("item") or ()))
    while waiting:
        item = waiting.pop()
        yield item
        inner = list(item.get("item") or ())
        for answer in item.get("answer") or ():
            inner.extend(answer.get("item") or ())
        waiting.extend(reversed(inner))


def value(answer: Resource) -> Value:
    """One answer: a number, words, a choice, or the sign that there is none."""
    coding = answer.get("valueCoding")
    if coding is not None:
        return _of_coding(coding, answer)
    if "extension" in answer and _is_absent(answer):
        return NoAnswer("")
    given = next((given for key, given in answer.items() if key.startswith("value")), "")
    if isinstance(given, dict):  # a Quantity, a Reference or an Attachment
        return str(next((given[key] for key in ("value", "display", "reference", "title", "url") if key in given), ""))
    return str(given).lower() if isinstance(given, bool) else str(given)


def number(element: Resource) -> str:
    """The number that an extension gives to a choice, or nothing.

    >>> number({"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": 2}]})
    '2'
    """
    for extension in element.get("extension") or ():
        url = str(extension.get("url"))
        weight = extension.get("valueDecimal") if url.endswith(NUMBERS) else None
        if url.endswith(PROPERTY):
            parts = {str(part.get("url")): part for part in extension.get("extension") or ()}
            if parts.get("code", {}).get("valueCode") == "itemWeight":
                weight = parts.get("value[x]", parts.get("value", {})).get("valueDecimal")
        if weight is not None:
            return str(weight)
    return ""


def _of_coding(coding: Resource, answer: Resource) -> Value:
    system, code = str(coding.get("system") or ""), str(coding.get("code") or "")
    if system.endswith(NO_ANSWER) or (system.endswith(YES_NO) and code not in YES_AND_NO):
        return NoAnswer(code)
    if "extension" in coding or "extension" in answer:
        if _is_absent(coding) or _is_absent(answer):
            return NoAnswer(code)
        own = number(coding) or number(answer)
        if own:
            return own
    return Coded(system, code, str(coding.get("display") or ""))


def _is_absent(element: Resource) -> bool:
    extensions: Iterable[Resource] = element.get("extension") or ()
    return any(str(extension.get("url")).endswith(ABSENT) for extension in extensions)
