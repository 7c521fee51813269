"""What was sent goes in; the values that a page would have posted for it come out, so that it can be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accord_clinic.questionnaires.page import ASKING_AGAIN, QuestionPage
from accord_clinic.questionnaires.questions import Question, QuestionBlock
from accord_clinic.questionnaires.reading import reader_field, sharing_field
from accord_clinic.questionnaires.shelf import instrument
from accord_clinic.records.picks import PICKED, PICKED_WORDS

Key = tuple[str, str]


def values_of_blocks(
    page: QuestionPage,
    answers: Mapping[Key, object],
    lines: Mapping[Key, tuple[str, str]],
    sharing: Mapping[Key, str],
) -> dict[str, list[str]]:
    """Answers, words with their readers and what is kept; all keyed by instrument and item."""
    values: dict[str, list[str]] = {}
    for block in page.blocks:
        for question in block.questions:
            _fill(values, block, question, answers, lines)
            if (block.instrument, question.item) in sharing:
                values[sharing_field(question)] = [sharing[block.instrument, question.item]]
    return {name: given for name, given in values.items() if name}


def _fill(
    values: dict[str, list[str]],
    block: QuestionBlock,
    question: Question,
    answers: Mapping[Key, object],
    lines: Mapping[Key, tuple[str, str]],
) -> None:
    key = (block.instrument, question.item)
    if key in lines:
        words, reader = lines[key]
        values[question.id], values[reader_field(question)] = [words], [reader]
    elif answers.get(key) is not None:
        answer = answers[key]
        values[question.id] = list(answer) if isinstance(answer, (list, tuple)) else [str(answer)]


def values_of_the_rest(
    again: Sequence[Mapping[str, object]],
    progress: Mapping[str, int],
    picked: Sequence[str],
    picked_words: Sequence[str],
    around: Mapping[str, str] | None = None,
) -> dict[str, list[str]]:
    """The word on earlier concerns (as stored with the response), on goals and tasks, and the picks.

    `around`: those of them that are kept, as they were posted; several picks with spaces between.
    """
    values = {f"how.{uid}": [str(value)] for uid, value in progress.items()}
    questionnaire = instrument(ASKING_AGAIN)
    answers_to = {item.id: questionnaire.answer_set(item.id) for item in questionnaire.items}
    for concern in again:
        for item, code in (("a1", concern.get("answer")), ("a2", concern.get("stands"))):
            answers = answers_to.get(item)
            if answers and code in answers.codes:
                values[f"{item}.{concern['strain']}"] = [str(answers.values[answers.codes.index(code)])]
    if picked:
        values[PICKED] = list(picked)
    if picked_words:
        values[PICKED_WORDS] = ["\n".join(picked_words)]
    for name, value in (around or {}).items():
        values[name] = value.split() if name == PICKED else [value]
        values[f"share.{name}"] = ["raise"]
    return values
