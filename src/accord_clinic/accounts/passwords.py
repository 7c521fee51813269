"""Choosing a password: its rules as one quiet sentence before, and as one sentence where it breaks them."""

from allauth.account.forms import ChangePasswordForm, ResetPasswordKeyForm
from django.utils.translation import gettext_lazy as _

RULES = _("At least 12 characters. No common password, and nothing close to your name or e-mail address.")


class NewPassword(ChangePasswordForm):
    """For somebody who knows the old one."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = RULES


class NewPasswordByLink(ResetPasswordKeyForm):
    """By the link that was sent, also for the first password of all."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = RULES
