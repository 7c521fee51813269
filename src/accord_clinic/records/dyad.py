"""What the page of one dyad is made from, once it is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from accord.records import DyadRecord, Signal
from accord.signals import CHECK_IN
from accord_clinic.records.attainment import as_levels, counts, is_current, levels_since
from accord_clinic.records.responses import current_responses
from accord_clinic.records.strains import StrainHistory
from accord_clinic.records.talk_sheet import ReadableResponse

if TYPE_CHECKING:
    from accord_clinic.models import Response, Session


NEVER = datetime.max.replace(tzinfo=UTC)
"""Since when the levels of a goal that has ended stand: its ratings against them are not shown any more."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words that a client showed, and the answer they hang on."""

    session: int
    session_uid: str
    words: str
    response: Any
    item: str


@dataclass(frozen=True, slots=True)
class Goal:
    """A running goal in its last words, the sides that sealed them, and the client's last word on how far it is.

    `levels`: what would count as each level, where the two wrote that down.
    """

    pk: int
    words: str
    sealed_by: frozenset[str]
    progress: int | None
    levels: tuple[str, ...] = ()

    @property
    def agreed(self) -> bool:
        """Agreed means: both have sealed these words."""
        return {"client", "therapist"} <= self.sealed_by


@dataclass(frozen=True, slots=True)
class Moved:
    """What the client said of one goal (0 to 10) or task (0 not, 1 partly, 2 done) in one session, by its row."""

    agreement: int
    kind: str
    session: int
    value: int


@dataclass(frozen=True, slots=True)
class DyadRows:
    """All that the page of one dyad is made from. `sides`: who has answered the check-in, by row of the session.

    `latest`: what both answered about the last session that is open to both, by side and questionnaire. `aside`: which
    of the signals this reader has put aside.
    """

    sessions: Sequence[Session]
    sides: dict[int, set[str]]
    record: DyadRecord
    signals: Sequence[Signal]
    strains: Sequence[StrainHistory]
    quotes: Sequence[Quoted]
    goals: Sequence[Goal]
    moved: Sequence[Moved]
    shared_with: Sequence[str]
    latest: Mapping[tuple[str, str], ReadableResponse]
    aside: frozenset[str]


@dataclass(slots=True)
class LastWording:
    """The last words of a goal that goes on, who has sealed them, and the levels of each wording with its moment."""

    words: str
    levels: tuple[str, ...]
    so_far: list[tuple[tuple[str, ...], datetime]]
    sealed_by: set[str] = field(default_factory=set)


def sides_by_session(responses: Iterable[Response]) -> dict[int, set[str]]:
    """Who has answered the check-in, by row of the session."""
    sides: dict[int, set[str]] = {}
    for response in responses:
        if response.instrument == CHECK_IN:
            sides.setdefault(response.session_id, set()).add(response.side)
    return sides


def of_last_open(sessions: Sequence[Session], responses: Iterable[Response]) -> list[Response]:
    """The responses about the last session that is open to both."""
    last = next((s.pk for s in reversed(sessions) if s.revealed_at and s.state == "held" and not s.passed_over), None)
    return [row for row in responses if row.session_id == last]


def quotes_of(rows: Iterable[tuple[int, str, int, str, str]], responses: Iterable[Response], most: int) -> list[Quoted]:
    """Words that a client showed, in the order of `rows`; words that were corrected since are left out.

    Each row: number and uid of its session, response, item, words.
    """
    current = {r.pk: r for r in current_responses(responses).values()}
    shown = (row for row in rows if row[2] in current)
    return [Quoted(number, uid, words, current[pk], item) for number, uid, pk, item, words in shown][:most]


def moved_of(
    rows: Iterable[tuple[int, str, int, int | None, datetime]], goals: Mapping[int, LastWording]
) -> list[Moved]:
    """Of each goal and task the client's last word on each session; what was taken back is not there.

    Each row: agreement, kind, session, value, moment.
    """
    last: dict[tuple[int, int], Moved | None] = {}
    since = {goal: levels_since(wording.so_far) for goal, wording in goals.items()}
    for agreement, kind, session, value, at in rows:
        stands = value if counts(value, at, since.get(agreement, NEVER)) else None
        last[agreement, session] = None if stands is None else Moved(agreement, kind, session, stands)
    return [moved for moved in last.values() if moved is not None]


def last_wordings(rows: Iterable[tuple[int, int, str, str, object, datetime]]) -> dict[int, LastWording]:
    """By goal. `rows` in their order, one for each seal: goal, wording, words, side of the seal, levels, moment."""
    last: dict[int, LastWording] = {}
    wording = None
    for goal, pk, words, seal, stored, at in rows:
        levels, before = as_levels(stored), last.get(goal)
        if pk != wording:
            so_far = [*(before.so_far if before else ()), (levels, at)]
            last[goal], wording = LastWording(words, levels, so_far), pk
        last[goal].sealed_by.add(seal)
    return last


def goals_of(wordings: Mapping[int, LastWording], moved: Sequence[Moved]) -> list[Goal]:
    levels = {goal: last.levels for goal, last in wordings.items()}
    progress = {row.agreement: row.value for row in moved if is_current(row.value, levels.get(row.agreement, ()))}
    return [
        Goal(goal, last.words, frozenset(last.sealed_by), progress.get(goal), last.levels)
        for goal, last in wordings.items()
    ]
