"""When a dyad's links and reminders go out, and the links with which a client stops them."""

from django.db import models

from accord_clinic.models.people import Client, Dyad


class Schedule(models.Model):
    """When messages go out for one dyad, where that differs from the practice. Empty fields follow the practice."""

    dyad = models.OneToOneField(Dyad, on_delete=models.CASCADE, related_name="schedule")
    by_itself = models.BooleanField(default=True, help_text="links go out after a session without anybody doing it")
    link_after_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    remind_after_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    most_reminders = models.PositiveSmallIntegerField(null=True, blank=True)
    quiet_from = models.PositiveSmallIntegerField(null=True, blank=True)
    quiet_until = models.PositiveSmallIntegerField(null=True, blank=True)
    pause_after = models.PositiveSmallIntegerField(null=True, blank=True)


class StopLink(models.Model):
    """The link at the end of a message that stops all messages to its receiver. Only its hash is stored."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="stop_links")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
