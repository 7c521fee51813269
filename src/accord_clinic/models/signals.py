"""Signals that people acted on, the calibration each rests on, and what was suggested."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accord_clinic.models.care import Session
from accord_clinic.models.people import Dyad, Member
from accord_clinic.models.row import Addressed


class Calibration(models.Model):
    """Estimated parameters and thresholds of one scale on one day. These never change; a newer row replaces it.

    Signals name the one that judged them, so it stays also where the sweep is to `make_anew` what is usual. `level`:
    how far all ratings lay from it, by day (`accord.stats.level`); the sweep carries it on, for the newest alone.
    """

    scale = models.CharField(max_length=80)
    version = models.CharField(max_length=80, unique=True)
    made_at = models.DateTimeField()
    dyads = models.PositiveIntegerField()
    body = models.JSONField()
    level = models.JSONField(default=dict)
    level_at = models.DateTimeField(null=True, blank=True)
    make_anew = models.BooleanField(
        default=False, help_text="an upgrade changed what it was learnt from; the sweep makes a new one and unmarks it"
    )


class Signal(models.Model):
    """Something to look at. Dyad, kind, session and scale identify it, so computing again never doubles it."""

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="signals")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="signals")
    kind = models.CharField(max_length=30)
    reported = models.BooleanField()
    scale = models.CharField(max_length=80, blank=True)
    strength = models.FloatField(default=0)
    evidence = models.JSONField(default=dict)
    rule = models.CharField(max_length=80)
    calibration = models.CharField(max_length=80, blank=True)
    withheld = models.BooleanField(
        default=False, help_text="inferred, but the budget of 10 in 100 sessions was used up"
    )
    raised_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dyad", "kind", "session", "scale"], name="signal_once")]
        indexes = [models.Index(fields=["reported", "-raised_at"])]


class PutAside(models.Model):
    """One reader has put a signal aside, for that reader alone, until a later session opens. Never a safety notice."""

    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="put_aside")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["signal", "member"], name="put_aside_once_a_reader")]


class SafetyLook(models.Model):
    """What a member did after a safety answer; never the answer, and no assessment, which belongs in the care record.

    The notice stays until somebody says what was done. `looked` says less, is offered no more and ends no notice.
    """

    DONE = [
        ("spoke", _("spoke with the client")),
        ("assessment", _("assessment written in the care record")),
        ("passed_on", _("passed on")),
        ("looked", _("looked at it; nothing more was recorded")),
    ]

    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="looks")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    done = models.CharField(max_length=12, choices=DONE)
    to = models.CharField(max_length=120, blank=True, help_text="to whom it was passed on")


class Suggestion(Addressed):
    """A guidance card shown to one therapist for one session: used, not for us (and why), or nothing yet."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="suggestions")
    card = models.CharField(max_length=80)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    signal_kind = models.CharField(max_length=30)
    shown_at = models.DateTimeField()
    used = models.BooleanField(null=True, blank=True)
    why = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "card"], name="suggestion_once")]
