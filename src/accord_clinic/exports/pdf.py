"""A talk sheet in, a tagged PDF (PDF/UA-1) in the client's language out; layout: `exports/print/talk.typ`.

Words arrive as data, never as markup.
"""

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import typst
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accord_clinic.pages.talk_sheet import Sheet

FOLDER = Path(__file__).parent / "print"


def talk_pdf(sheet: Sheet, zone: ZoneInfo) -> bytes:
    """The sheet on A4. Typst reads one JSON string, so nothing that a person wrote is ever compiled."""
    with override(sheet.language):
        data = json.dumps(_data(sheet, zone))
    return _compiler().compile(format="pdf", pdf_standards="ua-1", sys_inputs={"sheet": data})


def _data(sheet: Sheet, zone: ZoneInfo) -> dict[str, object]:
    return {
        "lang": sheet.language,
        "title": _("Where {client} and {therapist} stand after session {number}").format(
            client=sheet.client, therapist=sheet.therapist, number=sheet.number
        ),
        "kicker": _("Talk sheet · {day} · made to be looked at together").format(
            day=date_format(sheet.start.astimezone(zone), "DATE_FORMAT")
        ),
        "foot": _("These are two people's answers, not a verdict."),
        "client": sheet.client,
        "therapist": sheet.therapist,
        "alike_name": _("Seen alike"),
        "alike": list(sheet.alike),
        "lines": [asdict(line) for line in sheet.lines],
        "goals_name": _("Goals and tasks"),
        "goals": [_goal(sheet, goal) for goal in sheet.goals],
    }


def _goal(sheet: Sheet, goal) -> dict[str, str]:
    names = {"client": sheet.client, "therapist": sheet.therapist}
    sealed = ", ".join(names[side] for side in ("client", "therapist") if side in goal.sealed_by) or _("nobody yet")
    state = _("agreed by both") if goal.agreed else _("sealed by {names}").format(names=sealed)
    return {"words": goal.words, "state": state}


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(FOLDER / "talk.typ"), root=str(FOLDER))
