"""What two people expect of their work before they meet: one sheet for session 1, closed until both may read it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accord_clinic.models.people import Dyad
from accord_clinic.models.row import SIDES

MOST_WORDS = 2_000
"""Characters of one answer."""


class ExpectationSheet(models.Model):
    """The sheet of one dyad. It hangs on no session, so it follows whichever appointment is the first."""

    OPENED_BY = [("both", _("both")), ("time", _("time"))]

    dyad = models.OneToOneField(Dyad, on_delete=models.CASCADE, related_name="expectation_sheet")
    token_hash = models.CharField(max_length=64, unique=True, null=True, help_text="of the link that the client got")
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_by = models.CharField(max_length=10, choices=OPENED_BY, blank=True)


class Expectation(models.Model):
    """What one side wrote on one topic. Until the sheet is open, sending again replaces it."""

    TOPICS = [
        ("hope", _("What we hope for")),
        ("roles", _("Who does what")),
        ("ways", _("How we like to work")),
        ("worry", _("What could be difficult")),
    ]

    sheet = models.ForeignKey(ExpectationSheet, on_delete=models.CASCADE, related_name="expectations")
    side = models.CharField(max_length=10, choices=SIDES)
    topic = models.CharField(max_length=10, choices=TOPICS)
    words = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sheet", "side", "topic"], name="expectation_once")]
