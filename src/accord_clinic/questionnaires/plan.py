"""Which questions a session asks: check-in, starting path, wider look, outcome measures, what matters most."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from accord.signals import CHECK_IN, STARTING_SESSIONS

if TYPE_CHECKING:
    from accord_clinic.models import Dyad, Measure

STARTING_PATH = "accord-starting-path"
WIDER_LOOK = "accord-wider-look"
# Asked in places of their own, so never offered as an outcome measure. All others of the catalogue are.
HAVE_A_PLACE = frozenset({CHECK_IN, STARTING_PATH, WIDER_LOOK, "accord-asking-again", "goal-rating", "gas"})
TURNS, AT_A_DISTANCE = ("turn-1", "turn-2"), "turn-3"
"""The wider look asks two questions in a check-in, in turns."""
PICKS_EVERY = 5
MOST_TASKS = 1
GOALS_EVERY = 4
REVIEW_EVERY = 6


def forms(
    dyad: Dyad, number: int, side: str, measures: Iterable[Measure] = (), remote: bool = False
) -> list[tuple[str, str]]:
    """The (instrument, form) pairs that one side is asked after session `number`, in their order."""
    pairs = [(CHECK_IN, dyad.form)]
    if number <= STARTING_SESSIONS:
        pairs.append((STARTING_PATH, f"start-{number}"))
    if side == "client":
        pairs += [(m.instrument, "full") for m in measures if (number - 1) % m.every == 0]
    if number > STARTING_SESSIONS:
        turns = (*TURNS, AT_A_DISTANCE) if remote else TURNS
        pairs.append((WIDER_LOOK, "review" if is_review(number) else turns[number % len(turns)]))
    return pairs


def is_review(number: int) -> bool:
    """Whether the two look back over a longer time after session `number`."""
    return number % REVIEW_EVERY == 0


def asks_what_matters(number: int) -> bool:
    """Now and then each side says what matters most now, before seeing the other's picks."""
    return number > 1 and number % PICKS_EVERY == 0


def asks_how_far(number: int, rows: Iterable[tuple[str, str, str, bool]]) -> list[tuple[str, str, str]]:
    """Which of these goals and tasks a session asks about: agreed tasks each time, agreed goals every fourth.

    `rows`: (uid, kind, words, sealed by both).
    """
    agreed = [(uid, kind, words) for uid, kind, words, both in rows if both]
    goals = [row for row in agreed if row[1] == "goal"] if number % GOALS_EVERY == 0 else []
    return [row for row in agreed if row[1] == "task"][-MOST_TASKS:] + goals
