"""Who may look at a dyad, and who could: shares with supervisors, colleagues for a hand-over."""

from accord_clinic.models import Dyad, Member, NotForClient, Share
from accord_clinic.records.sharing import Sharing, sharing_of


def sharing(dyad: Dyad) -> Sharing:
    """For the dyad's own therapist; ask `own_dyad` first. Two queries."""
    standing = Share.objects.filter(dyad=dyad).standing()
    shares = tuple(standing.order_by("since").values_list("member__uid", "member__name", "since"))
    others = Member.objects.filter(is_active=True).exclude(pk=dyad.therapist_id).order_by("name")
    return sharing_of(dyad.uid, shares, others)


def supervisors_now(dyad: Dyad) -> list[str]:
    """The names of those with whom this course is shared now. One query."""
    standing = Share.objects.filter(dyad=dyad).standing()
    return list(standing.order_by("since").values_list("member__name", flat=True))


def why_never(dyad: Dyad) -> str | None:
    """Why check-ins are not for this client, as its therapist wrote it down."""
    return NotForClient.objects.filter(dyad=dyad, by=dyad.therapist_id).values_list("why", flat=True).first()


def colleague(uid: str) -> Member | None:
    """Somebody who works here now."""
    return Member.objects.filter(uid=uid, is_active=True).first()
