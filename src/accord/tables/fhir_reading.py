"""A file of FHIR R4 in, its questionnaire responses out as a table: one row a response, one column an item."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from accord.errors import BadTable

FACTS = ("subject", "therapist", "session", "date", "rater", "questionnaire", "version")
DONE = ("completed", "amended")
THERAPISTS = ("Practitioner", "PractitionerRole")
NUMBERS = ("/ordinalValue", "-ordinalValue", "/itemWeight", "/iso21090-CO-value", "/iso21090-ordinal-value")
"""How extensions end that give the number of an answer: R4's, those before and after it, those of HL7's examples."""
Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FhirTable:
    """`rows`: `subject`, `therapist` (who met the subject in that session, where the file says so), `session` (1, 2 ...
    of the subject, by time), `date`, `rater` (client, therapist, or nothing where the file does not say who answered),
    `questionnaire`, `version`, and a column for each item; all as text, a skipped item empty. `left_out`: responses
    that nobody finished, or that were entered in error.
    """

    rows: pl.DataFrame
    left_out: int


@dataclass(frozen=True, slots=True)
class _Given:
    """One response before its session has a number. `moment` orders sessions, `place` names the one it is about."""

    facts: dict[str, str]
    place: tuple[str, str]
    moment: str
    answers: dict[str, str]


def read_responses(path: str | Path, questionnaire: str | None = None) -> FhirTable:
    """Read a Bundle, one QuestionnaireResponse, or a file with one resource a line (NDJSON, as bulk exports are).

    questionnaire: which one, by its whole name or its last part; needed where the file has answers to several.
    The day and the order of sessions are those of the encounters where the file has them (all of a subject's count),
    else of answering. A choice is told by its number (`ordinalValue`, else a code that is one), or else by its code;
    several are joined by spaces. Raises `BadTable` for a file that is not FHIR, holds no finished response, or answers
    several questionnaires.
    """
    try:
        return _read(Path(path), questionnaire)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadTable(f"{path}: it is not shaped as FHIR R4 says ({error}). Ask whoever made the file.") from error


def _read(path: Path, questionnaire: str | None) -> FhirTable:
    file = _File(_resources(path))
    every = [(n, r) for n, r in file.named.items() if r["resourceType"] == "QuestionnaireResponse"]
    if not any(r.get("status") in DONE for _name, r in every):
        what = "no finished QuestionnaireResponse" if every else "no QuestionnaireResponse"
        raise BadTable(f"{path}: there is {what} in it. Give a file with answers.")
    wanted = [(name, r) for name, r in every if questionnaire is None or _is(r, questionnaire)]
    chosen = [(name, r) for name, r in wanted if r.get("status") in DONE]
    kinds = sorted({_canonical(r)[0] for _name, r in (chosen or every) if r.get("status") in DONE})
    if not chosen:
        raise BadTable(f"{path}: nobody answered {questionnaire!r} in it; there is {', '.join(kinds)}.")
    if len(kinds) > 1:
        raise BadTable(f"{path}: it has answers to {', '.join(kinds)}. Choose one with --questionnaire.")
    given = [_given(name, r, file) for name, r in chosen]
    numbers = _numbered([*_visits(file), *((one.place, one.moment) for one in given)])
    items = dict.fromkeys(chain.from_iterable(one.answers for one in given))
    clash = [item for item in items if item in FACTS]
    if clash:
        raise BadTable(f"{path}: an item is called {clash[0]!r}, as a column of this table is. Rename it in the file.")
    rows = [
        {**one.facts, "session": str(numbers[one.place])} | {item: one.answers.get(item, "") for item in items}
        for one in given
    ]
    columns = [*FACTS, *items]
    return FhirTable(pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String)), len(wanted) - len(chosen))


class _File:
    """The resources of a file by name, the newest of each, and what their references lead to."""

    def __init__(self, resources: Iterable[tuple[str, Resource]]) -> None:
        self.named: dict[str, Resource] = {}
        self._short: dict[str, str] = {}
        for name, one in resources:
            if name not in self.named or _updated(one) >= _updated(self.named[name]):
                self.named[name] = one
            self._short.setdefault(_short_name(one), name)

    def led_to(self, name: str, element: Any) -> str:
        """The name of what `element`, a reference of the resource `name`, points at; nothing where it says nothing.

        A relative one is looked for beside the resource, then by type and id; one without an address goes by its
        identifier, or by what is displayed.
        """
        said = element or {}
        target = str(said.get("reference") or "").partition("/_history/")[0]
        if target.startswith("#"):
            inside = self._inside(name, target)
            return _identifier((inside.get("identifier") or [None])[0]) or f"{name}{target}"
        if not target:
            return _identifier(said.get("identifier")) or str(said.get("display") or "")
        beside = "/".join([*name.split("/")[:-2], target]) if "://" in name and "://" not in target else target
        short = "/".join(target.split("/")[-2:])
        return next((one for one in (beside, target, self._short.get(short, "")) if one in self.named), beside)

    def kind(self, name: str, element: Any) -> str:
        """The type of resource that a reference points at, as far as the file says it."""
        said = element or {}
        target = str(said.get("reference") or "").partition("/_history/")[0]
        found = self._inside(name, target) if target.startswith("#") else self.named.get(self.led_to(name, said), {})
        return str(found.get("resourceType") or said.get("type") or target.rpartition("/")[0].rpartition("/")[2])

    def _inside(self, name: str, target: str) -> Resource:
        contained = self.named[name].get("contained") or ()
        return next((one for one in contained if f"#{one.get('id')}" == target), {})


def _identifier(element: Any) -> str:
    said = element or {}
    return "|".join(str(said[key]) for key in ("system", "value") if said.get(key)) if said.get("value") else ""


def _updated(resource: Resource) -> datetime:
    return _instant(str((resource.get("meta") or {}).get("lastUpdated") or ""))


def _resources(path: Path) -> Iterator[tuple[str, Resource]]:
    """Every resource with the name by which others refer to it."""
    if not path.is_file():
        raise BadTable(f"{path}: there is no such file. Check the path.")
    for number, one in enumerate(_parsed(path), 1):
        if not isinstance(one, dict) or "resourceType" not in one:
            raise BadTable(f"{path}: this is JSON, but no FHIR resource. Give a Bundle or a QuestionnaireResponse.")
        if one["resourceType"] != "Bundle":
            yield _short_name(one) or f"#{number}", one
            continue
        for place, entry in enumerate(one.get("entry") or (), 1):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict):
                name = str(entry.get("fullUrl") or "").partition("/_history/")[0]
                yield name or _short_name(resource) or f"#{number}.{place}", resource


def _parsed(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTable(f"{path}: this is not UTF-8 text ({error}). Give a FHIR file as JSON.") from error
    try:
        return [json.loads(text)]
    except json.JSONDecodeError as error:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2:
            raise BadTable(f"{path}: line {error.lineno}: this is not JSON ({error.msg}).") from error
    parsed = []
    for number, line in enumerate(lines, 1):
        try:
            parsed.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise BadTable(f"{path}: line {number}: this is not JSON ({error.msg}).") from error
    return parsed


def _short_name(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}" if resource.get("id") else ""


def _canonical(response: Resource) -> tuple[str, str]:
    """The name of the questionnaire, and its version."""
    name, _bar, version = str(response.get("questionnaire") or "unnamed").partition("|")
    return name, version


def _is(response: Resource, wanted: str) -> bool:
    name = _canonical(response)[0]
    return name == wanted or name.endswith((f"/{wanted}", f":{wanted}")) or f":{wanted}:" in name


def _given(own: str, response: Resource, file: _File) -> _Given:
    subject = file.led_to(own, response.get("subject"))
    about = file.led_to(own, response.get("encounter"))
    visit = file.named.get(about, {})
    moment = str((visit.get("period") or {}).get("start") or response.get("authored") or "")
    name, version = _canonical(response)
    answers: dict[str, str] = {}
    for item, said in _answers(response):
        answers[item] = f"{answers[item]} {said}".strip() if item in answers else said
    return _Given(
        {"subject": subject, "therapist": _met(about, visit, file), "date": moment[:10],
         "rater": _rater(own, response, file), "questionnaire": name, "version": version},
        (subject, about or moment),
        moment,
        answers,
    )  # fmt: skip


def _met(name: str, visit: Resource, file: _File) -> str:
    """By name the first practitioner who took part in an encounter."""
    for one in visit.get("participant") or ():
        who = one.get("individual")
        if file.kind(name, who) in THERAPISTS:
            called = (file.named.get(file.led_to(name, who), {}).get("name") or [{}])[0]
            parts = [*(called.get("given") or ()), called.get("family") or ""]
            return str(called.get("text") or " ".join(parts).strip() or who.get("display") or file.led_to(name, who))
    return ""


def _rater(name: str, response: Resource, file: _File) -> str:
    """Who answered. Where a file does not say it, FHIR allows no guess."""
    source = response.get("source")
    if source and file.led_to(name, source) == file.led_to(name, response.get("subject")) != "":
        return "client"
    return "therapist" if file.kind(name, source) in THERAPISTS else ""


def _visits(file: _File) -> Iterator[tuple[tuple[str, str], str]]:
    """Every encounter whose time is known: a session counts, whether this questionnaire was answered in it or not."""
    for name, one in file.named.items():
        if one["resourceType"] == "Encounter" and one.get("status") != "entered-in-error":
            start = (one.get("period") or {}).get("start")
            if start:
                yield (file.led_to(name, one.get("subject")), name), str(start)


def _numbered(places: Iterable[tuple[tuple[str, str], str]]) -> dict[tuple[str, str], int]:
    """The sessions of each subject in the order of time: 1, 2 ..."""
    first: dict[tuple[str, str], datetime] = {}
    for place, moment in places:
        at = _instant(moment)
        first[place] = min(first.get(place, at), at)
    numbers: dict[tuple[str, str], int] = {}
    count: dict[str, int] = {}
    for place in sorted(first, key=lambda place: (first[place], place)):
        count[place[0]] = numbers[place] = count.get(place[0], 0) + 1
    return numbers


def _instant(said: str) -> datetime:
    """A moment for putting things in order: a year or a month begins on its first day; what has no zone is UTC."""
    whole = f"{said}-01-01"[:10] if len(said) in (4, 7) else said
    at = datetime.fromisoformat(whole or "0001-01-01")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _answers(element: Resource) -> Iterator[tuple[str, str]]:
    """Items of items, and of answers, stand beside the others by their own ids."""
    for item in element.get("item") or ():
        given = item.get("answer") or ()
        if given or "item" not in item:
            yield str(item.get("linkId", "")), " ".join(_said(one) for one in given)
        yield from _answers(item)
        for one in given:
            yield from _answers(one)


def _said(answer: Resource) -> str:
    coding = answer.get("valueCoding")
    if coding is not None:
        number = _ordinal(coding) or _ordinal(answer)
        return number or str(coding.get("code") or coding.get("display") or "")
    value = next((value for key, value in answer.items() if key.startswith("value")), "")
    if isinstance(value, dict):  # a Quantity, a Reference or an Attachment
        return str(next((value[key] for key in ("value", "display", "reference", "title", "url") if key in value), ""))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ordinal(element: Resource) -> str:
    found = (one.get("valueDecimal") for one in element.get("extension") or () if str(one.get("url")).endswith(NUMBERS))
    return str(next((one for one in found if one is not None), ""))
