"""Whom a questionnaire is asked, of those who were set to be asked it: by age, and by language.

A new reason not to ask goes here, with its sentence in `pages/sharing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from accord.instruments import Instrument
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.rules.consent import age_of

if TYPE_CHECKING:
    from accord_clinic.models import Client, Dyad, Measure

Why = Literal["", "age", "language"]


def why_not_asked(measure: Measure, client: Client) -> Why:
    """Why this client is not asked this questionnaire; nothing where it is asked.

    An age that is not known does not count here: nobody under twelve is registered. In a language other than the
    client's it is asked only where the therapist chose so: an answer to a question that was not understood misleads,
    above all one about being safe.
    """
    instrument = shelf().instruments.get(measure.instrument)
    if instrument is None:
        return ""
    age = age_of(client)
    if age is not None and age < instrument.youngest:
        return "age"
    return "" if instrument.has_wording(client.language) or measure.in_any_language else "language"


def measures_asked(measures: Iterable[Measure], client: Client) -> list[Measure]:
    """Those of these that the client is asked."""
    return [measure for measure in measures if not why_not_asked(measure, client)]


def to_be_told(dyad: Dyad) -> list[tuple[Instrument, Why]]:
    """The measures of this course that the client is not asked, and why; or is asked in another language, for ""."""
    instruments, client = shelf().instruments, dyad.client
    measures = [m for m in dyad.measures.all() if m.instrument in instruments]
    rows = [(instruments[m.instrument], why_not_asked(m, client)) for m in measures]
    return [(instrument, why) for instrument, why in rows if why or not instrument.has_wording(client.language)]
