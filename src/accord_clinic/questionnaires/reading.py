"""What was posted goes in; out comes a Submission, or a sentence for each answer that cannot be taken.

Strict: a field that was not asked or a value that was not offered is refused. Nothing that a person wrote is lost:
the page is shown again with everything on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord.records import Answer
from accord_clinic.posted import whole_number
from accord_clinic.questionnaires.page import ASKING_AGAIN, MOST_PICKS, QuestionPage
from accord_clinic.questionnaires.questions import Question, QuestionBlock
from accord_clinic.questionnaires.shelf import instrument
from accord_clinic.questionnaires.submission import SHARING, AnsweredPart, AskedAgain, OpenLine, Submission
from accord_clinic.records.picks import PICKED, PICKED_WORDS

MOST_CHARACTERS = 10_000
PAGE_FIELDS = frozenset({"csrfmiddlewaretoken", "key", "reviewed", "change", "choose", "helped"})
TALKED = {"yes": True, "partly": True, "no": False}
Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may read an open line; `hint` says what to know before choosing."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """`submission` is there when there are no problems. `values` are the posted ones, cleaned, to show again.

    `problems` is keyed by the question's id; "" is the page as a whole. `notes` say what was changed in the words.
    """

    values: Values
    submission: Submission | None
    problems: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read(
    page: QuestionPage,
    posted: Values,
    *,
    key: str,
    language: str,
    readers: Sequence[Reader] = (),
    begun_at: datetime | None = None,
    context: Mapping[str, str] | None = None,
    was_cleaned: bool = False,
) -> Reading:
    """Check everything that was posted against what the page asked.

    `was_cleaned`: characters that cannot be kept were taken out on the way, which the person is told.
    """
    problems: dict[str, str] = {}
    values = {name: [_clean(text) for text in texts] for name, texts in posted.items()}
    notes: tuple[str, ...] = ()
    if was_cleaned:
        notes = (_("One character could not be saved and was removed. The rest is as you wrote it."),)
    questions = page.unfilled_questions()
    fields = {q.id for q in questions} | {
        name for q in questions for name in (sharing_field(q), reader_field(q)) if name
    }
    if page.side == "therapist":
        fields.add("reaction")
    if set(values) - fields - PAGE_FIELDS:
        problems[""] = _(
            "This page held an answer to a question that was not asked, so nothing was sent. Please check "
            "your answers and send them again."
        )
    for question in questions:
        problem = _problem(question, values, readers)
        if problem:
            problems[question.id] = problem
    _check_picks(values, problems)
    submission = None if problems else _submission(page, values, key, language, begun_at, context or {})
    return Reading(values, submission, problems, notes)


def sharing_field(question: Question) -> str:
    """The name of the field that says whether an answer is shown; "" where it cannot be kept."""
    return f"share.{question.id}" if question.sharing else ""


def reader_field(question: Question) -> str:
    """The name of the field in which the client says who may read these words; "" when that is not asked."""
    return f"read.{question.id}" if question.reader else ""


def last(values: Values, name: str) -> str:
    """The posted value of a field, or nothing."""
    texts = values.get(name) or ("",)
    return texts[-1]


def is_asked(question: Question, values: Values) -> bool:
    """Whether a question that hangs on another is asked, after what was answered there."""
    if not question.asked_if:
        return True
    numbers = (whole_number(text) for text in values.get(question.asked_if, ()))
    return any(number is not None and number >= question.asked_at_least for number in numbers)


def answered(question: Question, values: Values) -> bool:
    """Whether this question was asked and has an answer."""
    return is_asked(question, values) and any(text.strip() for text in values.get(question.id, ()))


def is_kept(question: Question, values: Values) -> bool:
    """Whether this answer was given and is to be shown to nobody."""
    return answered(question, values) and last(values, sharing_field(question)) not in ("", "show")


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n")


def _problem(question: Question, values: Values, readers: Sequence[Reader]) -> str:
    given = [text for text in values.get(question.id, ()) if text]
    if question.sharing and last(values, sharing_field(question)) not in ("", *SHARING):
        return _("Please choose again if this can be shown.")
    if question.kind == "words":
        return _words_problem(question, given, values, readers)
    offered = {choice.value for choice in question.choices}
    if not set(given) <= offered or (question.kind == "one" and len(set(given)) > 1):
        return _("Please choose one of the answers, or skip the question.")
    return ""


def _words_problem(question: Question, given: Sequence[str], values: Values, readers: Sequence[Reader]) -> str:
    length = max(map(len, given), default=0)
    if length > MOST_CHARACTERS:
        too_many = ngettext(
            "There is room for {most} characters here, and this is {n} too long. Please shorten it.",
            "There is room for {most} characters here, and this is {n} too long. Please shorten it.",
            length - MOST_CHARACTERS,
        )
        return too_many.format(most=MOST_CHARACTERS, n=length - MOST_CHARACTERS)
    if question.reader and last(values, reader_field(question)) not in ("", *(r.value for r in readers)):
        return _("Please choose again who can read this.")
    return ""


def _check_picks(values: Values, problems: dict[str, str]) -> None:
    if len(set(values.get(PICKED, ()))) + len(_lines(values)) > MOST_PICKS:
        where = PICKED if values.get(PICKED) else PICKED_WORDS
        problems.setdefault(where, _("Please choose three at most."))


def _lines(values: Values) -> list[str]:
    return [line.strip() for line in last(values, PICKED_WORDS).split("\n") if line.strip()]


def _submission(
    page: QuestionPage, values: Values, key: str, language: str, begun_at: datetime | None, context: Mapping[str, str]
) -> Submission:
    lines = (q for part in page.blocks for q in part.questions if q.kind == "words" and answered(q, values))
    of = {q.id: part.instrument for part in page.blocks for q in part.questions}
    kept_ids = {q.id for q in page.unfilled_questions() if is_kept(q, values)}
    return Submission(
        key=key,
        language=language,
        parts=tuple(_part(part, values) for part in page.blocks),
        open_lines=tuple(
            OpenLine(of[q.id], q.item, last(values, q.id), last(values, reader_field(q)) or "therapist") for q in lines
        ),
        sharing={
            (part.instrument, q.item): last(values, sharing_field(q))
            for part in page.blocks
            for q in part.questions
            if q.id in kept_ids
        },
        around={q.id: " ".join(values[q.id]).strip() for q in (*page.first, *page.last) if q.id in kept_ids},
        again=_again(page, values, kept_ids),
        progress={
            q.id.removeprefix("how."): int(last(values, q.id))
            for q in page.last
            if q.id.startswith("how.") and last(values, q.id) and q.id not in kept_ids
        },
        picked=() if PICKED in kept_ids else tuple(dict.fromkeys(values.get(PICKED, ()))),
        picked_words=() if PICKED_WORDS in kept_ids else tuple(_lines(values)),
        reaction=last(values, "reaction").strip() if page.side == "therapist" else "",
        begun_at=begun_at,
        context=dict(context),
    )


def _part(part: QuestionBlock, values: Values) -> AnsweredPart:
    """What was answered: a skipped question leaves no trace. Words travel apart, with their reader."""
    asked = (q for q in part.questions if q.kind != "words" and is_asked(q, values))
    answers = {q.item: answer for q in asked if (answer := _answer(q, values)) is not None}
    return AnsweredPart(part.instrument, part.version, part.form, part.wording, answers, part.language)


def _answer(question: Question, values: Values) -> Answer:
    if question.kind == "many":
        chosen = set(values.get(question.id, ()))
        return tuple(c.value for c in question.choices if c.value in chosen) or None
    text = last(values, question.id)
    return int(text) if text else None


def _again(page: QuestionPage, values: Values, kept_ids: set[str]) -> tuple[AskedAgain, ...]:
    """The client's word on each earlier concern that was answered and is shown."""
    codes_by_strain: dict[str, dict[str, str]] = {}
    codes_of = instrument(ASKING_AGAIN).answer_set
    for question in page.first:
        item, _dot, uid = question.id.partition(".")
        if last(values, question.id) and question.id not in kept_ids:
            codes_by_strain.setdefault(uid, {})[item] = codes_of(item).code(int(last(values, question.id)))
    return tuple(
        AskedAgain(uid, TALKED.get(codes.get("a1", "")), codes.get("a2"), codes.get("a1"))
        for uid, codes in codes_by_strain.items()
    )
