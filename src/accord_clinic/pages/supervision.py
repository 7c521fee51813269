"""What a supervisor may see: the courses of care that therapists share now, first who needs a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.pages.findings import reading
from accord_clinic.queries.findings import signals_and_strains
from accord_clinic.queries.supervision import agenda, shared_with
from accord_clinic.records.caseload import folded
from accord_clinic.records.findings import SignalsAndStrains
from accord_clinic.records.supervision import SharedDyad
from accord_clinic.words.sentences import ASIDE, Names

if TYPE_CHECKING:
    from accord_clinic.models import Member


@dataclass(frozen=True, slots=True)
class Shared:
    """One course of care that its therapist shows. `rank` sorts: the smaller, the sooner a conversation is needed.

    `answer`: the session whose safety answer the line leads to. `why`: the kind of signal behind the line.
    """

    uid: str
    client: str
    therapist: str
    line: str
    ended: bool
    rank: int
    answer: str = ""
    agenda: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Supervision:
    """All that is shared with one supervisor, and how much of it asks for a conversation."""

    sentence: str
    running: tuple[Shared, ...]
    ended: tuple[Shared, ...]
    words: str = ""


def supervision(member: Member, words: str = "") -> Supervision:
    """The page of this supervisor, or of it those who are searched for. Seven queries, whatever the number."""
    dyads = shared_with(member, words)
    by_dyad = signals_and_strains((dyad.dyad for dyad in dyads), member)
    notes = agenda(member)
    shared = [_shared(dyad, by_dyad[dyad.dyad], tuple(notes.get(dyad.dyad, ()))) for dyad in dyads]
    shared.sort(key=lambda course: (course.rank, folded(course.client)))
    running = tuple(course for course in shared if not course.ended)
    ended = tuple(course for course in shared if course.ended)
    return Supervision(_found(len(shared)) if words else _sentence(running), running, ended, words)


def _found(count: int) -> str:
    """How many of the shared courses a search has found."""
    if not count:
        return _("No shared client matches this search.")
    return ngettext("{count} client found", "{count} clients found", count).format(count=count)


def _shared(dyad: SharedDyad, signals: SignalsAndStrains, notes: tuple[str, ...]) -> Shared:
    client = dyad.address_as or dyad.client
    read = reading(signals, dyad.last, Names(client, dyad.therapist, you=False))
    rank, answer = (read.first.rank, read.first.answer) if read.first else (ASIDE, "")
    return Shared(dyad.uid, client, dyad.therapist, read.line, dyad.ended is not None, rank, answer, notes, read.why)


def _sentence(running: tuple[Shared, ...]) -> str:
    """How many are shared, and how many have a finding."""
    if not running:
        return _("No clients are shared with you at the moment.")
    count, to_talk = len(running), sum(course.rank < ASIDE for course in running)
    shared = ngettext(
        "{count} client is shared with you.", "{count} clients are shared with you.", count
    ).format(count=count)
    if not to_talk:
        return f"{shared} {_('Nothing reported or marked so far.')}"
    return f"{shared} {_('With {count} of them there is something to talk about.').format(count=to_talk)}"
