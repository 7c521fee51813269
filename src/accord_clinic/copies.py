"""The tables of a copy in; the same as chapters that a person can read, out: titles, headings and cells in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

LEFT_OUT = ("course", "agreement", "of_goal", "instrument", "version", "item", "topic", "rule", "scale")
"""Names for machines: they are in the JSON and CSV, and would only be in the way of reading."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One table, ready to be read: answers session by session, a single row as facts, all else as a table."""

    title: str
    empty: str
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        return tuple(zip(self.headings, self.rows[0], strict=True)) if len(self.rows) == 1 else ()


def chapters(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Chapter]:
    """One chapter a table; empty ones say so in a line."""
    titles, headings = _titles(), _headings()
    return [
        _answers(titles[name], rows) if name == "answers" and rows else _chapter(titles[name], rows, headings)
        for name, rows in tables.items()
    ]


def _answers(title: str, rows: Sequence[Mapping[str, Any]]) -> Chapter:
    """Question and answer, under the session and the person who gave it."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        place = _("Session {number}, {day}: {who}").format(
            number=row["session"], day=_cell(row["day"]), who=_cell(row["side"])
        )
        left_out = _("left out") if row["answer"] is None else str(row["answer"])
        groups.setdefault(place, []).append((row["question"], row["in_words"] or left_out))
    return Chapter(title, "", groups=tuple((place, tuple(lines)) for place, lines in groups.items()))


def _chapter(title: str, rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str]) -> Chapter:
    shown = [name for name in rows[0] if _plain(name) not in LEFT_OUT] if rows else []
    shown = [name for name in shown if any(row[name] not in (None, "") for row in rows)]
    return Chapter(
        title=title,
        empty=_("Nothing."),
        headings=tuple(headings.get(_plain(name), _plain(name).replace("_", " ")) for name in shown),
        rows=tuple(tuple(_cell(row[name]) for name in shown) for row in rows),
    )


def _plain(name: str) -> str:
    """The last part of a database path, by what it is: `session__number` is a session, `answered_by__name` somebody."""
    path, _under, last = name.rpartition("__")
    return {"uid": "agreement", "number": "session", "name": "who"}.get(last, last) if path else name


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, float):
        return f"{value:.2f}"
    return str(_codes().get(value, value)) if isinstance(value, str) else str(value)


def _titles() -> dict[str, str]:
    return {
        "about": _("About you"),
        "consents": _("What you agreed to"),
        "terms": _("Who else agrees, and who learns what"),
        "courses": _("With whom you work"),
        "sessions": _("Sessions"),
        "answers": _("Answers"),
        "words": _("Words that were written for both of you"),
        "kept": _("What you kept, or said to somebody else"),
        "goals": _("Goals, tasks and the shared view"),
        "progress": _("How far they were"),
        "picks": _("What mattered most"),
        "strains": _("Moments that felt off, and what became of them"),
        "signals": _("What the program pointed out"),
        "talked_about": _("What was ticked as talked about"),
        "corrections": _("What you said was wrong"),
        "readers": _("With whom it was shared"),
        "reads": _("Who opened pages with your words"),
    }


def _headings() -> dict[str, str]:
    return {
        "name": _("name"), "address_as": _("addressed as"), "email": _("e-mail"), "phone": _("telephone"),
        "born": _("born"), "made_at": _("here since"), "has_pin": _("has a PIN"), "channel": _("messages"),
        "session": _("session"), "day": _("day"), "side": _("who"), "question": _("question"), "answer": _("answer"),
        "in_words": _("in words"), "sent_at": _("sent"), "words": _("words"), "reader": _("who may read it"),
        "written_by": _("written by"), "written_at": _("written"), "sealed_by": _("sealed by"), "at": _("when"),
        "who": _("who"), "what": _("what"), "since": _("since"), "until": _("until"), "with": _("with"),
        "given_at": _("given"), "withdrawn_at": _("withdrawn"), "purpose": _("purpose"), "by": _("by"),
        "asked_at": _("said"), "answered_at": _("answered"), "started": _("from"), "ended": _("to"),
    }  # fmt: skip


def _codes() -> dict[str, str]:
    return {
        "client": _("you"), "therapist": _("therapist"), "raise": _("nobody: you bring it up"),
        "not_yet": _("nobody: not yet"),
        "outside": _("someone else here"), "statistics": _("nobody: only counted"), "room": _("in the room"),
        "video": _("by video"), "phone": _("by phone"), "text": _("by text"), "held": _("held"),
        "planned": _("planned"),
        "care": _("your care"), "research": _("research"), "transcripts": _("transcripts"),
        "both": _("both answered"),
        "time": _("the time had come"), "waived": _("opened without a rating"),
    }  # fmt: skip
