"""The latest version of a treatment plan, with the goals that belong to it, for either of the two and for readers."""

from datetime import date, timedelta

from django.db.models import Prefetch
from django.utils import timezone

from accord_clinic.models import Dyad, PlanFit, PlanOption, Session, TreatmentPlan
from accord_clinic.queries.agreements import shown
from accord_clinic.records.treatment_plan import PlanRows, plan_of, wordings

BEFORE_REVIEW = timedelta(days=7)
"""A review returns on the sheet of the session a week before: that sheet is looked at in the session that reviews."""


def plan_rows(dyad: Dyad) -> PlanRows:
    """Everything on the page of the plan. A fixed number of queries."""
    plans = TreatmentPlan.objects.filter(dyad=dyad)
    in_order = (
        Prefetch("options", PlanOption.objects.order_by("pk")),
        Prefetch("fits", PlanFit.objects.order_by("pk")),
    )
    plan = plans.prefetch_related("seals", *in_order).order_by("id").last()
    options, seals, fits = (list(plan.options.all()), plan.seals.all(), plan.fits.all()) if plan else ((), (), ())
    return plan_of(shown(dyad), plan, options, seals, fits, plans.count())


def current_wordings(dyad: Dyad) -> list[int]:
    """The same, read anew."""
    return wordings(shown(dyad))


def review_due(session: Session) -> date | None:
    """The day on which the plan is to be reviewed, if the sheet of this session is the one for that."""
    last = TreatmentPlan.objects.filter(dyad=session.dyad_id).order_by("id").values_list("review_on", flat=True).last()
    until = timezone.localdate(session.start) + BEFORE_REVIEW
    return last if last is not None and last <= until else None
