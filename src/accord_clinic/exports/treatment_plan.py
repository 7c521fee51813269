"""A treatment plan on one page of paper that both can confirm; the layout is `exports/print/plan.typ`."""

from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accord_clinic.exports.pdf import printed
from accord_clinic.pages.treatment_plan import PlanPage, PlanSide
from accord_clinic.records.agreements import Shown


def plan_pdf(plan: PlanPage, language: str) -> bytes:
    """The plan on A4, in the language that is active."""
    return printed("plan", {
        "lang": language,
        "title": _("Our treatment plan"),
        "kicker": _when(plan),
        "foot": _("If the wording changes, you both confirm it again. Earlier versions are kept."),
        "problem_name": _("The problem, as we see it"),
        "problem": [_agreement(view, plan) for view in plan.views],
        "goals_name": _("Goals, and what we do to reach them"),
        "goals": [_agreement(goal, plan) for goal in plan.goals],
        "medication_name": _("Medication plan"),
        "medication": [_agreement(row, plan) for row in plan.medication],
        "options_name": _("What we considered"),
        "heads": [_("Option"), _("For"), _("Against"), _("We decided")],
        "options": [[o.words, o.pros, o.cons, o.decision] for o in plan.options],
        "why_name": _("Why this one"),
        "why": plan.why,
        "does_name": _("Who does what"),
        "sides": [_side(side) for side in plan.sides],
        "review_name": _("Review"),
        "review": date_format(plan.review_on, "DATE_FORMAT") if plan.review_on else "",
        "sign_name": _("Confirmed by"),
    })  # fmt: skip


def _when(plan: PlanPage) -> str:
    if plan.made_at is None:
        return ""
    day = date_format(timezone.localtime(plan.made_at), "DATE_FORMAT")
    return _("version {number}, written on {day}").format(number=plan.version, day=day)


def _agreement(agreement: Shown, plan: PlanPage) -> dict[str, Any]:
    """Its words, the tasks of a goal, and beside each what is said where the two have not both confirmed it."""
    going_on = [task for task in agreement.tasks if not task.ended_at]
    return {
        "words": agreement.words,
        "note": "" if agreement.agreed else plan.not_agreed,
        "tasks": [_agreement(task, plan) for task in going_on],
    }


def _side(side: PlanSide) -> dict[str, str]:
    day = date_format(timezone.localtime(side.confirmed), "DATE_FORMAT") if side.confirmed else ""
    return {"side": side.side, "name": side.name, "does": side.does, "confirmed": day}
