"""Everything that a file or folder holds and a table of responses needs: read once, kept small, refusals named.

A resource of another type that tells something about responses is taken in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from accord.errors import BadTable
from accord.tables.fhir_reading.bundles import SHAPE, Entry, Pages, entries, fault_of
from accord.tables.fhir_reading.files import TOO_DEEP, TooDeep, documents
from accord.tables.fhir_reading.questionnaires import Questionnaire, questionnaire
from accord.tables.fhir_reading.references import short
from accord.tables.fhir_reading.releases import SAYS, other_release
from accord.tables.fhir_reading.responses import FhirResponse, Once, response
from accord.tables.fhir_reading.sessions import Visit, visit

Resource = Mapping[str, Any]
Rank = tuple[datetime, int]

PEOPLE = ("Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Person", "Group")
KINDS = ("QuestionnaireResponse", "Questionnaire", "ValueSet", "Encounter", *PEOPLE)
NO_RESOURCE = "it is JSON, but no FHIR resource"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A resource that gives no row: its name, where it stands, and why. `is_wrong`: it could not be read at all."""

    resource: str
    place: str
    reason: str
    is_wrong: bool = False


@dataclass(slots=True)
class Collected:
    """The newest version of each resource by its name, and what could not be read."""

    responses: dict[str, FhirResponse] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    forms: dict[str, Questionnaire] = field(default_factory=dict)
    short_names: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    pages: Pages = field(default_factory=Pages)


def collect(path: Path) -> Collected:
    """Read a file or folder. Raises `BadTable` for what is no FHIR at all, or FHIR of another release than R4."""
    reader = _Reader(path)
    for place, document in documents(path):
        if isinstance(document, TooDeep):
            reader.collected.refused.append(Refusal(place, place, TOO_DEEP, is_wrong=True))
        elif isinstance(document, dict) and "resourceType" in document:
            for entry in entries(document, place, reader.collected.pages):
                reader.take(entry)
        elif path.is_dir():
            reader.collected.refused.append(Refusal(place, place, NO_RESOURCE))
        else:
            raise BadTable(f"{path}: {NO_RESOURCE}. Give a Bundle or a QuestionnaireResponse.")
    return reader.finish()


class _Reader:
    """Takes entries one after the other and keeps of each name the newest."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ranks: dict[str, Rank] = {}
        self._gone: dict[str, Rank] = {}
        self._value_sets: dict[str, Resource] = {}
        self._forms: dict[str, tuple[str, Resource]] = {}
        self._once = Once()
        self.collected = Collected()

    def take(self, entry: Entry) -> None:
        """Keep what a table needs of an entry, or the reason why not."""
        if entry.fault:
            self._refuse(entry, entry.fault)
        elif entry.resource is None:
            self._gone[entry.name] = max(entry.rank, self._gone.get(entry.name, entry.rank))
        else:
            try:
                self._take(entry, entry.resource)
            except SHAPE as error:
                self._refuse(entry, fault_of(error))

    def _take(self, entry: Entry, resource: Resource) -> None:
        kind = resource["resourceType"]
        for contained in resource.get("contained") or ():
            if contained.get("resourceType") == "QuestionnaireResponse":
                name = f"{entry.name}#{contained.get('id')}"
                self.collected.refused.append(Refusal(name, entry.place, "it stands inside another resource"))
        if kind in (*KINDS, *SAYS):
            self._check_release(entry.name, resource)
        if kind not in KINDS:
            return
        is_older = entry.rank < self._ranks.get(entry.name, entry.rank)
        if kind == "QuestionnaireResponse" and entry.name in self._ranks:
            place = entry.place if is_older else self.collected.responses[entry.name].place
            self.collected.refused.append(Refusal(entry.name, place, "there is a newer version of it"))
        if is_older:
            return
        self._keep(kind, entry, resource)
        self._ranks[entry.name] = entry.rank
        self.collected.kinds[entry.name] = kind
        self.collected.short_names[entry.name] = entry.short

    def _check_release(self, name: str, resource: Resource) -> None:
        """What other releases call otherwise would be read as missing: so nothing of such a file is read at all."""
        other = other_release(resource)
        if other:
            release, element = other
            what = f"{name} is written in FHIR {release}, as its element {element!r} shows"
            raise BadTable(f"{self._path}: {what}. This program reads R4 (4.0). Ask for an export in R4.")

    def _keep(self, kind: str, entry: Entry, resource: Resource) -> None:
        if kind == "QuestionnaireResponse":
            self.collected.responses[entry.name] = response(entry.name, entry.place, resource, self._once)
        elif kind == "Encounter":
            self.collected.visits[entry.name] = visit(entry.name, resource)
        elif kind == "Questionnaire":
            self._forms[entry.name] = entry.place, resource
        elif kind == "ValueSet":
            self._value_sets[str(resource.get("url") or entry.name)] = resource
        elif kind.startswith("Practitioner"):
            self.collected.people[entry.name] = _called(resource)

    def _refuse(self, entry: Entry, reason: str) -> None:
        """A newer version that cannot be read is not replaced by an older one."""
        self.collected.refused.append(Refusal(entry.name, entry.place, reason, is_wrong=True))
        if entry.rank >= self._ranks.get(entry.name, entry.rank):
            self._gone[entry.name] = max(entry.rank, self._gone.get(entry.name, entry.rank))

    def finish(self) -> Collected:
        """What is left when what was deleted is taken away, with what each questionnaire asks."""
        wrong = {refusal.resource for refusal in self.collected.refused if refusal.is_wrong}
        relative = {name: rank for name, rank in self._gone.items() if "://" not in name}
        for name, rank in self._ranks.items():
            gone = max((at for at in (self._gone.get(name), relative.get(short(name))) if at), default=None)
            if gone and gone >= rank:
                deleted = self.collected.responses.pop(name, None)
                if deleted and name not in wrong:
                    self.collected.refused.append(Refusal(name, deleted.place, "it was deleted"))
                self.collected.visits.pop(name, None)
                self._forms.pop(name, None)
        for name, (place, resource) in self._forms.items():
            try:
                self.collected.forms[name] = questionnaire(resource, self._value_sets)
            except SHAPE as error:
                self.collected.refused.append(Refusal(name, place, fault_of(error), is_wrong=True))
        return self.collected


def _called(resource: Resource) -> str:
    """How a practitioner is called, or nothing."""
    name = (resource.get("name") or [{}])[0]
    parts = [*(name.get("given") or ()), name.get("family") or ""]
    return str(name.get("text") or " ".join(parts).strip())
