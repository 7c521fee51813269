"""Everything that one page asks of one side: the concerns of last time, the questionnaires, tasks, goals and picks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from accord.records import Rater
from accord_clinic.questionnaires.questions import Block, Choice, Names, Question, block

ASKING_AGAIN = "accord-asking-again"
MOST_PICKS = 3
PICKED, PICKED_WORDS = "picked", "picked-words"


@dataclass(frozen=True, slots=True)
class Concern:
    """A strain of an earlier session that is asked about again. `session` fits after "in"."""

    uid: str
    session: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """A goal or a task that both have sealed, in its last words."""

    uid: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked, in its order: `first`, then the questionnaires, then `last`."""

    side: Rater
    names: Names
    first: tuple[Question, ...]
    blocks: tuple[Block, ...]
    last: tuple[Question, ...]
    goals: tuple[Agreed, ...] = ()

    def asked(self) -> tuple[Question, ...]:
        """All questions as the questionnaires have them: enough to read answers, not to show them."""
        return (*self.first, *(q for part in self.blocks for q in part.questions), *self.last)

    def questions(self) -> tuple[Question, ...]:
        """All questions, with the names in them."""
        asked = (q.filled(self.names) for part in self.blocks for q in part.questions)
        return (*self.first, *asked, *self.last)

    @property
    def seconds(self) -> int:
        """About how long it takes: as the questionnaires say, and 5 seconds for each question around them."""
        return sum(part.seconds for part in self.blocks) + 5 * (len(self.first) + len(self.last))

    @property
    def safety(self) -> bool:
        """Whether an answer on this page may need help at once."""
        return any(q.safety is not None for part in self.blocks for q in part.questions)


def page(
    side: Rater,
    forms: Iterable[tuple[str, str]],
    names: Names,
    *,
    again: Iterable[Concern] = (),
    progress: Iterable[Agreed] = (),
    picks_from: Iterable[Agreed] | None = None,
) -> Page:
    """Put a page together. `progress`: goals and tasks to say how far they are; `picks_from`: goals to pick from."""
    blocks = (block(name, form, side, place) for place, (name, form) in enumerate(forms))
    goals = tuple(picks_from or ())
    last = [_progress(one) for one in progress] + ([] if picks_from is None else _picks(goals))
    first = tuple(q for concern in again for q in _again(concern, names))
    return Page(side, names, first, tuple(b for b in blocks if b), tuple(last), goals)


def _again(concern: Concern, names: Names) -> tuple[Question, ...]:
    """The loop closes here: was it talked about, where does it stand? Its words are a questionnaire of their own."""
    asked = block(ASKING_AGAIN, "full", "client", 0)
    if asked is None:
        return ()
    about = replace(names, session=concern.session)
    return tuple(replace(q.filled(about), id=f"{q.item}.{concern.uid}") for q in asked.questions)


def _progress(one: Agreed) -> Question:
    if one.kind == "goal":
        steps = tuple(Choice(str(n), str(n)) for n in range(11))
        text, hint = _("How far along is this: “{words}”?"), _("0: not begun. 10: reached.")
    else:
        steps = (Choice("2", _("Done")), Choice("1", _("Partly")), Choice("0", _("Not yet")))
        text, hint = _("Since last time, how did this go: “{words}”?"), ""
    return Question(id=f"how.{one.uid}", text=text.replace("{words}", one.words), kind="one", choices=steps, hint=hint)


def _picks(goals: tuple[Agreed, ...]) -> list[Question]:
    asked = []
    if goals:
        choices = tuple(Choice(goal.uid, goal.words) for goal in goals)
        asked.append(
            Question(
                id=PICKED,
                text=_("What matters most to you now?"),
                kind="many",
                choices=choices,
                hint=_("Choose up to three."),
            )
        )
    text = _("Does something else matter most now?") if goals else _("What matters most to you now?")
    hint = _("One thing a line, three in all.")
    return [*asked, Question(id=PICKED_WORDS, text=text, kind="words", hint=hint)]
