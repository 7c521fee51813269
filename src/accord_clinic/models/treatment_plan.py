"""The treatment plan that two people make together: versions with options, who does what, a review, confirmations.

Its goals, tasks and shared view of the problem are agreements; a version names the wordings that it was made with.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accord_clinic.models.people import Dyad
from accord_clinic.models.row import SIDES, Addressed


class TreatmentPlan(Addressed):
    """One version of the plan. A change is a new version, which nobody has confirmed yet; earlier ones stay."""

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="plans")
    side = models.CharField(max_length=10, choices=SIDES, help_text="who wrote this version down")
    made_at = models.DateTimeField()
    wordings = models.JSONField(default=list, help_text="ids of the wordings of goals, tasks and view, as of then")
    why = models.TextField(blank=True, help_text="why this option and not another")
    client_does = models.TextField(blank=True)
    therapist_does = models.TextField(blank=True)
    review_on = models.DateField(null=True, blank=True)


class PlanOption(models.Model):
    """Something that was considered: what speaks for and against it, and what was decided."""

    DECISIONS = [("yes", _("yes")), ("not_now", _("not now")), ("no", _("no"))]

    plan = models.ForeignKey(TreatmentPlan, on_delete=models.CASCADE, related_name="options")
    words = models.TextField()
    pros = models.TextField(blank=True)
    cons = models.TextField(blank=True)
    decision = models.CharField(max_length=10, choices=DECISIONS)


class PlanSeal(models.Model):
    """One side's confirmation of one version."""

    plan = models.ForeignKey(TreatmentPlan, on_delete=models.CASCADE, related_name="seals")
    side = models.CharField(max_length=10, choices=SIDES)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "side"], name="plan_sealed_once")]


class PlanFit(models.Model):
    """How well the shared view of the problem still fits, by one side, under one version. The latest row counts."""

    FITS = [(0, _("not any more")), (1, _("partly")), (2, _("mostly")), (3, _("fully"))]

    plan = models.ForeignKey(TreatmentPlan, on_delete=models.CASCADE, related_name="fits")
    side = models.CharField(max_length=10, choices=SIDES)
    value = models.PositiveSmallIntegerField(choices=FITS)
    at = models.DateTimeField()
