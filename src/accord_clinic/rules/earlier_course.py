"""The course of care that somebody else's came before: what its client lets the therapist of the new one see of it."""

from __future__ import annotations

from accord_clinic.models import Dyad, Member


def earlier_course(dyad: Dyad) -> Dyad | None:
    """The course that this one goes on from with another therapist; nothing where the same one began anew."""
    if dyad.follows_id is None:
        return None
    rows = Dyad.objects.filter(pk=dyad.follows_id).exclude(therapist=dyad.therapist_id)
    return rows.select_related("client", "therapist").first()


def is_successor(member: Member, dyad: Dyad) -> bool:
    """Whether the client's choice is about this member: not about who covers or supervises in the new course."""
    return dyad.therapist_id == member.pk and member.is_a("therapist") and dyad.ended is None


def taken_over(dyad: Dyad) -> Dyad | None:
    """The running course with somebody else that this one came before, whose therapist may see something of this."""
    rows = dyad.followed_by.filter(ended=None).exclude(therapist=dyad.therapist_id).exclude(shows_earlier="nothing")
    return rows.select_related("therapist").first()
