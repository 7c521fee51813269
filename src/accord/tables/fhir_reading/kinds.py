"""Which questionnaire each response answers: by its name, by what it contains, or (unnamed) by what it asks.

Another way in which a response says what it answers belongs here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from accord.tables.fhir_names import form_name
from accord.tables.fhir_reading.collecting import Collected
from accord.tables.fhir_reading.questionnaires import Questionnaire, Shelf, which_unnamed
from accord.tables.fhir_reading.responses import FhirResponse

UNNAMED = "unnamed"
SHOWN = 4  # ids by which an unnamed questionnaire is recognised in a sentence


@dataclass(frozen=True, slots=True)
class Kind:
    """A questionnaire as responses name it. `form`: what it asks, where the file says it; `label`: for a sentence."""

    name: str
    version: str
    form: Questionnaire | None = None
    hint: str = ""

    @property
    def label(self) -> str:
        return f"{self.name} ({self.hint})" if self.hint else self.name

    def is_called(self, wanted: str) -> bool:
        """Whether a person means this one: by its whole name, its end, or a part between slashes, colons or dots."""
        if self.name == wanted or self.name.endswith((f"/{wanted}", f":{wanted}")):
            return True
        return wanted in re.split("[/:.]", self.name) or self.name.startswith(f"{wanted} (")


def kinds(collected: Collected) -> dict[str, Kind]:
    """The questionnaire of each response, by the response's name.

    Two that are called the same and ask different things are numbered: `#form (1)`, `#form (2)`. What Accord asks the
    two sides, in each language, is one.
    """
    every = list(collected.responses.values())
    unnamed = [response for response in every if not response.url]
    inside = [response for response in every if response.inside is not None]
    shelf = Shelf((name, collected.short_names[name], form) for name, form in collected.forms.items())
    named = {
        response.name: Kind(form_name(response.url), response.version, shelf.get(response.url, response.version))
        for response in every
        if response.url and response.inside is None
    }
    return named | _of_contained(inside) | _of_unnamed(unnamed)


def _of_contained(responses: Iterable[FhirResponse]) -> dict[str, Kind]:
    """One that has an address goes by it unless it clashes with another of that address; one with an id alone is the
    same as another only where both ask the same.
    """
    groups: dict[str, list[Questionnaire]] = {}
    place: dict[str, int] = {}
    for response in responses:
        form = response.inside
        assert form is not None
        of_name = groups.setdefault(response.url, [])
        same = (n for n, other in enumerate(of_name) if (not form.clashes(other) if form.url else form == other))
        nth = next(same, len(of_name))
        if nth == len(of_name):
            of_name.append(form)
        place[response.name] = nth
    return {
        answer.name: Kind(
            _numbered(answer.url, place[answer.name], len(groups[answer.url])), answer.version, answer.inside
        )
        for answer in responses
    }


def _of_unnamed(responses: list[FhirResponse]) -> dict[str, Kind]:
    groups = which_unnamed([response.shape for response in responses])
    count = max(groups, default=0) + 1
    hints: dict[int, str] = {}
    for response, nth in zip(responses, groups, strict=True):
        links = ", ".join(response.links[:SHOWN])
        hints.setdefault(nth, f"with items {links}{' ...' if len(response.links) > SHOWN else ''}")
    return {
        response.name: Kind(_numbered(UNNAMED, nth, count), "", None, hints[nth])
        for response, nth in zip(responses, groups, strict=True)
    }


def _numbered(name: str, nth: int, count: int) -> str:
    return name if count == 1 else f"{name} ({nth + 1})"
