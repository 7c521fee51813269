"""What a therapist sent about a session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accord_clinic.records.picks import PICKS

if TYPE_CHECKING:
    from accord_clinic.models import Comment, KeptRating, Pick, Response


@dataclass(frozen=True, slots=True)
class SentRating:
    """The therapist's latest answers on a session, kept ones included. All by instrument and item.

    `lines` holds (words, reader), `sharing` what is kept.
    """

    answers: Mapping[tuple[str, str], object]
    lines: Mapping[tuple[str, str], tuple[str, str]]
    sharing: Mapping[tuple[str, str], str]
    picked: Sequence[str] = ()
    picked_words: Sequence[str] = ()

    @property
    def around(self) -> dict[str, str]:
        """What is kept of the picks, as it was posted."""
        return {item: str(value) for (_name, item), value in self.answers.items() if item in PICKS}


def sent_rating(
    latest: Mapping[str, Response], comments: Iterable[Comment], kept_back: Iterable[KeptRating], picks: Sequence[Pick]
) -> SentRating:
    """What was sent, by the latest response to each questionnaire."""
    of = {response.pk: name for name, response in latest.items()}
    kept_answers = {(of[row.response_id], row.item): row.value for row in kept_back}
    answers = {(name, item): answer for name, r in latest.items() for item, answer in r.answers.items()}
    return SentRating(
        answers | kept_answers,
        {(of[comment.response_id], comment.item): (comment.words, "therapist") for comment in comments},
        dict.fromkeys(kept_answers, "raise"),
        [pick.agreement.uid for pick in picks if pick.agreement],
        [pick.words for pick in picks if pick.words],
    )
