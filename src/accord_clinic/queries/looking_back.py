"""What both may see of a whole course of care, for a last sheet that looks back."""

from accord_clinic.models import Client, Comment, Dyad, FollowUp
from accord_clinic.models.care import rank
from accord_clinic.queries.agreements import shown
from accord_clinic.queries.courses import ANSWERS
from accord_clinic.queries.dyad import dyad_rows
from accord_clinic.records.looking_back import LookingBackRows
from accord_clinic.records.responses import current_responses

HELPED = "o1"
"""The question of the check-in after what helped."""
MOST_HELPED = 6


def looking_back_rows(dyad: Dyad) -> LookingBackRows:
    """Only what is open to both; ask `dyad_for` first. The number of queries does not grow with the sessions."""
    return LookingBackRows(dyad_rows(dyad, with_own_answers=False), shown(dyad), _helped(dyad))


def follow_ups(dyad: Dyad) -> list[FollowUp]:
    """The checks after the end that were asked, the earliest first."""
    return list(FollowUp.objects.filter(dyad=dyad).exclude(asked_at=None).order_by("due_on", "id"))


def follow_up_for(client: Client, uid: str) -> FollowUp | None:
    """One that this client was asked."""
    rows = FollowUp.objects.filter(uid=uid, dyad__client=client).exclude(asked_at=None)
    return rows.select_related("dyad__client", "dyad__therapist").first()


def _helped(dyad: Dyad) -> list[tuple[int, str]]:
    """Words that were corrected since are left out."""
    current = {row.pk for row in current_responses(ANSWERS.rows(dyad.pk)).values()}
    rows = Comment.objects.filter(
        session__dyad=dyad, session__revealed_at__isnull=False, side="client", item=HELPED, response__in=current
    )
    newest = rows.order_by("-session__start", "-session", "-id").values_list(rank("session"), "words")
    return list(newest[:MOST_HELPED])
