"""Keep a rating while it is typed, for its author alone, so that a reload or a lost network takes nothing away."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.models import Member, RatingDraft, Session
from accord_clinic.permissions import check_treat

MOST_CHARACTERS = 60_000
"""All fields together: three notes of the greatest length that a page takes, and what was chosen."""


@transaction.atomic
def keep(session: Session, values: Mapping[str, Sequence[str]], *, by: Member) -> None:
    """What stands on the page now takes the place of what stood there. It is no answer, and nobody else reads it."""
    check_treat(by, session.dyad)
    if sum(len(name) + sum(map(len, texts)) for name, texts in values.items()) > MOST_CHARACTERS:
        raise BadInput("This is longer than a rating can be.")
    filled = {name: list(texts) for name, texts in values.items() if any(texts)}
    RatingDraft.objects.update_or_create(session=session, by=by, defaults={"values": filled, "at": timezone.now()})


def drop(session: Session, *, by: Member) -> None:
    """Once it was sent, or the session is open without it."""
    RatingDraft.objects.filter(session=session, by=by).delete()
