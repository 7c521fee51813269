"""The practice's published numbers as FHIR R4 `Measure` and `MeasureReport`, for a program that a manager lets read.

Each number is one that `service.release` gives to the manager's page; nothing is counted here, and less goes out than
stands there: nothing about strains or comments, nothing that fewer than three therapists stand behind, and not who
answered where nearly everybody did. Another number is another `ShareInWords` and a line of `_sessions` or `_endings`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from accord.disclosure import LEAST
from accord.tables import fhir
from accord.tables.fhir_names import BASE, RECORDS, identifier
from accord_clinic.exports.fhir_capability import base
from accord_clinic.rules.practice import local, practice
from accord_clinic.service.closed import months_and_when
from accord_clinic.service.counts import following
from accord_clinic.service.release import FEWEST_THERAPISTS, Endings, Period, Proportion, release

VERSION = "1"
"""Of both measures; a change of what is counted, or of `service.periods.RULE`, is a new one."""
POPULATION, SCORING = (f"http://terminology.hl7.org/CodeSystem/measure-{name}" for name in ("population", "scoring"))
GROUP = f"{BASE}/CodeSystem/group"


@dataclass(frozen=True, slots=True)
class ShareInWords:
    """One number of a measure in words: its heading, and what is counted of the whole."""

    title: str
    part: str


@dataclass(frozen=True, slots=True)
class MeasureInWords:
    """A measure in words: its heading, how it is counted, what the whole is, and its shares by code."""

    title: str
    how: str
    whole: str
    shares: Mapping[str, ShareInWords]


MEASURES = {
    "sessions": MeasureInWords(
        "Sessions with an answer, and in person",
        "One report for each period: one month or several, with at least 100 sessions and three therapists. Each month "
        "is counted once, a week after it ends. Periods never overlap and never change. Counts from 1 to 9 are left "
        "out, and so is any count from which one could be worked out. Where fewer than 10 sessions have an answer, or "
        "fewer than 10 have none, how many have one is left out.",
        "Sessions held whose answers are open to both sides. Sessions from a file, and sessions without a check-in for "
        "the client, do not count.",
        {
            "clients-answered": ShareInWords("Clients answered", "Those whose check-in the client answered."),
            "therapists-answered": ShareInWords("Therapists answered", "Those that the therapist rated."),
            "in-person": ShareInWords("In person", "Those in one room. The others were by video, phone or text."),
        },
    ),
    "endings": MeasureInWords(
        "How treatments ended",
        "One report for each twelve months, counted from the first month of the practice, with at least three "
        "therapists. Counts from 1 to 9 are left out, and so is any count from which one could be worked out.",
        "Courses of treatment that ended in these twelve months.",
        {
            "planned": ShareInWords("Planned", "Those that ended as planned."),
            "agreement": ShareInWords("By agreement", "Those that ended by agreement."),
            "by_client": ShareInWords("Ended by the client", "Those that the client ended."),
            "by_therapist": ShareInWords("Ended by the therapist", "Those that the therapist ended."),
            "moved_on": ShareInWords("Moved on", "Those where the client went on with somebody else."),
        },
    ),
}


def measures() -> list[fhir.Resource]:
    """What is counted, in words. The same in every practice."""
    return [
        {
            "resourceType": "Measure",
            "id": name,
            "language": "en",
            "url": f"{BASE}/Measure/{name}",
            "version": VERSION,
            "name": f"Accord{name.capitalize()}",
            "title": measure.title,
            "status": "active",
            "subjectCodeableConcept": _code("http://hl7.org/fhir/resource-types", "Organization"),
            "description": measure.how,
            "scoring": _code(SCORING, "proportion"),
            "group": [_in_words(code, share, measure.whole) for code, share in measure.shares.items()],
        }
        for name, measure in MEASURES.items()
    ]


def reports() -> list[fhir.Resource]:
    """What is published now and may leave, oldest first; nothing while there is nothing. One query."""
    months = months_and_when()
    if not months:
        return []
    closed = {month: local(at).date() for month, _counts, at in months}
    released = release((month, counts) for month, counts, _at in months)
    spans: list[Period | Endings] = [*released.periods, *([released.endings] if released.endings else [])]
    return [_report(span, closed[span.last]) for span in spans if span.therapists >= FEWEST_THERAPISTS]


def _report(span: Period | Endings, published: date) -> fhir.Resource:
    name, shares = ("sessions", _sessions(span)) if isinstance(span, Period) else ("endings", _endings(span))
    short = f"{name}-{span.first:%Y-%m}-{span.last:%Y-%m}"
    return {
        "resourceType": "MeasureReport",
        "id": short,
        "identifier": [{"system": RECORDS, "value": identifier(fhir.urn("MeasureReport", f"{base()}/{short}"))}],
        "status": "complete",
        "type": "summary",
        "measure": f"{BASE}/Measure/{name}|{VERSION}",
        "date": str(published),
        "reporter": {"display": practice().name},
        "period": {"start": str(span.first), "end": str(following(span.last) - timedelta(days=1))},
        "group": [_counted(code, share) for code, share in shares.items()],
    }


def _sessions(period: Period) -> dict[str, Proportion]:
    """The row of a period, and how many of its sessions were in one room."""
    row, room = period.row, period.places.get("room")
    in_person = Proportion(room.client.whole if room else 0, row.client.whole)
    therapist = row.therapist or Proportion(None, row.client.whole)
    return {
        "clients-answered": _of_many(row.client), "therapists-answered": _of_many(therapist), "in-person": in_person,
    }  # fmt: skip


def _endings(year: Endings) -> dict[str, Proportion]:
    """Kinds that never came up stand as 0, as on the page."""
    return {kind: Proportion(year.counts.get(kind, 0), year.together) for kind in MEASURES["endings"].shares}


def _of_many(share: Proportion) -> Proportion:
    """Without the part where nobody or everybody answered, or nearly: it would tell of single people that they did."""
    part, whole = share.part, share.whole
    few = part is None or whole is None or min(part, whole - part) < LEAST
    return Proportion(None if few else part, whole)


def _counted(code: str, share: Proportion) -> dict[str, Any]:
    """Whole and part of one share; what is kept back is not there."""
    populations = [
        {"code": _code(POPULATION, of), "count": count}
        for of, count in (("denominator", share.whole), ("numerator", share.part))
        if count is not None
    ]
    return {"code": _code(GROUP, code)} | ({"population": populations} if populations else {})


def _in_words(code: str, share: ShareInWords, whole: str) -> dict[str, Any]:
    """The same two as a measure defines them. No `population`: it asks for a criterion in a language of computers."""
    words = f"{share.title}. Numerator: {share.part} Denominator: {whole}"
    return {"code": _code(GROUP, code), "description": words}


def _code(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
