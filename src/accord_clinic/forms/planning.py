"""What members type about sessions that come by themselves, checked. A new form about planning goes here."""

from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from accord_clinic.forms.care import DateInput, PlanSession

ONCE = "0"
REPEATS = [
    (ONCE, _("once")),
    ("1", _("every week")),
    ("2", _("every second week")),
    ("3", _("every third week")),
    ("4", _("every fourth week")),
]


class PlanSessions(PlanSession):
    """One session, or the first of a rhythm."""

    every = forms.TypedChoiceField(
        label=_("How often"), choices=REPEATS, coerce=int, empty_value=0, required=False  # type: ignore[arg-type]
    )
    until = forms.DateField(
        label=_("Until"), widget=DateInput, required=False,
        help_text=_("Only for sessions that repeat. Empty: no end yet."),
    )  # fmt: skip

    def __init__(self, zone: ZoneInfo, *args, **more):
        super().__init__(zone, *args, **more)
        self.order_fields(["day", "time", "every", "until", "minutes", "modality"])


class Closing(forms.Form):
    """Days on which nobody comes."""

    name = forms.CharField(label=_("Reason"), max_length=60, help_text=_("For example: Christmas."))
    first = forms.DateField(label=_("First day"), widget=DateInput)
    last = forms.DateField(label=_("Last day"), widget=DateInput)
