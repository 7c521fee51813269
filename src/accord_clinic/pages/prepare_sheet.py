"""The therapist's own sheet before a session: the case in signals, at most three fitting cards, own reactions."""

from dataclasses import dataclass
from functools import cache

from accord.cards import Card, cards, fitting
from accord_clinic.models import Member, Reaction, Session, Signal, Suggestion
from accord_clinic.permissions import check_treat
from accord_clinic.questionnaires.submission import MEMBERS

STARTING, ENDING = "starting", "ending"


@dataclass(frozen=True)
class Offered:
    """A card with what the therapist said of it, if anything yet."""

    card: Card
    uid: str
    used: bool | None
    why: str
    aside: str = ""


@dataclass(frozen=True)
class Prepare:
    """What stands on the prepare sheet after one revealed session."""

    session: Session
    signals: tuple[Signal, ...]
    offers: tuple[Card, ...]
    kinds: dict[str, str]
    reactions: tuple[Reaction, ...]
    beside: bool
    """The client answered in a browser in which somebody who works here was signed in."""


@cache
def deck() -> tuple[Card, ...]:
    """All guidance cards, read once."""
    return cards()


def prepare(session: Session, member: Member) -> Prepare:
    """Signals of the session and of open strains, and the cards that fit them. The dyad's therapist alone."""
    check_treat(member, session.dyad)
    dyad = session.dyad
    signals = tuple(
        Signal.objects.filter(dyad=dyad, session=session, withheld=False).order_by("-reported", "-strength")
    )
    strains = list(dyad.strains.exclude(state="settled").order_by("-session__number"))
    kinds = list(dict.fromkeys(s.kind for s in signals))
    if strains and "strain_reported" not in kinds:
        kinds.append("strain_reported")
    if session.number <= 3:
        kinds.append(STARTING)
    if dyad.ended:
        kinds.append(ENDING)
    past = (
        Suggestion.objects.filter(session__dyad=dyad, used=False)
        .exclude(session=session)
        .values_list("card", flat=True)
    )
    aside = set(past)
    offers = fitting(
        [card for card in deck() if card.id not in aside],
        kinds,
        strain_kind=strains[0].kind if strains else None,
        approach=dyad.approach,
        modality=session.modality,
    )
    by_card = {card.id: next((kind for kind in kinds if kind in card.signals), "") for card in offers}
    reactions = tuple(
        Reaction.objects.filter(session__dyad=dyad, by=member).select_related("session").order_by("-at")[:5]
    )
    beside = session.responses.filter(side="client", context__browser=MEMBERS).exists()
    return Prepare(session, signals, offers, by_card, reactions, beside)


def suggestion_for(member: Member, uid: str) -> Suggestion | None:
    """A suggestion that was shown to this member."""
    return Suggestion.objects.filter(uid=uid, member=member).select_related("session__dyad__client").first()
