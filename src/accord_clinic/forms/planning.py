"""What members type about sessions that come by themselves, checked. A new form about planning goes here."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accord_clinic.forms.care import USUAL_MINUTES, DateInput, PlanSession
from accord_clinic.models import Session

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


def usual_session(last: Session | None, modality: str, where: ZoneInfo) -> dict[str, object]:
    """A first guess for the next session: a week after the last one, at the same time, in the same place."""
    start = timezone.localtime(last.start, where) + timedelta(days=7) if last else timezone.localtime(None, where)
    return {
        "day": start.date(), "time": start.time() if last else None,
        "minutes": last.minutes if last else USUAL_MINUTES, "modality": modality,
    }  # fmt: skip


class Closing(forms.Form):
    """Days on which nobody comes."""

    name = forms.CharField(label=_("Reason"), max_length=60, help_text=_("For example: Christmas."))
    first = forms.DateField(label=_("First day"), widget=DateInput)
    last = forms.DateField(label=_("Last day"), widget=DateInput)
