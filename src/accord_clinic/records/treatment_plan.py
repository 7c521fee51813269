"""A treatment plan as it stands, with the goals that belong to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from accord_clinic.records.agreements import Shown

if TYPE_CHECKING:
    from accord_clinic.models import PlanFit, PlanOption, PlanSeal, TreatmentPlan


@dataclass(frozen=True)
class PlanRows:
    """A plan as it stands. `is_current`: goals, tasks and view are worded as when this version was made.

    `fits`: each side's latest answer to whether the shared view still fits. `versions`: how many there are.
    """

    plan: TreatmentPlan | None
    options: Sequence[PlanOption]
    sealed: dict[str, datetime]
    fits: dict[str, int]
    goals: Sequence[Shown]
    views: Sequence[Shown]
    medication: Sequence[Shown]
    is_current: bool
    versions: int


def wordings(agreements: Iterable[Shown]) -> list[int]:
    """Which wordings go on now: those of goals with their tasks, and of the shared view."""
    ids = [row.seen for row in agreements if not row.ended_at]
    ids += [task.seen for row in agreements for task in row.tasks if not (row.ended_at or task.ended_at)]
    return sorted(ids)


def plan_of(
    agreements: Iterable[Shown],
    plan: TreatmentPlan | None,
    options: Sequence[PlanOption],
    seals: Iterable[PlanSeal],
    fits: Iterable[PlanFit],
    versions: int,
) -> PlanRows:
    """The latest version, or none, with what of `agreements` goes on. Options and fits in the order they were made."""
    going_on = [row for row in agreements if not row.ended_at]
    return PlanRows(
        plan=plan,
        options=options,
        sealed={seal.side: seal.at for seal in seals},
        fits={fit.side: fit.value for fit in fits},
        goals=[row for row in going_on if row.kind == "goal"],
        views=[row for row in going_on if row.kind == "problem"],
        medication=[row for row in going_on if row.kind == "medication"],
        is_current=plan is not None and plan.wordings == wordings(going_on),
        versions=versions,
    )
