"""Who holds the key to the data while nobody else watches, by name.

Whoever holds the key can open the file, whatever pages show. Elsewhere an admin who does not treat this client stands
between.
"""

from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast, Now

from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Client, Cover, Dyad, Member


def _admins(client: int) -> QuerySet:
    """Every admin, and whether that one treats this client, or did, or covers now."""
    own = Dyad.objects.filter(client_id=client, therapist=OuterRef("pk"))
    covered = Cover.objects.filter(dyad__client_id=client, member=OuterRef("pk"), since__lte=Now(), until__gt=Now())
    # As text, since not every database looks into a list; no name of a role is a part of another's.
    rows = Member.objects.filter(is_active=True).annotate(held=Cast("roles", TextField()))
    rows = rows.filter(held__contains='"admin"').annotate(treats=Exists(own) | Exists(covered))
    return rows.order_by("name").values_list("name", "treats")


ADMINS = Prepared(_admins)


def key_holders(client: Client) -> tuple[str, ...]:
    """The names of all admins where each of them treats this client; nobody where one does not, who then watches."""
    rows = ADMINS.rows(client.pk)
    return tuple(name for name, _treats in rows) if all(treats for _name, treats in rows) else ()
