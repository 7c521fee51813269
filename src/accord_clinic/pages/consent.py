"""What a client has agreed to, who has to agree, and what is said before the first question."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Client, Consent, Dyad, Practice, Terms
from accord_clinic.pages.key_holders import keepers, said_of
from accord_clinic.words.wordings import PURPOSES, ConsentWording, consent

OF_AGE = 18
YOUNGEST = 12
CARE = Prepared(
    lambda client: Consent.objects.filter(client_id=client, purpose="care", withdrawn_at=None).values_list("by")
)


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose as a page shows it: today's wording, whether it stands, and what was said about it so far."""

    wording: ConsentWording
    stands: bool
    said: bool
    guardian: bool
    given: datetime | None
    withdrawn: datetime | None
    waits_for_guardian: bool
    past: tuple[tuple[str, datetime, datetime | None], ...]


@dataclass(frozen=True, slots=True)
class BeforeFirst:
    """What a link says before the first question. `waiting`: why it cannot begin yet, or nothing."""

    lines: tuple[str, ...]
    agree: ConsentWording | None
    waiting: str


def clients_who_consent(purpose: str) -> QuerySet[Client]:
    """Everybody for whom everyone who has to agree does, at this moment. A study takes its people from here alone."""
    rows = Consent.objects.filter(purpose=purpose, withdrawn_at=None).values_list("client", "by")
    said: dict[int, set[str]] = {}
    for client, by in rows:
        said.setdefault(client, set()).add(by)
    clients = Client.objects.filter(pk__in=said, erased_at=None).select_related("terms")
    below = Practice.objects.get().guardian_below
    return Client.objects.filter(pk__in=[c.pk for c in clients if voices(c, terms_of(c), below) <= said[c.pk]])


def stands(client: Client, purpose: str) -> bool:
    """Whether everybody who has to agree to this purpose does."""
    rows = Consent.objects.filter(client=client, purpose=purpose, withdrawn_at=None)
    return needed(client) <= set(rows.values_list("by", flat=True))


def needed(client: Client) -> set[str]:
    """Who has to agree: the client, a guardian, or both. The practice is asked only where the age decides."""
    terms, age = terms_of(client), age_of(client)
    by_age = terms is None and (age is None or age < OF_AGE)
    return voices(client, terms, guardian_below() if by_age else 0)


def guardian_below() -> int:
    """The age below which a guardian has to agree here, where nothing else was said of somebody."""
    return Practice.objects.get().guardian_below


def voices(client: Client, terms: Terms | None, below: int) -> set[str]:
    """The same from what is known: terms of one's own stand before the practice's age.

    An age that nobody wrote down counts as young, until the therapist gives the year or says who agrees.
    """
    if terms is not None:
        return {"client": {"client"}, "both": {"client", "guardian"}, "guardian": {"guardian"}}[terms.consents]
    return {"client", "guardian"} if (age_of(client) or 0) < below else {"client"}


def asks_age(client: Client) -> bool:
    """Whether a guardian has to agree only because nobody wrote down how old this client is, or who agrees."""
    return client.born is None and terms_of(client) is None and "guardian" in needed(client)


def terms_of(client: Client) -> Terms | None:
    """What differs for this client; the safe default where nothing was written down."""
    return getattr(client, "terms", None)


def age_of(client: Client) -> int | None:
    """The age, as young as the year of birth allows: who may still be fifteen is fifteen. `None`: not known."""
    return None if client.born is None else timezone.localdate().year - client.born - 1


def purposes(client: Client, language: str) -> list[Purpose]:
    """Every purpose with its wording in the reader's language and what was said about it."""
    rows = list(client.consents.order_by("given_at"))
    must = needed(client)
    return [_purpose(consent(name, language), [r for r in rows if r.purpose == name], must) for name in PURPOSES]


def _purpose(wording: ConsentWording, rows: Sequence[Consent], must: set[str]) -> Purpose:
    standing = {r.by: r for r in rows if r.withdrawn_at is None}
    return Purpose(
        wording=wording,
        stands=must <= set(standing),
        said="client" in standing,
        guardian="guardian" in standing,
        withdrawn=max((r.withdrawn_at for r in rows if r.withdrawn_at), default=None) if not standing else None,
        given=min((r.given_at for r in standing.values()), default=None),
        waits_for_guardian="guardian" in must - set(standing) and ("client" in standing or "client" not in must),
        past=tuple((r.version, r.given_at, r.withdrawn_at) for r in rows),
    )


def before_first_question(client: Client, dyad: Dyad) -> BeforeFirst:
    """Who else learns what, who holds the key, and the consent that starting gives. Two to four queries."""
    terms, must = terms_of(client), needed(client)
    given = {voice for (voice,) in CARE.rows(client.pk)}
    age = age_of(client)
    minor = age is not None and age < OF_AGE
    waits = "guardian" in must - given
    unknown = waits and age is None and terms is None
    guardians = _guardians(terms, (minor or "guardian" in must) and not unknown)
    lines = [*guardians, *_by_order(terms), *said_of(keepers(client))]
    waiting = ""
    if unknown:
        # A grown-up is not told of guardians because a year was left out.
        waiting = _("{therapist} has to note something about you first. Please talk about it with each other.")
    elif waits:
        waiting = _("Somebody who is responsible for you has to agree first. Please talk about it with {therapist}.")
    waiting = waiting.format(therapist=dyad.therapist.name)
    agree = consent("care", client.language) if "client" in must - given else None
    return BeforeFirst(tuple(lines), agree, waiting)


def _guardians(terms: Terms | None, has_guardians: bool) -> Iterable[str]:
    if not has_guardians:
        return ()
    learns = terms.guardian_learns if terms else "nothing"
    said = {
        "nothing": _("Your parents or guardians get to see nothing of what you answer here."),
        "dates": _(
            "Your parents or guardians may learn that sessions take place, and when; nothing of what you answer."
        ),
        "together": _(
            "Your parents or guardians learn only what you and your therapist decide to tell them, together."
        ),
    }
    return (
        said[learns],
        _("If somebody’s life is in danger, your therapist may have to tell. You are told first, if that is possible."),
    )


def _by_order(terms: Terms | None) -> Iterable[str]:
    if terms is None or not terms.by_order:
        return ()
    said = {
        "nothing": _("Whoever sent you here gets to see nothing of what you answer."),
        "dates": _("Whoever sent you here learns that sessions take place, and when; nothing of what you answer."),
        "together": _("Whoever sent you here learns only what you and your therapist decide to tell, together."),
    }
    return (
        said[terms.order_learns],
        _("You may leave out every question, and nobody is told that you did so as a fault."),
    )
