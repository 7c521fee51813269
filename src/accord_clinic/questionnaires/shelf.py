"""The catalogue as this practice has it: shipped questionnaires and the texts in the site's own folder, read once."""

from functools import cache

from django.conf import settings

from accord.errors import BadInput
from accord.instruments import Catalogue, Instrument, catalogue


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
