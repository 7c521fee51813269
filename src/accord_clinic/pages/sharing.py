"""What a therapist reads about the questions of a course: which are not asked, and which in another language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from accord_clinic.rules.who_is_asked import to_be_told

if TYPE_CHECKING:
    from accord_clinic.models import Dyad


def not_asked(dyad: Dyad) -> str:
    """What to say where a questionnaire of this course is not asked, or in another language; nothing otherwise."""
    sentences = {
        "age": _(
            "{name} is not asked. It is for people aged {youngest} and over, and {client} may be younger."
        ),
        "language": _(
            "{name} is not asked, because it is not available in {language} here. If {client} reads {other} "
            "well, you can choose to ask it in {other}."
        ),
        "": _("{name} is asked in {other}, because it is not available in {language} here. The client's page says so."),
    }
    client = dyad.client
    return " ".join(
        sentences[why].format(
            name=instrument.name,
            youngest=instrument.youngest,
            client=client.called,
            language=get_language_info(client.language)["name"],
            other=_in_words(instrument.wordings),
        )
        for instrument, why in to_be_told(dyad)
    )


def _in_words(languages: Iterable[str]) -> str:
    """Languages by their names."""
    return ", ".join(str(get_language_info(code)["name"]) for code in sorted(languages))
