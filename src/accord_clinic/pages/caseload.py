"""A therapist's caseload: who needs a conversation, in one plain line each; filtered, sorted, and searched.

A new filter is one more code in `FILTERS` and one more branch of `_keeps`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accord_clinic.pages.findings import reading
from accord_clinic.queries import caseload
from accord_clinic.queries.findings import signals_and_strains
from accord_clinic.records.caseload import Dated, Running, folded
from accord_clinic.records.findings import SignalsAndStrains
from accord_clinic.rules.practice import zone
from accord_clinic.rules.silence import silent_twice
from accord_clinic.words.choices import ENDINGS
from accord_clinic.words.phrases import moment
from accord_clinic.words.sentences import ASIDE, CROSSED, TO_TALK, Finding, Names

if TYPE_CHECKING:
    from accord_clinic.models import Member


FILTERS = {
    "": gettext_lazy("all clients"),
    "strain": gettext_lazy("open strain"),
    "unplanned": gettext_lazy("no session planned"),
    "silent": gettext_lazy("last two check-ins not answered"),
    "mine": gettext_lazy("my own clients"),
    "covered": gettext_lazy("clients I cover for a colleague"),
}
SORTS = {
    "": gettext_lazy("by what there is to talk about"),
    "name": gettext_lazy("by name"),
    "next": gettext_lazy("by next session"),
}


@dataclass(frozen=True, slots=True)
class ListChoice:
    """A way to filter or sort the list: where it leads, its name, and whether the list is so now."""

    url: str
    label: str
    current: bool


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the caseload. `rank` sorts: the smaller, the sooner a conversation is needed.

    `answer`: the session whose safety answer the line leads to. `why`: the kind of signal behind the line.
    """

    uid: str
    name: str
    line: str
    side: str
    chip: str = ""
    rank: int = ASIDE
    answer: str = ""
    next: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """The caseload: running courses by need, ended ones by date; `more_ended` are found by search alone."""

    running: tuple[Person, ...]
    ended: tuple[Person, ...]
    more_ended: int
    to_talk: int
    all: int
    filters: tuple[ListChoice, ...]
    sorts: tuple[ListChoice, ...]
    filtered: str = ""


def people(member: Member, only: str = "", sort: str = "") -> People:
    """Everybody this therapist works with, or those of one filter. Six queries, whatever the number."""
    only, sort = only if only in FILTERS else "", sort if sort in SORTS else ""
    dyads = caseload.running(member)
    by_dyad, where = signals_and_strains((dyad.dyad for dyad in dyads), member), zone()
    shown = _shown(only, member, dyads, by_dyad)
    running = [_person(dyad, by_dyad[dyad.dyad], member.name, where) for dyad in dyads if dyad.dyad in shown]
    running.sort(key=_order(sort))
    ended, more = caseload.ended(member) if not only else ([], 0)
    covers = any(dyad.therapist != member.pk for dyad in dyads)
    filters = [code for code in FILTERS if covers or code not in ("mine", "covered")]
    return People(
        running=tuple(running),
        ended=tuple(map(_ended, ended)),
        more_ended=more,
        to_talk=sum(person.rank < ASIDE for person in running),
        all=len(dyads),
        filters=tuple(ListChoice(_address(code, sort), str(FILTERS[code]), code == only) for code in filters),
        sorts=tuple(ListChoice(_address(only, code), str(name), code == sort) for code, name in SORTS.items()),
        filtered=str(FILTERS[only]) if only else "",
    )


def _shown(
    only: str, member: Member, dyads: Iterable[Running], by_dyad: Mapping[int, SignalsAndStrains]
) -> Collection[int]:
    """The dyads that a filter shows."""
    match only:
        case "strain":
            return {pk for pk, signals in by_dyad.items() if signals.strains}
        case "unplanned":
            return {dyad.dyad for dyad in dyads if dyad.next is None}
        case "silent":
            return silent_twice(list(by_dyad))
        case "mine" | "covered":
            return {dyad.dyad for dyad in dyads if (dyad.therapist == member.pk) == (only == "mine")}
    return by_dyad.keys()


def _order(sort: str) -> Callable[[Person], tuple]:
    """The key to sort by; who has no session comes last, and the name decides between equals."""
    if sort == "name":
        return lambda person: (folded(person.name),)
    if sort == "next":
        return lambda person: (person.next.timestamp() if person.next else math.inf, folded(person.name))
    return lambda person: (person.rank, folded(person.name))


def _address(only: str, sort: str) -> str:
    chosen = {name: value for name, value in (("only", only), ("sort", sort)) if value}
    return f"?{urlencode(chosen)}" if chosen else "?"


def find(member: Member, words: str) -> tuple[Person, ...]:
    """People of the own caseload who are found by a name, initials, or the number of another system."""
    return tuple(map(_by_name, caseload.named(member, words)))


def _person(dyad: Running, signals: SignalsAndStrains, therapist: str, where: ZoneInfo) -> Person:
    name = dyad.address_as or dyad.client
    read = reading(signals, dyad.last, Names(name, therapist))
    side = _("next: {when}").format(when=moment(dyad.next, where, "D j M, H:i")) if dyad.next else ""
    if not read.first:
        return Person(dyad.uid, name, read.line, side, next=dyad.next)
    since = _open_since(read.findings, dyad.last)
    return Person(dyad.uid, name, read.line, side, since, read.first.rank, read.first.answer, dyad.next, read.why)


def _open_since(worth: Iterable[Finding], last: int | None) -> str:
    """How long the oldest strain that is still to talk about has been open."""
    opened = min((finding.session for finding in worth if finding.rank in (CROSSED, TO_TALK)), default=None)
    if opened is None:
        return ""
    count = max(1, (last or opened) - opened)
    return ngettext("strain · open for {count} session", "strain · open for {count} sessions", count).format(
        count=count
    )


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
