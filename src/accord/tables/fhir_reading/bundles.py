"""The single resources, each with its name, of JSON documents: of bundles, also nested ones, and of parameters.

Another resource that wraps others belongs here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from accord.tables.fhir_reading.moments import instant

Resource = Mapping[str, Any]
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


SHAPE = (AttributeError, KeyError, TypeError, ValueError, RecursionError)
"""What reading a resource raises that is not shaped as FHIR says."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource, or (without one) the word that `name` was deleted. Of one name the entry with the highest `rank`
    counts. `short`: type and id. `place`: where in which file. `fault`: why it cannot be read.
    """

    name: str
    short: str
    place: str
    rank: tuple[datetime, int]
    resource: Resource | None
    fault: str = ""


@dataclass(slots=True)
class Pages:
    """The pages of searches that were read (`read`), and those that they say come next (`next`)."""

    read: set[str] = field(default_factory=set)
    next: set[str] = field(default_factory=set)

    def missing(self) -> list[str]:
        """Pages that a bundle names as the next one and that are not among those read."""
        return sorted(self.next - self.read)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A resource that is still to be looked into. `at`: when its bundle says that it changed."""

    resource: Any
    place: str
    name: str = ""
    at: datetime = FIRST
    order: int = 0


def entries(document: Any, place: str, pages: Pages) -> Iterator[Entry]:
    """Every resource of a document in its order; what has a wrong shape comes with its fault."""
    waiting: list[_Waiting | Entry] = [_Waiting(document, place)]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, Entry):
            yield entry
            continue
        try:
            inner = _inner(entry, pages)
        except SHAPE as error:
            yield Entry(entry.name or entry.place, "", entry.place, (FIRST, 0), None, fault_of(error))
            continue
        if isinstance(inner, Entry):
            yield inner
        else:
            waiting.extend(reversed(inner))


def fault_of(error: Exception) -> str:
    """Why a resource cannot be read, for the person who gave the file."""
    return f"it is not shaped as FHIR R4 says ({error or type(error).__name__})"


def _inner(entry: _Waiting, pages: Pages) -> Entry | list[_Waiting | Entry]:
    resource = entry.resource
    kind = resource["resourceType"]
    if kind == "Bundle":
        return _of_bundle(resource, entry.place, pages)
    if kind == "Parameters":
        return [_Waiting(r, f"{entry.place}, parameter {n}") for n, r in enumerate(_of_parameters(resource), 1)]
    brief = f"{kind}/{resource['id']}" if resource.get("id") else ""
    rank = (entry.at if entry.at != FIRST else _updated(resource), entry.order)
    return Entry(entry.name or brief or entry.place, brief, entry.place, rank, resource)


def _of_bundle(bundle: Resource, place: str, pages: Pages) -> list[_Waiting | Entry]:
    """What a bundle holds. In a history the newest version of a resource stands first, and deletions have no resource:
    where an entry has no time, it is as new as the one before it.
    """
    for link in bundle.get("link") or ():
        (pages.next if link.get("relation") == "next" else pages.read).add(str(link.get("url") or ""))
    is_history = bundle.get("type") == "history"
    before = LAST
    inside: list[_Waiting | Entry] = []
    for number, entry in enumerate(bundle.get("entry") or (), 1):
        where = f"{place}, entry {number}"
        try:
            content = _of_entry(entry, where, -number if is_history else number, before if is_history else None)
        except SHAPE as error:
            content = Entry(where, "", where, (FIRST, 0), None, fault_of(error))
        if isinstance(content, _Waiting) and is_history:
            before = content.at
        if content is not None:
            inside.append(content)
    return inside


def _of_entry(entry: Any, place: str, order: int, before: datetime | None) -> _Waiting | Entry | None:
    resource, request = entry.get("resource"), entry.get("request") or {}
    name = str(entry.get("fullUrl") or "").partition("/_history/")[0]
    at = _updated(resource) if isinstance(resource, dict) else FIRST
    at = max(at, _changed(entry))
    if at == FIRST and before is not None:
        at = before
    if isinstance(resource, dict):
        return _Waiting(resource, place, name, at, order)
    if request.get("method") != "DELETE":
        return None
    gone = name or str(request.get("url") or "").partition("/_history/")[0]
    return Entry(gone, gone, place, (LAST if at == FIRST else at, order), None)


def _of_parameters(parameters: Resource) -> Iterator[Resource]:
    waiting = list(parameters.get("parameter") or ())
    while waiting:
        parameter = waiting.pop(0)
        if isinstance(parameter.get("resource"), dict):
            yield parameter["resource"]
        waiting.extend(parameter.get("part") or ())


def _updated(resource: Resource) -> datetime:
    at = (resource.get("meta") or {}).get("lastUpdated")
    return instant(str(at)) if at else FIRST


def _changed(entry: Resource) -> datetime:
    at = (entry.get("response") or {}).get("lastModified")
    return instant(str(at)) if at else FIRST
