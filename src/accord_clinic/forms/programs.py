"""What the admin types about programs of others and care records, checked. Another kind of connection goes here."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accord_clinic.addresses import safe
from accord_clinic.models import Recipient


def _address(text: str) -> None:
    """Over TLS or on this machine: a code sent elsewhere could be read by anybody on the way."""
    if not safe(text) or "#" in text or len(text.split()) != 1:
        raise ValidationError(
            _("Give an address that begins with https://, or with http://localhost for this machine.")
        )


def _addresses(text: str) -> None:
    for address in text.split():
        _address(address)


class _Keys(forms.JSONField):
    """A JSON Web Key Set, or nothing, which an empty field stands for."""

    def prepare_value(self, value):
        return "" if value is None else super().prepare_value(value)


class NewProgram(forms.Form):
    """A program that may read by FHIR. Clients read the first three fields before they agree."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("As clients know it."))
    keeper = forms.CharField(label=_("Who runs it"), max_length=120, help_text=_("A person or an organisation."))
    purpose = forms.CharField(
        label=_("What it is used for"), max_length=200, help_text=_("Clients, or the manager, read this in your words.")
    )
    use = forms.ChoiceField(label=_("What kind of program it is"), choices=Recipient.USES, widget=forms.RadioSelect)
    asks_answers = forms.BooleanField(
        label=_("Also ask clients for separate consent to read the answers they show after sessions"), required=False
    )
    redirect_uris = forms.CharField(
        label=_("Redirect addresses"), required=False, max_length=1000, validators=[_addresses],
        widget=forms.Textarea(attrs={"rows": 2}), help_text=_("For an app. One on each line."),
    )  # fmt: skip
    launch_url = forms.CharField(
        label=_("Address that opens it"), required=False, max_length=300, validators=[_address],
        help_text=_("For an app that you want to open from somebody's page."),
    )  # fmt: skip
    origins = forms.CharField(
        label=_("Origins of its pages"), required=False, max_length=500, validators=[_addresses],
        help_text=_("For an app that runs in a browser, for example https://app.example.org."),
    )  # fmt: skip
    keys = _Keys(
        label=_("Its public keys"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("A JSON Web Key Set. A service needs one; an app without keys is a public one."),
    )  # fmt: skip

    def clean_keys(self) -> dict:
        keys = self.cleaned_data["keys"] or {}
        if not isinstance(keys, dict):
            raise ValidationError(_("Paste a JSON Web Key Set."))
        return keys


class NewRecord(forms.Form):
    """A care record from which Accord is opened."""

    name = forms.CharField(label=_("Name"), max_length=80)
    issuer = forms.CharField(
        label=_("Address of its FHIR server (iss)"), max_length=300, validators=[_address],
        help_text=_("Exactly as the care record names it."),
    )  # fmt: skip
    client_id = forms.CharField(label=_("What Accord is called there (client_id)"), max_length=255)
    signs = forms.BooleanField(
        label=_("Accord identifies itself with its key (private_key_jwt)"), required=False
    )
    numbers = forms.CharField(
        label=_(
            "Identifier system for its patient numbers (Patient.identifier.system)"
        ), required=False, max_length=200,
        help_text=_("Then Accord finds the patient by the number typed under “Messages, consent, cover”."),
    )  # fmt: skip
    plans = forms.BooleanField(
        label=_("Plan sessions by its appointments"), required=False,
        help_text=_(
            "Those of the patient with whoever opens Accord, as from a calendar. It needs patient/Appointment.rs."
        ),
    )  # fmt: skip
