"""Which picks count, of rows that were read, and what those of both sides have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord_clinic.models import Pick

PICKED, PICKED_WORDS = "picked", "picked-words"
PICKS = (PICKED, PICKED_WORDS)
"""What a page calls them: goals that are there already, and new words."""


def current_picks(rows: Iterable[Pick]) -> dict[tuple[int, str], list[Pick]]:
    """The picks that count, by session and side: those with the latest time; an empty list where all are taken back."""
    latest: dict[tuple[int, str], list[Pick]] = {}
    for row in rows:
        picks = latest.setdefault((row.session_id, row.side), [])
        if picks and row.at > picks[0].at:
            picks.clear()
        if not picks or row.at == picks[0].at:
            picks.append(row)
    return {voice: [row for row in picks if not row.empty] for voice, picks in latest.items()}


def in_common(rows: Iterable[Pick]) -> tuple[int, int] | None:
    """How many of the last picks of both sides are the same, of how many different ones; `None` before any.

    `rows` are revealed, in the order of their sessions.
    """
    picked = {
        voice: {row.agreement_id or row.words.casefold() for row in picks}
        for voice, picks in current_picks(rows).items()
    }
    sessions = [s for s, side in picked if side == "client" and picked[s, side] and picked.get((s, "therapist"))]
    if not sessions:
        return None
    client, therapist = picked[sessions[-1], "client"], picked[sessions[-1], "therapist"]
    return len(client & therapist), len(client | therapist)


def picked_words(session: int, rows: Iterable[Pick], words: Mapping[int, str]) -> dict[str, tuple[str, ...]]:
    """What each side picked in a session, in its words. `words`: the last ones of each goal."""
    picks = current_picks(rows)
    return {
        side: tuple(words[p.agreement_id] if p.agreement_id else p.words for p in picks.get((session, side), ()))
        for side in ("client", "therapist")
    }
