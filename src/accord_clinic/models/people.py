"""The practice, who works there, who comes there, and which two of them work together."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accord.cards import APPROACHES
from accord.signals import REVIEW_EVERY
from accord_clinic.models.row import Addressed
from accord_clinic.records.often import NEVER

YOUNGEST = 12
"""In years: nobody younger is registered, since the questions are not made for children."""
OFTEN = [
    (1, _("after every session")),
    (2, _("after every second session")),
    (4, _("after every fourth session")),
    (REVIEW_EVERY, _("at reviews, after every sixth session")),
]
"""How often there is a check-in, in sessions. There always is one after the first."""


class Practice(models.Model):
    """The practice. One installation has one practice and one database, so this table has one row."""

    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=60, default="Europe/Berlin")
    country = models.CharField(max_length=2, blank=True, help_text="two letters; its law and its crisis numbers hold")
    languages = models.JSONField(default=list)
    crisis_text = models.TextField(help_text=_("Shown on every client page: whom to call in need."))
    safety_contact = models.ForeignKey("Member", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # "Someone else here": offered to clients only where all of this is known.
    outside_reader = models.ForeignKey("Member", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    outside_reader_role = models.CharField(max_length=200, blank=True)
    outside_reader_reply = models.CharField(max_length=200, blank=True)
    outside_reader_duty = models.TextField(blank=True)
    former_readers = models.JSONField(default=list, help_text="members named before, who keep what was said to them")
    elsewhere_text = models.TextField(
        blank=True, help_text=_("Where clients can turn when there is no outside reader.")
    )
    release_before_outside = models.BooleanField(
        default=True, help_text="a supervisor from outside sees a course only after the client's release"
    )
    # Conversation only, unless somebody by name has switched on more: see docs/explanation/hazards.md.
    inferred_by = models.ForeignKey("Member", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    inferred_at = models.DateTimeField(null=True, blank=True, help_text="since when inferred marks may choose cards")
    duty_texts = models.JSONField(
        default=dict, blank=True, help_text="by language: what a therapist must act on by the law of this practice"
    )
    reveal_after_hours = models.PositiveSmallIntegerField(default=96)
    reveal_not_before_hours = models.PositiveSmallIntegerField(default=6)
    reveal_evening = models.PositiveSmallIntegerField(
        default=18, help_text="o'clock, on the day before the next session"
    )
    reveal_notice_hours = models.PositiveSmallIntegerField(
        default=24, help_text="a change of plans opens answers no sooner than so long after it"
    )
    leave_to = models.CharField(max_length=200, default="/away")
    sender_name = models.CharField(max_length=80, blank=True, help_text="in recognisable messages; empty: the name")
    message_subject = models.CharField(max_length=80, blank=True, help_text="of recognisable mails; empty: as shipped")
    often = models.PositiveSmallIntegerField(choices=OFTEN, default=1)
    draw_order = models.BooleanField(default=False, help_text="draw for each new course what is asked first")
    held_by_itself_since = models.DateTimeField(
        null=True, blank=True, default=timezone.now,
        help_text="since when planned sessions count as held unless somebody says otherwise; empty: they do not",
    )  # fmt: skip
    # When links and reminders go out; each dyad may differ (Schedule). Nothing goes out in the quiet hours.
    link_after_minutes = models.PositiveSmallIntegerField(default=120, help_text="after the end of the session")
    remind_after_hours = models.PositiveSmallIntegerField(default=24)
    most_reminders = models.PositiveSmallIntegerField(default=1)
    quiet_from = models.PositiveSmallIntegerField(default=20)
    quiet_until = models.PositiveSmallIntegerField(default=8)
    pause_after = models.PositiveSmallIntegerField(
        default=3, help_text="sessions in a row without an answer, after which no link goes out by itself; 0: never"
    )
    # How long each kind of record is kept where somebody asks for erasure; 0 years keeps nothing of it.
    retention_record_years = models.PositiveSmallIntegerField(default=10, help_text="what was answered and agreed")
    retention_years = models.PositiveSmallIntegerField(default=10, help_text="with whom, and on which days")
    retention_safety_years = models.PositiveSmallIntegerField(default=10, help_text="what was done about safety")
    retention_law = models.CharField(max_length=300, blank=True, help_text="what the practice's law says, in its words")
    # Below this age a guardian has to agree as well. Guardians never get an access of their own.
    guardian_below = models.PositiveSmallIntegerField(default=16)
    demo = models.BooleanField(default=False)

    @property
    def held_by_itself(self) -> bool:
        """Whether planned sessions count as held unless somebody says otherwise."""
        return self.held_by_itself_since is not None


class MemberManager(BaseUserManager["Member"]):
    """Makes members, with an e-mail address and roles, for the admin or a command."""

    def create_user(self, email: str, password: str | None = None, **fields) -> "Member":
        member = self.model(email=self.normalize_email(email), **fields)
        member.set_password(password)
        member.save()
        return member

    def at(self, address: object) -> "Member | None":
        """The one member who works here now under exactly this address.

        Letters that only look alike, or that a database folds into others, are not the same.
        """
        if not isinstance(address, str) or not address.isascii():
            return None
        rows = self.filter(email__iexact=address, is_active=True)
        exact = [member for member in rows if member.email.lower() == address.lower()]
        return exact[0] if len(exact) == 1 else None


class Member(Addressed, AbstractBaseUser):
    """A person who works here. One person may hold several roles.

    `outside` goes with `supervisor` alone: somebody who is no part of the practice, and reads a code for each name.
    """

    ROLES = ("therapist", "supervisor", "outside", "manager", "researcher", "admin")

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    roles = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = MemberManager()

    def is_a(self, role: str) -> bool:
        return self.is_active and role in self.roles

    def __str__(self) -> str:
        return self.name


class Client(Addressed):
    """A person who comes here. No pronoun is ever guessed: sentences use the name."""

    CHANNELS = [("email", _("by e-mail")), ("sms", _("by text message"))]

    name = models.CharField(max_length=120)
    address_as = models.CharField(
        max_length=120, blank=True, help_text=_("How to address this person, if not by name.")
    )
    language = models.CharField(max_length=10, default="en")
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    born = models.PositiveSmallIntegerField(null=True, blank=True)
    pin = models.CharField(max_length=200, blank=True, help_text="argon2 hash, never the digits")
    made_at = models.DateTimeField(auto_now_add=True)
    channel = models.CharField(max_length=5, choices=CHANNELS, default="email")
    recognisable = models.BooleanField(default=False, help_text="messages name the practice; else they name nobody")
    messages_stopped_at = models.DateTimeField(null=True, blank=True, help_text="no links and reminders since then")
    locked_at = models.DateTimeField(
        null=True, blank=True, help_text="has asked for erasure: daily pages know this person no more"
    )
    erased_at = models.DateTimeField(null=True, blank=True, help_text="only the row is left, so that logs fit")

    class Meta:
        indexes = [models.Index(fields=["name"])]

    @property
    def called(self) -> str:
        return self.address_as or self.name

    def __str__(self) -> str:
        return self.called


class ExternalName(models.Model):
    """What another system calls a client: a number under the address of the system that gave it, as FHIR has it.

    Files are matched by it and never by a name alone.
    """

    RECORD = "care-record"
    """The system of a number for which nobody names one: the practice's own care record."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="external_names")
    system = models.CharField(max_length=200, help_text="as FHIR names it, for example urn:oid:1.2.3; any short name")
    value = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "value"], name="external_name_once")]


class Dyad(Addressed):
    """One client with one clinician for one course of care. A hand-over ends one and opens another that names it."""

    MODALITIES = [
        ("room", _("in person")),
        ("video", _("by video")),
        ("phone", _("by phone")),
        ("text", _("by text")),
    ]
    ENDINGS = [
        ("planned", _("planned")),
        ("agreement", _("by agreement")),
        ("by_client", _("ended by the client")),
        ("by_therapist", _("ended by the therapist")),
        ("moved_on", _("moved on to someone else")),
    ]

    # Whether something felt off is asked first as a rule: that is the first of these.
    ORDERS = [("strain_first", _("first whether something felt off")), ("scored_first", _("first what is scored"))]
    FORMS = [("full", _("the full check-in")), ("minimum", _("the short one"))]
    EARLIER = [
        ("nothing", _("nothing")),
        ("agreed", _("the goals and tasks that both confirmed")),
        ("course", _("everything that the therapist before could see")),
    ]

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="dyads")
    therapist = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="dyads")
    started = models.DateField()
    ended = models.DateField(null=True, blank=True)
    ending = models.CharField(max_length=20, choices=ENDINGS, blank=True)
    ending_reason = models.TextField(blank=True)
    approach = models.CharField(max_length=40, choices=[(code, code) for code in APPROACHES], default="integrative")
    setting = models.CharField(max_length=40, default="outpatient")
    modality = models.CharField(max_length=10, choices=MODALITIES, default="room")
    form = models.CharField(max_length=20, choices=FORMS, default="full")
    card_topics = models.JSONField(default=list, blank=True, help_text="what guidance cards are also chosen for")
    often = models.PositiveSmallIntegerField(
        choices=[*OFTEN, (NEVER, _("never: not for this client"))],
        null=True, blank=True, help_text="empty: as the practice",
    )  # fmt: skip
    order = models.CharField(
        max_length=12, choices=ORDERS, blank=True, help_text="drawn when it began, and the same over the whole course"
    )
    under_way = models.BooleanField(default=False, help_text="the two worked together before their first check-in")
    follows = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by")
    shows_earlier = models.CharField(
        max_length=10, choices=EARLIER, default="nothing",
        help_text="what the client lets this therapist see of the course before, while this one goes on",
    )  # fmt: skip
    circle = models.CharField(
        max_length=22, blank=True, help_text="ties the dyads of a couple, a group or co-therapists"
    )
    note = models.TextField(blank=True, help_text="where imported ratings come from and what was done to them")

    class Meta:
        indexes = [models.Index(fields=["therapist", "ended"])]

    @property
    def asks_nothing(self) -> bool:
        """Whether check-ins are not for this client; a link can still be made by hand."""
        return self.often == NEVER


class NotForClient(models.Model):
    """Why a therapist asks this client nothing, for that therapist alone. That nothing is asked stands in `often`."""

    dyad = models.OneToOneField(Dyad, on_delete=models.CASCADE, related_name="not_for_client")
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    why = models.TextField()
    at = models.DateTimeField()


class Measure(models.Model):
    """A questionnaire that a dyad uses besides the check-in, and every how many sessions.

    Where it is not here in the client's language, it is asked only if the therapist chose so: `in_any_language`.
    """

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="measures")
    instrument = models.CharField(max_length=60)
    every = models.PositiveSmallIntegerField(default=4)
    in_any_language = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dyad", "instrument"], name="measure_once")]


class ShareQuerySet(models.QuerySet["Share"]):
    def standing(self) -> "ShareQuerySet":
        """Those that let a supervisor see a dyad at this moment."""
        return self.filter(models.Q(until=None) | models.Q(until__gt=timezone.now()))


class Share(models.Model):
    """A therapist shows a dyad to a supervisor until taking it back. The client can see this."""

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="shares")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="shared_with_me")
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(null=True, blank=True)

    objects = ShareQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["member", "until"])]


class Consent(models.Model):
    """The consent of the client, or of a guardian, to one purpose, in one wording, until withdrawn."""

    PURPOSES = [
        ("care", _("care")), ("research", _("research")), ("transcripts", _("transcripts")),
        ("supervision", _("supervision from outside")), ("studies", _("approved studies")),
        ("record", _("reading by a program of others")),
        ("record_answers", _("reading of answers by a program of others")),
    ]  # fmt: skip
    VOICES = [("client", _("client")), ("guardian", _("guardian"))]

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20, choices=PURPOSES)
    recipient = models.ForeignKey(
        "Recipient", null=True, blank=True, on_delete=models.PROTECT, related_name="consents",
        help_text="which program may read, where that is the purpose",
    )  # fmt: skip
    version = models.CharField(max_length=20)
    language = models.CharField(max_length=10, default="en")
    by = models.CharField(max_length=10, choices=VOICES, default="client")
    noted_by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
