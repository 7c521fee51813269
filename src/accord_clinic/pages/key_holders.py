"""A client in; who holds the key to the data while nobody else watches, and what is said of it to that client, out.

Whoever holds the key can open the file, whatever pages show. Elsewhere an admin who does not treat this client stands
between; where there is none, the pages promise only what they themselves show, and say who holds the key.
"""

from django.db.models import Exists, OuterRef, TextField
from django.db.models.functions import Cast, Now
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Client, Cover, Dyad, Member


def _admins(client: int):
    """Every admin, and whether that one treats this client, or did, or covers now."""
    own = Dyad.objects.filter(client_id=client, therapist=OuterRef("pk"))
    covered = Cover.objects.filter(dyad__client_id=client, member=OuterRef("pk"), since__lte=Now(), until__gt=Now())
    # As text, since not every database looks into a list; no name of a role is a part of another's.
    rows = Member.objects.filter(is_active=True).annotate(held=Cast("roles", TextField()))
    rows = rows.filter(held__contains='"admin"').annotate(treats=Exists(own) | Exists(covered))
    return rows.order_by("name").values_list("name", "treats")


ADMINS = Prepared(_admins)


def keepers(client: Client) -> tuple[str, ...]:
    """The names of all admins where each of them treats this client; nobody where one does not, who then watches."""
    rows = ADMINS.rows(client.pk)
    return tuple(name for name, _treats in rows) if all(treats for _name, treats in rows) else ()


def names_of(holders: tuple[str, ...]) -> str:
    """Their names in one line."""
    return get_text_list(holders, _("and"))


def said_of(holders: tuple[str, ...]) -> tuple[str, ...]:
    """What it means that these hold the key, for what is kept and for the address. Nothing where somebody watches."""
    return (*of_the_key(holders), *of_the_address(holders))


def of_the_key(holders: tuple[str, ...]) -> tuple[str, ...]:
    """That these could open what pages do not show."""
    told = ngettext(
        "{names} looks after the data of this practice and holds the key to it. What you keep for yourself is on no "
        "page that {names} sees, but nobody else watches over that.",
        "{names} look after the data of this practice and hold the key to it. What you keep for yourself is on no "
        "page that they see, but nobody else watches over that.",
        len(holders),
    )
    return (told.format(names=names_of(holders)),) if holders else ()


def of_the_address(holders: tuple[str, ...]) -> tuple[str, ...]:
    """That these could redirect links and codes."""
    told = ngettext(
        "{names} could also change the address to which your links and codes go. The program would then tell the old "
        "address.",
        "{names} could also change the address to which your links and codes go. The program would then tell the old "
        "address.",
        len(holders),
    )
    return (told.format(names=names_of(holders)),) if holders else ()
