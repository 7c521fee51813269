"""Let programs of others read here by FHIR: add one, close it, end its tokens. Clients say who may be read; a manager
says who may read the practice's published numbers.
"""

from collections.abc import Mapping
from typing import Any

import jwt
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, Grant

from accord.errors import BadInput
from accord_clinic.actions.audit import record
from accord_clinic.addresses import origin
from accord_clinic.models import Client, Consent, Member, Recipient, codes
from accord_clinic.models.exchange import NUMBERS
from accord_clinic.permissions import check_keep_practice, check_see_service

PRIVATE = ("d", "p", "q", "k", "oth")
"""What a key holds that is not for us to see."""


@transaction.atomic
def add(
    *, by: Member, name: str, keeper: str, purpose: str, use: str, asks_answers: bool = False, launch_url: str = "",
    redirect_uris: str = "", origins: str = "", keys: Mapping[str, Any] | None = None,
) -> Recipient:  # fmt: skip
    """A program with keys proves by them who it is; an app without any is public, and has PKCE alone."""
    check_keep_practice(by)
    codes.check(Recipient, use=use)
    keys = dict(keys or {})
    _check_keys(keys)
    if use != "app" and not keys:
        raise BadInput("A service needs a public key, since nothing else proves who it is.")
    if use == NUMBERS and asks_answers:
        raise BadInput("A program that reads only the practice’s numbers asks clients for nothing.")
    if use == "app" and not redirect_uris.split():
        raise BadInput("An app needs an address to return to.")
    application = Application.objects.create(
        name=name,
        client_type=Application.CLIENT_CONFIDENTIAL if keys else Application.CLIENT_PUBLIC,
        authorization_grant_type=(
            Application.GRANT_AUTHORIZATION_CODE if use == "app" else Application.GRANT_CLIENT_CREDENTIALS
        ),
        client_secret="",  # nosec B106 - there are no secrets; programs prove themselves by keys
        hash_client_secret=False,
        redirect_uris=" ".join(redirect_uris.split()),
        allowed_origins=" ".join(origin(address) for address in origins.split()),
    )
    recipient = Recipient.objects.create(
        application=application, name=name, keeper=keeper, purpose=purpose, use=use, asks_answers=asks_answers,
        launch_url=launch_url, keys=keys, made_at=timezone.now(),
    )  # fmt: skip
    record(by, "add_program", f"recipient:{recipient.pk}", ["name", "keeper", "purpose", "use", "keys"])
    return recipient


@transaction.atomic
def close(recipient: Recipient, *, by: Member) -> None:
    """It reads nothing more, from now on and for ever: its tokens end, and so does what clients agreed to."""
    check_keep_practice(by)
    now = timezone.now()
    if not Recipient.objects.filter(pk=recipient.pk, closed_at=None).update(closed_at=now):
        return
    Consent.objects.filter(recipient=recipient, withdrawn_at=None).update(withdrawn_at=now)
    end_tokens(Q(application=recipient.application))
    record(by, "close_program", f"recipient:{recipient.pk}", ["closed_at"])


@transaction.atomic
def let_read_numbers(recipient: Recipient, *, by: Member) -> None:
    """A manager lets a program read what is published about the practice, until this is taken back."""
    check_see_service(by)
    rows = Recipient.objects.filter(pk=recipient.pk, use=NUMBERS, closed_at=None, numbers_since=None)
    if rows.update(numbers_since=timezone.now()):
        record(by, "let_read_numbers", f"recipient:{recipient.pk}", ["numbers_since"])


@transaction.atomic
def stop_reading_numbers(recipient: Recipient, *, by: Member) -> None:
    """A manager takes it back: its tokens end in the same moment, and it gets no others."""
    check_see_service(by)
    if Recipient.objects.filter(pk=recipient.pk).exclude(numbers_since=None).update(numbers_since=None):
        end_tokens(Q(application=recipient.application))
        record(by, "stop_reading_numbers", f"recipient:{recipient.pk}", ["numbers_since"])


def end_tokens(whose: Q) -> None:
    """Delete codes and tokens: those of one `application`, those about one `context__client`, or where both fit."""
    for table in (Grant, AccessToken):
        table.objects.filter(whose).delete()


def drop_expired() -> int:
    """Forget codes and tokens that are over. Returns how many."""
    now = timezone.now()
    return sum(table.objects.filter(expires__lte=now).delete()[0] for table in (Grant, AccessToken))


@transaction.atomic
def note_let_in(recipient: Recipient, client: Client | None, *, by: Member) -> None:
    """A member lets a program read: about one client, or of all own ones who have agreed."""
    record(by, "let_program_read", f"recipient:{recipient.pk}", [] if client is None else [client.uid])


def note_refused(why: str, *, by: Member | None) -> None:
    """Somebody or something asked for what it does not get; `why` is a code."""
    with transaction.atomic():
        record(by, "program_refused", "recipient:unknown", [why])


def _check_keys(keys: dict[str, Any]) -> None:
    """A JSON Web Key Set with public keys and nothing else. Raises `BadInput`."""
    if not keys:
        return
    try:
        usable = jwt.PyJWKSet.from_dict(keys).keys
        private = any(name in key for key in keys["keys"] for name in PRIVATE)
    except (jwt.PyJWTError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInput('Paste a JSON Web Key Set: {"keys": [...]} with RSA or EC keys.') from error
    if private or len(usable) != len(keys["keys"]):
        raise BadInput("These keys are private, or of an unknown kind. Paste the public ones, and make new ones there.")
