"""The numbers of sessions, from encounters and the times of answers: what counts as one session, and in which order.

Another rule for what is a session belongs here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal

from accord.tables.fhir_reading.moments import day, has_hour, instant
from accord.tables.fhir_reading.references import Reference, reference

Resource = Mapping[str, Any]
Counting = Literal["alike", "answered", "all"]

NEVER = ("planned", "cancelled", "entered-in-error")
"""States of an encounter that did not take place."""
NO_SESSIONS = ("EMER", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS")
"""Classes of encounters that are no sessions unless somebody answered about one: emergencies, stays in a ward ..."""
APART = timedelta(hours=12)
"""Answers of two sides that are further apart, and on different days, are not about one session. A day at most would
join two sessions of an intensive treatment; an hour would part a therapist who answers after the last client."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An encounter, as far as it tells whether and when a session was. `kinds`: the codes of its type."""

    subject: Reference
    start: str
    status: str
    place: str
    kinds: frozenset[tuple[str, str]]
    met: tuple[Reference, ...]

    @property
    def took_place(self) -> bool:
        return self.status not in NEVER


def visit(name: str, resource: Resource) -> Visit:
    """What an `Encounter` says. Raises `ValueError` for a start that is no date."""
    start = str((resource.get("period") or {}).get("start") or "")
    if start:
        instant(start)
    contained = resource.get("contained") or ()
    codings = [coding for concept in resource.get("type") or () for coding in concept.get("coding") or ()]
    return Visit(
        reference(resource.get("subject"), name, contained),
        start,
        str(resource.get("status") or ""),
        str((resource.get("class") or {}).get("code") or ""),
        frozenset((str(coding.get("system") or ""), str(coding.get("code") or "")) for coding in codings),
        tuple(reference(person.get("individual"), name, contained) for person in resource.get("participant") or ()),
    )


@dataclass(frozen=True, slots=True)
class Answered:
    """When and about which encounter (nothing where it is not said) a response is; `voice`: rater, questionnaire."""

    subject: str
    visit: str
    moment: str
    voice: tuple[str, str]


@dataclass(slots=True, eq=False)
class Meeting:
    """A session of one subject while it is put together: when it was, and who answered what about it."""

    moment: str
    visit: str = ""
    voices: set[tuple[str, str]] = field(default_factory=set)
    number: int = 0


def sessions(
    given: Sequence[Answered],
    visits: Mapping[str, tuple[str, Visit]],
    counting: Counting = "alike",
    zone: tzinfo | None = None,
) -> tuple[list[Meeting], dict[str, int]]:
    """The numbered session of each response, and how many encounters of the same people are no sessions, by reason.

    `visits`: subject and encounter by name. An encounter that somebody answered about is a session. One that nobody
    answered about is one where it took place and is of the class and type of those (`alike`), in any case (`all`), or
    never (`answered`). A response without an encounter belongs to the nearest session of the same day or of twelve
    hours around, as long as this voice has not answered about it; else it is a session of its own.
    """
    calendars = {response.subject: _Calendar(zone) for response in given}
    of_visit: dict[tuple[str, str], Meeting] = {}
    chosen: dict[int, Meeting] = {}
    by_time = sorted(range(len(given)), key=lambda nth: order(given[nth].moment))
    for nth in by_time:
        if (response := given[nth]).visit:
            chosen[nth] = of_visit.setdefault((response.subject, response.visit), _about(response, visits))
            chosen[nth].voices.add(response.voice)
    like = _Like(visits[name][1] for _subject, name in of_visit if name in visits)
    for name, (subject, about) in visits.items():
        if subject in calendars and (subject, name) not in of_visit and not like.why_not(about, counting):
            of_visit[subject, name] = Meeting(about.start, name)
    for (subject, _name), meeting in of_visit.items():
        calendars[subject].add(meeting)
    for nth in by_time:
        if not given[nth].visit:
            chosen[nth] = calendars[given[nth].subject].session_of(given[nth])
    like = _Like(visits[meeting.visit][1] for meeting in chosen.values() if meeting.visit in visits)
    reasons = {
        name: "nobody answered about it" if counting == "answered" else like.why_not(about, counting)
        for name, (subject, about) in visits.items()
        if subject in calendars and not ((subject, name) in of_visit and of_visit[subject, name].voices)
    }
    for calendar in calendars.values():
        calendar.count({name for name, why in reasons.items() if why})
    return [chosen[nth] for nth in range(len(given))], dict(Counter(why for why in reasons.values() if why))


def order(moment: str) -> datetime:
    """For putting in order; what has no time comes first."""
    return instant(moment) if moment else datetime.min.replace(tzinfo=UTC)


def _about(response: Answered, visits: Mapping[str, tuple[str, Visit]]) -> Meeting:
    start = visits[response.visit][1].start if response.visit in visits else ""
    return Meeting(start or response.moment, response.visit)


class _Like:
    """What the encounters have in common that people answered about."""

    def __init__(self, answered: Iterable[Visit]) -> None:
        visits = set(answered)
        self._some = bool(visits)
        self._places = {visit.place for visit in visits}
        self._kinds = {kind for visit in visits for kind in visit.kinds}

    def why_not(self, visit: Visit, counting: Counting) -> str:
        """Why an encounter that nobody answered about is no session, or nothing where it is one."""
        if not visit.took_place:
            return "it did not take place"
        if not visit.start:
            return "it has no start"
        if counting == "all":
            return ""
        if visit.place in NO_SESSIONS and visit.place not in self._places:
            return f"its class is {visit.place}"
        if self._kinds and visit.kinds and not visit.kinds & self._kinds:
            return "it is of another type"
        return ""


class _Calendar:
    """The sessions of one subject, by time."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._times: list[datetime] = []
        self._meetings: list[Meeting] = []

    def add(self, meeting: Meeting) -> None:
        at = order(meeting.moment)
        place = bisect_right(self._times, at)
        self._times.insert(place, at)
        self._meetings.insert(place, meeting)

    def session_of(self, response: Answered) -> Meeting:
        """The nearest session that this answer can be about, else a new one."""
        near = [other for other in self._around(response.moment) if response.voice not in other.voices]
        at = order(response.moment)
        meeting = min(near, key=lambda candidate: abs(order(candidate.moment) - at), default=None)
        if meeting is None:
            self.add(meeting := Meeting(response.moment))
        meeting.voices.add(response.voice)
        return meeting

    def _around(self, moment: str) -> Iterator[Meeting]:
        if len(moment) < len("2026-11-03"):
            return
        at, on = order(moment), day(moment, self._zone)
        first = bisect_left(self._times, at - timedelta(days=2))
        last = bisect_left(self._times, at + timedelta(days=2))
        for time, meeting in zip(self._times[first:last], self._meetings[first:last], strict=True):
            is_same_day = day(meeting.moment, self._zone) == on
            if is_same_day or (has_hour(moment) and has_hour(meeting.moment) and abs(time - at) <= APART):
                yield meeting

    def count(self, no_sessions: set[str]) -> None:
        """Number the sessions: 1, 2 ..."""
        held = [meeting for meeting in self._meetings if meeting.voices or meeting.visit not in no_sessions]
        held.sort(key=lambda meeting: (order(meeting.moment), meeting.visit))
        for number, meeting in enumerate(held, 1):
            meeting.number = number
