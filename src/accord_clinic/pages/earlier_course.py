"""What a successor reads of the course before, and the client's choice. A new choice is a line in `choices`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accord_clinic.pages.care_record import agreed
from accord_clinic.queries.agreements import shown
from accord_clinic.rules.earlier_course import earlier_course, is_successor, taken_over

if TYPE_CHECKING:
    from accord_clinic.models import Dyad, Member


@dataclass(frozen=True, slots=True)
class EarlierCourse:
    """The course before, as far as its client lets the successor see it. `shows`: a code of `Dyad.EARLIER`."""

    dyad: Dyad
    before: str
    shows: str
    agreed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EarlierChoice:
    """What the client can choose for the therapist of this course, and what stands."""

    title: str
    stands: str
    choices: tuple[tuple[str, str], ...]


def for_successor(member: Member, dyad: Dyad) -> EarlierCourse | None:
    """For the own therapist of a course that goes on from a colleague's; nothing for anybody else."""
    earlier = earlier_course(dyad) if is_successor(member, dyad) else None
    if earlier is None:
        return None
    # The client's choice names goals and tasks, and not the shared view of the problem.
    goals = [row for row in shown(earlier) if row.kind == "goal"] if dyad.shows_earlier == "agreed" else ()
    lines = tuple(agreed(goals))
    return EarlierCourse(earlier, earlier.therapist.name, dyad.shows_earlier, lines)


def for_client(dyad: Dyad) -> EarlierChoice | None:
    """The choice, while this course goes on."""
    earlier = None if dyad.ended else earlier_course(dyad)
    if earlier is None:
        return None
    names = {"name": dyad.therapist.name, "before": earlier.therapist.name}
    return EarlierChoice(
        title=_("What {name} sees of your time with {before}").format(**names),
        stands=dyad.shows_earlier,
        choices=tuple((code, text.format(**names)) for code, text in choices().items()),
    )


def choices() -> dict[str, str]:
    """What a client can choose, with gaps for both names."""
    return {
        "nothing": _("Nothing"),
        "agreed": _("The goals and tasks that you and {before} both confirmed"),
        "course": _("All that {before} could see: what you showed, what felt off, safety answers, goals and plans"),
    }


def stands_now(dyad: Dyad) -> str:
    """What is so now, as the client reads it in the new course; nothing where no colleague's came before."""
    earlier = earlier_course(dyad)
    if earlier is None:
        return ""
    text = {
        "nothing": _("Before that you worked with {before}. {name} does not see what you said then."),
        "agreed": _(
            "Before that you worked with {before}. As you chose, {name} sees the goals and tasks from that time."
        ),
        "course": _("Before that you worked with {before}. As you chose, {name} can see all that {before} could see."),
    }[dyad.shows_earlier if dyad.ended is None else "nothing"]
    return text.format(name=dyad.therapist.name, before=earlier.therapist.name)


def read_by_successor(dyad: Dyad) -> tuple[str, str] | None:
    """Who sees what of this course since somebody else took over, for the list of those who may read it."""
    after = taken_over(dyad)
    if after is None:
        return None
    text = {
        "agreed": _("The goals and tasks that you and {before} both confirmed, as you chose."),
        "course": _("The same as {before} could, as you chose. You can take it back."),
    }[after.shows_earlier]
    return after.therapist.name, text.format(before=dyad.therapist.name)
