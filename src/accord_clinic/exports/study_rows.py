"""The rows of a study file, table by table, of some courses at a time: under numbers, without names, words or dates.

Only what is open to both sides is in it, and nothing that a client kept: an item that was kept was not asked. Rows
stand in an order that follows from what they say, and not in that in which they came into the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Count, Max, Model

from accord.instruments import Instrument
from accord.records import Answer
from accord.scoring import comparable, kept_scores
from accord_clinic import models
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.attainment import LEVELS
from accord_clinic.records.picks import current_picks
from accord_clinic.records.responses import current_responses

Cells = tuple[Any, ...]
AGREED_KINDS = ("goal", "task", "problem")
"""Medication plans are in no file: that somebody has one says more than a goal does."""
BLOCK = timedelta(weeks=4)
"""Weeks alone singled out each course of a practice. With four, one session more or less hides many a missed one."""


class Place(NamedTuple):
    """A session that is open to both, or did not take place: then it has no number.

    `code` names it in this file alone; `uid` is for the log of reading and in no file. `asked`: whether there was a
    check-in for the client.
    """

    dyad: int
    session: int | None
    code: int
    start: datetime
    how: str
    state: str
    asked: bool | None
    uid: str

    @property
    def cells(self) -> Cells:
        """What each row about a session begins with: its course, its number and its code."""
        return self.dyad, self.session, self.code


class Who(NamedTuple):
    """Whose a course is, under numbers of this file alone: the client, which of the client's courses, the therapist."""

    client: int
    course: int
    therapist: int


class SentRow(NamedTuple):
    """One questionnaire, as one side sent it last."""

    place: Place
    side: str
    instrument: str
    form: str
    version: str
    answers: Mapping[str, Answer]
    begun_at: datetime | None
    sent_at: datetime
    context: Mapping[str, Any]

    @property
    def session_id(self) -> Place:
        """What `current_responses` knows the session by."""
        return self.place


@dataclass(frozen=True, slots=True)
class Courses:
    """The courses of one study file at one moment: how many clients; by dyad its number and its facts.

    `sessions`: all that are open to both, by key. Nothing is told of any other, also where one opens in between.
    `without`: those that did not take place. `told_blocks`: of how many blocks the file says what was in them.
    `who`: by dyad, for files of approved studies.
    """

    clients: int
    number: Mapping[int, int]
    facts: Mapping[int, tuple[str, ...]]
    begun: Mapping[int, datetime]
    told_blocks: Mapping[int, int]
    sessions: Mapping[int, Place]
    without: Sequence[Place]
    who: Mapping[int, Who]

    def block(self, dyad: int, at: datetime | None) -> int | None:
        """The four weeks in which something was; nothing from where too few courses went alike until then."""
        block = None if at is None else block_of(self.begun[dyad], at)
        return block if block is not None and block < self.told_blocks[dyad] else None


def block_of(begun: datetime, at: datetime) -> int:
    """Which four weeks from the first open session, from 1; 0 before it."""
    return max(0, (at - begun) // BLOCK + 1)


def _of(some: Courses, dyads: Sequence[int], model: type[Model], *columns: str) -> list[Cells]:
    """Rows of sessions that are open to both, in the order in which they were kept: place and columns."""
    rows = model._default_manager.filter(session__dyad__in=dyads).order_by("id").values_list("session", *columns)
    return [(some.sessions[session], *rest) for session, *rest in rows if session in some.sessions]


def dyads(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    return ((some.number[dyad], *some.who[dyad], *some.facts[dyad]) for dyad in dyads)


def sessions(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    numbered = {some.number[dyad]: dyad for dyad in dyads}
    places = [place for place in (*some.sessions.values(), *some.without) if place.dyad in numbered]
    for place in sorted(places, key=lambda place: (place.start, place.code)):
        yield *place.cells, some.block(numbered[place.dyad], place.start), place.state, place.how, place.asked


def _latest(some: Courses, dyads: Sequence[int]) -> list[SentRow]:
    """The last response of each session, side and questionnaire that this practice has."""
    columns = ("side", "instrument", "form", "version", "answers", "begun_at", "sent_at", "context")
    rows = [SentRow(*row) for row in _of(some, dyads, models.Response, *columns)]
    times: dict[Cells, tuple[datetime | None, datetime]] = {}
    for row in rows:
        # Where an answer that was kept is shown after all, nobody sent it again: the times before it hold.
        if row[:3] not in times or "shown_later" not in row.context:
            times[row[:3]] = row.begun_at, row.sent_at
    latest = sorted(current_responses(rows).values(), key=lambda row: row[:3])
    latest = [row._replace(begun_at=times[row[:3]][0], sent_at=times[row[:3]][1]) for row in latest]
    return [row for row in latest if (instrument := _answered(row)) and row.form in instrument.forms]


def _answered(row: SentRow) -> Instrument | None:
    """The questionnaire as it was answered. Without one nothing tells words from scores, so its answers stay here."""
    return shelf().answered(row.instrument, row.version)


def responses(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    for row in _latest(some, dyads):
        sent_in_accord = row.place.how != "import"  # what was taken in has no times of its own
        hours = round((row.sent_at - row.place.start).total_seconds() / 3600) if sent_in_accord else None
        seconds = round((row.sent_at - row.begun_at).total_seconds()) if sent_in_accord and row.begun_at else None
        late = "late" in row.context if sent_in_accord else None
        order = row.context.get("order", "")
        yield (*row.place.cells, row.side, row.instrument, row.version, row.form, order, late, hours, seconds)


def answers(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    items: dict[Cells, list[str]] = {}
    for row in _latest(some, dyads):
        form = row.side, row.instrument, row.version, row.form
        if form not in items:
            questionnaire = _answered(row)
            items[form] = _items(questionnaire, row.form) if questionnaire else []
        for item in items[form]:
            answer = row.answers.get(item)
            if answer is not None:
                text = " ".join(map(str, answer)) if isinstance(answer, list) else answer
                yield (*row.place.cells, row.side, row.instrument, item, text)


def _items(instrument: Instrument, form: str) -> list[str]:
    """The items of a form that are no words, in its order. A row for a skipped one would tell it from a kept one."""
    return [item for item in instrument.form(form) if instrument.item(item).kind != "text"]


def scale_scores(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    """The columns that `accord signals` reads have its names. Of an earlier version, the scales that are the same."""
    cells = []
    by_form = sorted(_latest(some, dyads), key=lambda row: row[2:5])
    for (name, form, _version), group in groupby(by_form, key=lambda row: row[2:5]):
        those = list(group)
        answered, current = _answered(those[0]), shelf().instruments.get(name)
        if answered is None or current is None:
            continue
        given = [{i: tuple(a) if isinstance(a, list) else a for i, a in row.answers.items()} for row in those]
        verified = {s.name for s in answered.scales if s.key.verified and comparable(s.name, answered, current)}
        for row, of_response in zip(those, kept_scores(given, answered, form), strict=True):
            for s in of_response:
                if s.scale in verified:
                    cells.append((*row.place.cells, row.side, f"{name}/{s.scale}", s.value, s.answered, s.asked))
    return sorted(cells, key=lambda row: row[:5])


def signals(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    """Without the safety notice: it is for two people, and stands also where the answer was changed afterwards."""
    columns = ("kind", "reported", "scale", "strength", "rule", "calibration", "withheld")
    rows = [row for row in _of(some, dyads, models.Signal, *columns) if row[1] != "safety"]
    return ((*row[0].cells, *row[1:]) for row in sorted(rows, key=lambda row: (row[0], row[1], row[3])))


def strains(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    rows = models.StrainMove.objects.filter(strain__dyad__in=dyads).order_by("strain__session__start", "strain", "id")
    columns = ("strain__dyad", "strain", "strain__session", "strain__kind", "strain__opened_by")
    moves = [r for r in rows.values_list(*columns, "move", "side", "session", "at") if r[2] in some.sessions]
    numbers = _counted(row[:2] for row in moves)
    for dyad, strain, session, kind, opened_by, move, side, said_in, at in moves:
        place = some.sessions.get(said_in)
        about = *some.sessions[session].cells, numbers[strain], kind, opened_by
        yield (*about, move, side, place.session if place else None, some.block(dyad, at))


def agreements(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    numbers = _agreement_numbers(dyads)
    words = models.Wording.objects.filter(agreement__dyad__in=dyads).values("agreement")
    worded = {key: rest for key, *rest in words.values_list("agreement", Count("pk"), Max("pk"))}
    sealed = set(models.Seal.objects.filter(wording__agreement__dyad__in=dyads).values_list("wording", "side"))
    rows = models.Agreement.objects.filter(dyad__in=dyads).order_by("made_at", "id")
    columns = ("pk", "dyad", "kind", "goal", "proposed_by", "made_at", "end", "ended_at")
    for key, dyad, kind, goal, by, at, end, ended_at in rows.values_list(*columns):
        if key not in numbers or key not in worded:
            continue
        what = some.number[dyad], numbers[key], kind, numbers.get(goal), by, some.block(dyad, at)
        wordings, last = worded[key]
        seals = (last, "client") in sealed, (last, "therapist") in sealed
        yield (*what, wordings, *seals, end, some.block(dyad, ended_at))


def progress(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    numbers = _agreement_numbers(dyads)
    last = {row[:3]: row[3] for row in _of(some, dyads, models.Progress, "side", "agreement", "value")}
    return sorted(
        (*place.cells, side, numbers[key], value)
        for (place, side, key), value in last.items()
        if value is not None and value not in LEVELS and key in numbers
    )


def picks(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    numbers = _agreement_numbers(dyads)
    rows = models.Pick.objects.filter(session__dyad__in=dyads).order_by("id")
    current = current_picks(row for row in rows if row.session_id in some.sessions)
    chosen = [
        (*some.sessions[session].cells, side, numbers.get(pick.agreement_id or 0))
        for (session, side), picks in current.items()
        for pick in picks
    ]
    return sorted(chosen, key=lambda row: (*row[:4], row[4] or 0))


def _agreement_numbers(dyads: Sequence[int]) -> dict[int, int]:
    rows = models.Agreement.objects.filter(dyad__in=dyads, kind__in=AGREED_KINDS).order_by("made_at", "id")
    return _counted(rows.values_list("dyad", "pk"))


def _counted(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Rows of courses, in their order, to their number within the course: (dyad, row) -> 1, 2 ..."""
    numbers: dict[int, int] = {}
    so_far: dict[int, int] = {}
    for dyad, row in pairs:
        if row not in numbers:
            so_far[dyad] = numbers[row] = so_far.get(dyad, 0) + 1
    return numbers
