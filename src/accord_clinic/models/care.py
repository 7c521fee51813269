"""Sessions, invitations and what each person answered. Answers are only added, never changed."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accord_clinic.models.people import Client, Dyad, Member
from accord_clinic.models.row import SIDES, Addressed


def rank(path: str = "") -> Combinable:
    """The number of a session: 1 and how many held sessions of its dyad come before it, by start. For `annotate`.

    `path` leads from the row to its session, `"session"` for an answer. Only held sessions have a number on pages;
    for one that is asked about before it is marked, this is the number that it has once it took place. It is computed
    here and nowhere else, and stored nowhere: moving or marking a session changes the numbers of others.
    """
    start, pk, dyad = (f"{path}__{name}" if path else name for name in ("start", "pk", "dyad"))
    before = Q(start__lt=OuterRef(start)) | Q(start=OuterRef(start), pk__lt=OuterRef(pk))
    held = Session.objects.filter(before, dyad=OuterRef(dyad), state="held").order_by()
    count = held.values("dyad").annotate(n=models.Count("pk")).values("n")
    return Coalesce(Subquery(count), 0) + 1


class SessionQuerySet(models.QuerySet["Session"]):
    def ranked(self) -> "SessionQuerySet":
        """With the number of each as `number`, so that a list needs no query for each."""
        return self.annotate(**{"number": rank()})


class Session(Addressed):
    """One meeting of a dyad. At `reveal_due` the answers open to both even if one side is missing.

    Each column holds the present value; how it came about is in `SessionChange`.
    """

    STATES = [
        ("planned", _("planned")),
        ("held", _("held")),
        ("cancelled", _("cancelled")),
        ("missed_by_client", _("missed by the client")),
        ("missed_by_therapist", _("missed by the therapist")),
    ]
    OPENED_BY = [("both", _("both")), ("waived", _("waived")), ("time", _("time")), ("import", _("import"))]
    SOURCES = [
        ("hand", _("planned by hand")),
        ("rhythm", _("from the weekly rhythm")),
        ("calendar", _("from a calendar")),
        ("file", _("from a file")),
    ]

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="sessions")
    start = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=50)
    modality = models.CharField(max_length=10, choices=Dyad.MODALITIES)
    source = models.CharField(max_length=10, choices=SOURCES, default="hand")
    planned_at = models.DateTimeField(
        null=True, blank=True, default=timezone.now, help_text="when it was written down; empty: before this was noted"
    )
    state = models.CharField(max_length=20, choices=STATES, default="planned")
    reveal_due = models.DateTimeField(null=True, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True)
    revealed_by = models.CharField(max_length=10, choices=OPENED_BY, blank=True)
    waived_why = models.TextField(blank=True)
    passed_over = models.BooleanField(
        default=False, help_text="it opened without a check-in for the client: none was due, and nobody made a link"
    )
    number_in_file = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="in the file that it came from, so that importing again adds nothing"
    )

    objects = SessionQuerySet.as_manager()

    # What querysets annotate, where they do: by `**{"denied": ...}`, or the types would take it for a second attribute.
    denied: bool
    linked_at: datetime | None
    reminders: int
    reminded_at: datetime | None

    class Meta:
        indexes = [models.Index(fields=["start"]), models.Index(fields=["revealed_at", "reveal_due"])]

    @cached_property
    def number(self) -> int:
        """Its number, by a query of its own where the row did not come from `ranked`."""
        return Session.objects.filter(pk=self.pk).values_list(rank(), flat=True).get()

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)


class SessionChange(models.Model):
    """One column of a session was changed: what it held before and after, by whom, when. A later row puts it right.

    A new column that people or calendars may change gets its code here, and is written by `actions.care`.
    """

    FIELDS = [("state", _("state")), ("start", _("start")), ("modality", _("modality")), ("minutes", _("minutes"))]
    SIDES = [
        ("member", _("somebody who works here")),
        ("client", _("client")),
        ("clock", _("the time limit")),
        ("calendar", _("a calendar")),
        ("file", _("a file")),
    ]

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="changes")
    field = models.CharField(max_length=10, choices=FIELDS)
    before = models.CharField(max_length=40, help_text="a code, a number, or a moment in UTC")
    after = models.CharField(max_length=40)
    by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=SIDES)
    at = models.DateTimeField()


class Invitation(Addressed):
    """One client, one session, one set of forms, one link. Only the hash of the link's token is stored.

    A link that was not `mailed` was shown to whoever made it, who may have kept it: what a client sent with it comes
    back only in the browser that sent it.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="invitations")
    forms = models.JSONField(default=list, help_text="[[instrument, form], ...] in the order asked")
    token_hash = models.CharField(max_length=64, unique=True)
    mailed = models.BooleanField(default=False, help_text="it went to the known contact and nobody else saw it")
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="when the client sent the check-in")

    number: int  # of its session, where a queryset annotates it


class ResponseQuerySet(models.QuerySet):
    def current_ids(self) -> models.QuerySet:
        """The same rule in the database: the ids of the responses of this queryset that count."""
        return self.order_by().values("session", "side", "instrument").annotate(last=models.Max("id")).values("last")


class Response(Addressed):
    """What one side said about one session with one questionnaire. A correction is a later row for the same three.

    Which of them counts is said once: `current_responses` of rows, `Response.objects.current_ids()` of a queryset.

    `answers` has one entry per item that was answered and is shown. A skipped one is absent, and so are those that were
    not asked or are kept (see PrivateLine and KeptRating): nobody else can tell them apart. Until version 0.1 of the
    check-in, a skipped one was null. `submission` is the page's idempotency key: sent twice, kept once.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="responses")
    side = models.CharField(max_length=10, choices=SIDES)
    instrument = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    form = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    wording = models.CharField(max_length=64, help_text="hash of the words that the person saw")
    answers = models.JSONField(default=dict)
    begun_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField()
    submission = models.CharField(max_length=64)
    context = models.JSONField(default=dict, help_text="language of the page, script or not; never a device id")

    objects = ResponseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "side", "instrument", "submission"], name="response_once")
        ]


class Comment(Addressed):
    """Words that a client chose to show to the therapist. Words for anybody else are a PrivateLine, never a Comment."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="comments")
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="comments")
    side = models.CharField(max_length=10, choices=SIDES)
    item = models.CharField(max_length=40)
    words = models.TextField()


class PrivateLine(Addressed):
    """What a client keeps, or says to somebody else. It has its own table, so that no list of comments can contain it.

    An answer (`value`) that is kept is absent from its Response. `reader` says who may ever see it; `to` is the person
    whom the page named, so that naming somebody else later gives nobody what was not said to them.
    """

    READERS = [
        ("raise", _("I'll raise it myself")),
        ("not_yet", _("not yet")),
        ("outside", _("someone else here")),
        ("statistics", _("statistics only")),
    ]

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="private_lines")
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="private_lines")
    reader = models.CharField(max_length=12, choices=READERS)
    to = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=40)
    value = models.JSONField(null=True, blank=True)
    words = models.TextField(blank=True)
    acknowledged_at = models.DateTimeField(
        null=True, blank=True, help_text="when the outside reader said: I have read it"
    )


class KeptRating(Addressed):
    """What a therapist answered and keeps: an answer that is in no Response, or words that are in no Comment.

    It has a table of its own, as a client's PrivateLine has: no query for a client's pages names it.
    """

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="kept_ratings")
    item = models.CharField(max_length=40)
    value = models.JSONField()


class RatingDraft(models.Model):
    """A rating that is being typed, for its author alone: it survives a reload, and goes when the rating is sent."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="rating_drafts")
    by = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    values = models.JSONField(help_text="as the page posts them: the answers and words by the name of the field")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "by"], name="one_rating_draft")]


class Reaction(models.Model):
    """A therapist's own note about a session. Nobody else reads it; the page says it may have to be disclosed."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="reactions")
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    words = models.TextField()
    at = models.DateTimeField()


class AgendaItem(models.Model):
    """A note that its author takes to supervision: read by those with whom the course is shared, until it is over."""

    reaction = models.OneToOneField(Reaction, on_delete=models.CASCADE, related_name="agenda_item")
    at = models.DateTimeField()
    over_at = models.DateTimeField(null=True, blank=True, help_text="talked about, or taken back")
