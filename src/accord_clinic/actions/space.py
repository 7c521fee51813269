"""The step up into a client's own space: a one-time code to the known contact, or the client's PIN."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic import links, notices
from accord_clinic.actions.audit import record
from accord_clinic.models import Client, ClientDoor, Code

CODE_LIVES = timedelta(minutes=15)
IDLE = timedelta(minutes=15)
MOST_TRIES = 5


@transaction.atomic
def ask_code(client: Client, purpose: str = "space") -> str:
    """Make a code and put it into the outbox. Earlier codes for the same purpose stop working."""
    now = timezone.now()
    Code.objects.filter(client=client, purpose=purpose, used_at=None).update(used_at=now)
    code = links.new_code()
    hashed = links.code_digest(client.pk, code, settings.SECRET_KEY)
    Code.objects.create(client=client, purpose=purpose, code_hash=hashed, made_at=now, expires_at=now + CODE_LIVES)
    notices.tell("code", code, client=client)
    return code


def open_with_code(client: Client, code: str, purpose: str = "space") -> str | None:
    """A door's token for the right code, or `None`. Five wrong tries and the code is dead."""
    now = timezone.now()
    row = Code.objects.filter(client=client, purpose=purpose, used_at=None, expires_at__gt=now).order_by("-id").first()
    if row is None or row.tries >= MOST_TRIES:
        return None
    if row.code_hash != links.code_digest(client.pk, code.strip(), settings.SECRET_KEY):
        Code.objects.filter(pk=row.pk).update(tries=F("tries") + 1)
        return None
    if Code.objects.filter(pk=row.pk, used_at=None).update(used_at=now) != 1:
        return None
    return _open(client)


def open_with_pin(client: Client, pin: str) -> str | None:
    """A door's token for the right PIN, or `None`; wrong ones count against the same five tries as codes."""
    now = timezone.now()
    tries = Code.objects.filter(client=client, purpose="pin", made_at__gt=now - CODE_LIVES).count()
    if not client.pin or tries >= MOST_TRIES:
        return None
    if not check_password(pin.strip(), client.pin):
        Code.objects.create(client=client, purpose="pin", code_hash="", made_at=now, expires_at=now, used_at=now)
        return None
    return _open(client)


@transaction.atomic
def set_pin(client: Client, pin: str, *, by: Client) -> None:
    """A PIN of six to twelve digits, kept as an argon2 hash."""
    if not (pin.isdigit() and 6 <= len(pin) <= 12):
        raise BadInput("A PIN has six to twelve digits.")
    client.pin = make_password(pin)
    client.save(update_fields=["pin"])
    record(by, "set_pin", f"client:{client.pk}", ["pin"])


@transaction.atomic
def _open(client: Client) -> str:
    token, now = links.new_token(), timezone.now()
    ClientDoor.objects.create(client=client, token_hash=links.digest(token), opened_at=now, seen_at=now)
    record(client, "open_space", f"client:{client.pk}")
    return token


def through_door(token: str) -> Client | None:
    """Whose space this token opens now; looking keeps the door open for another 15 minutes."""
    now = timezone.now()
    door = ClientDoor.objects.select_related("client").filter(token_hash=links.digest(token), shut_at=None).first()
    if door is None or door.seen_at < now - IDLE:
        return None
    if door.seen_at < now - timedelta(minutes=1):
        ClientDoor.objects.filter(pk=door.pk).update(seen_at=now)
    return door.client


def shut_door(token: str) -> None:
    """Leave the space; the token is dead."""
    ClientDoor.objects.filter(token_hash=links.digest(token)).update(shut_at=timezone.now())
