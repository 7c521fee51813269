"""Studies that the practice was asked for, and what was made for them and waits for a second member to release it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accord_clinic.models.people import Member
from accord_clinic.models.row import Addressed


class Study(Addressed):
    """A researcher asks for it, another admin answers. Clients can read of it while it runs."""

    ANSWERS = [("approved", _("approved")), ("refused", _("refused"))]

    title = models.CharField(max_length=120)
    purpose = models.TextField(help_text="in words that clients read")
    variables = models.JSONField(default=list, help_text="what its files hold, as table.column")
    until = models.DateField(help_text="the last day on which a file may be made")
    asked_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=ANSWERS, blank=True)
    answered_by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)


class StudyFile(Addressed):
    """Rows or a report. The contents lie sealed for thirty days; once released, researchers can take them until then.

    A file of no `study` is one without codes for client and therapist. `contents` go with the answer *refused*, with
    the approval of the study, and when somebody in it withdraws or is erased; the row stays.
    """

    KINDS = [("rows", _("rows")), ("report", _("report"))]
    ANSWERS = [("released", _("released")), ("refused", _("refused"))]

    study = models.ForeignKey(Study, null=True, blank=True, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=10, choices=KINDS)
    title = models.CharField(max_length=120, blank=True)
    made_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    courses = models.PositiveIntegerField()
    clients = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, help_text="of what was sealed")
    contents = models.BinaryField(null=True, blank=True)
    answer = models.CharField(max_length=10, choices=ANSWERS, blank=True)
    answered_by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-made_at"])]
