"""A practice case that a supervisor sets for a meeting, and what was chosen in it: counts, and nobody's name."""

from django.db import models

from accord_clinic.models.people import Member
from accord_clinic.models.row import Addressed


class CaseMeeting(Addressed):
    """One case for one meeting. While it is open choices can be added; once it is closed they can be read."""

    case = models.CharField(max_length=40)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    people = models.PositiveIntegerField(default=0, help_text="how many have added their choices")


class CaseTally(models.Model):
    """How often one thing was chosen: `choice` is the stop, what was asked (see or way) and the answer."""

    meeting = models.ForeignKey(CaseMeeting, on_delete=models.CASCADE, related_name="tallies")
    choice = models.CharField(max_length=60)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting", "choice"], name="one_tally_a_choice")]
