"""A later response that holds an answer which was kept before, of either side.

What each side may show is in `private_lines.py` (the client) and `kept_ratings.py` (the therapist).
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accord_clinic import links
from accord_clinic.models import Comment, Response


def respond_again(
    old: Response, shown: Mapping[str, Any], still_kept: QuerySet[Any], context: Mapping[str, Any] | None = None
) -> None:
    """Correct a response by the answers that are `shown`. The words that were shown, and what is kept, go along."""
    new = Response.objects.create(
        session=old.session,
        side=old.side,
        instrument=old.instrument,
        version=old.version,
        form=old.form,
        language=old.language,
        wording=old.wording,
        answers={**old.answers, **shown},
        begun_at=old.begun_at,
        sent_at=timezone.now(),
        submission=links.new_token(),
        context={**old.context, **(context or {}), "shown_later": True},
    )
    still_kept.update(response=new)
    for comment in Comment.objects.filter(response=old):
        Comment.objects.create(session=old.session, response=new, side=old.side, item=comment.item, words=comment.words)
