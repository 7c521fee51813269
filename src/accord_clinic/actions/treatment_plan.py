"""The treatment plan: either side writes a version, both confirm it, and each says whether the view still fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accord.errors import BadInput
from accord_clinic.actions.agreements import ChangedMeanwhile, check_side
from accord_clinic.actions.audit import Actor, record
from accord_clinic.models import Dyad, PlanFit, PlanOption, PlanSeal, TreatmentPlan, codes
from accord_clinic.queries.treatment_plan import current_wordings


@dataclass(frozen=True)
class OptionText:
    """One option as it was typed."""

    words: str
    pros: str
    cons: str
    decision: str


@dataclass(frozen=True)
class PlanText:
    """A version as it was typed."""

    options: Sequence[OptionText]
    why: str
    client_does: str
    therapist_does: str
    review_on: date | None


@transaction.atomic
def write(dyad: Dyad, text: PlanText, side: str, *, seen: str, by: Actor) -> TreatmentPlan:
    """Add a version, with goals, tasks and view as they are now. `seen` is the version that the writer's page showed.

    Raises `ChangedMeanwhile` where somebody else wrote one since.
    """
    _check(dyad, side, by)
    last = _latest(dyad)
    if (last.uid if last else "") != seen:
        raise ChangedMeanwhile(
            _("The plan has changed in the meantime. Read it, then change it again if you still want to.")
        )
    plan = TreatmentPlan.objects.create(
        dyad=dyad,
        side=side,
        made_at=timezone.now(),
        wordings=current_wordings(dyad),
        why=text.why,
        client_does=text.client_does,
        therapist_does=text.therapist_does,
        review_on=text.review_on,
    )
    for option in text.options:
        codes.check(PlanOption, decision=option.decision)
        PlanOption.objects.create(
            plan=plan, words=option.words, pros=option.pros, cons=option.cons, decision=option.decision
        )
    record(by, "write_plan", f"plan:{plan.pk}", ["options", "why", "client_does", "therapist_does", "review_on"])
    return plan


@transaction.atomic
def confirm(dyad: Dyad, side: str, *, seen: str, by: Actor) -> None:
    """Confirm the version that this side saw, unless its goals were changed since. Twice is the same as once."""
    _check(dyad, side, by)
    plan = _latest(dyad)
    if plan is None or plan.uid != seen:
        raise ChangedMeanwhile(_("The plan has changed in the meantime. Read it before you confirm it."))
    if plan.wordings != current_wordings(dyad):
        raise BadInput(_("Goals or tasks have changed since. Save the plan again, then confirm it."))
    PlanSeal.objects.get_or_create(plan=plan, side=side, defaults={"at": timezone.now()})
    record(by, "confirm_plan", f"plan:{plan.pk}", ["seal"])


@transaction.atomic
def rate_view(dyad: Dyad, side: str, value: int | None, *, by: Actor) -> None:
    """Say how well the shared view of the problem still fits. The other side sees it once both have said so."""
    _check(dyad, side, by)
    plan = _latest(dyad)
    if plan is None or value not in dict(PlanFit.FITS):
        raise BadInput(_("Choose one of the answers."))
    PlanFit.objects.create(plan=plan, side=side, value=value, at=timezone.now())
    record(by, "rate_view", f"plan:{plan.pk}", ["fit"])


def _check(dyad: Dyad, side: str, by: Actor) -> None:
    check_side(dyad, side, by)
    if dyad.ended:
        raise BadInput(_("Treatment has ended. Its plan stays as it is."))


def _latest(dyad: Dyad) -> TreatmentPlan | None:
    return TreatmentPlan.objects.filter(dyad=dyad).order_by("id").last()
