"""References between resources: whom or what they mean, and which of them mean one and the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Resource = Mapping[str, Any]


class Reference(NamedTuple):
    """A reference as a resource holds it. `target`: an address, without a version; `kind`: the type it points at, as
    far as it says so; `label`: what it goes by where there is no address (an identifier, a display); `display`.
    """

    target: str = ""
    kind: str = ""
    label: str = ""
    display: str = ""


def reference(element: Any, owner: str, contained: Iterable[Resource] = ()) -> Reference:
    """The reference in an element of the resource `owner`; one to a contained resource goes by its first identifier."""
    if not element:
        return Reference()
    target = str(element.get("reference") or "").partition("/_history/")[0]
    display = str(element.get("display") or "")
    if target.startswith("#"):
        inside: Resource = next((resource for resource in contained if f"#{resource.get('id')}" == target), {})
        label = identifier((inside.get("identifier") or [None])[0]) or f"{owner}{target}"
        return Reference("", str(inside.get("resourceType") or element.get("type") or ""), label, display)
    kind = str(element.get("type") or target.rpartition("/")[0].rpartition("/")[2])
    if target:
        return Reference(target, kind, "", display)
    return Reference("", kind, identifier(element.get("identifier")) or display, display)


def identifier(element: Any) -> str:
    """System and value of an identifier, or nothing where it has no value."""
    if not element or not element.get("value"):
        return ""
    return "|".join(str(element[key]) for key in ("system", "value") if element.get(key))


def short(name: str) -> str:
    """The last two parts of a name: type and id.

    >>> short("http://example.org/fhir/Patient/7")
    'Patient/7'
    """
    return "/".join(name.split("/")[-2:])


class ShortNames:
    """The names of a file's resources, and the names that its references use.

    `Patient/7` and `http://example.org/fhir/Patient/7` are one as long as the file knows one such server; where it
    knows several, a relative one is looked for beside the resource that uses it.
    """

    def __init__(self, resources: Mapping[str, str], used: Iterable[tuple[str, Reference]]) -> None:
        """`resources`: short names by name; `used`: references with the resources that use them."""
        self._resources = resources
        self._by_short: dict[str, list[str]] = {}
        for name, brief in resources.items():
            if brief:
                self._by_short.setdefault(brief, []).append(name)
        beside = {_beside(base, target) for base, target in {(_base(owner), ref.target) for owner, ref in used}}
        self._servers: dict[str, set[str]] = {}
        for name in beside.union(resources):
            if name.startswith("http"):
                self._servers.setdefault(short(name), set()).add(name)
        self._cache: dict[tuple[str, Reference], str] = {}

    def of(self, owner: str, wanted: Reference) -> str:
        """The name of what a reference of the resource `owner` means; nothing where it says nothing."""
        if not wanted.target:
            return wanted.label
        key = _base(owner), wanted
        if key not in self._cache:
            self._cache[key] = self._found(key[0], wanted.target)
        return self._cache[key]

    def _found(self, base: str, target: str) -> str:
        beside = _beside(base, target)
        for name in (beside, target):
            if name in self._resources:
                return name
        brief = short(target)
        servers = self._servers.get(brief, set())
        named = self._by_short.get(brief, [])
        if beside.startswith("http"):
            named = [name for name in named if not name.startswith("http")] if len(servers) < 2 else []
        if len(named) == 1:
            return named[0]
        return next(iter(servers)) if beside == brief and len(servers) == 1 else beside


def _base(owner: str) -> str:
    """The address of the server that a resource is on, or nothing."""
    return owner.rsplit("/", 2)[0] if "://" in owner else ""


def _beside(base: str, target: str) -> str:
    return f"{base}/{target}" if base and "://" not in target and not target.startswith("urn:") else target
