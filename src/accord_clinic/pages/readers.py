"""Who read a client's words, as the client reads it: one line a visit, with its pages one step away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.queries import own_space
from accord_clinic.rules.practice import practice
from accord_clinic.words.phrases import at, clock, pages_read

if TYPE_CHECKING:
    from accord_clinic.models import Dyad, Member, ReadLog

A_VISIT = timedelta(hours=1)
"""Pages that one person opens with less than this between them are one visit: a session is prepared in half an hour."""


@dataclass(frozen=True)
class PageRead:
    """One page that was opened, and when."""

    what: str
    when: str


@dataclass(frozen=True)
class ReadingVisit:
    """What one person opened in one go, newest first; `what` and `when` are those of the page where it is only one."""

    who: str
    what: str
    when: str
    pages: tuple[PageRead, ...]


def someone_else(outside_reader: Member | None) -> str:
    """Whom a client can turn to instead of the therapist: who is named for it, else what the practice says of help."""
    if outside_reader:
        text = _("You can ask for {name} at the practice instead ({role}).")
        return text.format(name=outside_reader.name, role=practice().outside_reader_role)
    return practice().elsewhere_text or _("You can tell someone else at the practice instead.")


def visits(dyad: Dyad) -> list[ReadingVisit]:
    """Who read the client's words, newest first."""
    numbers = own_space.numbers(dyad)
    return [_visit(rows, numbers) for rows in _in_visits(own_space.reads(dyad))]


def _in_visits(rows: Iterable[ReadLog]) -> list[list[ReadLog]]:
    """Rows, newest first, put together by person while less than a visit lies between them."""
    together: list[list[ReadLog]] = []
    latest: dict[tuple[int | None, int | None], list[ReadLog]] = {}
    for row in rows:
        whose = row.member_id, row.recipient_id
        visit = latest.get(whose)
        if visit and visit[-1].at - row.at < A_VISIT:
            visit.append(row)
        else:
            latest[whose] = [row]
            together.append(latest[whose])
    return together


def _visit(rows: Sequence[ReadLog], numbers: Mapping[str, int]) -> ReadingVisit:
    pages = tuple(PageRead(_what(row, numbers), clock(row.at)) for row in rows)
    last, first = rows[0], rows[-1]
    who = _who(last)
    if len(rows) == 1:
        return ReadingVisit(who, pages[0].what, at(last.at), pages)
    what = ngettext("{count} page", "{count} pages", len(rows)).format(count=len(rows))
    return ReadingVisit(who, what, _span(first, last), pages)


def _who(row: ReadLog) -> str:
    """A member, a program of others, or a program that a member opened."""
    if row.recipient is None:
        return row.member.name if row.member else _("somebody")
    if row.member is None:
        return row.recipient.name
    return _("{program}, opened by {name}").format(program=row.recipient.name, name=row.member.name)


def _span(first: ReadLog, last: ReadLog) -> str:
    if clock(first.at) == clock(last.at):
        return at(last.at)
    same_day = timezone.localtime(first.at).date() == timezone.localtime(last.at).date()
    return _("{start} to {end}").format(start=at(first.at), end=clock(last.at) if same_day else at(last.at))


def _what(row: ReadLog, by_uid: Mapping[str, int]) -> str:
    what = pages_read().get(row.what, _("your answers"))
    read = sorted(by_uid[uid] for uid in row.sessions if uid in by_uid)
    if not read:
        return what
    numbers = ", ".join(map(str, read))
    return ngettext("{what}, session {numbers}", "{what}, sessions {numbers}", len(read)).format(
        what=what, numbers=numbers
    )
