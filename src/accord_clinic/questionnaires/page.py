"""Everything that one page asks of one side: the concerns of last time, the questionnaires, tasks, goals and picks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from accord.records import Rater
from accord_clinic.questionnaires.questions import Choice, Question, QuestionBlock, QuestionNames, block

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
class QuestionPage:
    """What is asked, in its order: `first`, then the questionnaires, then `last`."""

    side: Rater
    names: QuestionNames
    first: tuple[Question, ...]
    blocks: tuple[QuestionBlock, ...]
    last: tuple[Question, ...]
    goals: tuple[Agreed, ...] = ()

    def unfilled_questions(self) -> tuple[Question, ...]:
        """All questions as the questionnaires have them: enough to read answers, not to show them."""
        return (*self.first, *(q for part in self.blocks for q in part.questions), *self.last)

    def questions(self) -> tuple[Question, ...]:
        """All questions, with the names in them."""
        of_questionnaires = (q.filled(self.names) for part in self.blocks for q in part.questions)
        return (*self.first, *of_questionnaires, *self.last)

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
    names: QuestionNames,
    *,
    again: Iterable[Concern] = (),
    progress: Iterable[Agreed] = (),
    picks_from: Iterable[Agreed] | None = None,
) -> QuestionPage:
    """Put a page together. `progress`: goals and tasks to say how far they are; `picks_from`: goals to pick from."""
    blocks = (block(name, form, side, place) for place, (name, form) in enumerate(forms))
    goals = tuple(picks_from or ())
    last = [_progress(agreed) for agreed in progress] + ([] if picks_from is None else _picks(goals))
    first = tuple(q for concern in again for q in _again(concern, names))
    return QuestionPage(side, names, first, tuple(b for b in blocks if b), tuple(last), goals)


def _again(concern: Concern, names: QuestionNames) -> tuple[Question, ...]:
    """The loop closes here: was it talked about, where does it stand? Its words are a questionnaire of their own."""
    again = block(ASKING_AGAIN, "full", "client", 0)
    if again is None:
        return ()
    about = replace(names, session=concern.session)
    return tuple(replace(q.filled(about), id=f"{q.item}.{concern.uid}") for q in again.questions)


def _progress(agreed: Agreed) -> Question:
    if agreed.kind == "goal":
        steps = tuple(Choice(str(n), str(n)) for n in range(11))
        text, hint = _("How far along is this: “{words}”?"), _("0: not begun. 10: reached.")
    else:
        steps = (Choice("2", _("Done")), Choice("1", _("Partly")), Choice("0", _("Not yet")))
        text, hint = _("Since last time, how did this go: “{words}”?"), ""
    return Question(
        id=f"how.{agreed.uid}", text=text.replace("{words}", agreed.words), kind="one", choices=steps, hint=hint
    )


def _picks(goals: tuple[Agreed, ...]) -> list[Question]:
    questions = []
    if goals:
        choices = tuple(Choice(goal.uid, goal.words) for goal in goals)
        questions.append(
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
    return [*questions, Question(id=PICKED_WORDS, text=text, kind="words", hint=hint)]
