"""What a therapist's own rating page starts from: what was sent before, and the goals to pick from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accord_clinic.models import Comment, Dyad, KeptRating, Member, Pick, RatingDraft, Response, Session, Wording
from accord_clinic.models.alliance import current_picks
from accord_clinic.models.care import current_responses
from accord_clinic.questionnaires import Agreed
from accord_clinic.questionnaires.page import PICKS


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


def sent(session: Session) -> SentRating | None:
    """What the therapist sent about a session; `None` before anything was sent."""
    rows = Response.objects.filter(session=session, side="therapist").order_by("id")
    latest = {row.instrument: row for row in current_responses(rows).values()}
    if not latest:
        return None
    of = {r.pk: name for name, r in latest.items()}
    words = Comment.objects.filter(response__in=of, side="therapist").values_list("response", "item", "words")
    kept_answers = {(of[row.response_id], row.item): row.value for row in KeptRating.objects.filter(response__in=of)}
    answers = {(name, item): answer for name, r in latest.items() for item, answer in r.answers.items()}
    lines = {(of[response], item): (text, "therapist") for response, item, text in words}
    rows_of_picks = Pick.objects.filter(session=session, side="therapist").select_related("agreement")
    picks = current_picks(rows_of_picks.order_by("at", "id")).get((session.pk, "therapist"), [])
    return SentRating(
        answers | kept_answers,
        lines,
        dict.fromkeys(kept_answers, "raise"),
        [pick.agreement.uid for pick in picks if pick.agreement],
        [pick.words for pick in picks if pick.words],
    )


def draft(session: Session, member: Member) -> dict[str, list[str]] | None:
    """What this member had typed and not sent."""
    return RatingDraft.objects.filter(session=session, by=member).values_list("values", flat=True).first()


def kept_ratings(session: Session) -> list[KeptRating]:
    """What the therapist keeps of the latest rating of a session."""
    latest = Response.objects.filter(session=session, side="therapist").current_ids()
    return list(KeptRating.objects.filter(response__in=latest).select_related("response").order_by("id"))


def kept_rating(member: Member, uid: str) -> KeptRating | None:
    """One kept answer of this therapist, if it still stands."""
    rows = KeptRating.objects.filter(uid=uid, response__session__dyad__therapist=member)
    row = rows.select_related("response__session__dyad__client", "response__session__dyad__therapist").first()
    return row if row and row in kept_ratings(row.response.session) else None


def goals(dyad: Dyad) -> list[Agreed]:
    """The running goals in their last words."""
    rows = Wording.objects.filter(agreement__dyad=dyad, agreement__kind="goal", agreement__ended_at=None).order_by("id")
    last = dict(rows.values_list("agreement__uid", "words"))
    return [Agreed(uid, "goal", words) for uid, words in last.items()]


def goal_words(uid: str) -> str:
    """The last words of a goal, also of one that has ended."""
    return Wording.objects.filter(agreement__uid=uid).order_by("id").values_list("words", flat=True).last() or ""
