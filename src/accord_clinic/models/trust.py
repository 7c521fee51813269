"""Read log, audit log, notices, and codes for a client's own space: ids and field names, never words."""

from django.db import models

from accord_clinic.models.care import Session
from accord_clinic.models.people import Client, Dyad, Member


class ReadLog(models.Model):
    """Who read a client's words, when, and what kind of page of which dyad. The client sees a plain version."""

    member = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(
        "Recipient", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="the program of others that read it, by itself or for the member",
    )  # fmt: skip
    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="reads")
    what = models.CharField(max_length=40)
    sessions = models.JSONField(default=list, help_text="uids of the sessions whose words were shown")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["dyad", "-at"])]


class AuditEntry(models.Model):
    """One act: who did what to which row, and which fields it wrote. Each entry holds the hash of the one before."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=60, help_text="member:ID, client:ID or system")
    act = models.CharField(max_length=60)
    row = models.CharField(max_length=80)
    fields = models.JSONField(default=list)
    chain = models.CharField(max_length=64)


class Notice(models.Model):
    """One message to one person about one thing. A sweep claims the row and delivers it; `key` prevents a second."""

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    about = models.CharField(max_length=200, blank=True, help_text="uid of the row; a link or code until it is sent")
    session = models.ForeignKey(Session, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    to = models.CharField(max_length=254, blank=True, help_text="another address than the known one, until it is sent")
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True, help_text="not wanted any more before it was sent")


class Code(models.Model):
    """A one-time code for one purpose inside the own space: short-lived, few tries. Only its hash is stored."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="codes")
    purpose = models.CharField(max_length=20)
    code_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)


class StepIn(models.Model):
    """Somebody asks to be let into a client's own space. Whom it is about is known to the sweep alone, until the code
    was typed; the browser keeps a handle that says nothing."""

    token_hash = models.CharField(max_length=64, unique=True)
    clients = models.ManyToManyField(Client, related_name="+", help_text="reached at the address; families share one")
    address = models.CharField(max_length=254, blank=True, help_text="as typed, until the sweep has looked it up")
    who = models.CharField(max_length=64, help_text="keyed hash of the address, to count by")
    network = models.CharField(max_length=64, help_text="keyed hash of where it came from, to count by")
    code_hash = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    proved_at = models.DateTimeField(null=True, blank=True, help_text="the right code was typed")

    class Meta:
        indexes = [models.Index(fields=["who", "made_at"]), models.Index(fields=["network", "made_at"])]


class ClientDoor(models.Model):
    """A client's signed-in session in the own space; it ends after 15 idle minutes."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="doors")
    token_hash = models.CharField(max_length=64, unique=True)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    shut_at = models.DateTimeField(null=True, blank=True)


class ImportRow(models.Model):
    """One row of an imported file, by the hash of what it says, so that importing twice adds nothing."""

    source = models.CharField(max_length=200)
    row_hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "row_hash"], name="import_row_once")]


class ServiceMonth(models.Model):
    """The numbers of one closed month, counted once, so that two visits cannot reveal one answer in between."""

    month = models.DateField(unique=True, help_text="its first day")
    closed_at = models.DateTimeField()
    counts = models.JSONField()
