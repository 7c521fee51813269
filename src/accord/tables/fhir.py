"""FHIR R4 resources, as plain dictionaries, from answers, scores and what two people agreed on.

Resources name each other by `urn:uuid`, made from the ids of the rows, so that the same row has the same name, and the
same identifier, in every bundle. Only what R4 itself defines is used, with one of its extensions, the number of an
answer (`ordinalValue`), and none of our own. What is about strains stays out (`about_strains`), as do signals and who
read what. Questionnaires are made in `fhir_questionnaire`, names in `fhir_names`. A new resource is a function here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from accord.instruments import AnswerSet, Instrument, InstrumentWording
from accord.records import Answer, Rater, Response, Score
from accord.tables.fhir_names import RECORDS, codes, identifier, questionnaire_name, urn

__all__ = ["about_strains", "bundle", "care_plan", "encounter", "goal", "observation", "person", "progress", "urn"]

Resource = dict[str, Any]

ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
TERMS = "http://terminology.hl7.org/CodeSystem"
SURVEY = {"coding": [{"system": f"{TERMS}/observation-category", "code": "survey"}]}
PLACES = {"room": ("AMB", "ambulatory")}
VIRTUAL = ("VR", "virtual")
ENCOUNTERS = {"planned": "planned", "held": "finished"}
ENDED_GOALS = {"reached": "completed", "dropped": "cancelled", "replaced": "cancelled"}
ENDED_AS_PLANNED = ("planned", "agreement")


STRAINS = ("strain", "guess: strain", "talked about", "where it stands")
"""How the constructs of items begin that are about a strain between the two."""
UNTOUCHED = ("Patient", "Practitioner")
"""Whom another clinic may have written down in its own way: an upload adds them, and changes nothing in them."""
BLANK = "\N{HORIZONTAL ELLIPSIS}"
SESSION = {"en": "the session", "de": "der Sitzung"}


def about_strains(instrument: Instrument) -> frozenset[str]:
    """The items that never go into FHIR: what felt off is between the two, and FHIR has no word for it.

    >>> from accord.instruments import catalogue
    >>> sorted(about_strains(catalogue().get("accord-check-in")))
    ['g2', 't1', 't2', 't3']
    """
    return frozenset(item.id for item in instrument.items if item.construct.startswith(STRAINS))


def may_go_out(instrument: Instrument) -> bool:
    """Whether the licence lets the wording be handed on, to a server or to another clinic.

    >>> from accord.instruments import catalogue
    >>> [may_go_out(catalogue().get(one)) for one in ("phq-9", "wai-sr")]
    [True, False]
    """
    return instrument.licence.text_allowed and instrument.licence.redistribution_allowed


def bundle(resources: Iterable[tuple[str, Resource]], at: datetime) -> Resource:
    """Named resources as a transaction: a server that takes it in twice has everything once.

    Each has its name as its identifier, and is looked for by that; a questionnaire by its address and version.
    Source: HL7 FHIR R4, http.html (transaction, conditional create and update).

    >>> whole = bundle([(urn("Patient", "a"), person("Patient", "Ana"))], datetime(2026, 3, 2, 9))
    >>> whole["type"], whole["entry"][0]["request"]["method"]
    ('transaction', 'POST')
    """
    entries = [
        {"fullUrl": name, "resource": (whole := _identified(name, resource)), "request": _request(name, whole)}
        for name, resource in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "timestamp": at.isoformat(), "entry": entries}


def _identified(name: str, resource: Resource) -> Resource:
    kind = resource["resourceType"]
    own: Resource = {"system": RECORDS, "value": identifier(name)}
    if kind == "Questionnaire":
        return resource
    return {"resourceType": kind, "identifier": own if kind == "QuestionnaireResponse" else [own], **resource}


def _request(name: str, resource: Resource) -> Resource:
    kind = resource["resourceType"]
    wanted = f"identifier={RECORDS}%7C{identifier(name)}"
    if kind in UNTOUCHED:
        return {"method": "POST", "url": kind, "ifNoneExist": wanted}
    if kind == "Questionnaire":
        wanted = f"url={resource['url']}&version={resource['version']}"
    return {"method": "PUT", "url": f"{kind}?{wanted}"}


def person(kind: str, name: str, **facts: Any) -> Resource:
    """A `Patient` or a `Practitioner`; `facts` are more of its elements, and empty ones are left out.

    >>> person("Patient", "Ana", birthDate="")
    {'resourceType': 'Patient', 'name': [{'text': 'Ana'}]}
    """
    given = {key: value for key, value in facts.items() if value}
    return {"resourceType": kind, "name": [{"text": name}], **given}


def encounter(patient: str, therapist: str, start: date, state: str, modality: str) -> Resource:
    """A session: planned, finished or cancelled (by whom it was missed has no place here); in the room or virtual.

    `start` is a day where nobody knows the hour.

    >>> session = encounter("urn:a", "urn:b", date(2026, 3, 2), "held", "video")
    >>> session["status"], session["class"]["code"], session["period"]
    ('finished', 'VR', {'start': '2026-03-02'})
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
    response: Response,
    instrument: Instrument | None,
    wording: InstrumentWording | None,
    *,
    names: Mapping[str, str],
    words: Mapping[str, str],
    patient: str,
    source: str,
    about: str,
    authored: datetime | None,
) -> Resource:
    """What one side answered: an item without an answer was skipped, one that is absent was not asked.

    A skipped item is absent, like one that was kept or not asked: nobody else can tell the three apart.
    So is what is about strains. `wording` gives question and answer in words, `names` fills what it leaves open. Where
    there is none, or the licence does not let it be handed on, the ids stand alone. `words`: free lines by item.
    `source` answered, `about` is the session; `authored` is left out where nobody knows.

    >>> answered = Response(1, "client", "sleep", "1", "full", {"n1": 2, "n2": None})
    >>> resource = questionnaire_response(
    ...     answered, None, None, names={}, words={}, patient="urn:a", source="urn:a", about="urn:s", authored=None)
    >>> resource["item"]
    [{'linkId': 'n1', 'answer': [{'valueDecimal': 2}]}]
    """
    order = [item.id for item in instrument.items] if instrument else []
    left_out = about_strains(instrument) if instrument else frozenset()
    wording = wording if instrument and may_go_out(instrument) else None
    given = {**response.answers, **words}
    shown = {item_id: answer for item_id, answer in given.items() if item_id not in left_out and answer is not None}
    items = [
        _item(item_id, shown[item_id], instrument, wording, response, names)
        for item_id in sorted(shown, key=lambda i: order.index(i) if i in order else len(order))
    ]
    name = questionnaire_name(response.instrument, response.form, response.rater, wording.language if wording else "")
    return {
        "resourceType": "QuestionnaireResponse",
        **({"language": wording.language} if wording else {}),
        "questionnaire": f"{name}|{response.version}",
        "status": "completed",
        "subject": _to(patient),
        "encounter": _to(about),
        **({"authored": authored.isoformat()} if authored else {}),
        "source": _to(source),
        **({"item": items} if items else {}),
    }


def observation(
    score: Score,
    response: Response,
    instrument: Instrument,
    *,
    patient: str,
    source: str,
    about: str,
    on: date,
    of: str,
) -> Resource:
    """One scale of a response, with how many items were answered; without a value where they were too few.

    Each voice has a code of its own, so that a search finds one of them. `of` is the response it was made of, `on` when
    the session was. The code of LOINC is that of what a patient answers, and stands by no therapist's score.
    The value is in points of the scale; missing is `dataAbsentReason`.

    >>> from accord.instruments import catalogue
    >>> phq, answered = catalogue().get("phq-9"), Response(1, "client", "phq-9", "1.0", "full", {})
    >>> resource = observation(
    ...     Score("total", 12.0, 9, 9, 9), answered, phq,
    ...     patient="urn:a", source="urn:a", about="urn:s", on=date(2026, 3, 2), of="urn:r")
    >>> resource["valueQuantity"]
    {'value': 12.0, 'unit': 'points, 0 to 27'}
    """
    scale = instrument.scale(score.scale)
    name = f"{instrument.id}.{score.scale}.{response.rater}"
    coding = [{"system": codes("score"), "code": name}]
    if score.scale in instrument.loinc and response.rater == "client":
        coding.append({"system": "http://loinc.org", "code": instrument.loinc[score.scale]})
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
        "code": {"coding": coding, "text": f"{instrument.id}/{score.scale}, by the {response.rater}"},
        "subject": _to(patient),
        "encounter": _to(about),
        "effectiveDateTime": on.isoformat(),
        "performer": [_to(source)],
        **value,
        "note": [{"text": score.completeness()}],
        "derivedFrom": [_to(of)],
    }


def progress(value: int, *, rater: Rater, patient: str, source: str, about: str, on: date, of: str) -> Resource:
    """How far one side saw a goal (`of`) in a session, in steps from 0 to 10.

    >>> names = {"patient": "urn:a", "source": "urn:a", "about": "urn:s", "of": "urn:g"}
    >>> progress(7, rater="client", on=date(2026, 3, 2), **names)["valueQuantity"]["value"]
    7
    """
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [SURVEY],
        "code": {"coding": [{"system": codes("progress"), "code": f"goal.{rater}"}], "text": f"goal, by the {rater}"},
        "subject": _to(patient),
        "focus": [_to(of)],
        "encounter": _to(about),
        "effectiveDateTime": on.isoformat(),
        "performer": [_to(source)],
        "valueQuantity": {"value": value, "unit": "steps, 0 to 10"},
    }


def goal(
    words: str, *, patient: str, proposed_by: str, agreed_on: date | None, end: str, ended_on: date | None,
    progress: Sequence[str] = (),
) -> Resource:  # fmt: skip
    """A goal in its last wording: `proposed` until both have sealed it, `active` then, until it has ended.

    `progress`: the names of what both said about how far it is.

    >>> goal("Sleep", patient="urn:a", proposed_by="urn:a", agreed_on=None, end="", ended_on=None)["lifecycleStatus"]
    'proposed'
    """
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
    if progress:
        made["outcomeReference"] = [_to(observation_name) for observation_name in progress]
    return made


def care_plan(
    view: str, tasks: Sequence[tuple[str, str, str]], *, agreed: bool, patient: str, therapist: str,
    goals: Sequence[str], started: date, ended: date | None, ending: str = "", note: str = "",
) -> Resource:  # fmt: skip
    """What both agreed on in a course of care, or (a plan of its own, a proposal) what only one of them has sealed.

    The shared view of the problem, the goals, and the tasks as (words, end, goal). `ending`: how the course ended.

    >>> people = {"patient": "urn:a", "therapist": "urn:b"}
    >>> plan = care_plan("", [("Walk", "", "")], agreed=True, goals=[], started=date(2026, 3, 2), ended=None, **people)
    >>> plan["status"], plan["activity"][0]["detail"]
    ('active', {'status': 'in-progress', 'description': 'Walk'})
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
        made["goal"] = [_to(goal_name) for goal_name in goals]
    if tasks:
        made["activity"] = [{"detail": _detail(*task, agreed)} for task in tasks]
    if note:
        made["note"] = [{"text": note}]
    return made


def _detail(words: str, end: str, of: str, agreed: bool) -> Resource:
    status = ENDED_GOALS.get(end, "in-progress" if agreed else "not-started")
    return {**({"goal": [_to(of)]} if of else {}), "status": status, "description": words}


def _to(name: str) -> Resource:
    return {"reference": name}


def _item(
    item_id: str,
    answer: Answer,
    instrument: Instrument | None,
    wording: InstrumentWording | None,
    response: Response,
    names: Mapping[str, str],
) -> Resource:
    asked = {i.id for i in instrument.items if response.rater in i.raters} if instrument else set()
    asking = instrument if item_id in asked else None
    worded = wording if asking else None
    made: Resource = {"linkId": item_id}
    if worded:
        made["text"] = _filled(worded.text(item_id, response.rater), names)
    given = answer if isinstance(answer, tuple) else () if answer is None else (answer,)
    answers = [_value(value, item_id, asking, worded, response) for value in given]
    return {**made, "answer": answers} if answers else made


def _value(
    given: int | float | str,
    item_id: str,
    instrument: Instrument | None,
    wording: InstrumentWording | None,
    response: Response,
) -> Resource:
    possible = instrument.answer_set(item_id) if instrument else None
    if instrument is None or possible is None or possible.kind in ("text", "number"):
        return {"valueString": given} if isinstance(given, str) else {"valueDecimal": given}
    return {"valueCoding": choice(instrument, possible, given, item_id, response.rater, wording)}


def choice(
    instrument: Instrument, possible: AnswerSet, given: int | float | str, item_id: str, rater: Rater,
    wording: InstrumentWording | None,
) -> Resource:  # fmt: skip
    """One choice as a coding: the same in a response and in its questionnaire, so no label holds anybody's name.

    >>> from accord.instruments import catalogue
    >>> phq = catalogue().get("phq-9")
    >>> choice(phq, phq.answer_set("phq1"), 2, "phq1", "client", phq.wordings["en"])["display"]
    'More than half the days'
    """
    coding: Resource = {"system": codes(instrument.id, possible.id), "code": str(given)}
    if isinstance(given, int | float):
        coding["extension"] = [{"url": ORDINAL, "valueDecimal": given}]
    choices: Sequence[Any] = possible.values if possible.kind == "choice" else possible.codes
    labels = wording.labels(item_id, rater) if wording else ()
    if wording and labels and given in choices:
        coding["display"] = unnamed(labels[choices.index(given)], wording.language)
    return coding


def unnamed(text: str, language: str) -> str:
    """A text of a questionnaire that stands for everybody: a blank for each name.

    >>> unnamed("In {session}, {therapist} understood me.", "en")
    'In the session, … understood me.'
    """
    return _filled(text, {"session": SESSION.get(language, BLANK), "client": BLANK, "therapist": BLANK})


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text
