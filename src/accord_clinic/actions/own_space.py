"""Sign a client in to their own space: a one-time code to the known contact, or the client's PIN."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic import links
from accord_clinic.actions.audit import record
from accord_clinic.messages import notices
from accord_clinic.models import Client, ClientDoor, Code
from accord_clinic.permissions import check_be_client

CODE_LIVES = timedelta(minutes=15)
IDLE = timedelta(minutes=15)
AHEAD = timedelta(minutes=1)
"""As far as the clocks of two machines may differ. What was stamped later than that is dead: it would live longer."""
MOST_TRIES = 5
MOST_CODES_AN_HOUR = 6
MOST_WRONG_A_DAY = 20
"""For one client, over all codes and the PIN: five tries at each of many codes would sooner or later hit one."""


@transaction.atomic
def ask_code(client: Client, purpose: str = "space", to: str = "") -> str:
    """Make a code and put it into the outbox; `to`: a new address to test. Earlier codes for this purpose expire."""
    now = timezone.now()
    Code.objects.filter(client=client, purpose=purpose, used_at=None).update(used_at=now)
    code = links.new_code()
    hashed = links.code_digest(client.pk, code, settings.SECRET_KEY)
    expires = now + CODE_LIVES
    row = Code.objects.create(client=client, purpose=purpose, code_hash=hashed, made_at=now, expires_at=expires)
    notices.tell("code", code, client=client, to=to, once=f"code:{row.pk}")
    return code


def asks_too_often(client: Client) -> bool:
    """Whether so many codes were sent lately that one more would only fill somebody's inbox."""
    lately = Code.objects.filter(client=client, purpose="space", made_at__gt=timezone.now() - timedelta(hours=1))
    return lately.count() >= MOST_CODES_AN_HOUR


def open_with_code(client: Client, code: str, purpose: str = "space") -> str | None:
    """Return a door's token for the right code, else `None`. After five wrong tries the code is invalid."""
    return _open(client) if use_code(client, code, purpose) else None


def use_code(client: Client, code: str, purpose: str) -> bool:
    """Whether this is the code for this purpose; it works once. After five wrong tries it is invalid."""
    if _guessed_too_often(client):
        return False
    now = timezone.now()
    alive = {"used_at": None, "made_at__lt": now + AHEAD, "expires_at__gt": now}
    row = Code.objects.filter(client=client, purpose=purpose, **alive).order_by("-id").first()
    if row is None or row.tries >= MOST_TRIES:
        return False
    if row.code_hash != links.code_digest(client.pk, code.strip(), settings.SECRET_KEY):
        Code.objects.filter(pk=row.pk).update(tries=F("tries") + 1)
        return False
    return Code.objects.filter(pk=row.pk, used_at=None).update(used_at=now) == 1


def fresh(client: Client, given: str, purpose: str) -> bool:
    """Whether this was typed just now by whom it should be: a code for this purpose; without an address, the PIN."""
    if client.email or client.phone:
        return use_code(client, given, purpose)
    return right_pin(client, given)


def open_with_pin(client: Client, pin: str) -> str | None:
    """Return a door's token for the right PIN, else `None`."""
    return _open(client) if right_pin(client, pin) else None


def right_pin(client: Client, pin: str) -> bool:
    """Whether this is the PIN. After five wrong ones in a quarter of an hour, none is accepted."""
    now = timezone.now()
    tries = Code.objects.filter(client=client, purpose="pin", made_at__gt=now - CODE_LIVES).count()
    if not client.pin or tries >= MOST_TRIES or _guessed_too_often(client):
        return False
    if not check_password(pin.strip(), client.pin):
        dead = {"code_hash": "", "made_at": now, "expires_at": now, "used_at": now}
        Code.objects.create(client=client, purpose="pin", tries=1, **dead)
        return False
    return True


def _guessed_too_often(client: Client) -> bool:
    """Whether a day's wrong tries are used up; then no code and no PIN is right until the oldest are a day ago."""
    today = Code.objects.filter(client=client, made_at__gt=timezone.now() - timedelta(days=1))
    return (today.aggregate(wrong=Sum("tries"))["wrong"] or 0) >= MOST_WRONG_A_DAY


@transaction.atomic
def set_pin(client: Client, pin: str, *, by: Client) -> None:
    """Set a PIN of six to twelve digits, stored as an argon2 hash."""
    check_be_client(by, client)
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
    """The client whose space this token opens now; the call keeps the door open for another 15 minutes."""
    now = timezone.now()
    door = ClientDoor.objects.select_related("client").filter(token_hash=links.digest(token), shut_at=None).first()
    if door is None or not now - IDLE <= door.seen_at < now + AHEAD:
        return None
    if door.seen_at < now - timedelta(minutes=1):
        ClientDoor.objects.filter(pk=door.pk).update(seen_at=now)
    return door.client


def shut_door(token: str) -> None:
    """Leave the own space; the token is no longer valid."""
    ClientDoor.objects.filter(token_hash=links.digest(token)).update(shut_at=timezone.now())
