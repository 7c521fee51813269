"""A page and what was answered on it go in; the HTML of its questions and of the last look before sending comes out.

Untouched questionnaires are made once per process and only get their names; this is what keeps the check-in fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accord_clinic.questionnaires.page import QuestionPage
from accord_clinic.questionnaires.questions import Question, QuestionBlock, QuestionNames
from accord_clinic.questionnaires.reading import Reader, Values, answered, is_asked, last, reader_field, sharing_field

# Where the readers of an open line go in a page that was made before the practice's readers were known.
READERS_HERE = "<!--readers {id}-->"
HELP_HERE = "<!--help-->"
OWN = ("a1.", "a2.", "how.")


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One line of the last look: the question, what was answered, and with which field and value the other sees it."""

    id: str
    question: str
    answer: str
    words: bool
    choice: Mapping[str, object] | None = None
    decided_by: str = ""
    shown_value: str = ""
    is_kept: bool = False
    note: str = ""
    empty: str = ""
    language: str = ""


def questions_html(
    page: QuestionPage,
    values: Values | None = None,
    problems: Mapping[str, str] | None = None,
    *,
    readers: Sequence[Reader] = (),
    elsewhere: str = "",
    help_text: str = "",
) -> SafeString:
    """All questions of a page, with what was answered so far and what is wrong with it.

    `readers` name the therapist as questions do; `elsewhere` says where to turn when nobody else here reads;
    `help_text` (HTML) is whom to call in need.
    """
    parts = [_fields(page.first, values, problems)]
    for block in page.blocks:
        if values is None and not problems:
            html = page_names(_blank(block, get_language() or ""), page.names)
        else:
            filled = tuple(q.filled(page.names) for q in block.questions)
            html = _block_html(block, _fields(filled, values, problems))
        for question in block.questions:
            if question.reader:
                place = READERS_HERE.format(id=question.id)
                chosen = last(values or {}, reader_field(question)) or readers[0].value
                choice = _readers_html(reader_field(question), tuple(readers), chosen, elsewhere, get_language() or "")
                html = html.replace(place, page_names(choice, page.names))
        parts.append(html.replace(HELP_HERE, help_text))
    parts.append(_fields(page.last, values, problems))
    return mark_safe("".join(parts))  # noqa: S308 - every part comes from an autoescaping template


def review_html(page: QuestionPage, values: Values | None = None, *, hidden: bool) -> SafeString:
    """The rows of the last look. `hidden`: for the script, which opens and fills them; every question has its row."""
    rows = [_rows_html(page.first, values, page.names, hidden)]
    for block in page.blocks:
        if hidden and values is None:
            rows.append(page_names(_blank_rows(block, get_language() or ""), page.names))
        else:
            rows.append(_rows_html(block.questions, values, page.names, hidden))
    return mark_safe("".join([*rows, _rows_html(page.last, values, page.names, hidden)]))  # noqa: S308 - as above


def answers_in_words(page: QuestionPage, values: Values) -> list[ReviewRow]:
    """What was answered, question by question, in the words that the person saw; what was left out is left out."""
    return [row(q, values) for q in page.questions() if answered(q, values)]


def page_names(html: str, names: QuestionNames) -> str:
    """Put the names into HTML that was made without them."""
    return QuestionNames(*(escape(name) for name in (names.session, names.client, names.therapist))).fill(html)


@lru_cache(maxsize=512)
def _blank(block: QuestionBlock, language: str) -> str:
    return _block_html(block, _fields(block.questions, None, None))


@lru_cache(maxsize=512)
def _blank_rows(block: QuestionBlock, language: str) -> str:
    return _rows_html(block.questions, None, None, hidden=True)


def _block_html(block: QuestionBlock, fields: str) -> str:
    return render_to_string("client/_block.html", {"block": block, "fields": mark_safe(fields)})  # noqa: S308


def _fields(questions: Sequence[Question], values: Values | None, problems: Mapping[str, str] | None) -> str:
    if values is None and not problems:
        return "".join(_blank_field(q) for q in questions)
    return "".join(_field_html(q, values or {}, problems or {}) for q in questions)


def _field_html(question: Question, values: Values, problems: Mapping[str, str]) -> str:
    return render_to_string("client/_question.html", {"question": _field(question, values, problems)})


def _blank_field(question: Question) -> str:
    """Questions about one concern, goal or task differ from the next person's in id and text alone."""
    if not question.id.startswith(OWN):
        return _field_html(question, {}, {})
    return _own(_field_of_anybody(replace(question, id="{id}", text="{text}"), get_language() or ""), question)


@lru_cache(maxsize=64)
def _field_of_anybody(question: Question, language: str) -> str:
    return _field_html(question, {}, {})


@lru_cache(maxsize=64)
def _row_of_anybody(question: Question, language: str) -> str:
    return _row_html(row(question, {}, hidden=True), hidden=True)


def _own(html: str, question: Question) -> str:
    # The text last: it may hold a person's words, in which nothing is to be replaced.
    return html.replace("{id}", question.id).replace("{text}", escape(question.text))


def _field(question: Question, values: Values, problems: Mapping[str, str]) -> dict[str, object]:
    given = values.get(question.id, ())
    return {
        "id": question.id,
        "text": question.text,
        "lead": question.lead,
        "hint": question.hint,
        "kind": question.kind,
        "choices": [{"value": c.value, "text": c.text, "chosen": c.value in given} for c in question.choices],
        "skipped": "" in given,
        "value": last(values, question.id),
        "asked_if": question.asked_if,
        "asked_at_least": question.asked_at_least,
        "condition": question.condition,
        "error": problems.get(question.id, ""),
        "safety": question.safety,
        "short": all(len(c.text) <= 2 for c in question.choices),
        "notice": question.notice,
        "language": question.language,
        "foreign": question.foreign,
        "readers": mark_safe(READERS_HERE.format(id=question.id)) if question.reader else "",  # noqa: S308 - our own ids
    }


@lru_cache(maxsize=64)
def _readers_html(name: str, readers: tuple[Reader, ...], chosen: str, elsewhere: str, language: str) -> str:
    context = {"name": name, "readers": readers, "chosen": chosen, "elsewhere": elsewhere}
    return render_to_string("client/_readers.html", context)


def _rows_html(questions: Sequence[Question], values: Values | None, names: QuestionNames | None, hidden: bool) -> str:
    """Rows of some questions; `names` is left out where they are put in later."""
    deciding = {q.id: field for q in questions if (field := sharing_field(q) or reader_field(q))}
    rows = []
    for question in questions:
        if not hidden and not is_asked(question, values or {}):
            continue
        if hidden and values is None and question.id.startswith(OWN):
            rows.append(
                _own(_row_of_anybody(replace(question, id="{id}", text="{text}"), get_language() or ""), question)
            )
            continue
        decided_by = deciding.get(question.id) or deciding.get(question.asked_if, "")
        line = row(question.filled(names) if names else question, values or {}, decided_by, hidden=hidden)
        rows.append(_row_html(replace(line, note=names.fill(line.note)) if names else line, hidden))
    return "".join(rows)


def _row_html(line: ReviewRow, hidden: bool) -> str:
    return render_to_string("client/_review_row.html", {"row": line, "hidden": hidden})


def row(question: Question, values: Values, decided_by: str = "", *, hidden: bool = False) -> ReviewRow:
    """One question with its answer. What hangs on a kept answer names the same field, or it would give it away."""
    shown_value = "therapist" if question.reader else "show"
    return ReviewRow(
        id=question.id,
        question=question.text,
        answer=answer_in_words(question, values),
        words=question.kind == "words",
        choice=_sharing(question, values) if question.sharing and (hidden or answered(question, values)) else None,
        decided_by=decided_by,
        shown_value=shown_value,
        is_kept=bool(decided_by) and answered(question, values) and last(values, decided_by) not in ("", shown_value),
        note=_("This is not shown to {therapist}.") if decided_by else "",
        empty=_("left out"),
        language=question.language,
    )


def _sharing(question: Question, values: Values) -> Mapping[str, object]:
    chosen = last(values, sharing_field(question)) or "show"
    options = (("show", _("Show it")), ("raise", _("I’ll raise it myself")), ("not_yet", _("Not yet")))
    return {
        "name": sharing_field(question),
        "least": 0,
        "legend": question.text,
        "options": [{"value": value, "text": text, "chosen": value == chosen} for value, text in options],
    }


def answer_in_words(question: Question, values: Values) -> str:
    """The answer as the person read it; nothing when it was left out."""
    given = values.get(question.id, ())
    if question.kind == "words":
        return last(values, question.id).strip()
    return ", ".join(c.text for c in question.choices if c.value in given)
