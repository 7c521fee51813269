"""What is typed about the terms of a course of care, checked: facts, messages, who agrees, cover, answers."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accord_clinic.forms.care import DateInput
from accord_clinic.forms.practice import HOURS
from accord_clinic.models import Client, Dyad, Terms
from accord_clinic.models.habit import NUMBERS, own_schedule

OWN_HOURS: dict[str, Any] = {
    "choices": [("", _("as set for the practice"))] + HOURS,
    "coerce": int,
    "empty_value": None,
}


class Facts(forms.Form):
    """What is known about a client. The address is left out where this member may not change it."""

    name = forms.CharField(label=_("Name"), max_length=120)
    address_as = forms.CharField(label=_("How to address this person"), max_length=120, required=False)
    language = forms.ChoiceField(label=_("Language of the check-in"), choices=settings.LANGUAGES)
    born = forms.IntegerField(label=_("Year of birth"), required=False)
    number = forms.CharField(
        label=_("Number in the care record"), max_length=100, required=False,
        help_text=_("Files are matched by it, and you find the client by it."),
    )  # fmt: skip
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    channel = forms.ChoiceField(label=_("Send messages"), choices=Client.CHANNELS)

    def __init__(self, *args, with_contact: bool, **more):
        super().__init__(*args, **more)
        if not with_contact:
            del self.fields["email"], self.fields["phone"], self.fields["channel"]


class Messages(forms.Form):
    """When links and reminders go out for one dyad; an empty field follows the practice."""

    by_itself = forms.BooleanField(label=_("Send links after sessions automatically"), required=False)
    link_after_minutes = forms.IntegerField(
        label=_("Minutes from the end of the session to the link"), required=False, min_value=0
    )
    remind_after_hours = forms.IntegerField(label=_("Hours until a reminder"), required=False, min_value=0)
    most_reminders = forms.IntegerField(
        label=_("Number of reminders, at most"), required=False, min_value=0, max_value=3
    )
    quiet_from = forms.TypedChoiceField(label=_("No messages from"), required=False, **OWN_HOURS)
    quiet_until = forms.TypedChoiceField(label=_("until"), required=False, **OWN_HOURS)
    pause_after = forms.IntegerField(
        label=_("Stop sending after this many sessions in a row without an answer"),
        required=False,
        min_value=0,
        max_value=20,
        help_text=_(
            "After that, no link is sent automatically until the client answers again. Enter 0 to keep sending."
        ),
    )


class WhoAgrees(forms.Form):
    """Who agrees, and who learns what."""

    consents = forms.ChoiceField(label=_("Who agrees"), choices=Terms.CONSENTERS)
    guardian_learns = forms.ChoiceField(label=_("Parents or guardians are told"), choices=Terms.LEARNS)
    by_order = forms.BooleanField(
        label=_("Somebody else sent this client, such as a court or an authority"), required=False
    )
    order_learns = forms.ChoiceField(
        label=_("The person or authority who sent the client is told"), choices=Terms.LEARNS
    )


class CoverDays(forms.Form):
    """Who stands in, and from when to when."""

    colleague = forms.ChoiceField(label=_("Who"))
    first = forms.DateField(label=_("First day"), widget=DateInput)
    last = forms.DateField(label=_("Last day"), widget=DateInput)

    def __init__(self, colleagues, *args, **more):
        super().__init__(*args, **more)
        colleague = self.fields["colleague"]
        assert isinstance(colleague, forms.ChoiceField)
        colleague.choices = [(member.uid, member.name) for member in colleagues]


def own_numbers(dyad: Dyad) -> dict[str, object]:
    """First values for a form: only what differs from the practice."""
    own = own_schedule(dyad)
    return {name: getattr(own, name) for name in ("by_itself", *NUMBERS)} if own else {"by_itself": True}
