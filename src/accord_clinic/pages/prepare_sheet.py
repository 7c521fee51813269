"""The therapist's own sheet before a session: the headline, at most three fitting cards, own reactions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from accord.cards import INFERRED, Card, cards, fitting
from accord_clinic.pages.findings import Headline, headline_after
from accord_clinic.queries.practice import practice
from accord_clinic.queries.prepare_sheet import PrepareRows, prepare_rows
from accord_clinic.words.sentences import ANSWER, Names

if TYPE_CHECKING:
    from accord_clinic.models import Member, Reaction, Session

STARTING, ENDING, SAFETY = "starting", "ending", "safety"


@dataclass(frozen=True)
class Prepare:
    """What is on the prepare sheet after one revealed session. `kinds`: which signal each card is offered for.

    `safety`: the sessions whose safety answer nobody has looked after, each with its number.
    """

    headline: Headline
    safety: tuple[tuple[str, int], ...]
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
    """The sheet, and the cards that fit signals and open strains. For whoever treats this dyad now."""
    rows, dyad = prepare_rows(session, member), session.dyad
    kinds = _kinds(rows, session)
    if practice().inferred_at is None:  # conversation only: cards follow what people said
        kinds = [kind for kind in kinds if kind not in INFERRED]
    offers = fitting(
        [card for card in deck() if card.id not in rows.aside or SAFETY in card.signals],
        kinds,
        strain_kind=rows.open_kinds[0] if rows.open_kinds else None,
        approach=dyad.approach,
        modality=session.modality,
    )
    by_card = {card.id: next((kind for kind in kinds if kind in card.signals), "") for card in offers}
    top = headline_after(rows.after, session.number, Names(dyad.client.called, dyad.therapist.name))
    safety = tuple((str(s.evidence[ANSWER]), s.session) for s in rows.after.signals if s.kind == SAFETY)
    return Prepare(top, safety, offers, by_card, rows.reactions, rows.beside)


def _kinds(rows: PrepareRows, session: Session) -> list[str]:
    """What a card may be offered for, the most pressing first."""
    kinds = [signal.kind for signal in rows.after.signals]
    if rows.open_kinds:
        kinds.append("strain_reported")
    if session.number <= 3:
        kinds.append(STARTING)
    if session.dyad.ended:
        kinds.append(ENDING)
    return list(dict.fromkeys(kinds))
