"""Answers that a therapist kept: the therapist shows one to the client after all."""

from django.db import transaction

from accord_clinic.actions import agreements, reveal
from accord_clinic.actions.audit import record
from accord_clinic.actions.shown_later import respond_again
from accord_clinic.models import Comment, KeptRating, Member, Session
from accord_clinic.permissions import check_treat
from accord_clinic.questionnaires.plan import CHECK_IN
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.picks import PICKS


@transaction.atomic
def show(row: KeptRating, *, by: Member) -> None:
    """Show a kept answer, with what hangs on it. Words become a comment, an answer a correction that contains it."""
    rows = Session.objects.select_for_update(of=("self",), no_key=True).select_related("dyad")
    session = rows.get(pk=row.response.session_id)
    check_treat(by, session.dyad)
    if row.item in PICKS:
        agreements.show_picks(session, "therapist", row.item, str(row.value), by=by)
        row.delete()
    elif _is_words(row):
        Comment.objects.create(
            session=session, response=row.response, side="therapist", item=row.item, words=row.value
        )
        row.delete()
    else:
        _correct(row)
    record(by, "show_kept", f"session:{session.pk}", ["kept_ratings"])
    sides = set(session.responses.filter(instrument=CHECK_IN).values_list("side", flat=True))
    reveal.when_both_answered(session, sides)


def _is_words(row: KeptRating) -> bool:
    asked = shelf().answered(row.response.instrument, row.response.version)
    return asked is not None and any(item.id == row.item and item.kind == "text" for item in asked.items)


def _correct(row: KeptRating) -> None:
    """A later response with the answer in it, and with what hangs on it."""
    old = row.response
    asked = shelf().answered(old.instrument, old.version)
    hanging = {item.id for item in (asked.items if asked else ()) if item.asked_if and item.asked_if[0] == row.item}
    shown = KeptRating.objects.filter(response=old, item__in={row.item} | hanging)
    answers = dict(shown.values_list("item", "value"))
    shown.delete()
    respond_again(old, answers, KeptRating.objects.filter(response=old))
