"""The mail of the demo: it goes nowhere, and a mistyped address is refused. A new way to fail belongs in `refuse`."""

from collections.abc import Sequence
from smtplib import SMTPRecipientsRefused

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.console import EmailBackend as Console

NO_SUCH_PLACE = "mistyped.invalid"


class Printed(Console):
    """Messages are printed where the demo runs."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        refuse(email_messages)
        return super().send_messages(email_messages) or 0


class Quiet(BaseEmailBackend):
    """The same, without a word: for the months that the demo invents."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        refuse(email_messages)
        return len(email_messages)


def refuse(messages: Sequence[EmailMessage]) -> None:
    """Fail as a mail server does that knows nobody of that name."""
    for address in (address for message in messages for address in message.to):
        if address.endswith(f"@{NO_SUCH_PLACE}"):
            raise SMTPRecipientsRefused({address: (550, b"no such user")})
