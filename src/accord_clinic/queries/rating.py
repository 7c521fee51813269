"""What a therapist's own rating page starts from: what was sent before, and the goals to pick from."""

from accord_clinic.models import Comment, Dyad, KeptRating, Member, Pick, RatingDraft, Response, Session, Wording
from accord_clinic.questionnaires import Agreed
from accord_clinic.records.picks import current_picks
from accord_clinic.records.rating import SentRating, sent_rating
from accord_clinic.records.responses import current_responses


def sent(session: Session) -> SentRating | None:
    """What the therapist sent about a session; `None` before anything was sent."""
    rows = Response.objects.filter(session=session, side="therapist").order_by("id")
    latest = {row.instrument: row for row in current_responses(rows).values()}
    if not latest:
        return None
    comments = Comment.objects.filter(response__in=latest.values(), side="therapist")
    kept_back = KeptRating.objects.filter(response__in=latest.values())
    made = Pick.objects.filter(session=session, side="therapist").select_related("agreement").order_by("at", "id")
    picks = current_picks(made).get((session.pk, "therapist"), [])
    return sent_rating(latest, comments, kept_back, picks)


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
