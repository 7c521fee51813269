"""Questionnaires beside (or inside) their responses: what they ask, which numbers their choices have, and which of
them are one and the same.

Another place where a choice may get its number (a CodeSystem) belongs here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accord.tables.fhir_reading.answers import Coded, items, number

Resource = Mapping[str, Any]
NOT_ASKED = ("group", "display")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: its words, and the number of each choice by system and code, by code, and by display."""

    text: str
    numbers: Mapping[tuple[str, str], str]

    def number(self, chosen: Coded) -> str:
        """The number of a choice, or nothing where the questionnaire gives none."""
        by_code = self.numbers.get((chosen.system, chosen.code)) or self.numbers.get(("", chosen.code))
        return by_code or self.numbers.get(("display", chosen.display), "")


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """What one version of a questionnaire asks, by the ids of its items, in their order."""

    url: str
    version: str
    asked: Mapping[str, Asked]

    def clashes(self, other: Questionnaire) -> bool:
        """Whether both ask something else under the same id, and so are two questionnaires."""
        return any(asked != self.asked.get(link, asked) for link, asked in other.asked.items())


def questionnaire(resource: Resource, values: Mapping[str, Resource]) -> Questionnaire:
    """What a `Questionnaire` asks. `values`: the value sets that its questions may name, by their names."""
    inside = {f"#{contained.get('id')}": contained for contained in resource.get("contained") or ()}
    named = {**values, **inside}
    asked = {
        str(item.get("linkId", "")): Asked(str(item.get("text") or ""), dict(_numbers(item, named)))
        for item in items(resource)
        if item.get("type") not in NOT_ASKED
    }
    origin = str(resource.get("url") or next(iter(resource.get("derivedFrom") or ()), ""))
    return Questionnaire(origin.partition("|")[0], str(resource.get("version") or ""), asked)


def _numbers(item: Resource, values: Mapping[str, Resource]) -> Iterator[tuple[tuple[str, str], str]]:
    for option in item.get("answerOption") or ():
        coding = option.get("valueCoding")
        if coding is not None:
            yield from _keys(coding, str(coding.get("system") or ""), number(coding) or number(option))
    name = str(item.get("answerValueSet") or "")
    chosen = values.get(name) or values.get(name.partition("|")[0]) or {}
    for include in (chosen.get("compose") or {}).get("include") or ():
        for concept in include.get("concept") or ():
            yield from _keys(concept, str(include.get("system") or ""), number(concept))
    for concept in (chosen.get("expansion") or {}).get("contains") or ():
        yield from _keys(concept, str(concept.get("system") or ""), number(concept))


def _keys(coding: Resource, system: str, given: str) -> Iterator[tuple[tuple[str, str], str]]:
    if given:
        code = str(coding.get("code") or "")
        for key in (system, code), ("", code), ("display", str(coding.get("display") or "")):
            if key[1]:
                yield key, given


class Shelf:
    """The questionnaires of a file that stand beside its responses, by the names that responses use."""

    def __init__(self, forms: Iterable[tuple[str, str, Questionnaire]]) -> None:
        """`found`: the name, the short name and what it asks, of each."""
        self._by_name: dict[str, list[Questionnaire]] = {}
        for name, brief, form in forms:
            for key in {form.url, name, brief} - {""}:
                self._by_name.setdefault(key, []).append(form)

    def get(self, name: str, version: str) -> Questionnaire | None:
        """The one that a response means: by name and version, or the only one of that name where it says no version."""
        named = self._by_name.get(name, [])
        if version:
            return next((form for form in named if form.version == version), None)
        return named[0] if len(named) == 1 else None


def which_unnamed(shapes: Sequence[frozenset[tuple[str, str]]]) -> list[int]:
    """Which unnamed questionnaire each of several responses answers: 0, 1 ...; `shapes` are their (id, text) pairs.

    Two are one where they ask the same of the same ids, or share a question by id and words and ask nothing else under
    an id of the other. Ids alone prove nothing: many questionnaires begin with 1, 2, 3.
    """
    groups: list[dict[str, str]] = []
    firsts: list[frozenset[tuple[str, str]]] = []
    chosen = []
    for shape in shapes:
        words = dict(shape)
        fits = (n for n, group in enumerate(groups) if shape == firsts[n] or _is_one(words, group))
        nth = next(fits, len(groups))
        if nth == len(groups):
            groups.append({})
            firsts.append(shape)
        groups[nth].update(words)
        chosen.append(nth)
    return chosen


def _is_one(words: Mapping[str, str], group: Mapping[str, str]) -> bool:
    common = [link for link in words if link in group]
    return all(words[link] == group[link] for link in common) and any(words[link] for link in common)
