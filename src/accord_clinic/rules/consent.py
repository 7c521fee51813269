"""Who has to agree for a client, and who does: terms, age, consents. A new rule about who agrees belongs here."""

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Client, Consent, Practice, Session
from accord_clinic.models.rights import Terms

OF_AGE = 18
OPENED_SINCE = Session.objects.filter(dyad__client=OuterRef("client"), revealed_at__gte=OuterRef("given_at"))
CARE = Prepared(
    lambda client: Consent.objects.filter(client_id=client, purpose="care", withdrawn_at=None).values_list(
        "by", Exists(OPENED_SINCE)
    )
)


def clients_who_consent(purpose: str, *, as_known: bool = False) -> QuerySet[Client]:
    """Everybody for whom everyone who has to agree does, at this moment. A study takes its people from here alone.

    `as_known`: only agreements that those who work here may know of, since answers have opened after them.
    """
    given = Consent.objects.filter(purpose=purpose, withdrawn_at=None)
    rows = (given.filter(Exists(OPENED_SINCE)) if as_known else given).values_list("client", "by")
    agreed: dict[int, set[str]] = {}
    for client, by in rows:
        agreed.setdefault(client, set()).add(by)
    clients = Client.objects.filter(pk__in=agreed, locked_at=None).select_related("terms")
    below = Practice.objects.get().guardian_below
    return Client.objects.filter(pk__in=[c.pk for c in clients if voices(c, terms_of(c), below) <= agreed[c.pk]])


def stands(client: Client, purpose: str) -> bool:
    """Whether everybody who has to agree to this purpose does."""
    rows = Consent.objects.filter(client=client, purpose=purpose, withdrawn_at=None)
    return needed(client) <= set(rows.values_list("by", flat=True))


def given_for_care(client: Client) -> dict[str, bool]:
    """Who agrees to the care at this moment; of each, whether those who work here may know, since answers opened."""
    return {voice: bool(may_be_known) for voice, may_be_known in CARE.rows(client.pk)}


def consents(client: Client) -> list[Consent]:
    """Every consent that was ever given, oldest first."""
    return list(client.consents.order_by("given_at"))


def needed(client: Client) -> set[str]:
    """Who has to agree: the client, a guardian, or both. The practice is asked only where the age decides."""
    terms, age = terms_of(client), age_of(client)
    by_age = terms is None and (age is None or age < OF_AGE)
    return voices(client, terms, guardian_below() if by_age else 0)


def guardian_below() -> int:
    """The age below which a guardian has to agree in this practice, where nothing else was said of somebody."""
    return Practice.objects.get().guardian_below


def asks_age(client: Client) -> bool:
    """Whether a guardian has to agree only because nobody wrote down how old this client is, or who agrees."""
    return client.born is None and terms_of(client) is None and "guardian" in needed(client)


def voices(client: Client, terms: Terms | None, below: int) -> set[str]:
    """Who has to agree, from what is known: terms of one's own stand before the practice's age.

    An age that nobody wrote down counts as young, until the therapist gives the year or says who agrees.
    """
    if terms is not None:
        return {"client": {"client"}, "both": {"client", "guardian"}, "guardian": {"guardian"}}[terms.consents]
    return {"client", "guardian"} if (age_of(client) or 0) < below else {"client"}


def terms_of(client: Client) -> Terms | None:
    """What differs for this client; the safe default where nothing was written down."""
    return getattr(client, "terms", None)


def age_of(client: Client) -> int | None:
    """The age, as young as the year of birth allows: who may still be fifteen is fifteen. `None`: not known."""
    return None if client.born is None else timezone.localdate().year - client.born - 1
