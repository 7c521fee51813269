"""A therapist's rating as one page: a row for each question that both are asked, and what else there is, folded.

What was answered goes in, rows and HTML come out. A question that is not asked of both is never a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.safestring import SafeString

from accord.signals import CHECK_IN
from accord_clinic.questionnaires.page import QuestionPage
from accord_clinic.questionnaires.questions import Question, QuestionBlock
from accord_clinic.questionnaires.reading import Values
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.questionnaires.showing import fields_html


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One question with its answers as cells: (value, words, whether it is chosen). `follow`: what hangs on it."""

    id: str
    text: str
    cells: tuple[tuple[str, str, bool], ...]
    error: str
    follow: SafeString


@dataclass(frozen=True, slots=True)
class RatingParts:
    """The rows, and the HTML of the other questions and of the open lines. `open`: some of it was answered."""

    rows: tuple[RatingRow, ...]
    more: SafeString
    notes: SafeString
    more_open: bool
    notes_open: bool


def rating_parts(page: QuestionPage, values: Values, problems: Mapping[str, str]) -> RatingParts:
    """The page of a therapist. Nothing is chosen beforehand but what was answered before."""
    asked = {question.id: question for question in page.questions()}
    of_both = {question.id for block in page.blocks for question in block.questions if _is_row(block, question)}
    follow = {q.id for q in asked.values() if q.asked_if in of_both}
    notes = [q for q in asked.values() if q.kind == "words"]
    more = [q for q in asked.values() if q.id not in of_both | follow and q.kind != "words"]
    rows = (q for q in asked.values() if q.id in of_both)
    return RatingParts(
        rows=tuple(_row(q, [f for f in asked.values() if f.asked_if == q.id], values, problems) for q in rows),
        more=fields_html(more, values, problems),
        notes=fields_html(notes, values, problems),
        more_open=_open(more, values, problems),
        notes_open=_open(notes, values, problems),
    )


def _is_row(block: QuestionBlock, question: Question) -> bool:
    if block.instrument != CHECK_IN or question.kind != "one" or question.asked_if:
        return False
    return shelf().versions[block.instrument, block.version].item(question.item).commensurate


def _row(question: Question, follow: list[Question], values: Values, problems: Mapping[str, str]) -> RatingRow:
    given = values.get(question.id, ())
    cells = tuple((choice.value, choice.text, choice.value in given) for choice in question.choices)
    return RatingRow(
        question.id, question.text, cells, problems.get(question.id, ""), fields_html(follow, values, problems)
    )


def _open(questions: list[Question], values: Values, problems: Mapping[str, str]) -> bool:
    return any(q.id in problems or any(values.get(q.id, ())) for q in questions)
