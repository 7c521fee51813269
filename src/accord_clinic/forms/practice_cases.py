"""What a learner has guessed, seen and chosen in a practice case: read from a form that carries all of it along.

Nothing of it is stored. What somebody answers in own words never leaves the browser: that field has no name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import QueryDict

from accord.case_rule import SEES
from accord.practice_cases import GUESSED, MOST_WAYS, STOPS, PracticeCase

LOOKS = 2
"""Pages at each stop: one to guess, one to look and choose."""
END = STOPS * LOOKS + 1
FEWEST, MOST = 0, 4
"""The lowest and the highest step of an answer that is guessed."""


@dataclass(frozen=True, slots=True)
class Learner:
    """What was given at each stop so far; `None` or nothing where it was skipped."""

    guesses: tuple[dict[str, int | None], ...]
    sees: tuple[tuple[str, ...], ...]
    ways: tuple[tuple[str, ...], ...]

    def carried(self, case: PracticeCase, page: int) -> Iterator[tuple[str, str]]:
        """Names and values of the hidden fields of one page: all that earlier pages asked."""
        for stop in range(STOPS):
            if page > stop * LOOKS + 1:
                yield from ((field, str(g)) for field, g in self._guessed(case, stop) if g is not None)
            if page > stop * LOOKS + 2:
                yield from ((f"see-{stop}", value) for value in self.sees[stop])
                yield from ((f"way-{stop}", value) for value in self.ways[stop])

    def choices(self) -> list[str]:
        """What was seen and chosen, as a meeting counts it."""
        return [
            choice_of(stop, asked, value)
            for asked, given in (("see", self.sees), ("way", self.ways))
            for stop, values in enumerate(given)
            for value in values
        ]

    def _guessed(self, case: PracticeCase, stop: int) -> Iterator[tuple[str, int | None]]:
        yield from ((guess_field(stop, item), value) for item, value in self.guesses[stop].items())


def choice_of(stop: int, asked: str, value: str) -> str:
    """The name under which a meeting counts one choice."""
    return f"{stop}:{asked}:{value}"


def guess_field(stop: int, item: str) -> str:
    """The name of the field that holds a guess."""
    return f"guess-{stop}-{item}"


def page_asked(posted: QueryDict) -> int:
    """Which page comes next: 1 the first guess, `END` the whole course."""
    number = posted.get("page", "")
    return min(max(int(number), 1), END) if number.isascii() and number.isdigit() and len(number) < 3 else 1


def learner(case: PracticeCase, posted: QueryDict) -> Learner:
    """What was given; anything that is no answer here is left out."""
    asked = [(GUESSED, stop.guess) for stop in case.stops]
    return Learner(
        guesses=tuple(
            {item: _step(posted.get(guess_field(number, item), "")) for item in items}
            for number, items in enumerate(asked)
        ),
        sees=tuple(tuple(v for v in SEES if v in posted.getlist(f"see-{number}")) for number in range(STOPS)),
        ways=tuple(
            tuple(way.id for way in stop.ways if way.id in posted.getlist(f"way-{number}"))
            for number, stop in enumerate(case.stops)
        ),
    )


def too_many(given: Learner, page: int) -> int | None:
    """The stop at which more was chosen than fits into a session, if `page` comes right after it."""
    stop = page // LOOKS - 1 if page % LOOKS else None
    return stop if stop is not None and stop >= 0 and len(given.ways[stop]) > MOST_WAYS else None


def _step(value: str) -> int | None:
    return int(value) if value in {str(step) for step in range(FEWEST, MOST + 1)} else None
