"""Who has to agree for a client, by age and terms. No query: what it rests on is read already."""

from django.utils import timezone

from accord_clinic.models.people import Client
from accord_clinic.models.rights import Terms

OF_AGE = 18
YOUNGEST = 12


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
