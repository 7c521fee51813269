"""People, courses of care and their sessions: made, planned, moved, marked, handed over, ended."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from secrets import SystemRandom
from typing import Any

from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions import reveal, strains
from accord_clinic.actions.audit import Actor, record
from accord_clinic.actions.consent import check_born
from accord_clinic.actions.corrections import check_contact
from accord_clinic.forms.care import MOST_MINUTES, USUAL_MINUTES
from accord_clinic.messages import notices
from accord_clinic.models import (
    Client,
    Dyad,
    Measure,
    Member,
    NotForClient,
    Notice,
    Practice,
    Schedule,
    Session,
    SessionChange,
    Share,
    codes,
)
from accord_clinic.models.habit import NUMBERS
from accord_clinic.permissions import (
    check_be_client,
    check_give_away,
    check_own,
    check_share,
    check_treat,
    check_work_as_therapist,
)
from accord_clinic.rules.care import was_never_reached
from accord_clinic.rules.from_outside import is_released, needs_release
from accord_clinic.rules.sessions import may_be_marked, unsent_links, was_denied, why_fixed
from accord_clinic.words.sessions import fixed

CODED = ("approach", "modality", "form", "often")
PLAN = ("start", "minutes", "modality", "state", "reveal_due", "revealed_at", "revealed_by")


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
def delete_client(dyad: Dyad, *, by: Member) -> None:
    """Delete somebody who was written down by mistake, with everything planned, while nothing has reached them."""
    check_own(by, dyad)
    client = Client.objects.select_for_update(no_key=True).get(pk=dyad.client_id)
    if not was_never_reached(client):
        name = client.called
        raise BadInput(f"{name} has had a message, a link or another therapist here. You can end the course instead.")
    Notice.objects.filter(client=client).delete()
    Dyad.objects.filter(client=client).delete()
    record(by, "delete_client", f"client:{client.pk}", ["client", "dyad"])
    client.delete()


@transaction.atomic
def start_course(
    client: Client, therapist: Member, started: date, *, by: Actor, follows: Dyad | None = None, **facts
) -> Dyad:
    """Open a course of care. `facts`: approach, setting, modality, form, often, measures (id to its interval).

    `in_any_language`: the measures among these that are asked even where they are not here in the client's language.
    """
    check_work_as_therapist(therapist)
    if follows is not None:
        # Locked, so that a button pressed twice begins one course.
        Dyad.objects.select_for_update(no_key=True).get(pk=follows.pk)
        if Dyad.objects.filter(follows=follows, ended=None).exists():
            raise BadInput("The course that follows this one has begun already.")
    measures, foreign = facts.pop("measures", {}), facts.pop("in_any_language", ())
    if Practice.objects.filter(draw_order=True).exists():
        facts["order"] = SystemRandom().choice([order for order, _label in Dyad.ORDERS])
    codes.check(Dyad, **{name: facts[name] for name in CODED if name in facts})
    dyad = Dyad.objects.create(client=client, therapist=therapist, started=started, follows=follows, **facts)
    Measure.objects.bulk_create(
        Measure(dyad=dyad, instrument=name, every=n, in_any_language=name in foreign) for name, n in measures.items()
    )
    record(by, "start_course", f"dyad:{dyad.pk}", ["client", "therapist", "started"])
    return dyad


@transaction.atomic
def set_up(
    dyad: Dyad, measures: Mapping[str, int], *, by: Member, in_any_language: Collection[str] = (), **facts
) -> None:
    """Change approach, card topics, modality, form, and what is asked how often. Only what differs is written."""
    check_treat(by, dyad)
    codes.check(Dyad, **{name: facts[name] for name in CODED if name in facts})
    changed = [name for name, value in facts.items() if getattr(dyad, name) != value]
    for name in changed:
        setattr(dyad, name, facts[name])
    if changed:
        dyad.save(update_fields=changed)
    wanted = {(name, every, name in in_any_language) for name, every in measures.items()}
    if set(dyad.measures.values_list("instrument", "every", "in_any_language")) != wanted:
        dyad.measures.exclude(instrument__in=measures).delete()
        for name, every, foreign in sorted(wanted):
            facts_of = {"every": every, "in_any_language": foreign}
            Measure.objects.update_or_create(dyad=dyad, instrument=name, defaults=facts_of)
        changed.append("measures")
    if changed:
        record(by, "set_up", f"dyad:{dyad.pk}", changed)


@transaction.atomic
def note_not_for(dyad: Dyad, why: str, *, by: Member) -> None:
    """Keep why check-ins are not for this client, for the own therapist alone; without words nothing is kept."""
    check_own(by, dyad)
    if not (dyad.asks_nothing and why.strip()):
        NotForClient.objects.filter(dyad=dyad).delete()
        return
    facts = {"by": by, "why": why.strip()[:2000], "at": timezone.now()}
    NotForClient.objects.update_or_create(dyad=dyad, defaults=facts)
    record(by, "note_not_for", f"dyad:{dyad.pk}", ["why"])


@transaction.atomic
def plan_session(
    dyad: Dyad, start: datetime, *, by: Actor, modality: str = "", state: str = "planned",
    minutes: int = USUAL_MINUTES, source: str = "hand",
) -> Session:  # fmt: skip
    """Plan a session in any order. The one before it opens on the evening before this one at the latest."""
    if isinstance(by, Member):
        check_treat(by, dyad)
    if dyad.ended:
        raise BadInput("This course of care has ended. Open a new one first.")
    check_minutes(minutes)
    codes.check(Session, modality=modality or dyad.modality, state=state, source=source)
    session = Session.objects.create(
        dyad=dyad, start=start, minutes=minutes, modality=modality or dyad.modality, state=state, source=source
    )
    _after_change(session)
    record(by, "plan_session", f"session:{session.pk}", ["start", "minutes", "modality"])
    return session


@transaction.atomic
def move_session(
    session: Session, start: datetime, *, by: Actor, modality: str = "", minutes: int | None = None, side: str = ""
) -> None:
    """Move a session to an earlier or later time, while there is no answer. In the future it is planned again.

    `side`: who changes it, as in `SessionChange`, where `by` is nobody: the clock unless it says otherwise.
    """
    row = _changeable(session, by)
    if row.dyad.ended:
        raise BadInput("This course of care has ended. Open a new one first.")
    facts: dict[str, Any] = {
        "start": start, "modality": modality or row.modality, "minutes": minutes or row.minutes,
    }  # fmt: skip
    check_minutes(facts["minutes"])
    codes.check(Session, modality=facts["modality"])
    if start > timezone.now():
        facts["state"] = "planned"
    if _change(row, by, side, **facts):
        _start_over(row)
        _after_change(session)
        record(by, "move_session", f"session:{row.pk}", facts)


@transaction.atomic
def mark_session(session: Session, state: str, *, by: Actor, modality: str = "", side: str = "") -> None:
    """Say what became of a session, or put right what was said: held, cancelled, missed by one of the two, planned.

    Also where it took place, whatever was answered since.
    """
    if state not in dict(Session.STATES):
        raise BadInput("A session is planned, held, cancelled, or missed by one of the two.")
    codes.check(Session, modality=modality or session.modality)
    row = _locked(session, by)
    if not may_be_marked(row, state):
        raise BadInput(fixed(why_fixed(row), row.dyad.client.called))
    if _change(row, by, side, state=state, modality=modality or row.modality):
        if state == "held":
            reveal.give_notice(row)
        elif row.state != session.state:
            _start_over(row)
        _after_change(session)
    record(by, "mark_session", f"session:{row.pk}", ["state", "modality"])


@transaction.atomic
def deny_session(session: Session, *, by: Client) -> None:
    """The client says that a session did not take place: it is planned again, and its therapist is asked about it.

    Only while nobody has answered: an answer is about a session that took place. Said twice, it is kept once.
    """
    check_be_client(by, session.dyad.client)
    row = _locked(session, by)
    if row.responses.exists() or row.state not in ("planned", "held") or row.start > timezone.now():
        raise BadInput("This can no longer be said here.")
    if was_denied(row):
        return
    if not _change(row, by, state="planned"):  # its link was made before anybody had marked it
        now = timezone.now()
        SessionChange.objects.create(
            session=row, field="state", before="planned", after="planned", side="client", at=now
        )
    _start_over(row)
    _after_change(session)
    record(by, "deny_session", f"session:{row.pk}", ["state"])


def _locked(session: Session, by: Actor) -> Session:
    """The row itself, so that no answer can come in between."""
    if isinstance(by, Member):
        check_treat(by, session.dyad)
    return (
        Session.objects.select_for_update(of=("self",), no_key=True).select_related("dyad__client").get(pk=session.pk)
    )


def _changeable(session: Session, by: Actor) -> Session:
    """The same, where the session may still be moved, cancelled or marked as missed."""
    row = _locked(session, by)
    why = why_fixed(row)
    if why:
        raise BadInput(fixed(why, row.dyad.client.called))
    return row


def check_minutes(minutes: int) -> None:
    """Raise `BadInput` for a length that no session has."""
    if not 1 <= minutes <= MOST_MINUTES:
        raise BadInput(f"A session has from 1 to {MOST_MINUTES} minutes.")


def _change(session: Session, by: Actor, side: str = "", **facts: Any) -> list[str]:
    """Write what differs, and a row of history for each column. Returns the columns that differ."""
    side = side or ("member" if isinstance(by, Member) else "client" if isinstance(by, Client) else "clock")
    now, member = timezone.now(), by if isinstance(by, Member) else None
    changed = [name for name, value in facts.items() if getattr(session, name) != value]
    SessionChange.objects.bulk_create(
        SessionChange(
            session=session, field=name, before=_text(getattr(session, name)), after=_text(facts[name]),
            by=member, side=side, at=now,
        )
        for name in changed
    )  # fmt: skip
    for name in changed:
        setattr(session, name, facts[name])
    if changed:
        session.save(update_fields=changed)
    return changed


def _text(value: Any) -> str:
    return value.astimezone(UTC).isoformat(timespec="minutes") if isinstance(value, datetime) else str(value)


def _start_over(session: Session) -> None:
    """Nothing was answered: links are closed, and what opened empty as its time had come is closed again."""
    now, unsent = timezone.now(), unsent_links(session)
    session.invitations.filter(token_hash__in=[link.token_hash for link in unsent]).delete()
    session.invitations.filter(revoked_at=None).update(revoked_at=now)
    Notice.objects.filter(pk__in=[link.notice for link in unsent]).delete()  # one that stays would stop the next
    if session.revealed_at is not None:
        session.reveal_due = None
        reveal.close_again(session)


def _after_change(session: Session) -> None:
    """What follows for all sessions of the dyad; the one that was handed in is brought up to date."""
    reveal.set_dues(session.dyad)
    session.refresh_from_db(fields=PLAN)
    session.__dict__.pop("number", None)


@transaction.atomic
def end_course(dyad: Dyad, how: str, on: date, reason: str, *, by: Member) -> None:
    """End a course of care: planned, by agreement, by one side, or moved on. All answers stay."""
    check_own(by, dyad)
    _end(dyad, how, on, reason, by=by)


def _end(dyad: Dyad, how: str, on: date, reason: str, *, by: Member) -> None:
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

    What is asked, and when messages go out, was settled with the client and goes with it; what was said goes only where
    the client lets it (`actions.earlier_course`).
    """
    check_own(by, dyad)
    after = _hand_over(dyad, to, on, by=by)
    notices.tell("hand_over", after.uid, member=to)
    return after


@transaction.atomic
def give_to_successor(dyad: Dyad, to: Member, on: date, *, by: Member) -> Dyad:
    """The same by an admin, where the therapist cannot. `actions.absence` does it for all courses, with one notice."""
    check_give_away(by, dyad.therapist)
    return _hand_over(dyad, to, on, by=by)


def _hand_over(dyad: Dyad, to: Member, on: date, *, by: Member) -> Dyad:
    if to.pk == dyad.therapist_id:
        raise BadInput("A course of care is handed over to somebody else. To begin anew yourself, end it first.")
    if not Dyad.objects.filter(pk=dyad.pk, ended=None).exists():
        raise BadInput("This course of care has ended already.")
    _end(dyad, "moved_on", on, "", by=by)
    settled = ("approach", "setting", "modality", "form", "often", "card_topics")
    facts = {name: getattr(dyad, name) for name in settled}
    if dyad.asks_nothing:
        facts["often"] = None  # whoever goes on decides anew
    measures = dict(dyad.measures.values_list("instrument", "every"))
    facts["in_any_language"] = set(dyad.measures.filter(in_any_language=True).values_list("instrument", flat=True))
    after = start_course(dyad.client, to, on, by=by, follows=dyad, measures=measures, **facts)
    own = Schedule.objects.filter(dyad=dyad).values("by_itself", *NUMBERS).first()
    if own:
        Schedule.objects.create(dyad=after, **own)
    return after


@transaction.atomic
def share(dyad: Dyad, supervisor: Member, *, by: Member) -> None:
    """Share a dyad with a supervisor from now on. The client can see this."""
    check_share(by, dyad, supervisor)
    if needs_release(supervisor) and not is_released(dyad.client):
        raise BadInput(
            f"{supervisor.name} is from outside the practice. {dyad.client.called} has to release this course first, "
            "in the own space under “Your choices and rights”."
        )
    if not dyad.shares.filter(member=supervisor, until=None).exists():
        row = Share.objects.create(dyad=dyad, member=supervisor, by=by)
        record(by, "share", f"share:{row.pk}", ["dyad", "member"])


@transaction.atomic
def unshare(dyad: Dyad, supervisor: Member, *, by: Member) -> None:
    """End a share now."""
    check_own(by, dyad)
    dyad.shares.filter(member=supervisor, until=None).update(until=timezone.now())
    record(by, "unshare", f"dyad:{dyad.pk}", ["until"])
