"""The talk sheet and the therapist's suggestions: what was talked about, and what was used or set aside and why."""

from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions import strains
from accord_clinic.actions.audit import record
from accord_clinic.models import Member, Session, Strain, Suggestion, TalkTick
from accord_clinic.permissions import check_treat


@transaction.atomic
def tick(session: Session, topic: str, *, by: Member) -> None:
    """Tick a line of the sheet of `session` as talked about. This moves a strain; ticking twice is the same as once."""
    check_treat(by, session.dyad)
    _tick, made = TalkTick.objects.get_or_create(session=session, topic=topic[:60], defaults={"at": timezone.now()})
    if not made:
        return
    kind, _colon, uid = topic.partition(":")
    if kind == "strain":
        strain = Strain.objects.filter(uid=uid, dyad=session.dyad).exclude(state="settled").first()
        if strain:
            strains.move(strain, "talk", "therapist", by=by, session=session)
    record(by, "tick", f"session:{session.pk}", ["talk_ticks"])


@transaction.atomic
def answer_suggestion(suggestion: Suggestion, used: bool, why: str, *, by: Member) -> None:
    """Note the therapist's answer to a card: used, or not for us and why. Nobody else sees a count."""
    check_treat(by, suggestion.session.dyad)
    if not used and not why.strip():
        raise BadInput("Say in a few words why it is not for the two of you.")
    suggestion.used, suggestion.why = used, why.strip()[:2000]
    suggestion.save(update_fields=["used", "why"])
    record(by, "answer_suggestion", f"suggestion:{suggestion.pk}", ["used", "why"])


@transaction.atomic
def suggest(session: Session, cards: list[tuple[str, str]], *, member: Member) -> list[Suggestion]:
    """Store once which cards were shown for a session, each as (card, signal kind)."""
    check_treat(member, session.dyad)
    rows = []
    for card, kind in cards:
        row, _made = Suggestion.objects.get_or_create(
            session=session, card=card, defaults={"member": member, "signal_kind": kind, "shown_at": timezone.now()}
        )
        rows.append(row)
    return rows
