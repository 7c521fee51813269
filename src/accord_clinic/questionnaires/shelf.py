"""The catalogue as this practice has it: shipped questionnaires and the texts in the site's own folder, read once."""

from functools import cache

from django.conf import settings

from accord.errors import BadInput
from accord.instruments import Catalogue, Instrument, catalogue
from accord_clinic.questionnaires.plan import HAVE_A_PLACE


@cache
def shelf() -> Catalogue:
    """All questionnaires, and a sentence for each file that could not be used."""
    return catalogue(settings.INSTRUMENT_TEXTS)


def instrument(name: str) -> Instrument:
    """One questionnaire by its id; `BadInput` when this practice does not have it."""
    try:
        return shelf().instruments[name]
    except KeyError:
        raise BadInput(f"This practice has no questionnaire '{name}'.") from None


def outcome_measures() -> list[Instrument]:
    """What a therapist can have a client asked regularly: all that have words here, a form "full" and a scale."""
    return [
        questionnaire
        for questionnaire in shelf().instruments.values()
        if questionnaire.id not in HAVE_A_PLACE
        and "client" in questionnaire.raters
        and "full" in questionnaire.forms
        and questionnaire.scales
        and questionnaire.has_wording()
    ]
