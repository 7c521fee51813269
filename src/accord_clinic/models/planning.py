"""Where sessions come from by themselves: a rhythm, days on which the practice is closed, a therapist's calendar.

Also the pause, in which nothing is planned to be asked. A new source of sessions gets its rows here and its code in
`Session.SOURCES`.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accord_clinic.models.care import Session
from accord_clinic.models.exchange import CareRecord
from accord_clinic.models.people import Client, Dyad, Member
from accord_clinic.models.row import Addressed


class Rhythm(models.Model):
    """A dyad meets every so many weeks, on the weekday of `first`, at `at` on the practice's clock.

    Sessions are made up to `planned_until`; a day is never planned twice, so one that was cancelled stays cancelled.
    """

    dyad = models.OneToOneField(Dyad, on_delete=models.CASCADE, related_name="rhythm")
    first = models.DateField()
    at = models.TimeField()
    every = models.PositiveSmallIntegerField(default=1, help_text="weeks from one session to the next")
    minutes = models.PositiveSmallIntegerField(default=50)
    modality = models.CharField(max_length=10, choices=Dyad.MODALITIES)
    until = models.DateField(null=True, blank=True)
    planned_until = models.DateField(help_text="the last day that was looked at")


class ClosedDays(Addressed):
    """Days on which the practice is closed, both included: no rhythm plans a session on them."""

    name = models.CharField(max_length=60)
    first = models.DateField()
    last = models.DateField()


class ConnectedCalendar(Addressed):
    """The calendar that a member keeps elsewhere: a feed with a secret address, or a file read now and then; or a care
    record whose appointments are read when the member opens Accord from there.

    The address is encrypted (`links.seal`), shown to its owner alone, and goes when the member leaves. Of the
    calendar's words nothing is kept.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="calendars")
    record = models.ForeignKey(CareRecord, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    address = models.TextField(blank=True, help_text="encrypted; empty where files are read")
    tag = models.CharField(max_length=200, blank=True, help_text="what the feed called its last state")
    content_hash = models.CharField(max_length=64, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    read_until = models.DateTimeField(null=True, blank=True, help_text="up to where appointments are known")
    tried_at = models.DateTimeField(null=True, blank=True)
    failed_since = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=30, blank=True, help_text="a code of words.calendars")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member"], condition=models.Q(record=None), name="own_calendar_once"),
            models.UniqueConstraint(fields=["member", "record"], name="calendar_of_record_once"),
        ]


class CalendarSeries(Addressed):
    """One event of a calendar with all its repetitions: whose sessions they are, or that they are nobody's.

    `name` is a hash of the event's UID. One without `answered_at` is noted since its words held a client's name.
    """

    calendar = models.ForeignKey(ConnectedCalendar, on_delete=models.CASCADE, related_name="series")
    name = models.CharField(max_length=64)
    dyad = models.ForeignKey(Dyad, null=True, blank=True, on_delete=models.CASCADE, related_name="calendar_series")
    answered_at = models.DateTimeField(null=True, blank=True)
    next_start = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "name"], name="series_once")]


class CalendarEvent(models.Model):
    """One appointment of a series, the session that it became, and how the calendar last had it.

    A session changes only by what changes in the calendar: whatever a member puts right here stays.
    """

    series = models.ForeignKey(CalendarSeries, on_delete=models.CASCADE, related_name="events")
    recurrence = models.CharField(max_length=16, blank=True, help_text="RECURRENCE-ID in UTC; empty: it happens once")
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="calendar_event")
    start = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    gone = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "recurrence"], name="appointment_once")]


class CalendarChange(Addressed):
    """A calendar changed a session: told to its owner until seen, and put back in one step."""

    KINDS = [("new", _("new")), ("moved", _("moved")), ("gone", _("gone"))]

    event = models.ForeignKey(CalendarEvent, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=10, choices=KINDS)
    before = models.DateTimeField(null=True, blank=True, help_text="when a moved session began before")
    minutes_before = models.PositiveSmallIntegerField(null=True, blank=True)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)


class Pause(Addressed):
    """Nothing is asked of a client, and nothing sent by itself: somebody is ill, away, in hospital, or has died."""

    REASONS = [
        ("ill", _("ill")),
        ("hospital", _("in hospital")),
        ("away", _("away")),
        ("died", _("has died")),
        ("other", _("another reason")),
    ]

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="pauses")
    reason = models.CharField(max_length=10, choices=REASONS)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    ask_again_at = models.DateTimeField(null=True, blank=True, help_text="when to ask the therapist again")
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client"], condition=models.Q(until=None), name="paused_once"),
        ]
