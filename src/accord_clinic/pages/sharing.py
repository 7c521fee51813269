"""What a therapist reads about the questions of a course: so far, where a client is asked in another language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from accord_clinic.queries.sharing import without_wording

if TYPE_CHECKING:
    from accord_clinic.models import Dyad


def untranslated(dyad: Dyad) -> str:
    """What to say where a client is asked something that is not here in the client's language; nothing otherwise."""
    measures, client = without_wording(dyad), dyad.client
    if not measures:
        return ""
    return _(
        "{measures}: there is no wording in {language} here. {client} is asked in another language, on a page that "
        "says so. Ask it only if {client} reads that language well; else leave it out."
    ).format(measures=", ".join(measures), language=get_language_info(client.language)["name"], client=client.called)
