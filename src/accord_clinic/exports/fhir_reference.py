"""The part of `docs/reference/fhir.md` about the read API, made from the code: every element and where it comes from.

A new element of a resource gets its line in `ELEMENTS`; a test finds what is missing there, and what is not sent.
"""

from accord.tables.fhir_search import PARAMETERS

SAME = {
    "id": "the random name of the row, as FHIR writes ids",
    "identifier": "the same as in a client's copy",
    "subject": "the client",
}
ELEMENTS: dict[str, dict[str, str]] = {
    "Patient": {
        "id": SAME["id"],
        "identifier": SAME["identifier"],
        "name": "the client's name, as one text",
        "birthDate": "the year of birth, where it is recorded",
        "communication": "the client's language",
    },
    "Questionnaire": {
        "id": "made of its address and version",
        "language": "of the wording; one resource for each language",
        "url, version": "its address, which is a name and leads nowhere, and its version",
        "name, title, description": "from the catalogue; a blank (…) stands for each name",
        "status, experimental": "`active`; whether it is not published",
        "subjectType": "`Patient`",
        "copyright": "the notice of its licence",
        "item": "what the client is asked, with the possible answers",
    },
    "QuestionnaireResponse": {
        "id": "made of the session and the questionnaire: a correction keeps it",
        "identifier": SAME["identifier"],
        "language": "of the wording",
        "questionnaire": "address and version of the check-in",
        "status": "`completed`",
        "subject": SAME["subject"],
        "encounter": "the session",
        "source": "the client",
        "item": "each answer and line that is shown, with its question; none that is skipped, kept or not asked",
    },
    "Observation": {
        "id": "made of the session, the questionnaire and the scale",
        "identifier": SAME["identifier"],
        "status": "`final`",
        "category": "`survey`",
        "code": "questionnaire, scale and voice; with its LOINC code where it has one",
        "subject": SAME["subject"],
        "encounter": "the session",
        "effectiveDateTime": "the day of the session",
        "performer": "the client, who answered",
        "valueQuantity": "the score, in points of its scale",
        "note": "of how many answers it was made",
        "derivedFrom": "the response, where that is readable",
    },
    "Goal": {
        "id": SAME["id"],
        "identifier": SAME["identifier"],
        "lifecycleStatus": "`active`, `completed` or `cancelled`",
        "achievementStatus": "`achieved`, where it was reached",
        "description": "the wording that both have confirmed",
        "subject": SAME["subject"],
        "statusDate": "the day on which it ended",
    },
    "CarePlan": {
        "id": SAME["id"],
        "identifier": SAME["identifier"],
        "status, intent": "`active` or `completed`; `plan`",
        "category": "`assess-plan`",
        "subject": SAME["subject"],
        "period": "from when to when the course of care went",
        "author": "the therapist's name",
        "goal": "the goals that both have confirmed",
        "activity": "the tasks that both have confirmed, with their goal and status",
    },
    "Encounter": {
        "id": SAME["id"],
        "identifier": SAME["identifier"],
        "status": "`finished`: only sessions that took place are there",
        "class": "`AMB` in the room, `VR` otherwise",
        "subject": SAME["subject"],
        "participant": "the therapist's name",
        "period": "the day",
    },
    "Measure": {
        "id": "`sessions` or `endings`",
        "language": "`en`",
        "url, version": "its address, which is a name and leads nowhere, and its version",
        "name, title, description": "what is counted, and by which rules",
        "status": "`active`",
        "subjectCodeableConcept": "`Organization`: the practice as a whole",
        "scoring": "`proportion`",
        "group": "one for each share, with numerator and denominator in words",
    },
    "MeasureReport": {
        "id": "made of the measure and the months",
        "identifier": "made of the address of this server and the `id`",
        "status, type": "`complete`; `summary`",
        "measure": "address and version of its `Measure`",
        "date": "the day on which it was published",
        "reporter": "the name of the practice",
        "period": "first and last day; of `endings` a whole year",
        "group": "denominator and numerator of each share; one that is kept back is not there",
    },
}
FIRST, SECOND = "the first yes", "the second yes, to answers; totals of outcome measures by the first"
MANAGERS = "a manager's yes to a program of this kind"
AGREED = {
    "Patient": FIRST,
    "Questionnaire": "none: it is about nobody",
    "QuestionnaireResponse": "the second yes",
    "Observation": SECOND,
    "Goal": FIRST,
    "CarePlan": FIRST,
    "Encounter": FIRST,
    "Measure": MANAGERS,
    "MeasureReport": MANAGERS,
}
"""What somebody has to have agreed to: clients, each for themselves, or a manager."""
LEFT_OUT = {
    "Patient": "address, telephone, mail, gender: not needed, or not asked",
    "Questionnaire": "what a therapist is asked; wording whose licence forbids it",
    "QuestionnaireResponse": "`authored` and all times; answers to outcome measures and to the wider look; `t1` to "
    "`t3`, `b1`; a response of which nothing is shown",
    "Observation": "the Strain score and all scores with an item that stays inside; the therapist's; how far goals "
    "are; scores without enough answers",
    "Goal": "`startDate` and `expressedBy`: when and by whom; goals that one side has not confirmed",
    "CarePlan": "the shared view of the problem, the treatment plan's options, how the course ended, notes",
    "Encounter": "the hour; planned, moved, cancelled and missed sessions; those younger than the time at which "
    "all are open",
    "Measure": "`population`, which asks for a criterion in a language of computers",
    "MeasureReport": "`measureScore`, which is the one count by the other; numbers about strains and comments; periods "
    "with fewer than three therapists, or counted by rules before these; who answered, where fewer than ten sessions "
    "have an answer or lack one; everything that the manager's page keeps back",
}
"""What there is in Accord, or in FHIR, and is not sent."""


def reference() -> str:
    """The tables, in Markdown."""
    lines: list[str] = []
    for kind, parameters in PARAMETERS.items():
        by = ", ".join(f"`{name}`" for name in parameters)
        lines += [f"### {kind}", "", f"Needs {AGREED[kind]}. Search by {by}.", ""]
        lines += ["| element | where it comes from |", "|---|---|"]
        lines += [f"| {_quoted(names)} | {where} |" for names, where in ELEMENTS[kind].items()]
        lines += ["", f"Left out: {LEFT_OUT[kind]}.", ""]
    return "\n".join(lines)


def _quoted(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))
