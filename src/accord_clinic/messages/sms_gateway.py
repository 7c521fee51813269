"""Text messages through a provider's HTTP gateway: one POST with a number and a text, and a bearer token."""

import requests
from django.conf import settings

from accord_clinic.addresses import safe
from accord_clinic.messages.sms import NotSent

PATIENCE = 20


def send(number: str, text: str) -> None:
    """POST {"to": ..., "text": ...} to ACCORD_SMS_URL with the token of the file `sms.token` beside the other keys.

    To that address and no other: a redirect is not followed, or number, text and token would go wherever it says.
    """
    if not safe(settings.SMS_URL):
        raise NotSent("ACCORD_SMS_URL does not begin with https://, so anybody on the way could read along")
    token = (settings.KEYS / "sms.token").read_text().strip()
    answer = requests.post(
        settings.SMS_URL,
        json={"to": number, "text": text},
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE,
        allow_redirects=False,
    )
    if not 200 <= answer.status_code < 300:
        raise NotSent(f"the gateway answered {answer.status_code}")
