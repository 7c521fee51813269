"""The therapist's own sheet before a session: the headline, at most three fitting cards, own reactions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from accord.cards import INFERRED, Card, cards, fitting, occasions
from accord.signals import TOGETHER
from accord_clinic.pages.findings import Headline, reading
from accord_clinic.queries.prepare_sheet import prepare_rows
from accord_clinic.questionnaires.answer_words import in_words, question
from accord_clinic.records.findings import ANSWER
from accord_clinic.records.prepare_sheet import PrepareRows
from accord_clinic.rules.practice import practice
from accord_clinic.words.sentences import Names

if TYPE_CHECKING:
    from accord_clinic.models import Member, Reaction, Response, Session

SAFETY, LOW_HOPE = "safety", "low_hope"
STARTING_SESSIONS = 3
FEEDBACK_SESSION = 5
"""The session at which the practice may invite feedback, as in the trial that the card names."""
GROWN_UP = 18
ASPECTS = {"d1": "goal", "d2": "goal", "m1": "task", "m2": "task", "b2": "bond", "b3": "bond", "b4": "bond"}
LOW = 2
"""An answer from here down (0 to 4) says which part of the alliance a card is to be about."""


@dataclass(frozen=True)
class Prepare:
    """What is on the prepare sheet after one revealed session. `kinds`: which signal each card is offered for.

    `topics` may be chosen for this once; `topic` was, and led to the cards `chosen`. Nothing of that is stored.

    `safety`: the sessions whose safety answer nobody has looked after, each with its number.
    """

    headline: Headline
    safety: tuple[tuple[str, int], ...]
    offers: tuple[Card, ...]
    kinds: dict[str, str]
    topics: dict[str, str]
    topic: str
    chosen: tuple[Card, ...]
    reactions: tuple[Reaction, ...]
    beside: bool
    """The client answered in a browser in which somebody who works here was signed in."""
    low: tuple[str, ...]
    """The lowest answer to hope or own ability, in words: each question with its answer."""


@cache
def deck(language: str) -> tuple[Card, ...]:
    """All guidance cards in one language, read once."""
    return cards(language=language)


@cache
def topics(language: str) -> dict[str, str]:
    """What a therapist may choose cards for, by name."""
    return occasions(language=language)


def prepare(session: Session, member: Member, topic: str = "", language: str = "en") -> Prepare:
    """The sheet, and the cards that fit signals and open strains. For whoever treats this dyad now."""
    rows, dyad = prepare_rows(session, member), session.dyad
    kinds = _kinds(rows, session)
    low: tuple[str, ...] = ()
    if practice().inferred_at is None:  # conversation only: cards follow what people said about working together
        kinds = [kind for kind in kinds if kind not in INFERRED]
    elif rows.low:
        kinds = [LOW_HOPE, *kinds]
        low = tuple(_low_answer(row, item) for row, item in rows.low)
    choose = partial(
        fitting,
        strain_kind=rows.open_kinds[0] if rows.open_kinds else None,
        aspect=_aspect(rows),
        approach=dyad.approach,
        modality=session.modality,
        session=session.number,
    )
    cards_left = [card for card in deck(language) if card.id not in rows.aside or SAFETY in card.signals]
    offers = choose(cards_left, kinds)
    by_card = {card.id: next((kind for kind in kinds if kind in card.signals), "") for card in offers}
    names = topics(language)
    topic = topic if topic in names else ""
    chosen = choose(deck(language), [topic] if topic else [])
    read = reading(rows.so_far, session.number, Names(dyad.client.called, dyad.therapist.name))
    safety = tuple((str(s.evidence[ANSWER]), s.session) for s in rows.so_far.signals if s.kind == SAFETY)
    return Prepare(read.headline, safety, offers, by_card, names, topic, chosen, rows.reactions, rows.beside, low)


def _low_answer(row: Response, item: str) -> str:
    """An answer as it was given, with its question. No number: it is one answer, and no measure of risk."""
    asked, chosen = question(row, item, {}), in_words(row, item, row.answers[item])
    return _("{question} The answer was: {answer}.").format(question=asked, answer=chosen)


def _kinds(rows: PrepareRows, session: Session) -> list[str]:
    """What a card may be offered for, the most pressing first: a crossed line alone, else signals, then the rest."""
    dyad, born = session.dyad, session.dyad.client.born
    occasions_now = {
        "again": rows.again,
        "strain_reported": bool(rows.open_kinds),
        "starting": session.number <= STARTING_SESSIONS,
        "fifth_session": session.number + 1 == FEEDBACK_SESSION,
        "ending": bool(dyad.ended),
        "by_order": rows.by_order,
        "young": born is not None and timezone.localdate().year - born < GROWN_UP,
    }
    signals = [signal.kind for signal in rows.after]
    if "line_crossed" in signals:  # no advice on how to talk about it before somebody else has been asked
        return ["line_crossed"]
    now = [kind for kind, holds in occasions_now.items() if holds]
    return list(dict.fromkeys((*signals, *now, *dyad.card_topics)))


def _aspect(rows: PrepareRows) -> str | None:
    """Goal, task or bond: what the strongest mark or else the client's lowest answer is about, where that says so."""
    if "not_respected" in (rows.answers.get("t3") or ()):
        return "bond"
    marked = next((s.scale for s in rows.after if not s.reported and s.scale), None) or ""
    if marked.endswith("connection"):
        return "bond"
    items = [item for item in ASPECTS if marked in ("", TOGETHER) or not item.startswith("b")]
    given = {item: rows.answers[item] for item in items if isinstance(rows.answers.get(item), int)}
    lowest = min(given, key=lambda item: given[item], default=None)
    return ASPECTS[lowest] if lowest and (marked or given[lowest] <= LOW) else None
