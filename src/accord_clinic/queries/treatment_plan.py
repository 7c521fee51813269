"""The latest version of a treatment plan, with the goals that belong to it, for either of the two and for readers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from accord_clinic.models import Dyad, PlanOption, Session, TreatmentPlan
from accord_clinic.queries.agreements import Shown, shown

BEFORE_REVIEW = timedelta(days=7)
"""A review returns on the sheet of the session a week before: that sheet is looked at in the session that reviews."""


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


def plan_rows(dyad: Dyad) -> PlanRows:
    """Everything on the page of the plan. A fixed number of queries."""
    going_on = [row for row in shown(dyad) if not row.ended_at]
    plans = TreatmentPlan.objects.filter(dyad=dyad)
    plan = plans.prefetch_related("options", "seals", "fits").order_by("id").last()
    return PlanRows(
        plan=plan,
        options=sorted(plan.options.all(), key=lambda option: option.pk) if plan else (),
        sealed={seal.side: seal.at for seal in plan.seals.all()} if plan else {},
        fits={fit.side: fit.value for fit in sorted(plan.fits.all(), key=lambda fit: fit.pk)} if plan else {},
        goals=[row for row in going_on if row.kind == "goal"],
        views=[row for row in going_on if row.kind == "problem"],
        medication=[row for row in going_on if row.kind == "medication"],
        is_current=plan is not None and plan.wordings == wordings(going_on),
        versions=plans.count(),
    )


def wordings(agreements: Iterable[Shown]) -> list[int]:
    """Which wordings go on now: those of goals with their tasks, and of the shared view."""
    ids = [row.seen for row in agreements if not row.ended_at]
    ids += [task.seen for row in agreements for task in row.tasks if not (row.ended_at or task.ended_at)]
    return sorted(ids)


def current_wordings(dyad: Dyad) -> list[int]:
    """The same, read anew."""
    return wordings(shown(dyad))


def review_due(session: Session) -> date | None:
    """The day on which the plan is to be reviewed, if the sheet of this session is the one for that."""
    last = TreatmentPlan.objects.filter(dyad=session.dyad_id).order_by("id").values_list("review_on", flat=True).last()
    until = timezone.localdate(session.start) + BEFORE_REVIEW
    return last if last is not None and last <= until else None
