"""What guards the inside of a client's own space: its PIN, fresh codes for single acts, and the doors that are open.

How somebody gets in is in `step_in`.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accord.errors import AccordError, BadInput
from accord_clinic import links
from accord_clinic.actions.audit import record
from accord_clinic.messages import notices
from accord_clinic.models import Client, ClientDoor, Code
from accord_clinic.permissions import check_be_client
from accord_clinic.rules import doors
from accord_clinic.rules.doors import AHEAD, IDLE

CODE_LIVES = timedelta(minutes=15)
MOST_TRIES = 5
MOST_CODES_AN_HOUR = 6
"""For one client, over everything inside that asks for one. More would fill a mailbox, or cost paid text messages."""
MOST_WRONG_A_DAY = 20
"""For one client, over all codes and the PIN: five tries at each of many codes would sooner or later hit one."""
PIN = "pin-try"


class AskedTooOften(AccordError):
    """So many codes were asked for that no more are sent for a while."""


@transaction.atomic
def ask_code(client: Client, purpose: str, to: str = "") -> str:
    """Make a code and put it into the outbox. Earlier codes for this purpose die.

    `to`: a new address to be tried. The code is good for that address alone.
    """
    now = timezone.now()
    _one_at_a_time(client)
    lately = Code.objects.filter(client=client, made_at__gt=now - timedelta(hours=1)).exclude(purpose=PIN)
    if lately.count() >= MOST_CODES_AN_HOUR:
        raise AskedTooOften(_("You have asked for too many codes. Please wait an hour, then try again."))
    Code.objects.filter(client=client, purpose=purpose, used_at=None).update(used_at=now)
    code = links.new_code()
    hashed = links.code_digest(client.pk, code, settings.SECRET_KEY, f"{purpose}:{to}")
    expires = now + CODE_LIVES
    row = Code.objects.create(client=client, purpose=purpose, code_hash=hashed, made_at=now, expires_at=expires)
    notices.tell("code", code, client=client, to=to, once=f"code:{row.pk}")
    return code


@transaction.atomic
def use_code(client: Client, code: str, purpose: str, to: str = "") -> bool:
    """Whether this is the code for this purpose and address; it is good once.

    Each try is counted before it is compared, so that many at once get no more than one after the other.
    """
    now = timezone.now()
    _one_at_a_time(client)
    alive = {"used_at": None, "made_at__lt": now + AHEAD, "expires_at__gt": now}
    row = Code.objects.filter(client=client, purpose=purpose, **alive).order_by("-id").first()
    if row is None or _guessed_too_often(client):
        return False
    counted = Code.objects.filter(pk=row.pk, used_at=None, tries__lt=MOST_TRIES).update(tries=F("tries") + 1)
    hashed = links.code_digest(client.pk, code.strip(), settings.SECRET_KEY, f"{purpose}:{to}")
    if not counted or not constant_time_compare(row.code_hash, hashed):
        return False
    return Code.objects.filter(pk=row.pk, used_at=None).update(used_at=now, tries=F("tries") - 1) == 1


def fresh(client: Client, given: str, purpose: str) -> bool:
    """Whether this was typed just now by whom it should be: a code for this purpose; without an address, the PIN."""
    if client.email or client.phone:
        return use_code(client, given, purpose)
    return right_pin(client, given)


def right_pin(client: Client, pin: str) -> bool:
    """Whether this is the PIN; wrong ones count, and after five in a quarter of an hour none is right.

    The try is a row before the PIN is compared, and no row any more once it was right.
    """
    now = timezone.now()
    with transaction.atomic():
        _one_at_a_time(client)
        tries = Code.objects.filter(client=client, purpose=PIN, made_at__gt=now - CODE_LIVES).count()
        if not client.pin or tries >= MOST_TRIES or _guessed_too_often(client):
            return False
        dead = {"code_hash": "", "made_at": now, "expires_at": now, "used_at": now}
        counted = Code.objects.create(client=client, purpose=PIN, tries=1, **dead)
    if not check_password(pin.strip(), client.pin):
        return False
    counted.delete()
    return True


def _one_at_a_time(client: Client) -> None:
    """Until the end of this transaction nobody else counts for this client."""
    Client.objects.select_for_update().only("pk").get(pk=client.pk)


def _guessed_too_often(client: Client) -> bool:
    """Whether a day's wrong tries are used up; then no code and no PIN is right until the oldest are a day ago."""
    today = Code.objects.filter(client=client, made_at__gt=timezone.now() - timedelta(days=1))
    return (today.aggregate(wrong=Sum("tries"))["wrong"] or 0) >= MOST_WRONG_A_DAY


def is_pin(pin: str) -> bool:
    """Whether this may be a PIN: six to twelve digits."""
    return pin.isascii() and pin.isdigit() and 6 <= len(pin) <= 12


@transaction.atomic
def set_pin(client: Client, pin: str, *, by: Client, keep: str = "") -> None:
    """A PIN of six to twelve digits, kept as an argon2 hash. The client is told, and every other door is shut.

    Call it after a fresh code only. `keep`: the token of the door in which the PIN is set.
    """
    check_be_client(by, client)
    if not is_pin(pin):
        raise BadInput(_("A PIN has six to twelve digits."))
    _write_pin(client, make_password(pin), by, "set_pin")
    end_doors(client, by=client, keep=keep)


@transaction.atomic
def remove_pin(client: Client, *, by: Client) -> None:
    """From now on the code alone opens the space. Call it after a fresh code only."""
    check_be_client(by, client)
    _write_pin(client, "", by, "remove_pin")


def with_pin_at(email: str, name: str = "") -> Client:
    """The one client with a PIN at this address, by name where several share it."""
    rows = Client.objects.filter(email__iexact=email).exclude(pin="")
    clients = list(rows.filter(name=name) if name else rows)
    if len(clients) != 1:
        raise BadInput(f"{len(clients)} clients with a PIN have this address{' and name' if name else ''}, not one.")
    return clients[0]


@transaction.atomic
def forget_pin(client: Client) -> None:
    """Take away a forgotten PIN, by a command on the server alone: a member who could would be one half inside."""
    _write_pin(client, "", None, "forget_pin")
    end_doors(client, by=None)


def _write_pin(client: Client, hashed: str, by: Client | None, act: str) -> None:
    client.pin = hashed
    client.save(update_fields=["pin"])
    record(by, act, f"client:{client.pk}", ["pin"])
    if client.email or client.phone:
        notices.tell("pin_changed", "", client=client, once=timezone.now().isoformat())


@transaction.atomic
def open_door(client: Client) -> str:
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


@transaction.atomic
def end_doors(client: Client, *, by: Client | None, number: int | None = None, keep: str = "") -> int:
    """Shut the door with this number, or all of them but the one whose token is `keep`. Gives how many."""
    standing = doors.standing(client).exclude(token_hash=links.digest(keep))
    standing = standing if number is None else standing.filter(pk=number)
    ended = standing.update(shut_at=timezone.now())
    if ended:
        record(by, "end_openings", f"client:{client.pk}", ["shut_at"])
    return ended
