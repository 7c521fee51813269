"""Sessions, moments, telephone numbers and pages that were read, as a sentence says them: in the language and zone that
are active."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accord_clinic.records.agreements import LEVEL_NUMBERS

LEVEL_NAMES = (
    gettext_lazy("much less than agreed"),
    gettext_lazy("less than agreed"),
    gettext_lazy("as agreed"),
    gettext_lazy("more than agreed"),
    gettext_lazy("much more than agreed"),
)
NUMBER = re.compile(r"\+?\d[\d ()/-]{1,}\d")


def day(moment: datetime) -> str:
    """The weekday of the last seven days, else the date: "Tuesday", "November 3"."""
    local = timezone.localtime(moment)
    ago = (timezone.localtime() - local.replace(hour=0, minute=0, second=0, microsecond=0)).days
    return date_format(local, "l") if 0 <= ago < 7 else date_format(local, "MONTH_DAY_FORMAT")


def session_on(moment: datetime) -> str:
    """A session as questions name it; it fits after "in". Never "today": people answer later."""
    return _("the session on {day}").format(day=day(moment))


def about(moment: datetime, therapist: str) -> str:
    """The line on top of a check-in. "After": what it asks may be about weeks, as questionnaires on symptoms are."""
    return _("After the session on {day} with {therapist}").format(day=day(moment), therapist=therapist)


def at(moment: datetime) -> str:
    """A moment with its weekday, date and time."""
    local = timezone.localtime(moment)
    parts = (date_format(local, "l"), date_format(local, "MONTH_DAY_FORMAT"), date_format(local, "H:i"))
    return ", ".join(parts)


def weekday_and_date(moment: datetime) -> str:
    """A day with its weekday, whenever it is."""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'l')}, {date_format(local, 'MONTH_DAY_FORMAT')}"


def clock(moment: datetime) -> str:
    """The time of the day."""
    return date_format(timezone.localtime(moment), "H:i")


def moment(stored: datetime, where: ZoneInfo, form: str) -> str:
    """A stored moment as a page for people who work here shows it: in the practice's zone, in the reader's language."""
    return _moment(stored, where, form, get_language())


@lru_cache(maxsize=4096)
def _moment(stored: datetime, where: ZoneInfo, form: str, _language: str | None) -> str:
    """Remembered, since a list shows the same moments each time: it was a tenth of Today."""
    return date_format(timezone.localtime(stored, where), form)


def how_long(seconds: int) -> str:
    """From how long it takes somebody who knows the questions to how long somebody needs who weighs each answer.

    The questionnaires' seconds are those of the first, counted in taps and words of the questions. With the words of
    answers and notices the same count comes to 1.8 times as many.
    """
    least, most = max(1, round(seconds / 60)), max(2, round(1.8 * seconds / 60))
    if seconds <= 45:
        return _("about a minute")
    if (least, most) == (1, 2):
        return _("one to two minutes")
    return _("{least} to {most} minutes").format(least=least, most=most)


@lru_cache(maxsize=64)
def with_numbers(text: str) -> SafeString:
    """A practice's text with each telephone number as something to tap."""
    parts, start = [], 0
    for number in NUMBER.finditer(text):
        digits = re.sub(r"[^\d+]", "", number[0])
        if len(digits) >= 3:
            link = format_html('<a href="tel:{}" class="nowrap">{}</a>', digits, number[0])
            parts += [escape(text[start : number.start()]), link]
            start = number.end()
    parts.append(escape(text[start:]))
    return format_html_join("", "{}", ((mark_safe(part),) for part in parts))  # noqa: S308 - each part is escaped above


def pages_read() -> dict[str, str]:
    """What a line of the read log says somebody has opened, to the client whose words stood there."""
    return {
        "talk_sheet": _("the talk sheet"),
        "talk_sheet_pdf": _("the talk sheet, as a file"),
        "note": _("your answers, for a note in the care record"),
        "course_file": _("your answers over time, as a file for the care record"),
        "prepare_sheet": _("your answers, to prepare a session"),
        "safety_answer": _("your answer to a question about safety"),
        "goals": _("your shared goals"),
        "treatment_plan": _("your treatment plan"),
        "looking_back": _("the sheet that looks back"),
        "expectations": _("what you both expected before the first session"),
        "strain": _("something that felt off"),
        "course": _("your answers over time"),
        "words": _("your answers over time, with your words"),
        "correction": _("what you said is wrong"),
        "outside_line": _("a comment that you wrote to somebody else here"),
        "study_file": _("your answers under a number, in a file for research"),
        "study_report": _("your answers under a number, counted in a report for research"),
        "record": _("what you let this program read"),
    }


def helpers() -> dict[str, str]:
    """Who may have helped a client to answer, by `submission.HELPERS`."""
    return {
        "interpreter": _("An interpreter"),
        "carer": _("Somebody close to me, or a carer"),
        "read_aloud": _("Somebody read it to me"),
        "other": _("In another way"),
    }


def how_answered(context: Mapping[str, object], client: str) -> str:
    """How a client's answers came, where that was not alone and on a screen: to be said with the answers."""
    if context.get("page") == "paper":
        return _("{client} answered on paper; it was typed in here").format(client=client)
    texts = {
        "interpreter": _("{client} answered with an interpreter"),
        "carer": _("{client} answered with somebody close, or a carer"),
        "read_aloud": _("the questions were read to {client}"),
        "other": _("{client} answered with help"),
    }
    return texts.get(str(context.get("helped")), "").format(client=client)


def level_fields(levels: Sequence[str]) -> list[tuple[str, str, str]]:
    """A field for each level of a goal: its number, its words so far, and what it is called."""
    so_far = levels or ("",) * len(LEVEL_NAMES)
    return list(zip(LEVEL_NUMBERS, so_far, map(str, LEVEL_NAMES), strict=True))
