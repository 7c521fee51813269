"""Note that somebody read a client's words: who, when, and what of which dyad; never the words."""

from collections.abc import Sequence

from django.utils import timezone

from accord_clinic.models import Dyad, Member, ReadLog


def log_read(member: Member, dyad: Dyad, what: str, sessions: Sequence[str]) -> None:
    """One row for one page that showed a client's words, with the uids of the sessions in which they were written."""
    ReadLog.objects.create(member=member, dyad=dyad, what=what, sessions=list(sessions), at=timezone.now())
