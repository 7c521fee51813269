"""Goals, tasks and the shared view as pages show them: last words, both seals, progress, history."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from accord_clinic.attainment import LEVELS, counts, is_current, level_words, levels_since
from accord_clinic.models import Agreement, Client, Dyad, Member, Pick, Progress, Seal, Undone, Wording
from accord_clinic.models.alliance import LEVEL_NAMES, current_picks
from accord_clinic.models.care import rank
from accord_clinic.permissions import dyads_visible_to
from accord_clinic.queries.from_outside import named_for

LEVEL_NUMBERS = ("−2", "−1", "0", "+1", "+2")


@dataclass(frozen=True)
class EarlierWording:
    """One wording in the history of an agreement."""

    words: str
    side: str
    at: datetime
    sealed_by: frozenset[str]


@dataclass(frozen=True)
class EndTakenBack:
    """It was marked as ended by mistake: how, when, and whose taking back it is."""

    end: str
    marked_at: datetime
    side: str
    at: datetime


@dataclass(frozen=True)
class Shown:
    """One agreement with its last words. `seen` names that wording, so that a seal or a change knows what was read."""

    uid: str
    kind: str
    words: str
    side: str
    seen: int
    proposed_by: str
    sealed_by: frozenset[str]
    levels: tuple[str, ...]
    last_change: datetime
    end: str
    ended_at: datetime | None
    history: tuple[EarlierWording, ...]
    tasks: tuple["Shown", ...] = ()
    progress: tuple[tuple[int, str, int], ...] = ()
    taken_back: tuple[EndTakenBack, ...] = ()

    @property
    def named_levels(self) -> list[tuple[str, str]]:
        """Each level with its number; none where the goal has no levels."""
        return list(zip(LEVEL_NUMBERS, self.levels, strict=False))

    @property
    def level_fields(self) -> list[tuple[str, str, str]]:
        """A field for each level: its number, its words so far, and what it is called."""
        so_far = self.levels or ("",) * len(LEVELS)
        return list(zip(LEVEL_NUMBERS, so_far, map(str, LEVEL_NAMES), strict=True))

    @property
    def last_progress(self) -> tuple[int, int] | None:
        """The last session that was rated on the scale that it has now, and how."""
        rated = ((number, value) for number, _side, value in reversed(self.progress) if is_current(value, self.levels))
        return next(rated, None)

    @property
    def last_level(self) -> str:
        """The words of the level that was rated last; nothing where there are no levels."""
        return level_words(self.levels, self.last_progress[1]) if self.last_progress else ""

    @property
    def agreed(self) -> bool:
        """Agreed means: both have sealed these words."""
        return {"client", "therapist"} <= self.sealed_by

    @property
    def waits(self) -> bool:
        """Open, and at least one seal is missing."""
        return not self.ended_at and not self.agreed

    def changed_since(self, moment: datetime) -> bool:
        """Whether words, seals or the end are newer than a moment, in it or in one of its tasks."""
        return self.last_change >= moment or any(task.changed_since(moment) for task in self.tasks)


def dyad_for(viewer: Member | Client, uid: str) -> Dyad | None:
    """The dyad if this person may see it."""
    rows = dyads_visible_to(viewer) if isinstance(viewer, Member) else Dyad.objects.filter(client=viewer)
    return named_for(viewer, rows.filter(uid=uid).select_related("client", "therapist").first())


def agreement_for(viewer: Member | Client, uid: str) -> Agreement | None:
    """The agreement if this person may see its dyad."""
    dyads = dyads_visible_to(viewer) if isinstance(viewer, Member) else Dyad.objects.filter(client=viewer)
    rows = Agreement.objects.filter(uid=uid, dyad__in=dyads).select_related("dyad__client", "dyad__therapist")
    agreement = rows.first()
    if agreement is not None:
        named_for(viewer, agreement.dyad)
    return agreement


def shown(dyad: Dyad) -> tuple[Shown, ...]:
    """All goals (with their tasks) and shared views of a dyad, open ones first. Five queries."""
    rows = (
        Agreement.objects.filter(dyad=dyad)
        .prefetch_related(
            Prefetch("undone", Undone.objects.order_by("id")),
            Prefetch(
                "wordings", Wording.objects.order_by("id").prefetch_related(Prefetch("seals", Seal.objects.all()))
            ),
            Prefetch(
                "progress", Progress.objects.order_by("id").select_related("session").annotate(number=rank("session"))
            ),
        )
        .order_by("id")
    )
    ready = {row.pk: (row, _shown(row)) for row in rows}
    tasks: dict[int, list[Shown]] = {}
    for row, agreement in ready.values():
        if row.goal_id:
            tasks.setdefault(row.goal_id, []).append(agreement)
    tops = [_with_tasks(agreement, tasks.get(pk, [])) for pk, (row, agreement) in ready.items() if not row.goal_id]
    return tuple(sorted(tops, key=lambda agreement: bool(agreement.ended_at)))


def ended(everything: Iterable[Shown]) -> list[Shown]:
    """What has ended, and the ended tasks of goals that go on."""
    over = [agreement for agreement in everything if agreement.ended_at]
    return over + [task for goal in everything if not goal.ended_at for task in goal.tasks if task.ended_at]


def _shown(row: Agreement) -> Shown:
    history = tuple(_words(w) for w in row.wordings.all())
    last = list(row.wordings.all())[-1]
    times = [last.at, *(seal.at for seal in last.seals.all())] + ([row.ended_at] if row.ended_at else [])
    return Shown(
        uid=row.uid,
        kind=row.kind,
        words=last.words,
        side=last.side,
        seen=last.pk,
        proposed_by=row.proposed_by,
        sealed_by=history[-1].sealed_by,
        levels=tuple(last.levels),
        last_change=max(times),
        end=row.end,
        ended_at=row.ended_at,
        history=history[:-1],
        progress=_progress(row, levels_since((wording.levels, wording.at) for wording in row.wordings.all())),
        taken_back=tuple(EndTakenBack(each.mark, each.marked_at, each.side, each.at) for each in row.undone.all()),
    )


def _progress(row: Agreement, since: datetime) -> tuple[tuple[int, str, int], ...]:
    """Each side's last word on each revealed session, in their order; what was taken back is not there."""
    rows: Iterable[Any] = row.progress.all()
    last = {
        (p.number, p.side): p.value if counts(p.value, p.at, since) else None
        for p in rows
        if p.session.revealed_at
    }
    return tuple((number, side, value) for (number, side), value in last.items() if value is not None)


def _words(row: Wording) -> EarlierWording:
    return EarlierWording(row.words, row.side, row.at, frozenset(seal.side for seal in row.seals.all()))


def _with_tasks(agreement: Shown, tasks: list[Shown]) -> Shown:
    return replace(agreement, tasks=tuple(tasks)) if tasks else agreement


def picks_in_common(dyad: Dyad) -> tuple[int, int] | None:
    """How many of the last revealed picks of both sides are the same, of how many different ones; `None` before any."""
    rows = Pick.objects.filter(session__dyad=dyad).exclude(session__revealed_at=None)
    rows = rows.order_by("session__start", "session", "at")
    picked = {
        voice: {row.agreement_id or row.words.casefold() for row in picks}
        for voice, picks in current_picks(rows).items()
    }
    sessions = [s for s, side in picked if side == "client" and picked[s, side] and picked.get((s, "therapist"))]
    if not sessions:
        return None
    client, therapist = picked[sessions[-1], "client"], picked[sessions[-1], "therapist"]
    return len(client & therapist), len(client | therapist)
