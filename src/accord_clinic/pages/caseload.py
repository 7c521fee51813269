"""A therapist's caseload: who needs a conversation, in one plain line each; and finding somebody by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.pages.findings import reading
from accord_clinic.queries import caseload
from accord_clinic.queries.caseload import Dated, Running, folded
from accord_clinic.queries.findings import SignalsAndStrains, signals_and_strains
from accord_clinic.queries.practice import zone
from accord_clinic.words.choices import ENDINGS
from accord_clinic.words.phrases import moment
from accord_clinic.words.sentences import ASIDE, TO_TALK, Finding, Names

if TYPE_CHECKING:
    from accord_clinic.models import Member


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the caseload. `rank` sorts: the smaller, the sooner a conversation is needed.

    `answer`: the session whose safety answer the line leads to.
    """

    uid: str
    name: str
    line: str
    side: str
    chip: str = ""
    rank: int = ASIDE
    answer: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """The caseload: running courses by need, ended ones by date; `more_ended` are found by search alone."""

    running: tuple[Person, ...]
    ended: tuple[Person, ...]
    more_ended: int
    to_talk: int


def people(member: Member) -> People:
    """Everybody this therapist works with. Six queries, whatever the number."""
    dyads = caseload.running(member)
    by_dyad, where = signals_and_strains((dyad.dyad for dyad in dyads), member), zone()
    running = [_person(dyad, by_dyad[dyad.dyad], member.name, where) for dyad in dyads]
    running.sort(key=lambda person: (person.rank, folded(person.name)))
    ended, more = caseload.ended(member)
    to_talk = sum(person.rank < ASIDE for person in running)
    return People(tuple(running), tuple(map(_ended, ended)), more, to_talk)


def find(member: Member, words: str) -> tuple[Person, ...]:
    """People of the own caseload whose name holds every one of these words."""
    return tuple(map(_by_name, caseload.named(member, words)))


def _person(dyad: Running, signals: SignalsAndStrains, therapist: str, where: ZoneInfo) -> Person:
    name = dyad.address_as or dyad.client
    read = reading(signals, dyad.last, Names(name, therapist))
    side = _("next: {when}").format(when=moment(dyad.next, where, "D j M, H:i")) if dyad.next else ""
    if not read.first:
        return Person(dyad.uid, name, read.line, side)
    since = _open_since(read.findings, dyad.last)
    return Person(dyad.uid, name, read.line, side, since, read.first.rank, read.first.answer)


def _open_since(worth: Iterable[Finding], last: int | None) -> str:
    """How long the oldest strain that is still to talk about has been open."""
    opened = min((finding.session for finding in worth if finding.rank == TO_TALK), default=None)
    if opened is None:
        return ""
    count = max(1, (last or opened) - opened)
    return ngettext("strain · open {count} session", "strain · open {count} sessions", count).format(count=count)


def _ended(dyad: Dated) -> Person:
    return Person(dyad.uid, dyad.address_as or dyad.client, str(ENDINGS.get(dyad.ending, "")), _day(dyad.ended))


def _by_name(dyad: Dated) -> Person:
    if dyad.ended:
        days = _("{start} to {end}").format(start=_day(dyad.started), end=_day(dyad.ended))
    else:
        days = _("since {start}").format(start=_day(dyad.started))
    renamed = dyad.address_as and dyad.address_as != dyad.client
    return Person(dyad.uid, f"{dyad.address_as} ({dyad.client})" if renamed else dyad.client, days, "")


def _day(day: date | None) -> str:
    return date_format(day, "j M Y") if day else ""
