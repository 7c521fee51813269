"""A page and what was answered on it go in; the HTML of its questions and of the last look before sending comes out.

Untouched questionnaires are made once per process and only get their names; this is what keeps the check-in fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import zip_longest

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accord.signals import LINE_CROSSED
from accord_clinic.questionnaires.page import QuestionPage
from accord_clinic.questionnaires.plan import HAVE_A_PLACE
from accord_clinic.questionnaires.questions import Question, QuestionBlock, QuestionNames
from accord_clinic.questionnaires.reading import Reader, Values, answered, last, reader_field, sharing_field
from accord_clinic.words import phrases

# Where the readers of an open line go in a page that was made before the practice's readers were known.
READERS_HERE = "<!--readers {id}-->"
HELP_HERE = "<!--help-->"
INSTEAD_HERE = "<!--instead-->"
OWN = ("a1.", "a2.", "how.")
FOLDED_FROM = 5
"""So many questions make an outcome measure a long one in the last look. Two or four rows are no shorter folded."""


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
    language: str = ""


def questions_html(
    page: QuestionPage,
    values: Values | None = None,
    problems: Mapping[str, str] | None = None,
    *,
    readers: Sequence[Reader] = (),
    elsewhere: str = "",
    help_text: str = "",
    instead: str = "",
) -> SafeString:
    """All questions of a page, with what was answered so far and what is wrong with it.

    `readers` name the therapist as questions do; `elsewhere` says where to turn when nobody else here reads;
    `help_text` (HTML) is whom to call in need; `instead`: what a client can do who ticks that a line was crossed.
    """
    parts = [_fields(page.first, values, problems)]
    parts += [_part_html(page, block, values, problems, readers, elsewhere, help_text) for block in page.body]
    parts.append(_fields(page.around, values, problems))
    parts += [_part_html(page, block, values, problems, readers, elsewhere, help_text) for block in page.closing]
    notice = render_to_string("client/_instead.html", {"instead": instead}) if instead else ""
    html = "".join(parts).replace(INSTEAD_HERE, notice)
    return mark_safe(html)  # noqa: S308 - every part comes from an autoescaping template


def _part_html(
    page: QuestionPage,
    block: QuestionBlock,
    values: Values | None,
    problems: Mapping[str, str] | None,
    readers: Sequence[Reader],
    elsewhere: str,
    help_text: str,
) -> str:
    """The questions of one questionnaire, or of a part of it."""
    if values is None and not problems:
        html = page_names(_blank(block, get_language() or ""), page.names)
    else:
        asked = tuple(q.filled(page.names) for q in block.questions)
        html = _block_html(block, _fields(asked, values, problems, block.side))
    for question in block.questions:
        if question.reader:
            marked = READERS_HERE.format(id=question.id)
            chosen = last(values or {}, reader_field(question)) or readers[0].value
            choice = _readers_html(reader_field(question), tuple(readers), chosen, elsewhere, get_language() or "")
            html = html.replace(marked, page_names(choice, page.names))
    return html.replace(HELP_HERE, help_text)


def review_html(page: QuestionPage, values: Values, *, choosing: bool = False) -> SafeString:
    """The rows of the last look without script: what was answered. With it, the script makes them.

    `choosing`: each row says whether its answer is shown or kept.
    """
    rows = [_rows_html(page.first, values, page.names, choosing)]
    rows += [_rows_of_block(part, values, page.names, choosing) for part in page.body]
    rest = (page.around, *(part.questions for part in page.closing))
    rows += [_rows_html(group, values, page.names, choosing) for group in rest]
    return mark_safe("".join(rows))  # noqa: S308 - as above


def last_screen_html(page: QuestionPage, texts: Mapping[str, str], *, choosing: bool, helped: str = "") -> SafeString:
    """The last screen of the script and its buttons. `texts` name the therapist as questions do; `helped`: who did."""
    html = _last_screen(tuple(texts.items()), choosing, helped, get_language() or "")
    return mark_safe(page_names(html, page.names))  # noqa: S308 - from an autoescaping template


@lru_cache(maxsize=64)
def _last_screen(texts: tuple[tuple[str, str], ...], choosing: bool, helped: str, language: str) -> str:
    helpers = [("", _("Nobody")), *phrases.helpers().items()]
    context = {"texts": dict(texts), "choosing": choosing, "helped": helped, "helpers": helpers}
    return render_to_string("client/_last_screen.html", context)


def keeping(page: QuestionPage, values: Values) -> list[ReviewRow]:
    """For a page in one piece: each answer that can be kept, and whether it is. `decided_by` names the field."""
    rows = []
    for question in page.questions():
        field = sharing_field(question)
        if field:
            is_kept = last(values, field) not in ("", "show")
            rows.append(ReviewRow(question.id, question.text, "", False, decided_by=field, is_kept=is_kept))
    return rows


def answers_in_words(page: QuestionPage, values: Values) -> list[ReviewRow]:
    """What was answered, question by question, in the words that the person saw; what was left out is left out."""
    return [row(q, values) for q in page.questions() if answered(q, values)]


def page_names(html: str, names: QuestionNames) -> str:
    """Put the names into HTML that was made without them."""
    return QuestionNames(*(escape(name) for name in (names.session, names.client, names.therapist))).fill(html)


@lru_cache(maxsize=512)
def _blank(block: QuestionBlock, language: str) -> str:
    return _block_html(block, _fields(block.questions, None, None, block.side))


def _block_html(block: QuestionBlock, fields: str) -> str:
    context = {"block": block, "fields": mark_safe(fields), "folds": _folds(block)}  # noqa: S308 - from a template
    return render_to_string("client/_block.html", context)


def _folds(block: QuestionBlock) -> str:
    """What a long outcome measure asks: its rows in the last look are folded under that; nothing for all others."""
    is_long = block.instrument not in HAVE_A_PLACE and len(block.questions) >= FOLDED_FROM
    return (block.instruction or block.title) if is_long else ""


def _fields(
    questions: Sequence[Question], values: Values | None, problems: Mapping[str, str] | None, side: str = ""
) -> str:
    """`side`: who is asked, where each question says why it is asked."""
    pairs = [(q, _joins(q, following)) for q, following in zip_longest(questions, questions[1:])]
    if values is None and not problems:
        return "".join(_blank_field(q, joined, side) for q, joined in pairs)
    return "".join(_field_html(q, values or {}, problems or {}, joined, side) for q, joined in pairs)


def fields_html(questions: Sequence[Question], values: Values, problems: Mapping[str, str]) -> SafeString:
    """Some questions of a page whose names are filled in, outside their questionnaire."""
    return mark_safe(_fields(questions, values, problems))  # noqa: S308 - from an autoescaping template


def _joins(question: Question, following: Question | None) -> bool:
    """Whether the next question stands on the same screen: so no tap is spent on going on from the first."""
    return following is not None and question.kind != "one" and question.asked_if == following.asked_if


def _field_html(
    question: Question, values: Values, problems: Mapping[str, str], joined: bool = False, side: str = ""
) -> str:
    context = {"question": _field(question, values, problems, joined), "side": side, "item": question.item}
    return render_to_string("client/_question.html", context)


def _blank_field(question: Question, joined: bool, side: str = "") -> str:
    """Questions about one concern, goal or task differ from the next person's in id and text alone."""
    if not question.id.startswith(OWN):
        return _field_html(question, {}, {}, joined, side)
    return _own(_field_of_anybody(replace(question, id="{id}", text="{text}"), get_language() or ""), question)


@lru_cache(maxsize=64)
def _field_of_anybody(question: Question, language: str) -> str:
    return _field_html(question, {}, {})


def _own(html: str, question: Question) -> str:
    # The text last: it may hold a person's words, in which nothing is to be replaced.
    return html.replace("{id}", question.id).replace("{text}", escape(question.text))


def _field(question: Question, values: Values, problems: Mapping[str, str], joined: bool) -> dict[str, object]:
    given = values.get(question.id, ())
    is_kept = last(values, sharing_field(question)) not in ("", "show")
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
        "unless": question.unless,
        "closing": question.closing,
        "joined": joined,
        "share": "" if not question.sharing else "raise" if is_kept else "show",
        "asked_at_least": question.asked_at_least,
        "condition": question.condition,
        "error": problems.get(question.id, ""),
        "safety": question.safety,
        "short": all(len(c.text) <= 2 for c in question.choices),
        "notice": question.notice,
        "language": question.language,
        "foreign": question.foreign,
        "on_sheet": question.on_sheet,
        "tells_instead": LINE_CROSSED,
        "readers": mark_safe(READERS_HERE.format(id=question.id)) if question.reader else "",  # noqa: S308 - our own ids
    }


@lru_cache(maxsize=64)
def _readers_html(name: str, readers: tuple[Reader, ...], chosen: str, elsewhere: str, language: str) -> str:
    context = {"name": name, "readers": readers, "chosen": chosen, "elsewhere": elsewhere}
    return render_to_string("client/_readers.html", context)


def _rows_of_block(part: QuestionBlock, values: Values, names: QuestionNames, choosing: bool) -> str:
    """The rows of one questionnaire. What can be kept of a long measure is folded, open where some of it is kept."""
    about = names.fill(_folds(part))
    folded = [q for q in part.questions if about and q.sharing and answered(q, values)]
    others = [q for q in part.questions if q not in folded]
    html = _rows_html(others, values, names, choosing, among=part.questions)
    if not folded:
        return html
    context = {
        "about": about,
        "language": folded[0].language,
        "count": len(folded),
        "is_open": any(last(values, sharing_field(q)) not in ("", "show") for q in folded),
        "rows": mark_safe(_rows_html(folded, values, names, choosing, among=part.questions)),  # noqa: S308 - from an autoescaping template
    }
    return render_to_string("client/_review_fold.html", context) + html


def _rows_html(
    questions: Sequence[Question], values: Values, names: QuestionNames, choosing: bool, among: Sequence[Question] = ()
) -> str:
    """A row for each that was answered. `among`: where the question that one hangs on may be, too."""
    rows = []
    for question in questions:
        if not answered(question, values):
            continue
        parent = next((q for q in among or questions if q.id == question.asked_if), None)
        deciding = [sharing_field(q) or reader_field(q) for q in (parent, question) if q]
        line = row(question.filled(names), values, " ".join(filter(None, deciding)), choosing=choosing)
        line = replace(line, question=question.on_sheet or line.question, note=names.fill(line.note))
        rows.append(render_to_string("client/_review_row.html", {"row": line}))
    return "".join(rows)


def row(question: Question, values: Values, decided_by: str = "", *, choosing: bool = False) -> ReviewRow:
    """One question with its answer. What hangs on a kept answer names that field, too, or it would give it away."""
    shown_value = "therapist" if question.reader else "show"
    fields = decided_by.split()
    return ReviewRow(
        id=question.id,
        question=question.text,
        answer=answer_in_words(question, values),
        words=question.kind == "words",
        choice=_sharing(question, values) if question.sharing and choosing else None,
        decided_by=decided_by,
        shown_value=shown_value,
        is_kept=answered(question, values) and any(last(values, name) not in ("", shown_value) for name in fields),
        note=_("This is not shown to {therapist}.") if decided_by else "",
        language=question.language,
    )


def _sharing(question: Question, values: Values) -> Mapping[str, object]:
    is_kept = last(values, sharing_field(question)) not in ("", "show")
    options = (("show", _("Show it"), not is_kept), ("raise", _("Keep it"), is_kept))
    return {
        "name": sharing_field(question),
        "legend": question.text,
        "options": [{"value": value, "text": text, "chosen": chosen} for value, text, chosen in options],
    }


def answer_in_words(question: Question, values: Values) -> str:
    """The answer as the person read it; nothing when it was left out."""
    given = values.get(question.id, ())
    if question.kind == "words":
        return last(values, question.id).strip()
    return ", ".join(c.text for c in question.choices if c.value in given)
