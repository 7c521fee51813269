"""The rows of a study file, table by table, of some courses at a time: under numbers, without names, words or dates.

Only what is open to both sides is in it, and nothing that a client kept: an item that was kept was not asked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet

from accord.scoring import scores
from accord_clinic import models
from accord_clinic.instruments import shelf
from accord_clinic.models import Session

Cells = tuple[Any, ...]
OPEN = {"session__revealed_at__isnull": False}


@dataclass(frozen=True, slots=True)
class Courses:
    """The courses of one study file: how many clients, and by dyad its number, its first session and its facts."""

    clients: int
    number: Mapping[int, int]
    begun: Mapping[int, datetime]
    facts: Mapping[int, tuple[str, ...]]

    def week(self, dyad: int, at: datetime | None) -> int | None:
        """Whole weeks since the first session."""
        return None if at is None else (at - self.begun[dyad]).days // 7


def _of(model: type, dyads: Sequence[int], dyad: str = "session__dyad") -> QuerySet:
    """The rows of some courses, of sessions that are open to both."""
    return model.objects.filter(**{f"{dyad}__in": dyads}, **OPEN)


def dyads(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    return ((some.number[dyad], *some.facts[dyad]) for dyad in dyads)


def sessions(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    both_know = Q(revealed_at__isnull=False) | ~Q(state__in=("planned", "held"))
    rows = Session.objects.filter(both_know, dyad__in=dyads).order_by("number")
    for dyad, number, start, state, how in rows.values_list("dyad", "number", "start", "state", "revealed_by"):
        yield some.number[dyad], number, some.week(dyad, start), state, how


def _latest(dyads: Sequence[int]) -> Iterator[models.Response]:
    """The last response of each session, side and questionnaire that this practice has."""
    rows = _of(models.Response, dyads).select_related("session").order_by("session__number", "id")
    last = {(r.session_id, r.side, r.instrument): r for r in rows}
    known = shelf().instruments
    return (r for r in last.values() if r.instrument in known and r.form in known[r.instrument].forms)


def responses(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    for r in _latest(dyads):
        there = r.session.revealed_by != "import"  # what was taken in has no times of its own
        hours = round((r.sent_at - r.session.start).total_seconds() / 3600) if there else None
        seconds = round((r.sent_at - r.begun_at).total_seconds()) if there and r.begun_at else None
        yield (*_place(some, r.session), r.side, r.instrument, r.version, r.form, hours, seconds)


def answers(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    known = shelf().instruments
    for r in _latest(dyads):
        kinds = {item: known[r.instrument].item(item).kind for item in known[r.instrument].form(r.form)}
        for item, answer in r.answers.items():
            if kinds.get(item, "text") != "text":
                said = " ".join(map(str, answer)) if isinstance(answer, list) else answer
                yield (*_place(some, r.session), r.side, r.instrument, item, said)


def scale_scores(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    """The columns that `accord signals` reads have its names."""
    known = shelf().instruments
    by_form = sorted(_latest(dyads), key=lambda r: (r.instrument, r.form))
    found = []
    for (name, form), rows in groupby(by_form, key=lambda r: (r.instrument, r.form)):
        those = list(rows)
        asked = set(known[name].form(form))
        given = [{i: tuple(a) if isinstance(a, list) else a for i, a in r.answers.items() if i in asked} for r in those]
        for r, of_response in zip(those, scores(given, known[name], form), strict=True):
            found += [(r, s) for s in of_response if known[name].scale(s.scale).key.verified]
    found.sort(key=lambda pair: (pair[0].session.number, pair[0].side, pair[0].instrument))
    for r, s in found:
        scale = f"{r.instrument}/{s.scale}"
        yield (*_place(some, r.session), r.side, scale, s.value, s.answered, s.asked)


def signals(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    rows = _of(models.Signal, dyads).select_related("session").order_by("session__number", "kind", "scale")
    for s in rows:
        yield (*_place(some, s.session), s.kind, s.reported, s.scale, s.strength, s.rule, s.calibration, s.withheld)


def strains(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    rows = models.StrainMove.objects.filter(strain__dyad__in=dyads, strain__session__revealed_at__isnull=False)
    moves = list(
        rows.select_related("strain__session", "session").order_by("strain__session__number", "strain", "id")
    )
    numbers = _counted((m.strain.dyad_id, m.strain_id) for m in moves)
    for m in moves:
        strain, dyad = m.strain, m.strain.dyad_id
        at = m.session.number if m.session else None
        about = some.number[dyad], strain.session.number, numbers[strain.pk], strain.kind, strain.opened_by
        yield (*about, m.move, m.side, at, some.week(dyad, m.at))


def agreements(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    numbers = _agreement_numbers(dyads)
    rows = models.Agreement.objects.filter(pk__in=numbers).prefetch_related("wordings__seals")
    for a in sorted(rows, key=lambda a: numbers[a.pk]):
        wordings = sorted(a.wordings.all(), key=lambda wording: wording.pk)
        sealed = {seal.side for seal in wordings[-1].seals.all()} if wordings else set()
        of = numbers[a.goal_id] if a.goal_id else None
        what = some.number[a.dyad_id], numbers[a.pk], a.kind, of, a.proposed_by, some.week(a.dyad_id, a.made_at)
        seals = "client" in sealed, "therapist" in sealed
        yield (*what, len(wordings), *seals, a.end, some.week(a.dyad_id, a.ended_at))


def progress(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    numbers = _agreement_numbers(dyads)
    rows = _of(models.Progress, dyads).select_related("session").order_by("session__number", "at", "id")
    last = {(p.session_id, p.agreement_id, p.side): p for p in rows}
    for p in last.values():
        if p.value is not None:
            yield (*_place(some, p.session), p.side, numbers[p.agreement_id], p.value)


def picks(some: Courses, dyads: Sequence[int]) -> Iterable[Cells]:
    numbers = _agreement_numbers(dyads)
    rows = _of(models.Pick, dyads).select_related("session").order_by("session__number", "at", "id")
    picks = list(rows)
    latest = {(p.session_id, p.side): p.at for p in picks}
    for p in picks:
        if p.at == latest[p.session_id, p.side] and not p.empty:
            yield (*_place(some, p.session), p.side, numbers[p.agreement_id] if p.agreement_id else None)


def _agreement_numbers(dyads: Sequence[int]) -> dict[int, int]:
    rows = models.Agreement.objects.filter(dyad__in=dyads).order_by("made_at", "id")
    return _counted(rows.values_list("dyad", "pk"))


def _counted(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Rows of courses, in their order, to their number within the course: (dyad, row) -> 1, 2 ..."""
    numbers: dict[int, int] = {}
    so_far: dict[int, int] = {}
    for dyad, row in pairs:
        if row not in numbers:
            so_far[dyad] = numbers[row] = so_far.get(dyad, 0) + 1
    return numbers


def _place(some: Courses, session: Session) -> tuple[int, int]:
    return some.number[session.dyad_id], session.number
