"""Everything that one page asks of one side: the concerns of last time, the questionnaires, tasks, goals and picks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from django.utils.translation import gettext as _

from accord.records import Rater
from accord.signals import CHECK_IN, STRAIN
from accord_clinic.questionnaires.plan import BEGINNINGS, WIDER_LOOK
from accord_clinic.questionnaires.questions import Choice, Question, QuestionBlock, QuestionNames, block
from accord_clinic.records.attainment import LEVELS
from accord_clinic.records.picks import PICKED, PICKED_WORDS

ASKING_AGAIN = "accord-asking-again"
MOST_PICKS = 3


@dataclass(frozen=True, slots=True)
class Concern:
    """A strain of an earlier session that is asked about again. `session` fits after "in"."""

    uid: str
    session: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """A goal, a task or a medication plan that both have sealed, in its last words; a goal may have `levels`."""

    uid: str
    kind: str
    words: str
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """What is asked, in its order: `first`, the `body` of the questionnaires, `last`, and the check-in's open lines.

    `blocks` holds each questionnaire whole, as it is read and stored.
    """

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
        body = (q.filled(self.names) for part in self.body for q in part.questions)
        closing = (q.filled(self.names) for part in self.closing for q in part.questions)
        return (*self.first, *body, *self.around, *closing)

    @property
    def body(self) -> tuple[QuestionBlock, ...]:
        """The questionnaires as they are shown, without the open lines that close the page.

        Where an earlier concern is asked about, what is new waits: a page stays short when there is most to say.
        """
        strain = _asks_strain(self.blocks) if self.side == "client" else ""
        parts = (_body(part, strain, bool(self.first)) for part in self.blocks)
        return tuple(part for part in parts if part.questions)

    @property
    def around(self) -> tuple[Question, ...]:
        """Goals, tasks and what matters most, as they are shown: they wait where an earlier concern is asked about."""
        return () if self.first else self.last

    @property
    def closing(self) -> tuple[QuestionBlock, ...]:
        """The check-in's open lines, on the screen that sends."""
        return tuple(end for part in self.blocks if part.instrument == CHECK_IN and (end := _closing(part)).questions)

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
    versions: Mapping[str, str] | None = None,
    scored_first: bool = False,
) -> QuestionPage:
    """Put a page together. `progress`: goals and tasks to say how far they are; `picks_from`: goals to pick from.

    `versions` of questionnaires, where a page was made or sent before a newer one came; else the latest are asked.
    `scored_first`: in this course the check-in does not begin with whether something felt off.
    """
    asked = versions or {}
    made = (block(name, form, side, place, asked.get(name)) for place, (name, form) in enumerate(forms))
    blocks = tuple(_in_order(part, scored_first) for part in made if part)
    goals = tuple(picks_from or ())
    strain = _asks_strain(blocks) if side == "client" else ""
    last = [progress_question(agreed, strain) for agreed in progress]
    last += [] if picks_from is None else _picks(goals, strain)
    first = tuple(q for concern in again for q in asking_again(concern, names))
    return QuestionPage(side, names, first, blocks, tuple(last), goals)


def _asks_strain(blocks: Iterable[QuestionBlock]) -> str:
    """The id of the question whether something felt off."""
    asked = (q.id for part in blocks if part.instrument == CHECK_IN for q in part.questions if q.item == STRAIN)
    return next(asked, "")


@lru_cache(maxsize=512)
def _in_order(part: QuestionBlock, scored_first: bool) -> QuestionBlock:
    """The check-in with the question whether something felt off right before those that hang on it, if so drawn."""
    moved = [q for q in part.questions if q.item == STRAIN and part.instrument == CHECK_IN and scored_first]
    if not moved:
        return part
    others = [q for q in part.questions if q.item != STRAIN]
    place = next((n for n, q in enumerate(others) if q.asked_if == moved[0].id), 0)
    return replace(part, questions=(*others[:place], *moved, *others[place:]))


@lru_cache(maxsize=512)
def _body(part: QuestionBlock, strain: str, concern: bool) -> QuestionBlock:
    """Choices of how two begin and of the wider look wait for a `concern`, and for a yes to the question `strain`."""
    words = "words" if part.instrument == CHECK_IN else ""
    shown = [q for q in part.questions if q.kind != words]
    if part.instrument in (*BEGINNINGS, WIDER_LOOK):
        waiting = [q.kind != "words" for q in shown]
        shown = [
            replace(q, unless=strain if waits else "", lead="" if n else q.lead)
            for n, (q, waits) in enumerate(zip(shown, waiting, strict=True))
            if not (waits and concern)
        ]
    return replace(part, questions=tuple(shown))


@lru_cache(maxsize=128)
def _closing(part: QuestionBlock) -> QuestionBlock:
    lines = (q for q in part.questions if q.kind == "words")
    return replace(part, questions=tuple(replace(q, closing=True, lead="") for q in lines), instruction="")


def asking_again(concern: Concern, names: QuestionNames) -> tuple[Question, ...]:
    """The loop closes here: was it talked about, where does it stand? Its words are a questionnaire of their own."""
    again = block(ASKING_AGAIN, "full", "client", 0)
    if again is None:
        return ()
    about = replace(names, session=concern.session)
    return tuple(replace(q.filled(about), id=f"{q.item}.{concern.uid}") for q in again.questions)


def progress_question(agreed: Agreed, strain: str = "") -> Question:
    """How far a goal is, or how a task or the medication went.

    It is left out where the question `strain` was answered with 1 or more.
    """
    if agreed.kind == "goal" and agreed.levels:
        steps = tuple(Choice(str(value), words) for value, words in zip(LEVELS, agreed.levels, strict=True))
        text, hint = _("Where does this stand now: “{words}”?"), _("You agreed on these levels together.")
    elif agreed.kind == "goal":
        steps = tuple(Choice(str(n), str(n)) for n in range(11))
        text, hint = _("How far along is this: “{words}”?"), _("0: not begun. 10: reached.")
    elif agreed.kind == "medication":
        steps = (Choice("2", _("As planned")), Choice("1", _("Partly")), Choice("0", _("Not")))
        text = _("Since last time, how did it go with your medication: “{words}”?")
        hint = _("Every answer helps. Nobody will judge you.")
    else:
        steps = (Choice("2", _("Done")), Choice("1", _("Partly")), Choice("0", _("Not yet")))
        text, hint = _("Since last time, how far did you get with this: “{words}”?"), ""
    return Question(
        id=f"how.{agreed.uid}",
        text=text.replace("{words}", agreed.words),
        kind="one",
        choices=steps,
        hint=hint,
        sharing=True,
        unless=strain,
    )


def _picks(goals: tuple[Agreed, ...], strain: str) -> list[Question]:
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
                sharing=True,
                unless=strain,
            )
        )
    text = _("Does something else matter most now?") if goals else _("What matters most to you now?")
    hint = _("Up to three things. Start a new line for each.")
    new = Question(id=PICKED_WORDS, text=text, kind="words", hint=hint, sharing=True, unless=strain)
    return [*questions, new]
