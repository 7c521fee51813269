"""Answers in; which of them ask for help at once, by the catalogue. The rule itself is `Item.is_safety_answer`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.safety import GivenAnswer

if TYPE_CHECKING:
    from accord_clinic.models import Response


class Answers(Protocol):
    """A part of a submission, or a response that is stored."""

    @property
    def instrument(self) -> str: ...

    @property
    def answers(self) -> Mapping[str, Any]: ...


def safety_answers(answered: Iterable[Answers]) -> tuple[tuple[str, str], ...]:
    """(questionnaire, item) of each; none of a questionnaire that this practice has no more."""
    instruments = shelf().instruments
    return tuple(
        (part.instrument, item)
        for part in answered
        if part.instrument in instruments
        for item in instruments[part.instrument].safety_items(part.answers)
    )


def given_answers(responses: Iterable[Response]) -> list[GivenAnswer]:
    """Every answer to a question that the catalogue marks as one of safety; skipped ones are left out."""
    given = []
    for response in responses:
        questionnaire = shelf().answered(response.instrument, response.version)
        asked = [item.id for item in questionnaire.items if item.safety is not None] if questionnaire else []
        given += [GivenAnswer(response, i, response.answers[i]) for i in asked if response.answers.get(i) is not None]
    return given
