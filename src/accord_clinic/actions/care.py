"""People, courses of care and their sessions: made, held, missed, handed over, ended."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions import reveal, strains
from accord_clinic.actions.audit import Actor, record
from accord_clinic.actions.consent import check_born
from accord_clinic.actions.corrections import check_contact
from accord_clinic.messages import notices
from accord_clinic.models import Client, Dyad, Measure, Member, Practice, Schedule, Session, Share, codes
from accord_clinic.models.habit import NUMBERS
from accord_clinic.permissions import check_own, check_share, check_treat, check_work_as_therapist

CODED = ("approach", "modality", "form")


@transaction.atomic
def register_client(name: str, *, by: Member, **facts) -> Client:
    """Register a client. `facts`: address_as, language, email, phone, born."""
    check_work_as_therapist(by)
    if not name.strip():
        raise BadInput("Give a name, as this person wants to be called.")
    check_born(facts.get("born"))
    check_contact(facts)
    client = Client.objects.create(name=name.strip(), **facts)
    record(by, "register_client", f"client:{client.pk}", ["name", *facts])
    return client


@transaction.atomic
def start_course(
    client: Client, therapist: Member, started: date, *, by: Member, follows: Dyad | None = None, **facts
) -> Dyad:
    """Open a course of care. `facts`: approach, setting, modality, form, measures (id to interval in sessions)."""
    check_work_as_therapist(therapist)
    measures = facts.pop("measures", {})
    codes.check(Dyad, **{name: facts[name] for name in CODED if name in facts})
    dyad = Dyad.objects.create(client=client, therapist=therapist, started=started, follows=follows, **facts)
    Measure.objects.bulk_create(Measure(dyad=dyad, instrument=name, every=n) for name, n in measures.items())
    record(by, "start_course", f"dyad:{dyad.pk}", ["client", "therapist", "started"])
    return dyad


@transaction.atomic
def set_up(dyad: Dyad, measures: Mapping[str, int], *, by: Member, **facts) -> None:
    """Change approach, modality or form, and which questionnaires are asked how often. Only what differs is written."""
    check_treat(by, dyad)
    codes.check(Dyad, **{name: facts[name] for name in CODED if name in facts})
    changed = [name for name, value in facts.items() if getattr(dyad, name) != value]
    for name in changed:
        setattr(dyad, name, facts[name])
    if changed:
        dyad.save(update_fields=changed)
    if dict(dyad.measures.values_list("instrument", "every")) != dict(measures):
        dyad.measures.exclude(instrument__in=measures).delete()
        for name, every in measures.items():
            Measure.objects.update_or_create(dyad=dyad, instrument=name, defaults={"every": every})
        changed.append("measures")
    if changed:
        record(by, "set_up", f"dyad:{dyad.pk}", changed)


@transaction.atomic
def plan_session(dyad: Dyad, start: datetime, *, by: Actor, modality: str = "", state: str = "planned") -> Session:
    """Plan the next session. The one before it is revealed shortly before this one at the latest."""
    if isinstance(by, Member):
        check_treat(by, dyad)
    if dyad.ended:
        raise BadInput("This course of care has ended. Open a new one first.")
    last = dyad.sessions.order_by("-number").first()
    if last and start <= last.start:
        raise BadInput("The next session must come after the last one.")
    codes.check(Session, modality=modality or dyad.modality, state=state)
    session = Session.objects.create(
        dyad=dyad, number=last.number + 1 if last else 1, start=start, modality=modality or dyad.modality, state=state
    )
    _set_due(session, None)
    if last and not last.revealed_at:
        _set_due(last, start)
    record(by, "plan_session", f"session:{session.pk}", ["start", "modality"])
    return session


@transaction.atomic
def mark_session(session: Session, state: str, *, by: Actor, modality: str = "") -> None:
    """Say what became of a session: held, cancelled, or missed by one of the two."""
    if isinstance(by, Member):
        check_treat(by, session.dyad)
    if state not in dict(Session.STATES):
        raise BadInput("A session is planned, held, cancelled, or missed by one of the two.")
    codes.check(Session, modality=modality or session.modality)
    session.state = state
    session.modality = modality or session.modality
    session.save(update_fields=["state", "modality"])
    record(by, "mark_session", f"session:{session.pk}", ["state", "modality"])


def _set_due(session: Session, next_start: datetime | None) -> None:
    session.reveal_due = reveal.due(session, Practice.objects.get(), next_start)
    session.save(update_fields=["reveal_due"])


@transaction.atomic
def end_course(dyad: Dyad, how: str, on: date, reason: str, *, by: Member) -> None:
    """End a course of care: planned, by agreement, by one side, or moved on. All answers stay."""
    check_own(by, dyad)
    if how not in dict(Dyad.ENDINGS):
        raise BadInput("Say how it ended: planned, by agreement, by the client, by the therapist, or moved on.")
    if on < dyad.started:
        raise BadInput("A course of care cannot end before it started.")
    running = Dyad.objects.filter(pk=dyad.pk, ended=None)
    if running.update(ended=on, ending=how, ending_reason=reason.strip()[:2000]):
        for strain in strains.open_strains(dyad):
            strains.move(strain, "end_course", "therapist", by=by)
    record(by, "end_course", f"dyad:{dyad.pk}", ["ended", "ending", "ending_reason"])


@transaction.atomic
def hand_over(dyad: Dyad, to: Member, on: date, *, by: Member) -> Dyad:
    """End one dyad and open another with its own baseline, which names the earlier one.

    What is asked, and when messages go out, was settled with the client and goes with it; what was said does not.
    """
    end_course(dyad, "moved_on", on, "", by=by)
    facts = {"approach": dyad.approach, "setting": dyad.setting, "modality": dyad.modality, "form": dyad.form}
    measures = dict(dyad.measures.values_list("instrument", "every"))
    after = start_course(dyad.client, to, on, by=by, follows=dyad, measures=measures, **facts)
    own = Schedule.objects.filter(dyad=dyad).values("by_itself", *NUMBERS).first()
    if own:
        Schedule.objects.create(dyad=after, **own)
    notices.tell("hand_over", after.uid, member=to)
    return after


@transaction.atomic
def share(dyad: Dyad, supervisor: Member, *, by: Member) -> None:
    """Share a dyad with a supervisor from now on. The client can see this."""
    check_share(by, dyad, supervisor)
    if not dyad.shares.filter(member=supervisor, until=None).exists():
        row = Share.objects.create(dyad=dyad, member=supervisor, by=by)
        record(by, "share", f"share:{row.pk}", ["dyad", "member"])


@transaction.atomic
def unshare(dyad: Dyad, supervisor: Member, *, by: Member) -> None:
    """End a share now."""
    check_own(by, dyad)
    dyad.shares.filter(member=supervisor, until=None).update(until=timezone.now())
    record(by, "unshare", f"dyad:{dyad.pk}", ["until"])
