"""Somebody asks to be let into a client's own space: a code by mail, then the client's PIN where there is one.

Until the right code is typed, nothing here may cost or answer differently for a known and an unknown address: a page
only writes down that somebody asked, and the sweep looks up whom to send a code.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accord_clinic import links
from accord_clinic.actions import own_space
from accord_clinic.database import engine
from accord_clinic.messages import notices
from accord_clinic.models import Client, StepIn
from accord_clinic.rules.doors import AHEAD

LIVES = timedelta(minutes=15)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_TRIES = 5
MOST_WRONG_A_DAY = 20
"""For one address, over all codes: five tries at each of many codes would sooner or later hit one."""
MOST_AN_HOUR = 6
"""For one address. More would fill somebody's inbox, or cost the practice text messages."""
LAST_DIGITS = 9
"""Fewer would take two people for one; more would need to know each country's prefix."""
MOST_FROM_A_NETWORK = 60
"""An hour, from one network address: a practice's waiting room asks less, a list of addresses that is tried more."""


@transaction.atomic
def ask(address: str, network: str, *, client: Client | None = None) -> str:
    """Write down that somebody asked; gives the handle that this browser keeps. `client`: whose link it has opened."""
    if client is not None:
        address = contact(client)
    now = timezone.now()
    who, where = (
        links.keyed(what, text.strip().lower(), settings.SECRET_KEY)
        for what, text in (("who", _counted(address, client)), ("network", network))
    )
    engine.wait_for_turn("step in")
    lately = StepIn.objects.filter(made_at__gt=now - HOUR)
    of_address, of_network = lately.filter(who=who).count(), lately.filter(network=where).count()
    if of_address >= MOST_AN_HOUR or of_network >= MOST_FROM_A_NETWORK:
        raise own_space.AskedTooOften(_("You have asked for too many codes. Please wait an hour, then try again."))
    token = links.new_token()
    row = StepIn.objects.create(
        token_hash=links.digest(token), who=who, network=where, address=address.strip()[:254], made_at=now
    )
    if client is not None:
        row.clients.add(client)
        if not address:
            # Nowhere to send a code to: the link that this browser has opened stands for it, and the PIN is asked.
            StepIn.objects.filter(pk=row.pk).update(proved_at=now)
    return token


def send_codes(limit: int = 100) -> int:
    """For the sweep: a code for each who asked and is known; old rows go. Gives how many codes were made."""
    StepIn.objects.filter(made_at__lt=timezone.now() - DAY).delete()
    waiting = StepIn.objects.exclude(address="").order_by("id")[:limit]
    return sum(_answer(row) is not None for row in waiting)


@transaction.atomic
def _answer(row: StepIn) -> str | None:
    """Make a code for whom this address belongs to, once; nothing for an unknown address, which is forgotten."""
    if StepIn.objects.filter(pk=row.pk).exclude(address="").update(address="") != 1:
        return None
    clients = list(row.clients.all()) or _living_at(row.address)
    if not clients or timezone.now() - row.made_at >= LIVES:
        return None
    row.clients.set(clients)
    code = links.new_code()
    StepIn.objects.filter(pk=row.pk).update(code_hash=links.code_digest(row.pk, code, settings.SECRET_KEY))
    to = row.address if len(clients) > 1 else ""
    if "@" not in row.address:
        # To the number that we know, never to the one that was typed: only their last digits are alike.
        to = clients[0].phone
    notices.tell("code", code, client=clients[0], to=to, once=f"step-in:{row.pk}")
    return code


def answer_now(token: str) -> str | None:
    """For the demonstration, which sends no messages: the code at once."""
    row = StepIn.objects.filter(token_hash=links.digest(token)).exclude(address="").first()
    return _answer(row) if row else None


def _living_at(address: str) -> list[Client]:
    """Everybody who is reached at this address or number; families share mailboxes and telephones."""
    if "@" not in address:
        return _living_at_number(address)
    folded = Client.objects.filter(email__iexact=address, locked_at=None).order_by("id")
    # PostgreSQL folds letters that only look alike: each such spelling would have limits of its own.
    return [client for client in folded if client.email.lower() == address.lower()]


def _living_at_number(number: str) -> list[Client]:
    """Those with the one number to which the code goes. In two countries, two telephones may end in the same digits."""
    end = _spelt(number)
    with_phone = Client.objects.filter(locked_at=None).exclude(phone="").order_by("id")
    alike = [client for client in with_phone if _spelt(client.phone) == end] if end else []
    if not alike:
        return []
    chosen = next((client for client in alike if _dialled(client.phone) == _dialled(number)), alike[0])
    same = [client for client in alike if _dialled(client.phone) == _dialled(chosen.phone)]
    return [chosen, *(client for client in same if client != chosen)]


def _dialled(number: str) -> str:
    """The digits of a number, the same for +49 and 0049."""
    digits = "".join(sign for sign in number if sign.isdigit())
    return digits.removeprefix("00")


def _counted(address: str, client: Client | None) -> str:
    """What the limits of one address are counted by, however it is spelt."""
    return _spelt(address) or address or f"client:{client.pk if client else ''}"


def _spelt(address: str) -> str:
    """One spelling of an address; of a number its last nine digits, however it begins (0171, +49 171, 0049 171)."""
    if "@" in address:
        return address
    digits = "".join(sign for sign in address if sign.isdigit())
    return digits[-LAST_DIGITS:] if len(digits) >= LAST_DIGITS else ""


def contact(client: Client) -> str:
    """Where this client's codes go, which is also what the limits of one client are counted by."""
    both = (client.email, client.phone)
    first, second = both if client.channel == "email" else both[::-1]
    return first or second


def is_open(token: str) -> bool:
    """Whether this handle is of an ask that can still be answered."""
    return _alive(token).exists()


def proved(token: str) -> StepIn | None:
    """The ask with this handle, when the right code was typed in this browser."""
    return _alive(token).exclude(proved_at=None).prefetch_related("clients").first()


@transaction.atomic
def prove(token: str, code: str) -> bool:
    """Whether this is the code. Each try is counted before it is compared, so many at once get no more than one."""
    row = _alive(token).first()
    if row is None:
        return False
    engine.wait_for_turn("step in")
    today = StepIn.objects.filter(who=row.who, made_at__gt=timezone.now() - DAY)
    wrong = today.aggregate(wrong=Sum("tries"))["wrong"] or 0
    counted = StepIn.objects.filter(pk=row.pk, proved_at=None, tries__lt=MOST_TRIES).update(tries=F("tries") + 1)
    fits = constant_time_compare(row.code_hash, links.code_digest(row.pk, code.strip(), settings.SECRET_KEY))
    if not (fits and counted and wrong < MOST_WRONG_A_DAY):
        return False
    StepIn.objects.filter(pk=row.pk).update(tries=F("tries") - 1, proved_at=timezone.now())
    return True


def enter(step: StepIn, uid: str, pin: str) -> str | None:
    """A door's token for one of those whom the code was for; with a PIN, only with that as well. Good once."""
    everybody = list(step.clients.all())
    client = (
        next((person for person in everybody if person.uid == uid), None) if uid or len(everybody) > 1 else everybody[0]
    )
    if client is None or client.locked_at or not (client.pin or step.code_hash):
        return None
    if client.pin and not own_space.right_pin(client, pin):
        return None
    if StepIn.objects.filter(pk=step.pk).exclude(proved_at=None).update(proved_at=None, code_hash="") != 1:
        return None
    return own_space.open_door(client)


def _alive(token: str):
    now = timezone.now()
    return StepIn.objects.filter(token_hash=links.digest(token), made_at__gt=now - LIVES, made_at__lt=now + AHEAD)
