"""How far a group agrees on a practice case: each thing that could be chosen, and how many chose it. No person."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accord.practice_cases import PracticeCase
from accord_clinic.forms.practice_cases import choice_of
from accord_clinic.pages.practice_cases import sees_words


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing, and how many of all chose it."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class CountedStop:
    """One session of the case: what was seen in it, and what was chosen."""

    number: int
    sees: tuple[Counted, ...]
    ways: tuple[Counted, ...]


def counted(case: PracticeCase, counts: Mapping[str, int]) -> tuple[CountedStop, ...]:
    """Every choice in the order of the case, also those that nobody made."""
    words = sees_words(case)
    return tuple(
        CountedStop(
            case.first_stop + number,
            tuple(Counted(text, counts.get(choice_of(number, "see", key), 0)) for key, text in words.items()),
            tuple(Counted(way.text, counts.get(choice_of(number, "way", way.id), 0)) for way in stop.ways),
        )
        for number, stop in enumerate(case.stops)
    )


def state(people: int, is_closed: bool, fewest: int) -> str:
    """Where a meeting stands, in a sentence."""
    if not is_closed:
        return _("The group can add choices now. Close it to see how far the group agrees.")
    if people < fewest:
        return _("Fewer than {count} people took part, so their choices are not shown.").format(count=fewest)
    return _("{count} people took part.").format(count=people)
