"""Text messages through a provider's HTTP gateway: one POST with a number and a text, a bearer token, no dependency."""

import json
from http import HTTPStatus
from urllib import error, request

from django.conf import settings

from accord_clinic.sms import NotSent

PATIENCE = 20


def send(number: str, text: str) -> None:
    """POST {"to": ..., "text": ...} to ACCORD_SMS_URL with the token of the file `sms.token` beside the other keys."""
    token = (settings.KEYS / "sms.token").read_text().strip()
    asked = request.Request(  # noqa: S310 - the address is the admin's own setting
        settings.SMS_URL,
        data=json.dumps({"to": number, "text": text}).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        method="POST",
    )
    try:
        with request.urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310
            if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
                raise NotSent(f"the gateway answered {answer.status}")
    except error.HTTPError as refused:
        raise NotSent(f"the gateway answered {refused.code}") from None
