"""What is kept of one QuestionnaireResponse: whom it is about, when, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from accord.tables.fhir_reading.answers import Value, answers, items
from accord.tables.fhir_reading.moments import instant
from accord.tables.fhir_reading.questionnaires import Questionnaire, questionnaire
from accord.tables.fhir_reading.references import Reference, reference

Resource = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FhirResponse:
    """What is kept of a response. `url`: the questionnaire's name, empty where it has none; `inside`: that
    questionnaire, where the response contains it; `shape`: ids and words of an unnamed one, by which it is told from
    others. `links` and `values` run parallel.
    """

    name: str
    place: str
    status: str
    subject: Reference
    source: Reference
    encounter: Reference
    authored: str
    url: str
    version: str
    inside: Questionnaire | None
    shape: frozenset[tuple[str, str]]
    links: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]


class Once:
    """Equal values are kept once: a hundred thousand responses give the same few answers."""

    def __init__(self) -> None:
        self._seen: dict[Any, Any] = {}

    def __call__(self, value: T) -> T:
        return self._seen.setdefault(value, value)  # type: ignore[no-any-return]


def response(name: str, place: str, resource: Resource, once: Once) -> FhirResponse:
    """What is kept of a `QuestionnaireResponse`. Raises the usual errors of a wrong shape, also for a wrong date."""
    contained = resource.get("contained") or ()
    authored = str(resource.get("authored") or "")
    if authored:
        instant(authored)
    canonical = str(resource.get("questionnaire") or "")
    url, _bar, version = canonical.partition("|")
    by_id = {f"#{inner.get('id')}": inner for inner in contained}
    inside = by_id.get(canonical)
    asked = None
    if inside is not None:
        asked = questionnaire(inside, by_id)
        url, version = asked.url or url, asked.version
    given = answers(resource)
    return FhirResponse(
        name,
        place,
        str(resource.get("status") or ""),
        once(reference(resource.get("subject"), name, contained)),
        once(reference(resource.get("source"), name, contained)),
        once(reference(resource.get("encounter"), name, contained)),
        authored,
        once(url),
        once(version),
        asked,
        _shape(resource) if not url else frozenset(),
        once(tuple(given)),
        tuple([once(values) for values in given.values()]),
    )


def _shape(resource: Resource) -> frozenset[tuple[str, str]]:
    return frozenset((str(item.get("linkId", "")), str(item.get("text") or "")) for item in items(resource))
