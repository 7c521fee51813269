"""Check the passkeys that browsers send; what fails becomes an error and an entry in the audit log."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as allauth
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accord_clinic.actions import sign_in
from accord_clinic.models import Member

LONGEST = 60
# What the parsers of allauth and fido2 let through when a field is not of the kind that they expect.
UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, RecursionError, struct.error)
LARGEST = 65_535
"""The largest number in what a browser says of a passkey: the name of a way to sign. Fido2 reads a number where bytes
should be as so many bytes, and one request could take all the memory there is."""


@contextmanager
def _read() -> Iterator[None]:
    """What cannot be read is refused like what does not fit, instead of being a fault of ours."""
    try:
        yield
    except UNREADABLE as error:
        raise get_adapter().validation_error("incorrect_code") from error


class Credential(forms.JSONField):
    """The passkey data from the browser. Data that Python cannot parse, thousands of digits or brackets, is refused."""

    widget = forms.HiddenInput

    def to_python(self, value):
        with _read():
            credential = super().to_python(value)
            _check_numbers(credential)
            return credential

    def bound_data(self, data, initial):
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return None


def _check_numbers(credential: object) -> None:
    """Raises `ValueError` for a number that no browser says, however deep it lies."""
    waiting = [credential]
    while waiting:
        value = waiting.pop()
        if isinstance(value, int) and abs(value) > LARGEST:
            raise ValueError("a number that no passkey holds")
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


class Add(allauth.AddWebAuthnForm):
    """Add a passkey, with the name its owner gives it."""

    credential = Credential()
    name = forms.CharField(
        label=_("What to call it"), help_text=_("For example: my phone, the blue key."),
        required=False, max_length=LONGEST,
    )  # fmt: skip

    def clean_credential(self) -> dict:
        """Refuse an empty credential: allauth does not check one, and would store it as a passkey."""
        credential = self.cleaned_data["credential"]
        if not credential:
            raise get_adapter().validation_error("incorrect_code")
        return credential

    def clean(self):
        with _read():
            return super().clean()


class Rename(allauth.EditWebAuthnForm):
    """Rename a passkey."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST)


class _Shown(forms.Form):
    """A passkey that is shown; one that does not fit is noted for the account, when that is known."""

    credential = Credential()
    user: Member

    def clean_credential(self):
        try:
            with _read():
                return super().clean_credential()  # type: ignore[misc]  # of the form that it stands before
        except ValidationError:
            sign_in.note("second_factor_failed", self.user, ["webauthn"])
            raise


class SignIn(_Shown, allauth.LoginWebAuthnForm):
    """Sign in with a passkey instead of a password."""


class SecondFactorForm(_Shown, allauth.AuthenticateWebAuthnForm):
    """Use a passkey as second factor, after a password."""


class Again(_Shown, allauth.ReauthenticateWebAuthnForm):
    """Confirm with a passkey who it is, before something about the account changes."""
