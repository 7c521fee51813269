"""A check-in on paper, for a pen: one A4 page in the client's language, with a code and without the client's name.

It asks the check-in alone: choices with one answer, and the open lines. The layout is `exports/print/paper.typ`.
"""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from accord_clinic.exports.pdf import printed
from accord_clinic.questionnaires import QuestionNames, block
from accord_clinic.questionnaires.questions import Question, QuestionBlock
from accord_clinic.records.checkin import Link
from accord_clinic.words import phrases

ON_FRONT = 6
"""So many questions stand above the fold: the page is folded at its middle, and the answers lie inside."""


def paper_pdf(link: Link, asked: tuple[str, str], code: str) -> bytes:
    """The page for one session. `asked`: the questionnaire and its form; `code`: what the page is typed in by."""
    with override(link.client.language):
        names = QuestionNames(phrases.session_on(link.session.start), link.client.called, link.therapist)
        part = block(*asked, "client", 0)
        return printed("paper", _data(link, names, part, code)) if part else b""


def _data(link: Link, names: QuestionNames, part: QuestionBlock, code: str) -> dict[str, Any]:
    outside = link.outside_reader.name if link.outside_reader else ""
    questions = [q.filled(names) for q in part.questions]
    asked = [_question(q) for q in _parents_first(questions)]
    return {
        "lang": link.client.language,
        "kicker": f"{link.practice.name} · {_('check-in on paper')}",
        "title": _("How was the session on {day}?").format(day=phrases.day(link.session.start)),
        "how": _("Tick one box in each row. You can skip any row. Please do not write your name on this form."),
        "code_name": _("Code of this form"),
        "code": f"{code[:4]}-{code[4:]}",
        "reads_name": _("Who reads it:"),
        "reads": _(
            "Somebody here who does not treat you enters your answers and sees them. If {therapist} works "
            "alone, {therapist} enters them after answering too. Nobody reads them before that. After that, "
            "{therapist} reads what you have ticked."
        ).format(therapist=link.therapist),
        "first": asked[:ON_FRONT],
        "second": asked[ON_FRONT:],
        "fold": _("fold here, answers inside"),
        "lines": [q.text for q in questions if q.kind == "words"],
        "seal": _("for {name}: cut here, fold it and seal it").format(name=outside),
        "sealed": _(
            "Only {name} opens this part. {therapist} does not, and neither does the person who enters the rest."
        ).format(name=outside, therapist=link.therapist)
        if outside
        else "",
        "foot": _("Leave blank what you want to keep to yourself. {help} Nobody reads this form right away.").format(
            help=link.practice.crisis_text
        )
        + f" {part.title} {part.version}, CC BY 4.0",
    }


def _parents_first(questions: list[Question]) -> list[Question]:
    """What hangs on an answer stands under it: on paper nobody is led there later."""
    ticked = [q for q in questions if q.kind == "one"]
    return [each for q in ticked if not q.asked_if for each in (q, *(f for f in ticked if f.asked_if == q.id))]


def _question(question: Question) -> dict[str, Any]:
    text = _("If yes: {question}").format(question=question.text) if question.asked_if else question.text
    return {"text": text, "choices": [choice.text for choice in question.choices]}
