"""Which questions a session asks: check-in, starting path, wider look, outcome measures, what matters most."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from accord.signals import CHECK_IN, REVIEW_EVERY, STARTING_SESSIONS

if TYPE_CHECKING:
    from accord_clinic.models import Dyad, Measure

STARTING_PATH = "accord-starting-path"
ALREADY_TOGETHER = "accord-already-together"
BEGINNINGS = (STARTING_PATH, ALREADY_TOGETHER)
"""How two people begin here: in the first three sessions, or all at once where they work together already."""
WIDER_LOOK = "accord-wider-look"
# Asked in places of their own, so never offered as an outcome measure. All others of the catalogue are.
HAVE_A_PLACE = frozenset({CHECK_IN, *BEGINNINGS, WIDER_LOOK, "accord-asking-again", "goal-rating", "gas"})
TURNS, AT_A_DISTANCE = ("turn-1", "turn-2"), "turn-3"
"""The wider look asks two questions in a check-in, in turns."""
PICKS_EVERY = 5
MOST_TASKS = 1
GOALS_EVERY = 4


def is_due(number: int, often: int) -> bool:
    """Whether there is a check-in after session `number` where there is one in `often`; always after the first.

    A member can make a link for any other session as well.
    """
    return number == 1 or number % often == 0


def _since(number: int, often: int) -> range:
    """The numbers from after the last session with a check-in up to this one. What falls on one of them is asked now.

    So a review of the sixth session comes after the eighth, where there is a check-in after every fourth.
    """
    return range(max(min(number, 2), (number - 1) // often * often + 1), number + 1)


def forms(
    dyad: Dyad,
    number: int,
    often: int,
    side: str,
    measures: Iterable[Measure] = (),
    remote: bool = False,
    first: bool = False,
) -> list[tuple[str, str]]:
    """The (instrument, form) pairs that one side is asked after session `number`, in their order.

    `first`: there was no check-in in this course before, whatever its number: past ratings may have come from a file.
    """
    pairs = [(CHECK_IN, dyad.form)]
    if dyad.under_way:
        pairs += [(ALREADY_TOGETHER, "full")] if first else []
    elif number <= STARTING_SESSIONS:
        pairs.append((STARTING_PATH, f"start-{number}"))
    if side == "client":
        since = _since(number, often)
        pairs += [(m.instrument, "full") for m in measures if any((n - 1) % m.every == 0 for n in since)]
    if number > STARTING_SESSIONS:
        pairs.append((WIDER_LOOK, _wider_look(number, often, remote)))
    return pairs


def _wider_look(number: int, often: int, remote: bool) -> str:
    """The form whose turn it is: reviews have their own, and take no turn of the others."""
    if is_review(number, often):
        return "review"
    turns = (*TURNS, AT_A_DISTANCE) if remote else TURNS
    reviews = sum(is_review(n, often) for n in range(often, number, often))
    return turns[(number // often - reviews) % len(turns)]


def is_review(number: int, often: int) -> bool:
    """Whether the two look back over a longer time after session `number`."""
    return any(n % REVIEW_EVERY == 0 for n in _since(number, often))


def asks_what_matters(number: int, often: int) -> bool:
    """Now and then each side says what matters most now, before seeing the other's picks."""
    return any(n % PICKS_EVERY == 0 for n in _since(number, often))


def asks_how_far(number: int, often: int, rows: Iterable[tuple[str, str, str, bool]]) -> list[tuple[str, str, str]]:
    """Which of these goals and tasks a session asks about: agreed tasks each time, agreed goals every fourth session.

    `rows`: (uid, kind, words, sealed by both).
    """
    agreed = [(uid, kind, words) for uid, kind, words, both in rows if both]
    far = any(n % GOALS_EVERY == 0 for n in _since(number, often))
    goals = [row for row in agreed if row[1] == "goal"] if far else []
    return [row for row in agreed if row[1] == "task"][-MOST_TASKS:] + goals
