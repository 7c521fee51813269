"""Answers and words in; the page that a person would have sent, as a `Submission`, out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from accord.records import Answer, Rater
from accord_clinic import links
from accord_clinic.models import Session
from accord_clinic.questionnaires import plan
from accord_clinic.questionnaires.shelf import instrument
from accord_clinic.questionnaires.submission import AnsweredPart, AskedAgain, OpenLine, Submission
from accord_clinic.rules.practice import often
from accord_clinic.rules.who_is_asked import measures_asked


@dataclass
class Page:
    """What one person puts on a page: answers per questionnaire, words per item, and the rest of a submission."""

    answers: dict[str, Mapping[str, Answer]]
    words: list[OpenLine] = field(default_factory=list)
    sharing: dict[tuple[str, str], str] = field(default_factory=dict)
    again: list[AskedAgain] = field(default_factory=list)
    progress: dict[str, int] = field(default_factory=dict)
    picked: list[str] = field(default_factory=list)
    picked_words: list[str] = field(default_factory=list)
    reaction: str = ""
    language: str = "en"

    def say(self, name: str, item: str, words: str, reader: str = "therapist") -> None:
        """Write something under an item."""
        self.words.append(OpenLine(name, item, words, reader))


def submission(page: Page, session: Session, side: Rater, seconds: int) -> Submission:
    """The page as it is sent: the forms that this session asks of this side, each with the words that were seen."""
    dyad, remote = session.dyad, session.modality != "room"
    measures = measures_asked(dyad.measures.all(), dyad.client)
    forms = plan.forms(dyad, session.number, often(dyad), side, measures, remote)
    parts = [p for name, form in forms if (p := _part(name, form, side, page.answers.get(name, {}), page.language))]
    return Submission(
        key=links.new_token(),
        language=page.language,
        parts=tuple(parts),
        open_lines=tuple(line for line in page.words if _asks(line, parts)),
        sharing=page.sharing,
        again=tuple(page.again),
        progress=page.progress,
        picked=tuple(page.picked),
        picked_words=tuple(page.picked_words),
        reaction=page.reaction,
        begun_at=timezone.now() - timedelta(seconds=seconds),
    )


def _part(name: str, form: str, side: Rater, answers: Mapping[str, Answer], language: str) -> AnsweredPart | None:
    """One questionnaire; items that hang on an answer that was not given are not asked."""
    asked = instrument(name)
    asked_in = language if asked.has_wording(language) else "en"
    items = [item for item in asked.asked(form, side) if item.kind != "text"]
    if not asked.asked(form, side):
        return None
    asked_now = (item.id for item in items if _is_asked(item.asked_if, answers))
    given = {item: answer for item in asked_now if (answer := answers.get(item)) is not None}
    return AnsweredPart(name, asked.version, form, asked.wordings[asked_in].hash(form, side), given)


def _is_asked(asked_if: tuple[str, int] | None, answers: Mapping[str, Answer]) -> bool:
    if asked_if is None:
        return True
    answer = answers.get(asked_if[0])
    return isinstance(answer, int) and answer >= asked_if[1]


def _asks(line: OpenLine, parts: Iterable[AnsweredPart]) -> bool:
    """Whether the words stand under an item that is on this page."""
    return any(part.instrument == line.instrument and line.item in _items(part) for part in parts)


def _items(part: AnsweredPart) -> tuple[str, ...]:
    return instrument(part.instrument).form(part.form)
