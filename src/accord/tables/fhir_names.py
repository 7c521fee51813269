"""The names that Accord gives to things in FHIR: resources, questionnaires, codes; and what one of them says.

Another kind of name belongs here, so that writing and reading agree.
"""

from __future__ import annotations

import re
from uuid import UUID, uuid5

BASE = "https://accord.example/fhir"
"""Where questionnaires and codes are named. Nobody can own a name under `.example`, and nothing is fetched from it."""
NAMES = UUID("5f0b2b5c-3b0c-5d53-9c1b-0d1a8c1c7a11")
RECORDS = f"{BASE}/NamingSystem/record"
"""The system of identifiers. They are made of random names that each practice draws, so no two practices share one.
None is the `urn:uuid` of its resource, since servers put their own address for that wherever it stands."""
FORM = re.compile(re.escape(f"{BASE}/Questionnaire/") + r"([^./|]+)\.([^./|]+)\.(client|therapist)(\.[A-Za-z-]+)?")


def urn(kind: str, uid: str) -> str:
    """The name of a resource in a bundle, always the same for the same row.

    >>> urn("Patient", "a1") == urn("Patient", "a1") != urn("Encounter", "a1")
    True
    """
    return uuid5(NAMES, f"{kind}/{uid}").urn


def identifier(name: str) -> str:
    """The value of a resource's identifier, from its name in a bundle.

    >>> identifier("urn:uuid:c4251991-f29c-5809-a594-7d80241512c7")
    'c4251991-f29c-5809-a594-7d80241512c7'
    """
    return name.removeprefix("urn:uuid:")


def questionnaire_name(instrument: str, form: str, rater: str, language: str = "") -> str:
    """The canonical name of what one side is asked in one language; without a language where there are no words.

    >>> questionnaire_name("phq-9", "full", "client", "en")
    'https://accord.example/fhir/Questionnaire/phq-9.full.client.en'
    """
    return f"{BASE}/Questionnaire/{'.'.join(filter(None, (instrument, form, rater, language)))}"


def form_name(questionnaire: str) -> str:
    """The common name of a form for both sides in every language; any other questionnaire's name stays as it is.

    >>> form_name("https://accord.example/fhir/Questionnaire/phq-9.full.client.en")
    'https://accord.example/fhir/Questionnaire/phq-9.full'
    """
    match = FORM.fullmatch(questionnaire)
    return f"{BASE}/Questionnaire/{match[1]}.{match[2]}" if match else questionnaire


def codes(*parts: str) -> str:
    """The system of codes of a score, of progress, or of one set of answers of a questionnaire.

    >>> codes("score")
    'https://accord.example/fhir/CodeSystem/score'
    """
    return f"{BASE}/CodeSystem/{'.'.join(parts)}"
