"""A check some time after a course of care has ended: how things are now, and whether there is something to say."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accord_clinic.models.people import Dyad
from accord_clinic.models.row import Addressed


class FollowUp(Addressed):
    """One check at a time that both chose. It is asked once, by a neutral message, and need not be answered."""

    NOW = [(0, _("worse than at the end")), (1, _("much the same")), (2, _("better than at the end"))]

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="follow_ups")
    due_on = models.DateField()
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    now = models.PositiveSmallIntegerField(choices=NOW, null=True, blank=True)
    words = models.TextField(blank=True)
    wants_contact = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["asked_at", "due_on"])]
