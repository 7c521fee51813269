"""What members type about people, courses of care and sessions, checked. A new form about care goes here."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from accord.cards import APPROACHES, occasions
from accord.instruments import Instrument
from accord_clinic.models import Dyad, Measure, Terms
from accord_clinic.models.people import OFTEN, YOUNGEST
from accord_clinic.questionnaires.shelf import outcome_measures
from accord_clinic.records.often import NEVER

WHERE = [("room", _("in person")), ("video", _("by video")), ("phone", _("by phone")), ("text", _("by text"))]
APPROACH_NAMES = {
    "cbt": _("cognitive behavioural"),
    "psychodynamic": _("psychodynamic"),
    "person-centred": _("person-centred"),
    "systemic": _("systemic"),
    "integrative": _("integrative"),
    "medical": _("medical or nursing care"),
    "dbt": _("dialectical behavioural (DBT)"),
    "act": _("acceptance and commitment (ACT)"),
    "motivational": _("motivational interviewing"),
}
CARD_TOPICS = ("interpreter", "psychosis", "trauma", "autism", "medication", "inpatient")
FORMS = [("full", _("the full check-in, about 75 seconds")), ("minimum", _("the short one, about 45 seconds"))]
HOW_OFTEN = [
    ("", _("not asked")),
    ("1", _("after every session")),
    ("2", _("after every second session")),
    ("4", _("after every fourth session")),
    ("8", _("after every eighth session")),
]
MEASURE, FOREIGN = "measure-", "foreign-"
USUAL_MINUTES = 50
MOST_MINUTES = 24 * 60
# Moving on to a colleague is a hand-over, which has a form of its own.
ENDINGS = [ending for ending in Dyad.ENDINGS if ending[0] != "moved_on"]


class DateInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, **more):
        super().__init__(format="%Y-%m-%d", **more)


class TimeInput(forms.TimeInput):
    """The browser's own clock."""

    input_type = "time"

    def __init__(self, **more):
        super().__init__(format="%H:%M", **more)


class CourseForm(forms.Form):
    """A course of care: from when, in which approach, where, and what the client is asked."""

    started = forms.DateField(label=_("First session on"), widget=DateInput)
    under_way = forms.BooleanField(
        label=_("We already work together"),
        required=False,
        help_text=_(
            "If so, the first check-in asks you both how long you have worked together, what your goals are "
            "so far, and what to keep. If not, the first three check-ins ask what you both expect, how you "
            "want to work and where to start."
        ),
    )
    approach = forms.ChoiceField(
        label=_("Approach"),
        choices=[(a, APPROACH_NAMES[a]) for a in APPROACHES if a in APPROACH_NAMES],
        help_text=_("It decides which suggestions you see. It does not change any score."),
    )
    card_topics = forms.MultipleChoiceField(
        label=_("Also show suggestions for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Used for your suggestions only. The client can read it in a copy of everything."),
    )
    modality = forms.ChoiceField(label=_("How you usually meet"), choices=WHERE)
    form = forms.ChoiceField(label=_("The client gets"), choices=FORMS)
    often = forms.TypedChoiceField(
        label=_("Check-ins"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("There is always one after the first session. You can send another at any time."),
    )

    def __init__(self, *args, usual: int, **more):
        """`usual`: how often there is a check-in in this practice."""
        super().__init__(*args, **more)
        names = occasions(language=get_language() or "en")
        topics, often = self.fields["card_topics"], self.fields["often"]
        assert isinstance(topics, forms.ChoiceField)
        assert isinstance(often, forms.ChoiceField)
        topics.choices = [(topic, names[topic]) for topic in CARD_TOPICS]
        as_usual = gettext("as set for this practice: {often}").format(often=dict(OFTEN)[usual])
        often.choices = [("", as_usual), *OFTEN, (NEVER, gettext("never: not for this client"))]
        for measure in outcome_measures():
            self.fields[MEASURE + measure.id] = forms.TypedChoiceField(
                label=measure.name,
                choices=HOW_OFTEN,
                coerce=int,
                empty_value=0,  # type: ignore[arg-type]
                required=False,
                help_text=_for_whom(measure),
            )
            if foreign := _missing_languages(measure):
                self.fields[FOREIGN + measure.id] = forms.BooleanField(label=foreign, required=False)
        self.fields["started"].initial = timezone.localdate()

    def clean(self):
        """What the client is asked besides the check-in: each measure with its interval, and those in any language."""
        super().clean()
        facts = self.cleaned_data
        often = {name.removeprefix(MEASURE): facts.pop(name) for name in list(facts) if name.startswith(MEASURE)}
        foreign = {name.removeprefix(FOREIGN) for name in list(facts) if name.startswith(FOREIGN) and facts.pop(name)}
        measures = {name: every for name, every in often.items() if every}
        return facts | {"measures": measures, "in_any_language": foreign & measures.keys()}


def _for_whom(instrument: Instrument) -> str:
    """From which age on a questionnaire is asked."""
    if not instrument.youngest:
        return ""
    return _("For people aged {youngest} and over.").format(youngest=instrument.youngest)


def _missing_languages(instrument: Instrument) -> str:
    """What to choose where a questionnaire is not here in every language that clients may have."""
    if instrument.wordings.keys() >= dict(settings.LANGUAGES).keys():
        return ""
    languages = ", ".join(str(get_language_info(code)["name"]) for code in sorted(instrument.wordings))
    wording = _(
        "{name} is available only in {languages}. Ask it in {languages} even if the client's language is a "
        "different one."
    )
    return wording.format(name=instrument.name, languages=languages)


class PersonForm(CourseForm):
    """Somebody new, with a first course of care."""

    name = forms.CharField(label=_("Name"), max_length=120)
    address_as = forms.CharField(
        label=_("How to address this person"),
        max_length=120,
        required=False,
        help_text=_("Leave it empty to use the name above. Accord uses this name and never guesses a pronoun."),
    )
    language = forms.ChoiceField(label=_("Language of the check-in"), choices=settings.LANGUAGES)
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        help_text=_("For links and one-time codes. Without an address you give the client each link yourself."),
    )
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    born = forms.IntegerField(label=_("Year of birth"), required=False)
    consents = forms.ChoiceField(
        label=_("Who consents"),
        choices=[("", _("depends on the year of birth")), *Terms.CONSENTERS],
        required=False,
        help_text=_("For an adult whose year of birth you do not know, choose “the client alone”."),
    )

    ABOUT = ("name", "address_as", "language", "email", "phone", "born")
    FIRST = ("name", "email", "born", "consents", "under_way")
    """What is asked of everybody; all else has a default, and is folded away."""
    field_order = (
        *FIRST, "address_as", "language", "phone", "started", "approach", "card_topics", "modality", "form", "often",
    )  # fmt: skip

    def __init__(self, *args, guardian_below: int, **more):
        super().__init__(*args, **more)
        self.guardian_below = guardian_below

    def first_fields(self):
        """The fields that everybody fills in."""
        return [self[name] for name in self.FIRST]

    def more_fields(self):
        """The fields with a default."""
        return [field for field in self if field.name not in self.FIRST]

    def more_is_wrong(self):
        """Whether one of those has an error, so that they are shown."""
        return any(field.errors for field in self.more_fields())

    def clean(self):
        """Nobody is taken for grown up because a field was left empty."""
        facts = super().clean()
        says_age = facts.get("born") or facts.get("consents") or "born" in self.errors
        if self.guardian_below and not says_age:
            wrong = _("Enter the year of birth, or choose who consents. For an adult, choose “the client alone”.")
            self.add_error("consents", wrong)
        return facts

    def clean_born(self):
        """Nobody under twelve: the questions are not made for children."""
        born, year = self.cleaned_data["born"], timezone.localdate().year
        if born is not None and not 1900 <= born <= year - YOUNGEST:
            wrong = _("Enter a year from 1900 to {last}. Check-ins are for people aged 12 and over.")
            raise forms.ValidationError(wrong.format(last=year - YOUNGEST))
        return born


class SetUp(CourseForm):
    """How a running course is set up; when it began stays as it was said."""

    why_never = forms.CharField(
        label=_("If never, why?"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For you alone. Nobody else here sees it. Such notes may have to be disclosed."),
    )  # fmt: skip

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        del self.fields["started"]
        names = [name for name in self.fields if name != "why_never"]
        self.order_fields([*names[: names.index("often") + 1], "why_never", *names[names.index("often") + 1 :]])


def as_set_up(dyad: Dyad, measures: Iterable[Measure], why_never: str | None) -> dict[str, object]:
    """How a course is set up, as this form has it."""
    names = ("under_way", "approach", "card_topics", "modality", "form", "often")
    facts: dict[str, object] = {name: getattr(dyad, name) for name in names} | {"why_never": why_never}
    for measure in measures:
        facts[f"measure-{measure.instrument}"] = measure.every
        facts[f"foreign-{measure.instrument}"] = measure.in_any_language
    return facts


A_YEAR = timedelta(days=366)
"""Nobody plans further ahead; sessions of long ago come from a file. So it is a wrong year."""


class PlanSession(forms.Form):
    """When and where a session takes place, in the practice's time zone."""

    day = forms.DateField(label=_("Day"), widget=DateInput)
    time = forms.TimeField(label=_("Time"), widget=TimeInput)
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=MOST_MINUTES, required=False)
    modality = forms.ChoiceField(label=_("Where"), choices=WHERE)

    def __init__(self, zone: ZoneInfo, *args, **more):
        super().__init__(*args, **more)
        self.zone = zone

    def clean(self):
        """Day and time become one moment; without minutes it lasts as long as usual."""
        super().clean()
        facts = self.cleaned_data
        if "day" in self.changed_data and facts.get("day") and abs(facts["day"] - timezone.localdate()) > A_YEAR:
            self.add_error("day", _("This is more than a year away. Check the year."))
        facts["minutes"] = facts.get("minutes") or USUAL_MINUTES
        if facts.get("day") and facts.get("time"):
            facts["start"] = datetime.combine(facts["day"], facts["time"], tzinfo=self.zone)
        return facts


class EndCourse(forms.Form):
    """How and when a course of care ended, and why."""

    how = forms.ChoiceField(label=_("How it ends"), choices=ENDINGS, widget=forms.RadioSelect)
    on = forms.DateField(label=_("On"), widget=DateInput)
    follow_up = forms.ChoiceField(
        label=_("Follow-up check"), required=False, initial="3 6",
        choices=[
            ("3 6", _("after 3 and 6 months")), ("3", _("after 3 months")), ("6", _("after 6 months")), ("", _("no")),
        ],
        help_text=_("Decide this together. The client gets one neutral message each time and need not answer."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Why, in a few words"),
        help_text=_("The client can read it in a copy of everything."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class HandOver(forms.Form):
    """Who goes on with this person, and from when."""

    to = forms.ChoiceField(label=_("To"))
    on = forms.DateField(label=_("From"), widget=DateInput)

    def __init__(self, colleagues, *args, **more):
        super().__init__(*args, **more)
        to = self.fields["to"]
        assert isinstance(to, forms.ChoiceField)
        to.choices = [(member.uid, member.name) for member in colleagues]
