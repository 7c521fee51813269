"""The messages that could not be delivered, in words for the admin. A new error of a sender gets its sentence here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accord_clinic.queries import schedule
from accord_clinic.records.schedule import FailedNotice

if TYPE_CHECKING:
    from accord_clinic.models import Member


def failed(member: Member) -> list[FailedNotice]:
    """What could not be delivered, newest first, each with what a person can do something about."""
    return [replace(notice, error=_plainly(notice.error)) for notice in schedule.failed(member)]


def _plainly(error: str) -> str:
    """What went wrong, as far as a person can do something about it."""
    texts = {
        "": _("sending was interrupted"),
        "NoContact": _("no address is known"),
        "SMTPRecipientsRefused": _("the address was refused"),
        "SMTPAuthenticationError": _("the mail server did not accept our password"),
        "ConnectionRefusedError": _("the mail server cannot be reached"),
        "TimeoutError": _("the mail server did not answer"),
        "NotSent": _("the provider of text messages refused it"),
    }
    return texts.get(error, error)
