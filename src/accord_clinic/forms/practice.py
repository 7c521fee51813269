"""What the admin types about the practice and who works there, checked. A new form about the practice goes here."""

from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from accord_clinic.models.people import OFTEN

ROLES = [
    ("therapist", _("therapist: works with clients")),
    ("supervisor", _("supervisor: sees what therapists share")),
    ("outside", _("from outside the practice (supervisors only): sees a code in place of each client's name")),
    ("manager", _("manager: sees figures for the whole service")),
    ("researcher", _("researcher: makes study files without names, from clients who agree; sees no client's page")),
    ("admin", _("admin: looks after accounts and settings")),
]
DUTY = tuple(f"duty_{code}" for code, _name in settings.LANGUAGES)
"""One text for each language that clients may have."""
HOURS = [(hour, f"{hour}:00") for hour in range(24)]
LEAST_NOTICE = 6
"""With less, a therapist who is also the admin could open answers within the hour by planning a session."""


def _words(label, rows: int = 2, **more) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=forms.Textarea(attrs={"rows": rows}), **more)


def _number(label, most: int, **more) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=most, **more)


def _one_line(label, help_text) -> forms.CharField:
    """Words for the head of a mail: a line break there would begin another head."""
    return forms.RegexField(r"^[^\r\n]*$", label=label, max_length=80, required=False, help_text=help_text)


class PracticeSettings(forms.Form):
    """The one row of the practice, in the groups in which one thinks of it."""

    name = forms.CharField(label=_("Name"), max_length=200)
    country = forms.RegexField(
        "^[A-Z]{2}$",
        label=_("Country"),
        max_length=2,
        help_text=_("Two letters, for example DE. The law and the crisis numbers of this country apply."),
    )
    time_zone = forms.CharField(label=_("Time zone"), max_length=60, help_text=_("For example Europe/Berlin."))
    crisis_text = forms.CharField(
        label=_("Who to call in a crisis"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Clients see this on every page, exactly as you write it. Write it in each language that your clients use."
        ),
    )
    leave_to = forms.CharField(
        label=_("Page that “Leave quickly” opens"),
        max_length=200,
        help_text=_("A harmless page: /away, or an address of your choice."),
    )
    safety_contact = forms.ChoiceField(
        label=_("Safety contact"),
        required=False,
        help_text=_("This person is asked to look when an answer mentions self-harm."),
    )
    outside_reader = forms.ChoiceField(
        label=_("Someone else here"),
        required=False,
        help_text=_(
            "Another person whom clients can write to. Clients are offered this only if you enter the person's role."
        ),
    )
    outside_reader_role = forms.CharField(label=_("That person’s role"), max_length=200, required=False)
    outside_reader_reply = forms.CharField(
        label=_("How soon this person usually answers"),
        max_length=200,
        required=False,
        help_text=_("For example: within a week."),
    )
    outside_reader_duty = _words(_("What that person has to report by law"))
    elsewhere_text = _words(
        _("Where else clients can get help"), help_text=_("Shown if there is no other person here.")
    )
    reveal_after_hours = _number(_("Hours after a session, at the latest"), 24 * 30)
    reveal_evening = forms.TypedChoiceField(
        label=_("Or the day before the next session, at"), choices=HOURS, coerce=int
    )
    reveal_not_before_hours = _number(
        _("Not sooner than this many hours after the end"), 48, help_text=_("This gives both of you time to answer.")
    )
    reveal_notice_hours = forms.IntegerField(
        label=_("Hours between a change to a session and its answers opening, at least"),
        min_value=LEAST_NOTICE,
        max_value=24 * 7,
        help_text=_("When a session is planned, moved or marked, its answers do not open sooner than this."),
    )
    sender_name = _one_line(
        _("Name of the practice in messages"),
        _("Clients choose whether messages name the practice. If this is empty, they show its name from above."),
    )
    message_subject = _one_line(
        _("Subject of e-mails that name the practice"),
        _("Do not mention therapy. If this is empty, it says “Your check-in is ready”."),
    )
    often = forms.TypedChoiceField(
        label=_("Check-ins"),
        choices=OFTEN,
        coerce=int,
        help_text=_(
            "There is always one after the first session. Each therapist can change this for a client, and "
            "can send a check-in for any other session."
        ),
    )
    held_by_itself = forms.BooleanField(
        label=_("A planned session counts as held unless somebody says otherwise"), required=False
    )
    link_after_minutes = _number(_("Minutes from the end of a session to its link"), 7 * 24 * 60)
    remind_after_hours = _number(_("Hours until a reminder"), 14 * 24)
    most_reminders = _number(_("Number of reminders, at most"), 3)
    quiet_from = forms.TypedChoiceField(label=_("No messages from"), choices=HOURS, coerce=int)
    quiet_until = forms.TypedChoiceField(label=_("until"), choices=HOURS, coerce=int)
    pause_after = _number(
        _("Stop sending after this many sessions in a row without an answer"),
        20,
        help_text=_(
            "After that, no link is sent automatically until the client answers again. Enter 0 to keep sending."
        ),
    )
    draw_order = forms.BooleanField(
        label=_("For each new client, choose at random whether the check-in begins with the scored questions"),
        required=False,
        help_text=_(
            "For studies on the order of questions. Otherwise the check-in begins by asking if something "
            "felt off. The order then stays the same for that client, and study files show it."
        ),
    )
    guardian_below = _number(
        _("Below this age, a guardian has to consent as well"),
        18,
        help_text=_("A therapist can change it for one client."),
    )
    release_before_outside = forms.BooleanField(
        label=_("A supervisor from outside the practice sees a client only after that client has agreed"),
        required=False,
    )
    retention_record_years = _number(
        _("Years to keep the care record"),
        50,
        help_text=_(
            "If a client asks for erasure, you decide what is kept. This is the longest you can keep it. "
            "Enter 0 to keep nothing."
        ),
    )
    retention_years = _number(
        _("Years to keep the dates of treatment"), 50, help_text=_("Who treated the client, and on which days.")
    )
    retention_safety_years = _number(
        _("Years to keep what was done after a safety answer"), 50, help_text=_("It is always kept until then.")
    )
    retention_law = forms.CharField(
        label=_("What the law says about this"),
        max_length=300,
        required=False,
        help_text=_("In your words. Clients read it before they ask. Accord gives no legal advice."),
    )

    GROUPS = (
        (_("The practice"), ("name", "country", "time_zone", "crisis_text", "leave_to")),
        (
            _("People clients can turn to"),
            ("safety_contact", "outside_reader", "outside_reader_role", "outside_reader_reply", "outside_reader_duty",
             "elsewhere_text"),
        ),
        (_("What a therapist must act on"), DUTY),
        (
            _("When answers open"),
            ("reveal_after_hours", "reveal_evening", "reveal_not_before_hours", "reveal_notice_hours"),
        ),
        (_("Links and reminders"),
         ("often", "held_by_itself", "link_after_minutes", "remind_after_hours", "most_reminders", "quiet_from",
          "quiet_until", "pause_after", "sender_name", "message_subject")),
        (_("Supervision from outside the practice"), ("release_before_outside",)),
        (_("Research"), ("draw_order",)),
        (
            _("Minors, and what you keep after a request for erasure"),
            ("guardian_below", "retention_record_years", "retention_years", "retention_safety_years", "retention_law"),
        ),
    )  # fmt: skip

    def __init__(self, members, *args, **more):
        super().__init__(*args, **more)
        people = [("", _("nobody"))] + [(m.uid, m.name) for m in members if not m.is_a("outside")]
        for person in (self.fields["safety_contact"], self.fields["outside_reader"]):
            assert isinstance(person, forms.ChoiceField)
            person.choices = people
        for name, (code, _name) in zip(DUTY, settings.LANGUAGES, strict=True):
            self.fields[name] = _words(
                get_language_info(code)["name_local"],
                max_length=1000,
                initial=self.initial.get("duty_texts", {}).get(code, ""),
                help_text=_(
                    "Clients read this before the first question, after the list of who can read their "
                    "answers. Write what the law of your country requires, for example about danger to self "
                    "or others, or harm to a child or a dependent adult. If you leave this empty, clients "
                    "read: If someone is in danger, NAME may have to tell others."
                ),
            )

    def clean(self):
        """The texts on what must be acted on become one fact, by language."""
        super().clean()
        facts = self.cleaned_data
        texts = {
            code: facts.pop(name, "").strip() for name, (code, _name) in zip(DUTY, settings.LANGUAGES, strict=True)
        }
        return facts | {"duty_texts": {code: text for code, text in texts.items() if text}}

    def clean_time_zone(self):
        zone = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone. An example: Europe/Berlin."))
        return zone

    def clean_leave_to(self):
        """A page of our own or an https address: never a script."""
        place = self.cleaned_data["leave_to"]
        if not (place.startswith("https://") or (place.startswith("/") and not place.startswith("//"))):
            raise forms.ValidationError(_("Give an address that begins with https://, or /away."))
        return place

    def groups(self):
        """The fields under their headings."""
        return [(title, [self[name] for name in names]) for title, names in self.GROUPS]


class NewMember(forms.Form):
    """Somebody who starts to work here."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), help_text=_("We send a link there to choose a password."))
    roles = forms.MultipleChoiceField(label=_("Roles"), choices=ROLES, widget=forms.CheckboxSelectMultiple)


class Roles(forms.Form):
    """What somebody does here."""

    roles = forms.MultipleChoiceField(label=_("Roles"), choices=ROLES, widget=forms.CheckboxSelectMultiple)


class Absence(forms.Form):
    """Who takes over from a therapist who is ill or has left, for how long, and that the clients know."""

    kind = forms.ChoiceField(
        label=_("What"),
        choices=[
            ("cover", _("cover: a colleague takes over for a time")),
            ("successor", _("successor: a colleague takes over for good")),
        ],
    )
    to = forms.ChoiceField(label=_("Who"))
    first = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("To, for a cover"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    why = forms.CharField(
        label=_("Why"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Only admins read this."),
    )  # fmt: skip
    clients_know = forms.BooleanField(label=_("Somebody has told each of these clients before Accord does."))

    def __init__(self, therapists, *args, **more):
        super().__init__(*args, **more)
        self.fields["to"] = forms.ChoiceField(label=_("Who"), choices=[(m.uid, m.name) for m in therapists])

    def clean(self):
        """A cover ends; said here, so that what was typed stays in the form."""
        facts = super().clean() or {}
        if facts.get("kind") == "cover" and "last" not in self.errors and not facts.get("last"):
            self.add_error("last", _("Enter the last day of the cover."))
        return facts


class Emergency(forms.Form):
    """Whose course of care, with whom, and why it has to be now."""

    therapist = forms.ChoiceField(label=_("Therapist"))
    name = forms.CharField(label=_("Client's name, exactly as it is here"), max_length=120)
    why = forms.CharField(
        label=_("Why you have to look now"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The therapist and the client can read this."),
    )  # fmt: skip

    def __init__(self, therapists, *args, **more):
        super().__init__(*args, **more)
        therapist = self.fields["therapist"]
        assert isinstance(therapist, forms.ChoiceField)
        therapist.choices = [(m.uid, m.name) for m in therapists]
