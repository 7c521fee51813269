"""Goals, tasks and the shared view once they are read: last words, both seals, progress, history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from accord_clinic.records.attainment import counts, is_current, level_words, levels_since

if TYPE_CHECKING:
    from accord_clinic.models import Agreement, Seal, Undone, Wording

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
    tasks: tuple[Shown, ...] = ()
    progress: tuple[tuple[int, str, int], ...] = ()
    taken_back: tuple[EndTakenBack, ...] = ()

    @property
    def named_levels(self) -> list[tuple[str, str]]:
        """Each level with its number; none where the goal has no levels."""
        return list(zip(LEVEL_NUMBERS, self.levels, strict=False))

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


def ended(everything: Iterable[Shown]) -> list[Shown]:
    """What has ended, and the ended tasks of goals that go on."""
    over = [agreement for agreement in everything if agreement.ended_at]
    return over + [task for goal in everything if not goal.ended_at for task in goal.tasks if task.ended_at]


def shown_of(
    row: Agreement,
    wordings: Sequence[tuple[Wording, Iterable[Seal]]],
    progress: Iterable[Any],
    undone: Iterable[Undone],
) -> Shown:
    """One agreement without its tasks. `wordings`: each with its seals, oldest first; `progress` with its `number`."""
    history = tuple(EarlierWording(w.words, w.side, w.at, frozenset(s.side for s in seals)) for w, seals in wordings)
    last, seals = wordings[-1]
    times = [last.at, *(seal.at for seal in seals)] + ([row.ended_at] if row.ended_at else [])
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
        progress=_progress(progress, levels_since((wording.levels, wording.at) for wording, _seals in wordings)),
        taken_back=tuple(EndTakenBack(each.mark, each.marked_at, each.side, each.at) for each in undone),
    )


def _progress(rows: Iterable[Any], since: datetime) -> tuple[tuple[int, str, int], ...]:
    """Each side's last word on each revealed session, in their order; what was taken back is not there."""
    last = {
        (p.number, p.side): p.value if counts(p.value, p.at, since) else None for p in rows if p.session.revealed_at
    }
    return tuple((number, side, value) for (number, side), value in last.items() if value is not None)


def with_tasks(rows: Iterable[tuple[Agreement, Shown]]) -> tuple[Shown, ...]:
    """All agreements of a dyad, each goal with its tasks, open ones first."""
    ready = list(rows)
    tasks: dict[int, list[Shown]] = {}
    for row, agreement in ready:
        if row.goal_id:
            tasks.setdefault(row.goal_id, []).append(agreement)
    tops = [replace(agreement, tasks=tuple(tasks.get(row.pk, ()))) for row, agreement in ready if not row.goal_id]
    return tuple(sorted(tops, key=lambda agreement: bool(agreement.ended_at)))
