"""The talk sheet and the therapist's suggestions: what was talked about, and what was used or set aside and why."""

from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions import strains
from accord_clinic.actions.audit import record
from accord_clinic.models import Member, Session, Strain, Suggestion, TalkTick
from accord_clinic.permissions import check_treat
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.strain_workflow import OPEN_STATES


@transaction.atomic
def tick(session: Session, topic: str, *, by: Member) -> None:
    """Tick a line of the sheet of `session` as talked about. This moves a strain; ticking twice is the same as once."""
    check_treat(by, session.dyad)
    kind, _colon, about = topic.partition(":")
    strain = Strain.objects.filter(uid=about, dyad=session.dyad).first() if kind == "strain" else None
    if not (strain or _is_on_the_sheet(session, kind, about)):
        raise BadInput("This line is not on the sheet.")
    _tick, made = TalkTick.objects.get_or_create(session=session, topic=topic, defaults={"at": timezone.now()})
    if not made:
        return
    if strain and strain.state in OPEN_STATES:
        strains.move(strain, "talk", "therapist", by=by, session=session)
    record(by, "tick", f"session:{session.pk}", ["talk_ticks"])


@transaction.atomic
def untick(session: Session, topic: str, *, by: Member) -> None:
    """It was not talked about after all. A strain goes back to where it was without the tick; its history has both."""
    check_treat(by, session.dyad)
    kind, _colon, about = topic.partition(":")
    strain = Strain.objects.filter(uid=about, dyad=session.dyad).first() if kind == "strain" else None
    if strain:
        strains.take_back_tick(strain, by=by, session=session)
    elif strains.remove_ticks(session.dyad, topic, session):
        record(by, "untick", f"session:{session.pk}", ["talk_ticks"])


def _is_on_the_sheet(session: Session, kind: str, about: str) -> bool:
    """Whether a line of its sheet may be called so, besides a strain: by a question, or by the session itself."""
    if kind == "felt":
        return about == session.uid
    questionnaires = shelf().instruments.values()
    if kind == "words":
        return any(about == item.id for questionnaire in questionnaires for item in questionnaire.items)
    return kind == "apart" and any(
        about == f"{questionnaire.id}:{item.id}" for questionnaire in questionnaires for item in questionnaire.items
    )


@transaction.atomic
def answer_suggestion(suggestion: Suggestion, used: bool, why: str, *, by: Member) -> None:
    """Note the therapist's answer to a card: used, or not for us and why. Nobody else sees a count."""
    check_treat(by, suggestion.session.dyad)
    if suggestion.signal_kind == "safety":
        raise BadInput("This is neither used nor set aside. Read the answer and record what was done.")
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
