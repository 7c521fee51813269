"""The workflow of a possible strain as one table: from which state, by whose move, to which state."""

from collections.abc import Sequence
from typing import Any, TypeVar

from accord.errors import BadInput

Steps = dict[str, tuple[frozenset[str], str]]
Step = TypeVar("Step", bound=tuple[Any, ...])

CLIENT, THERAPIST = frozenset({"client"}), frozenset({"therapist"})
BOTH = CLIENT | THERAPIST


def _open(state: str, *, talked: str = "talked_about", not_talked: str = "") -> Steps:
    """The moves out of an open state. `talked`, `not_talked`: where the word on talking leads, if not to itself.

    A tick that is taken back leads to where the strain was without it; here that it was never talked about.
    """
    return {
        "talk": (BOTH, talked),
        "talk_in_part": (CLIENT, talked),
        "not_talked": (CLIENT, not_talked or state),
        "take_back": (THERAPIST, "opened" if state == "talked_about" else state),
        "not_noticed": (THERAPIST, state),
        "try_repair": (THERAPIST, "repair_tried"),
        "think_settled": (THERAPIST, state),
        "settle": (CLIENT, "settled"),
        "partly": (CLIENT, "partly"),
        "still_there": (CLIENT, "still_there"),
        "let_rest": (CLIENT, "at_rest"),
        "end_course": (THERAPIST, "open_at_ending"),
    }


# state -> move -> (who may say it, the state it leads to). Only the client's answer settles a strain or lets it rest.
WORKFLOW: dict[str, Steps] = {
    "opened": _open("opened"),
    "talked_about": _open("talked_about", not_talked="opened"),
    "repair_tried": _open("repair_tried", talked="repair_tried", not_talked="opened"),
    # That it was talked about again takes nothing of what the client said about where it stands.
    "partly": _open("partly", talked="partly"),
    "still_there": _open("still_there", talked="still_there"),
    "open_at_ending": {
        # The last check-in may be answered after the ending: what it says of the strain is kept.
        "talk": (CLIENT, "open_at_ending"),
        "talk_in_part": (CLIENT, "open_at_ending"),
        "not_talked": (CLIENT, "open_at_ending"),
        "partly": (CLIENT, "open_at_ending"),
        "still_there": (CLIENT, "open_at_ending"),
        "settle": (CLIENT, "settled"),
        "let_rest": (CLIENT, "at_rest"),
    },
    "at_rest": {
        "reopen": (BOTH, "opened"),
    },
    "settled": {
        "reopen": (BOTH, "opened"),
    },
}
MOVES = ("open", *dict.fromkeys(move for moves in WORKFLOW.values() for move in moves))
ON_TALKING = ("talk", "talk_in_part", "not_talked")
"""What the client may say about whether it was talked about; the therapist ticks the first of them."""
OPEN_STATES = tuple(state for state, moves in WORKFLOW.items() if "think_settled" in moves)
"""Those in which a check-in asks the client where it stands."""
UNSETTLED = (*OPEN_STATES, "open_at_ending")


def after(state: str, move: str, side: str) -> str:
    """The state that `move` by `side` leads to. Raises `BadInput` when the table has no such step."""
    moves = WORKFLOW.get(state, {})
    if move not in moves:
        raise BadInput(f"A strain that is '{state}' cannot be moved by '{move}'. Possible: {', '.join(moves)}.")
    who, leads_to = moves[move]
    if side not in who:
        raise BadInput(f"'{move}' is for the {' or the '.join(sorted(who))} to say, not for the {side}.")
    return leads_to


def standing(moves: Sequence[Step], side: int) -> list[Step]:
    """The moves without each tick of the therapist's that was taken back, and without the taking back.

    Each begins with its name; `side`: where whose it is stands.

    >>> standing([("open", "client"), ("talk", "therapist"), ("take_back", "therapist")], side=1)
    [('open', 'client')]
    """
    stand: list[Step] = []
    for move in moves:
        if move[0] != "take_back":
            stand.append(move)
            continue
        ticks = [place for place, each in enumerate(stand) if each[0] == "talk" and each[side] == "therapist"]
        if ticks:
            del stand[ticks[-1]]
    return stand


def state_after(moves: Sequence[tuple[str, str]]) -> str:
    """The state that these moves lead to, each with whose it is; the first opened the strain.

    >>> state_after([("open", "client"), ("talk", "therapist"), ("partly", "client")])
    'partly'
    """
    state = "opened"
    for move, side in moves[1:]:
        state = after(state, move, side)
    return state


def diagram() -> str:
    """The table as a Mermaid state diagram, for the docs: the picture is drawn from the code."""
    lines = ["stateDiagram-v2", "    [*] --> opened"]
    for state, moves in WORKFLOW.items():
        for move, (who, leads_to) in moves.items():
            lines.append(f"    {state} --> {leads_to}: {move} ({', '.join(sorted(who))})")
    lines += ["    settled --> [*]", "    open_at_ending --> [*]"]
    return "\n".join(lines) + "\n"
