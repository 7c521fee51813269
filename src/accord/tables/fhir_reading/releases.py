"""Which release of FHIR a resource is written in, told by what only that release has: R4 and R4B are read, no other.

A release that comes to look different (R6) gets its marks here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Resource = Mapping[str, Any]

DSTU2, STU3, R5 = "DSTU2 (1.0)", "STU3 (3.0)", "R5 (5.0)"
PROFILE = re.compile(r"http://hl7\.org/fhir/([135])\.0/StructureDefinition/[A-Za-z]+$")
SAYS = ("CapabilityStatement", "Conformance")
"""What a server (`kind` instance; a guide's are demands) says about itself, with the number of its release."""
BY_NUMBER = {"1": DSTU2, "3": STU3, "5": R5}
MARKS: Mapping[str, Mapping[str, str]] = {
    "QuestionnaireResponse": {"group": DSTU2, "context": STU3, "parent": STU3},
    "Questionnaire": {"group": DSTU2, "copyrightLabel": R5, "versionAlgorithmString": R5, "versionAlgorithmCoding": R5},
    "Encounter": {
        "patient": DSTU2, "incomingReferral": STU3, "reason": STU3, "actualPeriod": R5, "subjectStatus": R5,
        "plannedStartDate": R5, "admission": R5,
    },
}  # fmt: skip
"""Elements that R4 does not have, and the release that they belong to. `reason` of an Encounter is R5's, too."""
ITEM_MARKS = {"option": STU3, "options": STU3, "answerConstraint": R5, "disabledDisplay": R5}


def other_release(resource: Resource) -> tuple[str, str] | None:
    """The release and the element that tells it, or nothing where a resource may be of R4.

    >>> other_release({"resourceType": "Encounter", "class": [{"text": "x"}]})
    ('R5 (5.0)', 'class')
    """
    kind = resource["resourceType"]
    if kind in SAYS:
        number = str(resource.get("fhirVersion") or "")[:1]
        is_server = resource.get("kind") == "instance"
        return (BY_NUMBER[number], "fhirVersion") if is_server and number in BY_NUMBER else None
    for element, release in MARKS.get(kind, {}).items():
        if element in resource:
            return (R5 if element == "reason" and _is_r5_visit(resource) else release), element
    if kind == "QuestionnaireResponse" and isinstance(resource.get("questionnaire"), dict):
        return STU3, "questionnaire"
    if kind == "Encounter":
        return _of_visit(resource)
    if kind == "Questionnaire":
        return _of_items(resource)
    return _of_profile(resource)


def _is_r5_visit(visit: Resource) -> bool:
    return isinstance(visit.get("class"), list)


def _of_visit(visit: Resource) -> tuple[str, str] | None:
    if isinstance(visit.get("class"), str):
        return DSTU2, "class"
    if _is_r5_visit(visit):
        return R5, "class"
    if any("actor" in participant for participant in visit.get("participant") or () if isinstance(participant, dict)):
        return R5, "participant.actor"
    return _of_profile(visit)


def _of_items(questionnaire: Resource) -> tuple[str, str] | None:
    items = [item for item in questionnaire.get("item") or () if isinstance(item, dict)]
    while items:
        item = items.pop()
        element = next((name for name in ITEM_MARKS if name in item), "")
        if element:
            return ITEM_MARKS[element], f"item.{element}"
        items.extend(inner for inner in item.get("item") or () if isinstance(inner, dict))
    return _of_profile(questionnaire)


def _of_profile(resource: Resource) -> tuple[str, str] | None:
    for profile in (resource.get("meta") or {}).get("profile") or ():
        match = PROFILE.match(str(profile))
        if match:
            return BY_NUMBER[match[1]], "meta.profile"
    return None
