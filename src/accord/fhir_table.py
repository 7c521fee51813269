"""A file of FHIR R4 in, its questionnaire responses out as a table: one row a response, one column an item."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from accord.errors import BadTable
from accord.fhir import ORDINAL

FACTS = ("subject", "session", "date", "rater", "questionnaire", "version")
DONE = ("completed", "amended")
Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FhirTable:
    """`rows`: `subject`, `session` (1, 2 ... of the subject, by time), `date`, `rater` (client, therapist or nothing),
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
    named = dict(_resources(path))
    every = [r for r in named.values() if r.get("resourceType") == "QuestionnaireResponse"]
    done = [r for r in every if r.get("status") in DONE]
    if not done:
        what = "no finished QuestionnaireResponse" if every else "no QuestionnaireResponse"
        raise BadTable(f"{path}: there is {what} in it. Give a file with answers.")
    chosen = [r for r in done if questionnaire is None or _is(r, questionnaire)]
    kinds = sorted({_canonical(r)[0] for r in (chosen or done)})
    if not chosen:
        raise BadTable(f"{path}: nobody answered {questionnaire!r} in it; there is {', '.join(kinds)}.")
    if len(kinds) > 1:
        raise BadTable(f"{path}: it has answers to {', '.join(kinds)}. Choose one with --questionnaire.")
    given = [_given(r, named) for r in chosen]
    numbers = _numbered([*_visits(named), *((one.place, one.moment) for one in given)])
    items = dict.fromkeys(chain.from_iterable(one.answers for one in given))
    clash = [item for item in items if item in FACTS]
    if clash:
        raise BadTable(f"{path}: an item is called {clash[0]!r}, as a column of this table is. Rename it in the file.")
    rows = [
        {**one.facts, "session": str(numbers[one.place])} | {item: one.answers.get(item, "") for item in items}
        for one in given
    ]
    columns = [*FACTS, *items]
    return FhirTable(pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String)), len(every) - len(done))


def _resources(path: Path) -> Iterator[tuple[str, Resource]]:
    """Every resource with the name by which others refer to it."""
    if not path.is_file():
        raise BadTable(f"{path}: there is no such file. Check the path.")
    for number, one in enumerate(_parsed(path), 1):
        if not isinstance(one, dict) or "resourceType" not in one:
            raise BadTable(f"{path}: this is JSON, but no FHIR resource. Give a Bundle or a QuestionnaireResponse.")
        if one["resourceType"] != "Bundle":
            yield _name(one) or f"#{number}", one
            continue
        for place, entry in enumerate(one.get("entry") or (), 1):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict):
                name = _name(resource) or f"#{number}.{place}"
                yield entry.get("fullUrl") or name, resource


def _parsed(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTable(f"{path}: this is not UTF-8 text ({error}). Give a FHIR file as JSON.") from error
    try:
        return [json.loads(text)]
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise BadTable(f"{path}: line {error.lineno}: this is not JSON ({error.msg}).") from error
    parsed = []
    for number, line in enumerate(lines, 1):
        try:
            parsed.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise BadTable(f"{path}: line {number}: this is not JSON ({error.msg}).") from error
    return parsed


def _name(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}" if resource.get("id") else ""


def _canonical(response: Resource) -> tuple[str, str]:
    """The name of the questionnaire, and its version."""
    name, _bar, version = str(response.get("questionnaire") or "unnamed").partition("|")
    return name, version


def _is(response: Resource, wanted: str) -> bool:
    name = _canonical(response)[0]
    return name == wanted or name.endswith((f"/{wanted}", f":{wanted}")) or f":{wanted}:" in name


def _given(response: Resource, named: Mapping[str, Resource]) -> _Given:
    subject = _referred(response, "subject")
    visit = named.get(_referred(response, "encounter"), {})
    moment = str((visit.get("period") or {}).get("start") or response.get("authored") or "")
    name, version = _canonical(response)
    answers: dict[str, str] = {}
    for item, said in _answers(response):
        answers[item] = f"{answers[item]} {said}".strip() if item in answers else said
    return _Given(
        {"subject": subject, "date": moment[:10], "rater": _rater(response, subject, named), "questionnaire": name,
         "version": version},
        (subject, _referred(response, "encounter") or moment),
        moment,
        answers,
    )  # fmt: skip


def _rater(response: Resource, subject: str, named: Mapping[str, Resource]) -> str:
    source = _referred(response, "source") or subject
    kind = named.get(source, {}).get("resourceType") or source.rpartition("/")[0].rpartition("/")[2]
    if source == subject or kind == "Patient":
        return "client"
    return "therapist" if str(kind).startswith("Practitioner") else ""


def _visits(named: Mapping[str, Resource]) -> Iterator[tuple[tuple[str, str], str]]:
    """Every encounter whose time is known: a session counts, whether this questionnaire was answered in it or not."""
    for name, one in named.items():
        start = (one.get("period") or {}).get("start") if one.get("resourceType") == "Encounter" else None
        if start:
            yield (_referred(one, "subject"), name), str(start)


def _numbered(places: Iterable[tuple[tuple[str, str], str]]) -> dict[tuple[str, str], int]:
    """The sessions of each subject in the order of time: 1, 2 ..."""
    first: dict[tuple[str, str], str] = {}
    for place, moment in places:
        first[place] = min(first.get(place, moment), moment)
    numbers: dict[tuple[str, str], int] = {}
    count: dict[str, int] = {}
    for place in sorted(first, key=lambda place: (first[place], place)):
        count[place[0]] = numbers[place] = count.get(place[0], 0) + 1
    return numbers


def _referred(resource: Resource, element: str) -> str:
    return str((resource.get(element) or {}).get("reference") or "")


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
    if "valueQuantity" in answer:
        return str(answer["valueQuantity"].get("value", ""))
    value = next((value for key, value in answer.items() if key.startswith("value")), "")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ordinal(element: Resource) -> str:
    found = (one.get("valueDecimal") for one in element.get("extension") or () if one.get("url") == ORDINAL)
    return str(next(found, ""))
