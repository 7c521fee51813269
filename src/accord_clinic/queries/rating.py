"""What a therapist's own rating page starts from: what was sent before, and the goals to pick from."""

from collections.abc import Mapping
from dataclasses import dataclass

from accord_clinic.models import Comment, Dyad, Response, Session, Wording
from accord_clinic.models.care import current_responses
from accord_clinic.questionnaires import Agreed


@dataclass(frozen=True, slots=True)
class SentRating:
    """The therapist's latest answers on a session; `lines` holds (words, reader) by instrument and item."""

    answers: Mapping[tuple[str, str], object]
    lines: Mapping[tuple[str, str], tuple[str, str]]


def sent(session: Session) -> SentRating | None:
    """What the therapist sent about a session; `None` before anything was sent."""
    rows = Response.objects.filter(session=session, side="therapist").order_by("id")
    latest = {row.instrument: row for row in current_responses(rows).values()}
    if not latest:
        return None
    of = {r.pk: name for name, r in latest.items()}
    words = Comment.objects.filter(response__in=of, side="therapist").values_list("response", "item", "words")
    return SentRating(
        {(name, item): answer for name, r in latest.items() for item, answer in r.answers.items()},
        {(of[response], item): (text, "therapist") for response, item, text in words},
    )


def goals(dyad: Dyad) -> list[Agreed]:
    """The running goals in their last words."""
    rows = Wording.objects.filter(agreement__dyad=dyad, agreement__kind="goal", agreement__ended_at=None).order_by("id")
    last = dict(rows.values_list("agreement__uid", "words"))
    return [Agreed(uid, "goal", words) for uid, words in last.items()]
