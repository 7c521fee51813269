"""The workflow of a possible strain as one table: from which state, by whose move, to which state."""

from accord.errors import BadInput

# state -> move -> (who may say it, the state it leads to). Only the client's answer settles a strain.
WORKFLOW: dict[str, dict[str, tuple[frozenset[str], str]]] = {
    "opened": {
        "talk": (frozenset({"client", "therapist"}), "talked_about"),
        "not_talked": (frozenset({"client"}), "opened"),
        "try_repair": (frozenset({"therapist"}), "repair_tried"),
        "think_settled": (frozenset({"therapist"}), "opened"),
        "settle": (frozenset({"client"}), "settled"),
        "still_there": (frozenset({"client"}), "still_there"),
    },
    "talked_about": {
        "talk": (frozenset({"client", "therapist"}), "talked_about"),
        "not_talked": (frozenset({"client"}), "opened"),
        "try_repair": (frozenset({"therapist"}), "repair_tried"),
        "think_settled": (frozenset({"therapist"}), "talked_about"),
        "settle": (frozenset({"client"}), "settled"),
        "still_there": (frozenset({"client"}), "still_there"),
    },
    "repair_tried": {
        "talk": (frozenset({"client", "therapist"}), "repair_tried"),
        "not_talked": (frozenset({"client"}), "opened"),
        "try_repair": (frozenset({"therapist"}), "repair_tried"),
        "think_settled": (frozenset({"therapist"}), "repair_tried"),
        "settle": (frozenset({"client"}), "settled"),
        "still_there": (frozenset({"client"}), "still_there"),
    },
    "still_there": {
        "talk": (frozenset({"client", "therapist"}), "talked_about"),
        "not_talked": (frozenset({"client"}), "still_there"),
        "try_repair": (frozenset({"therapist"}), "repair_tried"),
        "think_settled": (frozenset({"therapist"}), "still_there"),
        "settle": (frozenset({"client"}), "settled"),
        "still_there": (frozenset({"client"}), "still_there"),
    },
    "settled": {
        "reopen": (frozenset({"client", "therapist"}), "opened"),
    },
}
MOVES = ("open", *dict.fromkeys(move for moves in WORKFLOW.values() for move in moves))
OPEN_STATES = tuple(state for state in WORKFLOW if state != "settled")


def after(state: str, move: str, side: str) -> str:
    """The state that `move` by `side` leads to. Raises `BadInput` when the table has no such step."""
    moves = WORKFLOW.get(state, {})
    if move not in moves:
        raise BadInput(f"A strain that is '{state}' cannot be moved by '{move}'. Possible: {', '.join(moves)}.")
    who, leads_to = moves[move]
    if side not in who:
        raise BadInput(f"'{move}' is for the {' or the '.join(sorted(who))} to say, not for the {side}.")
    return leads_to


def diagram() -> str:
    """The table as a Mermaid state diagram, for the docs: the picture is drawn from the code."""
    lines = ["stateDiagram-v2", "    [*] --> opened"]
    for state, moves in WORKFLOW.items():
        for move, (who, leads_to) in moves.items():
            lines.append(f"    {state} --> {leads_to}: {move} ({', '.join(sorted(who))})")
    lines.append("    settled --> [*]")
    return "\n".join(lines) + "\n"
