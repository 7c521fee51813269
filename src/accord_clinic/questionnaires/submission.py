"""What one sent check-in page says, checked and free of HTML: forms make it, actions store it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from accord.records import Answer

SHARING = ("show", "raise", "not_yet")
"""What may become of an answer. Pages offer to show or to keep it (`raise`); in 0.1 there was also `not_yet`."""
READERS = ("therapist", "raise", "outside", "statistics")
HELPERS = ("interpreter", "carer", "read_aloud", "other")
"""In `Submission.context["helped"]`: who helped the client to answer, where somebody did."""
PAPER = "paper"
"""In `Submission.context["page"]`: ticked with a pen, and typed in by somebody who works here."""
MEMBERS = "members"
"""In `Submission.context["browser"]`: answered in a browser in which somebody who works here was signed in."""

SCORED_FIRST = "scored_first"
"""In `Submission.context["order"]`, and of a course: the scored questions came before whether something felt off."""


def in_order(order: str) -> dict[str, str]:
    """What a page stores of the order of its questions: where it was drawn for a study, and nothing else."""
    return {"order": order} if order else {}


@dataclass(frozen=True)
class AnsweredPart:
    """One questionnaire of the page: what was answered, the hash and language of its words."""

    instrument: str
    version: str
    form: str
    wording: str
    answers: Mapping[str, Answer]
    language: str = ""


@dataclass(frozen=True)
class OpenLine:
    """Free words under one item, and who may read them."""

    instrument: str
    item: str
    words: str
    reader: str = "therapist"


@dataclass(frozen=True)
class AskedAgain:
    """The client's word on an earlier concern: was it talked about (None = skipped, or need not be), where it stands.

    `answer` is the code of what was answered to the first of the two: in part is talked about, too.
    """

    strain: str
    talked: bool | None
    stands: str | None
    answer: str | None = None


@dataclass(frozen=True)
class Submission:
    """A whole page. `key` makes sending twice harmless.

    `sharing` holds show, raise or not_yet, by questionnaire and item. `around` holds what was answered and kept of the
    questions around the questionnaires (earlier concerns, goals, tasks, picks): the posted value by the question's id.
    """

    key: str
    language: str
    parts: tuple[AnsweredPart, ...]
    open_lines: tuple[OpenLine, ...] = ()
    sharing: Mapping[tuple[str, str], str] = field(default_factory=dict)
    around: Mapping[str, str] = field(default_factory=dict)
    again: tuple[AskedAgain, ...] = ()
    progress: Mapping[str, int] = field(default_factory=dict)
    picked: tuple[str, ...] = ()
    picked_words: tuple[str, ...] = ()
    reaction: str = ""
    begun_at: datetime | None = None
    context: Mapping[str, str] = field(default_factory=dict)
