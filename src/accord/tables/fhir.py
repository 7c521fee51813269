"""Answers, scores and what two people agreed on in; FHIR R4 resources out, as plain dictionaries.

Resources name each other by `urn:uuid`, made from the ids of the rows, so that the same row has the same name in every
bundle. Only what R4 itself defines is used, with one of its extensions, the number of an answer (`ordinalValue`), and
none of our own. What has no place in FHIR (strains, signals, who read what) is not forced into one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from accord.instruments import Instrument, Wording
from accord.records import Answer, Response, Score

Resource = dict[str, Any]

NAMES = UUID("5f0b2b5c-3b0c-5d53-9c1b-0d1a8c1c7a11")
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
TERMS = "http://terminology.hl7.org/CodeSystem"
SURVEY = {"coding": [{"system": f"{TERMS}/observation-category", "code": "survey"}]}
PLACES = {"room": ("AMB", "ambulatory")}
VIRTUAL = ("VR", "virtual")
ENCOUNTERS = {"planned": "planned", "held": "finished"}
ENDED_GOALS = {"reached": "completed", "dropped": "cancelled", "replaced": "cancelled"}
ENDED_AS_PLANNED = ("planned", "agreement")


def urn(kind: str, uid: str) -> str:
    """The name of a resource in a bundle, always the same for the same row.

    >>> urn("Patient", "a1") == urn("Patient", "a1") != urn("Encounter", "a1")
    True
    """
    return uuid5(NAMES, f"{kind}/{uid}").urn


def bundle(resources: Iterable[tuple[str, Resource]], at: datetime) -> Resource:
    """A collection of named resources."""
    entries = [{"fullUrl": name, "resource": resource} for name, resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "timestamp": at.isoformat(), "entry": entries}


def person(kind: str, name: str, **facts: Any) -> Resource:
    """A `Patient` or a `Practitioner`; `facts` are more of its elements, and empty ones are left out."""
    known = {key: value for key, value in facts.items() if value}
    return {"resourceType": kind, "name": [{"text": name}], **known}


def encounter(patient: str, therapist: str, start: date, state: str, modality: str) -> Resource:
    """A session: planned, finished or cancelled (by whom it was missed has no place here); in the room or virtual.

    `start` is a day where nobody knows the hour.
    """
    code, display = PLACES.get(modality, VIRTUAL)
    return {
        "resourceType": "Encounter",
        "status": ENCOUNTERS.get(state, "cancelled"),
        "class": {"system": f"{TERMS}/v3-ActCode", "code": code, "display": display},
        "subject": _to(patient),
        "participant": [{"individual": _to(therapist)}],
        "period": {"start": start.isoformat()},
    }


def questionnaire_response(
    said: Response,
    instrument: Instrument | None,
    wording: Wording | None,
    *,
    names: Mapping[str, str],
    words: Mapping[str, str],
    patient: str,
    source: str,
    about: str,
    authored: datetime | None,
) -> Resource:
    """What one side answered: an item without an answer was skipped, one that is absent was not asked.

    A skipped item is absent, too, where the client may keep the answer: else its absence would tell that it was kept.
    `wording` gives question and answer in words, `names` fills what it leaves open; without it the ids stand alone.
    `words`: free lines by item. `source` answered, `about` is the session; `authored` is left out where nobody knows.
    """
    order = [item.id for item in instrument.items] if instrument else []
    told = {i: a for i, a in {**said.answers, **words}.items() if a is not None or _gap_is_told(i, said, instrument)}
    items = [
        _item(item_id, told[item_id], instrument, wording, said, names)
        for item_id in sorted(told, key=lambda i: order.index(i) if i in order else len(order))
    ]
    return {
        "resourceType": "QuestionnaireResponse",
        **({"language": wording.language} if wording else {}),
        "questionnaire": f"urn:accord:questionnaire:{said.instrument}:{said.form}|{said.version}",
        "status": "completed",
        "subject": _to(patient),
        "encounter": _to(about),
        **({"authored": authored.isoformat()} if authored else {}),
        "source": _to(source),
        **({"item": items} if items else {}),
    }


def observation(
    score: Score,
    said: Response,
    instrument: Instrument,
    *,
    patient: str,
    source: str,
    about: str,
    on: date,
    of: str,
) -> Resource:
    """One scale of a response, with how many items were answered; without a value where they were too few.

    `of` is the response it was made of, `on` when the session was.
    """
    scale = instrument.scale(score.scale)
    name = f"{instrument.id}/{score.scale}"
    codes = [{"system": "urn:accord:scale", "code": name}]
    if score.scale in instrument.loinc:
        codes.append({"system": "http://loinc.org", "code": instrument.loinc[score.scale]})
    value: Resource
    if score.value is None:
        unknown = {"system": f"{TERMS}/data-absent-reason", "code": "unknown", "display": "Unknown"}
        value = {"dataAbsentReason": {"coding": [unknown]}}
    else:
        value = {"valueQuantity": {"value": score.value, "unit": f"points, {scale.low:g} to {scale.high:g}"}}
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [SURVEY],
        "code": {"coding": codes, "text": f"{name}, by the {said.rater}"},
        "subject": _to(patient),
        "encounter": _to(about),
        "effectiveDateTime": on.isoformat(),
        "performer": [_to(source)],
        **value,
        "note": [{"text": score.completeness()}],
        "derivedFrom": [_to(of)],
    }


def goal(
    words: str, *, patient: str, proposed_by: str, agreed_on: date | None, end: str, ended_on: date | None
) -> Resource:
    """A goal in its last wording: `proposed` until both have sealed it, `active` then, until it has ended."""
    made: Resource = {
        "resourceType": "Goal",
        "lifecycleStatus": ENDED_GOALS.get(end, "active" if agreed_on else "proposed"),
        "description": {"text": words},
        "subject": _to(patient),
        "expressedBy": _to(proposed_by),
    }
    if agreed_on:
        made["startDate"] = agreed_on.isoformat()
    if ended_on:
        made["statusDate"] = ended_on.isoformat()
    if end == "reached":
        achieved = {"system": f"{TERMS}/goal-achievement", "code": "achieved", "display": "Achieved"}
        made["achievementStatus"] = {"coding": [achieved]}
    return made


def care_plan(
    view: str, tasks: Sequence[tuple[str, str, str]], *, agreed: bool, patient: str, therapist: str,
    goals: Sequence[str], started: date, ended: date | None, ending: str = "", note: str = "",
) -> Resource:  # fmt: skip
    """What both agreed on in a course of care, or (a plan of its own, a proposal) what only one of them has sealed.

    The shared view of the problem, the goals, and the tasks as (words, end, goal). `ending`: how the course ended.
    """
    made: Resource = {
        "resourceType": "CarePlan",
        "status": "active" if agreed else "draft",
        "intent": "plan" if agreed else "proposal",
        "subject": _to(patient),
        "period": {"start": started.isoformat()},
    }
    if ended:
        made["status"] = "completed" if agreed and ending in ENDED_AS_PLANNED else "revoked"
        made["period"]["end"] = ended.isoformat()
    if agreed:
        made["author"] = _to(therapist)
    if view:
        made["description"] = view
    if goals:
        made["goal"] = [_to(one) for one in goals]
    if tasks:
        made["activity"] = [{"detail": _detail(*task, agreed)} for task in tasks]
    if note:
        made["note"] = [{"text": note}]
    return made


def _detail(words: str, end: str, of: str, agreed: bool) -> Resource:
    status = ENDED_GOALS.get(end, "in-progress" if agreed else "not-started")
    return {**({"goal": [_to(of)]} if of else {}), "status": status, "description": words}


def _gap_is_told(item_id: str, said: Response, instrument: Instrument | None) -> bool:
    if instrument is None or item_id not in {item.id for item in instrument.items}:
        return False
    return said.rater != "client" or item_id not in instrument.may_be_kept()


def _to(name: str) -> Resource:
    return {"reference": name}


def _item(
    item_id: str,
    answer: Answer,
    instrument: Instrument | None,
    wording: Wording | None,
    said: Response,
    names: Mapping[str, str],
) -> Resource:
    asked = {i.id for i in instrument.items if said.rater in i.raters} if instrument else set()
    known = instrument if item_id in asked else None
    worded = wording if known else None
    made: Resource = {"linkId": item_id}
    if worded:
        made["text"] = _filled(worded.text(item_id, said.rater), names)
    given = answer if isinstance(answer, tuple) else () if answer is None else (answer,)
    answers = [_value(one, item_id, known, worded, said, names) for one in given]
    return {**made, "answer": answers} if answers else made


def _value(
    given: int | float | str,
    item_id: str,
    instrument: Instrument | None,
    wording: Wording | None,
    said: Response,
    names: Mapping[str, str],
) -> Resource:
    possible = instrument.answer_set(item_id) if instrument else None
    if possible is None or possible.kind in ("text", "number"):
        return {"valueString": given} if isinstance(given, str) else {"valueDecimal": given}
    coding: Resource = {"system": f"urn:accord:answers:{said.instrument}:{possible.id}", "code": str(given)}
    if isinstance(given, int | float):
        coding["extension"] = [{"url": ORDINAL, "valueDecimal": given}]
    choices: Sequence[Any] = possible.values if possible.kind == "choice" else possible.codes
    labels = wording.labels(item_id, said.rater) if wording else ()
    if labels and given in choices:
        coding["display"] = _filled(labels[choices.index(given)], names)
    return {"valueCoding": coding}


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text
