"""A talk sheet as a tagged PDF (PDF/UA-1) in the client's language; the layout is `exports/print/talk.typ`.

Words arrive as data, never as markup. A letter that no font here has is printed as □, and the sheet says so: PDF/UA
refuses what it cannot show, and one emoji must not take a whole sheet from two people.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accord_clinic.charts.strips import strip_svg
from accord_clinic.pages.answers import AnswerRow, OwnWords
from accord_clinic.pages.talk_sheet import Sheet
from accord_clinic.posted import without_controls

FOLDER = Path(__file__).parent / "print"
MARK = "□"
BASIC = frozenset("\n\t" + "".join(map(chr, [*range(0x20, 0x7F), *range(0xA1, 0x180)])) + "–—‘’“”„…·●■□✓")
"""Letters and signs that typst's own fonts have, so nobody has to ask."""


def talk_pdf(sheet: Sheet, zone: ZoneInfo) -> bytes:
    """The sheet on A4. Typst reads one JSON string, so nothing that a person wrote is ever compiled."""
    with override(sheet.language):
        return printed("talk", _data(sheet, zone))


def printed(layout: str, texts: dict[str, Any]) -> bytes:
    """The PDF of a layout in `print/`, whose `foot` says so where a sign could not be printed."""
    data = _each(texts, without_controls)
    lacking = _("{mark} stands for a character that could not be printed. You can see it on the page.").format(
        mark=MARK
    )
    try:
        return _compiled(layout, data)
    except typst.TypstError:
        said_so = {"foot": f"{data['foot']} {lacking}"}
    try:
        return _compiled(layout, _each(data, _printable) | said_so)
    except typst.TypstError:
        # Signs that can be shown alone and not together: only the letters that every font has are left.
        return _compiled(layout, _each(data, _latin) | said_so)


def _compiled(layout: str, data: Any) -> bytes:
    sheet = json.dumps(data)
    made = _compiler(layout).compile(format="pdf", pdf_standards="ua-1", sys_inputs={"sheet": sheet})
    assert isinstance(made, bytes)  # one document, into memory
    return made


def _each(data: Any, change: Callable[[str], str]) -> Any:
    """The same data with each text in it changed."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {name: _each(value, change) for name, value in data.items()}
    return [_each(value, change) for value in data] if isinstance(data, list | tuple) else data


def _printable(text: str) -> str:
    return "".join(sign if sign in BASIC or _prints(sign) else MARK for sign in text)


def _latin(text: str) -> str:
    return "".join(sign if sign in BASIC else MARK for sign in text)


@lru_cache(maxsize=20_000)
def _prints(sign: str) -> bool:
    """Whether a font of this machine has it; asked of typst itself, since only that decides."""
    try:
        _compiled("sign", sign)
    except typst.TypstError:
        return False
    return True


def _data(sheet: Sheet, zone: ZoneInfo) -> dict[str, Any]:
    answers = sheet.answers
    return {
        "lang": sheet.language,
        "title": _("How each of you saw session {number}").format(number=sheet.number),
        "kicker": _("Talk sheet · {day} · to look at together").format(
            day=date_format(sheet.start.astimezone(zone), "DATE_FORMAT")
        ),
        "how": sheet.how,
        "foot": sheet.foot,
        "voices": sorted(sheet.voices),
        "client": sheet.client,
        "therapist": sheet.therapist,
        "felt_name": answers.felt.name if answers.felt else _("Comments") if answers.words else "",
        "felt": asdict(answers.felt) if answers.felt else None,
        "words": [_own_words(sheet, words) for words in answers.words],
        "apart_name": _("Answered differently") if answers.apart or answers.alike else "",
        "alike": "" if answers.apart else answers.nothing_apart,
        "apart": [asdict(difference) for difference in answers.apart],
        "rows_name": _("All the answers"),
        "marks": answers.how_to_read,
        "heads": [_("Question"), _("From"), _("Answers"), _("To")],
        "rows": [_row(sheet, row) for row in answers.rows],
        "measures": [asdict(measure) for measure in answers.measures],
        "lines": [asdict(line) for line in sheet.lines],
        "goals_name": _("Goals and tasks"),
        "goals": [_goal(sheet, goal) for goal in sheet.goals],
    }


def _own_words(sheet: Sheet, words: OwnWords) -> dict[str, str]:
    name = sheet.client if words.side == "client" else sheet.therapist
    return {"side": words.side, "words": words.words, "by": " · ".join(filter(None, (name, words.about)))}


def _row(sheet: Sheet, row: AnswerRow) -> dict[str, Any]:
    voices = ((sheet.client, row.client_words), (sheet.therapist, row.therapist_words))
    return asdict(row) | {
        "is_low": row.is_low,
        "picture": strip_svg(row.steps, row.client, row.therapist),
        "words": " ".join(f"{name}: {words}." for name, words in voices if words),
    }


def _goal(sheet: Sheet, goal) -> dict[str, str]:
    names = {"client": sheet.client, "therapist": sheet.therapist}
    sealed = ", ".join(names[side] for side in ("client", "therapist") if side in goal.sealed_by) or _("nobody yet")
    state = _("agreed by both") if goal.agreed else _("confirmed by {names}").format(names=sealed)
    return {"words": goal.words, "state": state}


@cache
def _compiler(layout: str) -> typst.Compiler:
    return typst.Compiler(str(FOLDER / f"{layout}.typ"), root=str(FOLDER))
