"""What is known before a session, for the therapist's own sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accord.records import Signal
from accord_clinic.records.findings import SignalsAndStrains

if TYPE_CHECKING:
    from accord_clinic.models import Reaction, Response

LOOKED_AT = ("w6", "w7")
"""Hope and own ability: their lowest answer prompts a look, where that is switched on."""
LOWEST = 0


@dataclass(frozen=True, slots=True)
class PrepareRows:
    """What is known before a session. `beside`: the client answered in a browser in which a member was signed in.

    `open_kinds`: the kinds of the dyad's open strains, latest first. `aside`: cards that were not for these two.
    `so_far`: all signals and open strains; `after`: those of the signals that are of this session, what was said first.
    `answers`: what the client shows of the check-in. `again`: an open strain that is back for the third time.
    `low`: where the client showed the lowest answer to hope or own ability: the response and the item.
    """

    so_far: SignalsAndStrains
    after: tuple[Signal, ...]
    open_kinds: tuple[str, ...]
    aside: frozenset[str]
    reactions: tuple[Reaction, ...]
    beside: bool
    answers: Mapping[str, Any]
    again: bool
    by_order: bool
    low: tuple[tuple[Response, str], ...]


def of_session(signals: Sequence[Signal], number: int) -> tuple[Signal, ...]:
    """Safety notices are of no one session: each that nobody has looked after comes first."""
    of_it = [s for s in signals if s.session == number and s.kind != "safety"]
    of_it.sort(key=lambda signal: (not signal.reported, -signal.strength))
    return (*(s for s in signals if s.kind == "safety"), *of_it)


def lowest_of(response: Response) -> tuple[tuple[Response, str], ...]:
    """Where a client showed the lowest answer to hope or own ability."""
    return tuple((response, item) for item in LOOKED_AT if response.answers.get(item) == LOWEST)
