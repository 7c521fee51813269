"""Which questions a session asks: check-in, starting path, wider look, outcome measures, what matters most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from accord.signals import CHECK_IN, REVIEW_EVERY, STARTING_SESSIONS

if TYPE_CHECKING:
    from accord_clinic.models import Dyad, Measure

OpenConcern = TypeVar("OpenConcern", bound=tuple[str, object, int])
STARTING_PATH = "accord-starting-path"
ALREADY_TOGETHER = "accord-already-together"
BEGINNINGS = (STARTING_PATH, ALREADY_TOGETHER)
"""How two people begin here: in the first three sessions, or all at once where they work together already."""
WIDER_LOOK = "accord-wider-look"
# Asked in places of their own, so never offered as an outcome measure. All others of the catalogue are.
HAVE_A_PLACE = frozenset({CHECK_IN, *BEGINNINGS, WIDER_LOOK, "accord-asking-again", "goal-rating", "gas"})
TURNS, AT_A_DISTANCE = ("turn-1", "turn-2", "turn-3", "turn-4", "turn-5", "turn-6"), "turn-3"
"""The wider look asks two questions in a check-in, in turns; one turn is for those who meet at a distance."""
GOALS_EVERY = 4
ASKED_TIMES = 3
"""A concern is asked about in so many check-ins, and then at reviews alone: more would be nagging, fewer a shrug."""
PICKS_EVERY = {1: 5, 2: 10, 4: 12, 6: 18}
"""In sessions, by how often there is a check-in. What matters most takes a check-in from all else that comes now and
then; with these figures reviews, goals and each turn of the wider look keep most of theirs, however often it is."""
MOST_TASKS, MOST_GOALS, MOST_GOALS_AT_REVIEWS = 1, 2, 1
# A check-in is 11 taps and has room for 5 more (16 at most). They are a task and either two of the wider look and two
# goals, or a review (3) and a goal, or three picks and going on. Something new to ask has to fit into one of these.


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
    begins_under_way = dyad.under_way and first
    if begins_under_way:
        pairs.append((ALREADY_TOGETHER, "full"))
    elif not dyad.under_way and number <= STARTING_SESSIONS:
        pairs.append((STARTING_PATH, f"start-{number}"))
    if side == "client":
        since = _since(number, often)
        pairs += [(m.instrument, "full") for m in measures if any((n - 1) % m.every == 0 for n in since)]
    if number > STARTING_SESSIONS and not begins_under_way and not asks_what_matters(number, often):
        pairs.append((WIDER_LOOK, _wider_look(number, often, remote)))
    return pairs


def _wider_look(number: int, often: int, remote: bool) -> str:
    """The form whose turn it is: reviews have their own, and take no turn of the others."""
    if is_review(number, often):
        return "review"
    turns = [turn for turn in TURNS if remote or turn != AT_A_DISTANCE]
    before = (n for n in range(often, number, often) if n > STARTING_SESSIONS)
    return turns[sum(not is_review(n, often) and not asks_what_matters(n, often) for n in before) % len(turns)]


def is_review(number: int, often: int) -> bool:
    """Whether the two look back over a longer time after session `number`."""
    return _comes(REVIEW_EVERY, number, often)


def asks_what_matters(number: int, often: int) -> bool:
    """Now and then each side says what matters most now, before seeing the other's picks."""
    return any(n % PICKS_EVERY[often] == 0 for n in _since(number, often))


def asks_how_far(number: int, often: int, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Which of these a session asks about: the latest task or medication plan each time, goals every fourth session.

    `rows`: (uid, kind, words, sealed by both, and what else goes along). Several goals take turns, and so do task and
    medication.
    """
    agreed = [(uid, kind, words, *more) for uid, kind, words, both, *more in rows if both]
    goals = [row for row in agreed if row[1] == "goal"]
    latest = [[row for row in agreed if row[1] == kind][-MOST_TASKS:] for kind in ("task", "medication")]
    doing = [row for rows in latest for row in rows]
    tasks = doing[number // often % len(doing) :][:MOST_TASKS] if doing else []
    if not goals or not _comes(GOALS_EVERY, number, often):
        return tasks
    turn = sum(_comes(GOALS_EVERY, n, often) for n in range(often, number, often))
    most = MOST_GOALS_AT_REVIEWS if is_review(number, often) else MOST_GOALS
    return tasks + [goals[(turn + n) % len(goals)] for n in range(min(most, len(goals)))]


def asks_again(number: int, often: int, waiting: Sequence[OpenConcern]) -> list[OpenConcern]:
    """The one of several open concerns that a session asks about, if any: they take turns.

    Each is asked about three times, then at reviews alone. The third of each is how many answered check-ins came since.
    """
    if not is_review(number, often):
        waiting = [concern for concern in waiting if concern[2] < ASKED_TIMES * len(waiting)]
    return [waiting[number // often % len(waiting)]] if waiting else []


def _comes(every: int, number: int, often: int) -> bool:
    """Whether what falls on each `every`-th session is asked now; where that asks what matters most it is left out."""
    return not asks_what_matters(number, often) and any(n % every == 0 for n in _since(number, often))
