"""Simulated courses in; what each side answers to the check-in in each session out."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from accord.records import Answer
from accord.simulation import Simulated, simulate

ITEMS = ("d1", "d2", "m1", "m2", "b2", "b3", "b4")
MOST_SESSIONS = 26
KINDS = {"withdrawal": ("quiet", "went_along", "steered_away"), "confrontation": ("disagreed", "complained")}


POOL = 400


def pool(seed: int, misses: float) -> Simulated:
    """Many simulated courses, for one therapist's caseload to be cast from; this share of the strains is missed."""
    return simulate(
        POOL, MOST_SESSIONS, seed, "mixed", share=0.5, items=len(ITEMS), missing=0.06, missing_after=0.25,
        therapist_misses=misses,
    )  # fmt: skip


def cast(course: Simulated, held: int, strained: bool, taken: set[int]) -> int:
    """A course of the pool that nobody has: with a strain that begins within the sessions held, or with none at all."""
    onset = course.truth.onset
    for row in range(len(onset)):
        fits = 3 <= onset[row] < held if strained else onset[row] < 0
        if fits and row not in taken:
            taken.add(row)
            return row
    raise LookupError(f"No course of the pool has a strain within {held} sessions; use another seed.")


@dataclass(frozen=True)
class DemoVoices:
    """Both voices of one dyad over its sessions, and what really happened between them."""

    course: Simulated
    row: int
    style: str
    seed: int

    def client(self, number: int, must: bool = False) -> dict[str, Answer] | None:
        """The client's answers, `None` when none was given; `must`: the plot needs some."""
        dice = self._dice(number, "client")
        if self.style == "silent" and number >= 6 and number % 5 in (3, 4, 0):
            return None
        if self.style == "quiet" and number >= 3:
            return {**dict.fromkeys(ITEMS, 4), "t1": 0, "v1": 1, "b1": 0}
        answers = self._scored(self.course.client_items, number, dice)
        if answers is None and must:
            answers = dict.fromkeys(ITEMS, 2)
        if answers is None:
            return None
        answers |= self._felt(number, dice) | {"v1": self._room(number, dice)}
        return answers | {"b1": self._held_back(number)}

    def therapist(self, number: int) -> dict[str, Answer] | None:
        """The therapist's answers and guesses, `None` when none was given."""
        dice = self._dice(number, "therapist")
        answers = self._scored(self.course.therapist_items, number, dice)
        if answers is None:
            return None
        sees = self.begins(number) and bool(self.course.truth.seen[self.row])
        felt: dict[str, Answer] = {"t1": 1, "t2": 3, "t3": ("quiet",)} if sees else {"t1": int(dice.random() < 0.006)}
        beside: dict[str, Answer] = {"v1": dice.choice((3, 3, 4)), "b1": dice.choice((0, 0, 1))}
        return {**answers, **felt, **beside, "g1": answers["b2"], "g2": felt["t1"]}

    def begins(self, number: int) -> bool:
        """Whether a strain begins in this session and is felt as a moment; a slide creeps in unnoticed."""
        truth = self.course.truth
        return truth.onset[self.row] == number - 1 and truth.kind[self.row] != "slide"

    def small(self, number: int) -> bool:
        """Whether something felt a little off in this session without leaving a mark on the answers."""
        return number >= 3 and not self.begins(number) and self._dice(number, "small").random() < 0.06

    def strained(self, number: int) -> bool:
        """Whether a strain is going on in this session."""
        return bool(self.course.truth.strained[self.row, number - 1])

    def repaired(self) -> bool:
        """Whether the strain of this dyad is mended in the end."""
        return bool(self.course.truth.repaired[self.row])

    def _dice(self, number: int, side: str) -> Random:
        return Random(f"{self.seed}/{self.row}/{number}/{side}")

    def _scored(self, items: np.ndarray | None, number: int, dice: Random) -> dict[str, Answer] | None:
        assert items is not None, "simulated with items"
        answers = items[self.row, number - 1]
        if np.isnan(answers).any():
            return None
        scores = {item: int(a) - 1 for item, a in zip(ITEMS, answers, strict=True)}
        return {i: None if dice.random() < 0.02 else a for i, a in scores.items()}

    def _felt(self, number: int, dice: Random) -> dict[str, Answer]:
        if self.small(number):
            return {"t1": 1, "t2": 3, "t3": (dice.choice(KINDS["withdrawal"]),)}
        if not self.begins(number):
            return {"t1": None if dice.random() < 0.02 else 0}
        level = {2: 1, 3: 2, 4: 3}[int(self.course.truth.size[self.row])]
        kind = dice.choice(("withdrawal", "withdrawal", "confrontation"))
        return {"t1": level, "t2": dice.choice((3, 3, 3, 1)), "t3": (dice.choice(KINDS[kind]),)}

    def _held_back(self, number: int) -> int:
        return self._dice(number, "held back").choice((1, 2, 3) if self.strained(number) else (0, 0, 0, 1))

    def _room(self, number: int, dice: Random) -> int:
        return dice.choice((1, 2, 2)) if self.strained(number) else dice.choice((2, 3, 3, 4))
