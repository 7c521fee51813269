"""FHIR as other programs write it, for the tests that read it."""

from accord.tables import fhir


def a_response(**facts):
    """As another program might write it: LOINC ids, a group, its own answer codes with numbers."""
    ordinal = [{"url": fhir.ORDINAL, "valueDecimal": 2}]
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "http://example.org/fhir/Questionnaire/phq-9|2.1",
        "subject": {"reference": "Patient/7"},
        "source": {"reference": "Patient/7"},
        "authored": "2026-11-03T10:00:00+01:00",
        "item": [
            {
                "linkId": "group",
                "item": [
                    {"linkId": "/44250-9", "answer": [{"valueCoding": {"code": "LA6570-1", "extension": ordinal}}]},
                    {"linkId": "/44255-8", "answer": [{"valueCoding": {"code": "3"}}]},
                    {"linkId": "/44259-0"},
                ],
            }
        ],
        **facts,
    }


def an_encounter(identity, day, **facts):
    """A session at nine o'clock of the client whom `a_response` is about."""
    return {
        "resourceType": "Encounter", "id": identity, "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": "Patient/7"}, "period": {"start": f"{day}T09:00:00+01:00"}, **facts,
    }  # fmt: skip


def a_bundle(*resources, **facts):
    """A bundle of what a server gave; an entry may be given whole."""
    entries = [one if "resourceType" not in one else {"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries, **facts}


def a_question(link, text="", **facts):
    return {"linkId": link, "text": text, "type": "choice", **facts}


def possible_answer(instrument, item, nth):
    """The nth of the answers that an item has, counted around; of many choices the first ones."""
    of = instrument.answer_set(item.id)
    if of.kind == "choice":
        return of.values[nth % len(of.values)]
    if of.kind == "many":
        return of.codes[: nth + 1]
    return "words" if of.kind == "text" else of.low + nth * (of.high - of.low) / 4
