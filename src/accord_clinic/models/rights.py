"""What a client may ask for, who stands in for a therapist, who looked in an emergency, and on which terms."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accord_clinic.models.people import Client, Dyad, Member
from accord_clinic.models.row import Addressed


class Terms(models.Model):
    """Who agrees, and what guardians or whoever sent this client learn. Without a row the safe default holds."""

    CONSENTERS = [
        ("client", _("the client alone")),
        ("both", _("the client and a guardian")),
        ("guardian", _("a guardian")),
    ]
    LEARNS = [
        ("nothing", _("nothing")),
        ("dates", _("that sessions take place, and when")),
        ("together", _("what client and therapist choose to tell, together")),
    ]

    client = models.OneToOneField(Client, on_delete=models.CASCADE, related_name="terms")
    consents = models.CharField(max_length=10, choices=CONSENTERS, default="client")
    guardian_learns = models.CharField(max_length=10, choices=LEARNS, default="nothing")
    by_order = models.BooleanField(default=False)
    order_learns = models.CharField(max_length=10, choices=LEARNS, default="nothing")


class Correction(Addressed):
    """A client says what is wrong in the record, and a member answers. Both texts stay side by side."""

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="corrections")
    words = models.TextField()
    asked_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)


class Erasure(models.Model):
    """A client asked for erasure, by number: what went at once, what the practice decided, what remains until when.

    The number and the name in URLs outlast the client's row, so that an earlier backup that is restored is brought to
    the same state.
    """

    KINDS = [
        ("record", _("the care record: answers, goals, what felt off")),
        ("dates", _("with whom, and on which days")),
        ("safety", _("what was done after a safety answer")),
    ]
    WHYS = [
        ("law", _("The law asks us to keep it.")),
        ("claims", _("We may need it to answer a claim.")),
        ("safety", _("It may be needed to keep somebody safe.")),
    ]

    client = models.BigIntegerField(unique=True)
    uid = models.CharField(max_length=22)
    at = models.DateTimeField(help_text="when the client asked")
    receipt = models.CharField(max_length=64, blank=True, help_text="hash of the code that shows how it stands")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    why = models.JSONField(default=list, help_text="codes of WHYS: why something is kept")
    remains = models.JSONField(default=list, help_text="codes of KINDS: what is left at this moment")
    record_until = models.DateField(null=True, blank=True)
    dates_until = models.DateField(null=True, blank=True)
    safety_until = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["receipt"])]


class Cover(Addressed):
    """A colleague stands in for a therapist, from one day to another. The client can see this."""

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="covers")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="covering")
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["member", "until"])]


class CaseloadMove(models.Model):
    """An admin gave a therapist's running courses to a cover or a successor, once a person had told the clients.

    Why is for the admins alone; the therapist sees that it was done.
    """

    KINDS = [("cover", _("cover")), ("successor", _("successor"))]

    therapist = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="caseload_moves")
    to = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=KINDS)
    courses = models.PositiveSmallIntegerField()
    first = models.DateField()
    last = models.DateField(null=True, blank=True, help_text="of a cover")
    why = models.TextField()
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class BreakGlass(models.Model):
    """An admin looks at a course of care in an emergency: why, for one hour, reading only; both are told."""

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="glasses")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    why = models.TextField()
    at = models.DateTimeField()
    until = models.DateTimeField()
