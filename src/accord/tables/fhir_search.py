"""Searching FHIR R4 resources that lie in memory: which parameters each kind has, and which resources they leave.

A new parameter is a line of `PARAMETERS`; a new type of parameter is a case of `_test`. Parameters that are not there,
modifiers and chains are refused (`BadSearch`), never left out: a search that found too much would look right.
Source: HL7 FHIR R4, search.html.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from accord.errors import BadInput

Resource = Mapping[str, Any]
Parameter = tuple[str, str, str]
"""Its type, where the value lies in the resource, and the definition of HL7."""

SEARCHES = "http://hl7.org/fhir/SearchParameter"
IDENTIFIER, PATIENT, SUBJECT = "identifier", "patient", "subject"
CLINICAL = (IDENTIFIER, PATIENT, "code", "date", "encounter")
"""Parameters that most kinds share in R4: HL7 defines them once."""
STATUS, ENCOUNTER, PERIOD = ("token", "status"), ("reference", "encounter"), ("date", "period")
OF_SOMEBODY = dict.fromkeys((SUBJECT, PATIENT), ("reference", "subject")) | {IDENTIFIER: ("token", "identifier")}
"""What a resource about somebody can be looked for by: `subject` and `patient` are the same here."""
CANONICAL = ("questionnaire", "measure")
"""References to what has an address of its own, by which it is found."""
ABOUT_PRACTICE = ("Measure", "MeasureReport")
"""Kinds that are about a practice as a whole and about no person."""


def _parameters(kind: str, named: Mapping[str, tuple[str, str]]) -> dict[str, Parameter]:
    """The type and place of each parameter, with its definition."""
    own = kind in ("Patient", "Questionnaire", "QuestionnaireResponse", *ABOUT_PRACTICE)
    return {"_id": ("token", "id", f"{SEARCHES}/Resource-id")} | {
        name: (sort, place, f"{SEARCHES}/{kind if own or name not in CLINICAL else 'clinical'}-{name}")
        for name, (sort, place) in named.items()
    }


PARAMETERS: dict[str, dict[str, Parameter]] = {
    kind: _parameters(kind, named)
    for kind, named in {
        "Patient": {IDENTIFIER: ("token", "identifier")},
        "Questionnaire": {"url": ("uri", "url"), "version": ("token", "version")},
        "QuestionnaireResponse": {
            **OF_SOMEBODY, "encounter": ENCOUNTER, "questionnaire": ("reference", "questionnaire"), "status": STATUS,
        },
        "Observation": {
            **OF_SOMEBODY, "category": ("token", "category"), "code": ("token", "code"),
            "date": ("date", "effectiveDateTime"), "encounter": ENCOUNTER, "status": STATUS,
        },
        "Goal": {**OF_SOMEBODY, "lifecycle-status": ("token", "lifecycleStatus")},
        "CarePlan": {**OF_SOMEBODY, "category": ("token", "category"), "date": PERIOD, "status": STATUS},
        "Encounter": {**OF_SOMEBODY, "class": ("token", "class"), "date": PERIOD, "status": STATUS},
        "Measure": {"url": ("uri", "url"), "version": ("token", "version")},
        "MeasureReport": {
            IDENTIFIER: ("token", "identifier"), "date": ("date", "date"), "measure": ("reference", "measure"),
            "period": PERIOD, "status": STATUS,
        },
    }.items()
}  # fmt: skip
"""What each kind of resource can be looked for by. A kind that is not here is not served."""

DATE = re.compile(
    r"(eq|ne|gt|lt|ge|le|sa|eb|)(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
Span = tuple[datetime, datetime]


class BadSearch(BadInput):
    """A search that cannot be answered as it was asked; `parameter` is the one that it is about."""

    def __init__(self, parameter: str, problem: str) -> None:
        super().__init__(problem)
        self.parameter = parameter


def search(kind: str, resources: Iterable[Resource], asked: Sequence[tuple[str, str]], base: str) -> list[Resource]:
    """The resources of one kind that fit all parameters; `base` is where the server lives, for absolute references.

    A parameter twice means both; values with commas between them mean one or the other. Raises `BadSearch`.

    >>> goals = [{"id": "a", "lifecycleStatus": "active"}, {"id": "b", "lifecycleStatus": "completed"}]
    >>> [goal["id"] for goal in search("Goal", goals, [("lifecycle-status", "active,on-hold")], "")]
    ['a']
    """
    tests = [_test(kind, name, values, base) for name, values in asked]
    return [resource for resource in resources if all(test(resource) for test in tests)]


def values_of(text: str) -> list[str]:
    r"""The values of a parameter: commas separate them, but for those behind a backslash.

    >>> values_of(r"a,b\,c")
    ['a', 'b,c']
    """
    return [re.sub(r"\\([,$|\\])", r"\1", part) for part in re.split(r"(?<!\\),", text)]


def reference_id(kind: str, value: str, base: str) -> str:
    """The id in a reference to a resource of one kind: bare, relative or absolute; empty for any other resource.

    >>> [reference_id("Patient", v, "https://a/r4") for v in ("1", "Patient/1", "https://a/r4/Patient/1", "Group/1")]
    ['1', '1', '1', '']
    """
    relative = value.removeprefix(f"{base}/") if base else value
    of, slash, identity = relative.rpartition("/")
    return identity if not slash or of == kind else ""


def _test(kind: str, name: str, text: str, base: str) -> Callable[[Resource], bool]:
    parameters = PARAMETERS[kind]
    if name not in parameters:
        raise BadSearch(name, f"{kind} has no search parameter {name!r}. It has: {', '.join(parameters)}.")
    sort, place, _definition = parameters[name]
    values = values_of(text)
    if not all(values):
        raise BadSearch(name, f"{name}: give a value.")
    if sort == "date":
        spans = [_asked_date(name, value) for value in values]
        return lambda resource: any(_in_time(how, span, resource.get(place)) for how, span in spans)
    if sort == "uri" or name in CANONICAL:
        return lambda resource: any(_same_address(value, str(resource.get(place, ""))) for value in values)
    if sort == "reference":
        target = "Encounter" if name == "encounter" else "Patient"
        wanted = {f"{target}/{identity}" for value in values if (identity := reference_id(target, value, base))}
        return lambda resource: resource.get(place, {}).get("reference") in wanted
    return lambda resource: any(_has_token(value, resource.get(place)) for value in values)


def _same_address(wanted: str, address: str) -> bool:
    """The same; an address without a version stands for all of its versions."""
    return address == wanted or ("|" not in wanted and address.split("|")[0] == wanted)


def _has_token(wanted: str, value: Any) -> bool:
    """`code`, `system|code`, `|code` (without a system) or `system|` (any code of it)."""
    system, bar, code = wanted.rpartition("|")
    for given_system, given_code in _tokens(value):
        if (not code or code == given_code) and (not bar or system == (given_system or "")):
            return True
    return False


def _tokens(value: Any) -> Iterator[tuple[str | None, str]]:
    """The pairs of system and code in whatever holds codes: a code, a coding, a concept, identifiers."""
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, list):
        for part in value:
            yield from _tokens(part)
    elif isinstance(value, Mapping):
        if "coding" in value:
            yield from _tokens(value["coding"])
        else:
            yield value.get("system"), str(value.get("code", value.get("value", "")))


def _asked_date(name: str, value: str) -> tuple[str, Span]:
    match = DATE.fullmatch(value)
    try:
        if match is None:
            raise ValueError
        return match[1] or "eq", _span(value[len(match[1]) :])
    except (ValueError, OverflowError):
        raise BadSearch(name, f"{name}: {value!r} is no date; write it as 2026-03-02 or ge2026-03-02.") from None


def _span(text: str) -> Span:
    """From when to when a date as FHIR writes it goes: a year, a month, a day, a minute or a second. UTC if unsaid."""
    match = DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, month, day = int(match[2]), int(match[3] or 1), int(match[4] or 1)
    start = datetime(year, month, day, int(match[5] or 0), int(match[6] or 0), int(match[7] or 0), tzinfo=UTC)
    if match[3] is None:
        length = timedelta(days=366 if calendar.isleap(year) else 365)
    elif match[4] is None:
        length = timedelta(days=calendar.monthrange(year, month)[1])
    else:
        length = timedelta(days=1) if match[5] is None else timedelta(seconds=1 if match[7] else 60)
    zone = match[8] or "Z"
    if zone != "Z":
        ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        start = start - ahead if zone[0] == "+" else start + ahead
    return start, start + length


def _in_time(how: str, asked: Span, value: Any) -> bool:
    """Whether a date or a period of a resource fits `how` (FHIR's prefixes) an asked one."""
    if value is None:
        return False
    if isinstance(value, Mapping):
        start = _span(value["start"])[0] if "start" in value else datetime.min.replace(tzinfo=UTC)
        end = _span(value["end"])[1] if "end" in value else datetime.max.replace(tzinfo=UTC)
    else:
        start, end = _span(str(value))
    inside = asked[0] <= start and end <= asked[1]
    return {
        "eq": inside,
        "ne": not inside,
        "gt": end > asked[1],
        "lt": start < asked[0],
        "ge": end > asked[0],
        "le": start < asked[1],
        "sa": start >= asked[1],
        "eb": end <= asked[0],
    }[how]
