"""Answers in; which of them ask for help at once, by the catalogue. The rule itself is `Item.is_safety_answer`."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from accord_clinic.questionnaires.shelf import shelf


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
