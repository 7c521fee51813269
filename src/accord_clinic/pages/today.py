"""A therapist's day and week: the sessions and what each needs, what the calendar changed, what is to be sorted out.

A new list on the page is one more part of `Today`; what it needs of a session is a column in `queries/today`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.pages.findings import CaseReading, reading
from accord_clinic.queries.calendar import calendar_today, news, unmatched
from accord_clinic.queries.findings import signals_and_strains
from accord_clinic.queries.today import LOOKS_BACK, pauses_to_ask, today_rows
from accord_clinic.records.findings import NOTHING, SignalsAndStrains
from accord_clinic.records.today import TodaySession
from accord_clinic.rules.practice import zone
from accord_clinic.words import calendars
from accord_clinic.words.choices import MODALITIES, PAUSE_REASONS, STATES
from accord_clinic.words.phrases import moment
from accord_clinic.words.sentences import Names, safety_line
from accord_clinic.words.sessions import denied

if TYPE_CHECKING:
    from accord_clinic.models import CalendarChange, Member

AHEAD = timedelta(days=7)
FAILS_FOR = timedelta(days=1)
"""A feed that fails for less mends itself more often than not."""


@dataclass(frozen=True, slots=True)
class TodayEntry:
    """One session on the page. `sheet` is the latest talk sheet of these two people, if there is one.

    `why`: the kind of signal behind the line, where the line is a finding. `link`: somebody has to make it;
    `sooner`: it goes out by itself, and can be sent now.
    """

    uid: str
    dyad: str
    name: str
    when: str
    where: str
    line: str = ""
    why: str = ""
    sheet: str = ""
    rate: bool = False
    settle: bool = False
    link: bool = False
    sooner: bool = False
    reachable: bool = True
    assumed: bool = False
    off: bool = False


@dataclass(frozen=True, slots=True)
class TodayDay:
    """One day of the week ahead."""

    name: str
    sessions: tuple[TodayEntry, ...]


@dataclass(frozen=True, slots=True)
class TodayChange:
    """One change that the calendar made: what it says, and the button that undoes it."""

    uid: str
    line: str
    undo: str


@dataclass(frozen=True, slots=True)
class TodayCalendar:
    """What the calendar has to tell."""

    connected: bool
    """Whether it is one of the member's own; else a care record alone has told something."""
    changed: str
    changes: tuple[TodayChange, ...]
    unmatched: tuple[str, ...]
    failure: str
    read: str


@dataclass(frozen=True, slots=True)
class TodayPause:
    """A pause that is to be asked about again."""

    dyad: str
    name: str
    line: str


@dataclass(frozen=True, slots=True)
class Today:
    """The page: one sentence, then the day, then what is still to be done."""

    sentence: str
    first: str
    day: str
    safety: tuple[tuple[str, str], ...]
    sessions: tuple[TodayEntry, ...]
    to_settle: tuple[TodayEntry, ...]
    to_do: tuple[TodayEntry, ...]
    to_talk: tuple[TodayEntry, ...]
    week: tuple[TodayDay, ...]
    pauses: tuple[TodayPause, ...]
    calendar: TodayCalendar | None

    @property
    def nothing(self) -> bool:
        return not (
            self.safety or self.sessions or self.to_settle or self.to_do or self.to_talk or self.week or self.pauses
        )


def today(member: Member, now: datetime | None = None) -> Today:
    """Everything that the day asks of this therapist. A fixed number of queries, whatever the caseload."""
    where, now = zone(), now or timezone.now()
    clock = timezone.localtime(now, where)
    midnight = clock.replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + timedelta(days=1)
    rows, notices = today_rows(member, midnight - LOOKS_BACK, midnight + AHEAD)
    sessions = [session for session in rows if session.start < tomorrow]
    of_the_day = [session for session in sessions if session.start >= midnight]
    before = [session for session in sessions if session.start < midnight]
    coming = {session.dyad for session in rows if session.start >= midnight and session.state == "planned"}
    sheets = {session.dyad: session.uid for session in sessions if session.ready}
    words = _Entries(member.name, where, now, signals_and_strains({session.dyad for session in of_the_day}, member))
    parts = {
        "sessions": tuple(map(words.of_the_day, of_the_day)),
        "to_settle": tuple(map(words.to_settle, (s for s in before if s.state == "planned"))),
        "to_do": tuple(words.to_do(s) for s in before if s.state == "held" and (s.owed or s.unsent(now))),
        "to_talk": tuple(map(words.to_talk, (s for s in sessions if s.ready and s.dyad not in coming))),
    }
    return Today(
        sentence=_sentence(parts, len(notices)),
        first=_next(of_the_day, now, where),
        day=moment(now, where, "l, j F"),
        safety=tuple((session, _safety_line(client, since, now, where)) for session, client, since in notices),
        week=words.week((session for session in rows if session.start >= tomorrow), sheets),
        pauses=_pauses(member, now, where),
        calendar=_calendar(member, now, where),
        **parts,
    )


class _Entries:
    """Sessions put into words."""

    def __init__(
        self, therapist: str, where: ZoneInfo, now: datetime, by_dyad: Mapping[int, SignalsAndStrains]
    ) -> None:
        self.therapist, self.where, self.now, self.by_dyad = therapist, where, now, by_dyad

    def entry(self, session: TodaySession, form: str, **more) -> TodayEntry:
        """A session by name and moment."""
        return TodayEntry(
            session.uid, session.dyad_uid, session.called, moment(session.start, self.where, form),
            str(MODALITIES[session.modality]), sheet=session.last_sheet or "", reachable=session.reachable,
            sooner=session.goes_out(self.now), **more,
        )  # fmt: skip

    def to_settle(self, session: TodaySession) -> TodayEntry:
        """A session that nobody has marked, or of which the client says that it did not take place."""
        return self.entry(session, "D j M, H:i", line=denied(session.called) if session.denied else "")

    def to_do(self, session: TodaySession) -> TodayEntry:
        """What is still open about a session that took place."""
        return self.entry(
            session, "D j M, H:i", rate=session.owed, link=session.unsent(self.now),
            assumed=session.assumed and session.owed,
        )  # fmt: skip

    def week(self, sessions: Iterable[TodaySession], sheets: Mapping[int, str]) -> tuple[TodayDay, ...]:
        """The days ahead that have sessions. `sheets`: by dyad the talk sheet that is ready for its next session."""
        waiting = dict(sheets)
        days: dict[str, list[TodayEntry]] = {}
        for session in sessions:
            off = session.state not in ("planned", "held")
            line = str(STATES[session.state]).capitalize() if off else ""
            entry = replace(
                self.entry(session, "H:i", line=line, off=off),
                sheet="" if off else waiting.pop(session.dyad, ""),
            )
            days.setdefault(moment(session.start, self.where, "l j"), []).append(entry)
        return tuple(TodayDay(name, tuple(entries)) for name, entries in days.items())

    def to_talk(self, session: TodaySession) -> TodayEntry:
        """A talk sheet that is ready."""
        entry = self.entry(session, "D j M")
        return replace(entry, line=_("about the session on {when}").format(when=entry.when))

    def of_the_day(self, session: TodaySession) -> TodayEntry:
        """A session of today: the first finding about these two, and the one thing to do now."""
        if session.state not in ("planned", "held"):
            return self.entry(session, "H:i", line=str(STATES[session.state]).capitalize())
        held, read = session.state == "held", self._reading(session)
        return self.entry(
            session, "H:i",
            line=denied(session.called) if session.denied else read.line,
            why="" if session.denied else read.why,
            rate=held and session.owed,
            assumed=held and session.owed and session.assumed,
            settle=session.start <= self.now and not held,
            link=held and session.unsent(self.now),
        )  # fmt: skip

    def _reading(self, session: TodaySession) -> CaseReading:
        """Its first finding is the line; a safety answer that nobody has looked after comes before all else."""
        names = Names(session.called, self.therapist)
        return reading(self.by_dyad.get(session.dyad, NOTHING), session.last_revealed, names)


def _calendar(member: Member, now: datetime, where: ZoneInfo) -> TodayCalendar | None:
    """What this therapist's calendar has to tell; nothing where none is connected."""
    calendar = calendar_today(member)
    if calendar is None:
        return None
    changes = list(news(member)) if calendar.has_news else []  # type: ignore[attr-defined]  # annotated
    records = [row.event.series.calendar.record for row in changes]
    failing = calendar.failed_since and (calendar.failure == "mostly_gone" or now - calendar.failed_since > FAILS_FOR)
    waits = calendar.has_unmatched  # type: ignore[attr-defined]  # annotated
    open_series = unmatched(member).values_list("next_start", flat=True) if waits else ()
    return TodayCalendar(
        calendar.record_id is None,
        calendars.changed(dict.fromkeys(record.name if record else "" for record in records)),
        tuple(_change(row, where) for row in changes),
        tuple(moment(start, where, "D j M, H:i") for start in open_series if start),
        calendars.failure(calendar.failure) if failing else "",
        moment(calendar.read_at, where, "H:i") if calendar.read_at and calendar.address else "",
    )


def _change(row: CalendarChange, where: ZoneInfo) -> TodayChange:
    client = row.event.session.dyad.client.called
    before = moment(row.before, where, "D j M, H:i") if row.before else ""
    after = moment(row.event.start, where, "D j M, H:i")
    return TodayChange(row.uid, calendars.change(row.kind, client, before, after), calendars.undo(client))


def _pauses(member: Member, now: datetime, where: ZoneInfo) -> tuple[TodayPause, ...]:
    line = _("paused since {day} ({reason})")
    return tuple(
        TodayPause(dyad, address_as or name, line.format(day=moment(since, where, "j F"), reason=PAUSE_REASONS[reason]))
        for dyad, name, address_as, reason, since in pauses_to_ask(member, now)
    )


def _next(sessions: Sequence[TodaySession], now: datetime, where: ZoneInfo) -> str:
    """Who comes first today, or next once the day has begun; nothing where the day holds less than two sessions."""
    ahead = [session for session in sessions if session.start > now and session.state == "planned"]
    if len(sessions) < 2 or not ahead:
        return ""
    comes = _("{name} is first, at {time}.") if ahead[0] is sessions[0] else _("{name} is next, at {time}.")
    return comes.format(name=ahead[0].called, time=moment(ahead[0].start, where, "H:i"))


def _safety_line(client: str, since: datetime, now: datetime, where: ZoneInfo) -> str:
    """That it is to be read now; after a day also since when it has been waiting."""
    if now - since < timedelta(days=1):
        return safety_line(client)
    waits = _("It has been waiting since {day}.").format(day=moment(since, where, "j F"))
    return f"{safety_line(client)} {waits}"


def _sentence(parts: Mapping[str, tuple[TodayEntry, ...]], safety: int) -> str:
    """What the day holds, in a few sentences: safety answers first."""
    sentences, count = [], len(parts["sessions"])
    if safety:
        waits = ngettext("A safety answer is waiting.", "{count} safety answers are waiting.", safety)
        sentences.append(waits.format(count=safety))
    if count:
        sentences += [ngettext("One session today.", "{count} sessions today.", count).format(count=count)]
    else:
        sentences.append(_("No sessions today."))
    to_do = (*parts["sessions"], *parts["to_do"])
    rate, link = sum(e.rate for e in to_do), sum(e.link for e in to_do)
    if rate:
        owed = ngettext("You have one session to rate.", "You have {count} sessions to rate.", rate)
        sentences.append(owed.format(count=rate))
    if link:
        unsent = ngettext("You have one link to send.", "You have {count} links to send.", link)
        sentences.append(unsent.format(count=link))
    if not rate and not link and not safety:
        sentences.append(_("No ratings or safety answers are waiting."))
    return " ".join(sentences)
