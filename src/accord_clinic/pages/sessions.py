"""The page of one session for its therapist: when it is, how it may still be changed, and what was changed so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.queries import sessions as session_queries
from accord_clinic.queries.planning import rhythm_of
from accord_clinic.rules.practice import zone
from accord_clinic.rules.sessions import has_open_link, may_be_marked, why_fixed
from accord_clinic.words import sessions as words
from accord_clinic.words.choices import MODALITIES, STATES
from accord_clinic.words.phrases import moment

if TYPE_CHECKING:
    from accord_clinic.models import Dyad, Session


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change, by whom, and when."""

    text: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class MovePage:
    """`marks`: what the session can be marked as now, with the code of each. `fixed`: why it cannot be moved.

    `places`: where else it may have been, with the code of each. `linked`: there is a link that can be closed.
    """

    when: str
    where: str
    state: str
    fixed: str
    marks: tuple[tuple[str, str], ...]
    if_answered: str
    places: tuple[tuple[str, str], ...]
    linked: bool
    history: tuple[HistoryLine, ...]


def present_plan(session: Session, where: ZoneInfo) -> dict[str, object]:
    """What the form begins with: when and where the session is now."""
    start = timezone.localtime(session.start, where)
    return {"day": start.date(), "time": start.time(), "minutes": session.minutes, "modality": session.modality}


def rhythm(dyad: Dyad) -> str:
    """In which rhythm these two meet; nothing where each session is planned for itself."""
    row = rhythm_of(dyad)
    if row is None:
        return ""
    day = formats.date_format(row.first, "l")
    weeks = ngettext("Every week on {day} at {time}", "Every {n} weeks on {day} at {time}", row.every)
    line = weeks.format(n=row.every, day=day, time=formats.time_format(row.at, "H:i"))
    until = _(", until {day}").format(day=formats.date_format(row.until, "j F Y")) if row.until else ""
    return f"{line}, {MODALITIES[row.modality]}{until}."


def move_page(session: Session) -> MovePage:
    """The page of a session; while that is closed, nothing on it tells of the client's answer."""
    where, client = zone(), session.dyad.client.called
    why = why_fixed(session)
    marks = tuple((code, str(name)) for code, name in STATES.items() if code != session.state)
    return MovePage(
        when=moment(session.start, where, "l, j F Y, H:i"),
        where=str(MODALITIES[session.modality]),
        state=str(STATES[session.state]),
        fixed=words.fixed(why, client),
        marks=tuple(mark for mark in marks if may_be_marked(session, mark[0])),
        if_answered=words.if_answered(why, client),
        places=tuple((code, str(name)) for code, name in MODALITIES.items() if code != session.modality),
        linked=has_open_link(session),
        history=tuple(
            HistoryLine(
                words.change(row.field, row.before, row.after, where),
                words.changed_by(row.side, row.by.name if row.by else "", client),
                moment(row.at, where, "j M Y, H:i"),
            )
            for row in session_queries.changes(session)
        ),
    )
