"""Open possible strains and move them: every move is a row, and only the client's answer settles one."""

from django.db import transaction
from django.utils import timezone

from accord_clinic.actions.audit import Actor, record
from accord_clinic.models import Dyad, Member, Session, Strain, StrainMove, TalkTick, Undone, codes
from accord_clinic.permissions import check_treat
from accord_clinic.queries.checkin import check_ins
from accord_clinic.records.strain_workflow import ON_TALKING, OPEN_STATES, after, standing, state_after

MOVE_AFTER_ASKING = {"settled": "settle", "partly": "partly", "still_there": "still_there", "let_rest": "let_rest"}
"""What the client answered when asked again where an earlier strain stands, as a move."""
OVER = ("settled", "at_rest")
TALKED = {"yes": "talk", "partly": "talk_in_part", "no": "not_talked"}
"""What the client answered when asked whether it was talked about, as a move."""


@transaction.atomic
def open_strain(session: Session, kind: str, side: str, *, by: Actor) -> Strain:
    """Open a possible strain about a session; opening the same again gives the one that is there."""
    if isinstance(by, Member):
        check_treat(by, session.dyad)
    codes.check(Strain, kind=kind)
    strain, made = Strain.objects.get_or_create(
        dyad=session.dyad, session=session, opened_by=side, defaults={"kind": kind, "opened_at": timezone.now()}
    )
    if made:
        StrainMove.objects.create(strain=strain, move="open", side=side, session=session, at=strain.opened_at)
        record(by, "open_strain", f"strain:{strain.pk}", ["kind", "session"])
    return strain


@transaction.atomic
def move(strain: Strain, what: str, side: str, *, by: Actor, session: Session | None = None, step: str = "") -> Strain:
    """Move a strain as the workflow table allows; raises `BadInput` when it does not."""
    if isinstance(by, Member):
        check_treat(by, strain.dyad)
        if what == "take_back":
            return take_back_tick(strain, by=by, session=session)
    strain = Strain.objects.select_for_update(no_key=True).get(pk=strain.pk)
    strain.state = after(strain.state, what, side)
    strain.save(update_fields=["state"])
    StrainMove.objects.create(strain=strain, move=what, side=side, session=session, step=step[:300], at=timezone.now())
    record(by, "move_strain", f"strain:{strain.pk}", ["state"])
    return strain


@transaction.atomic
def take_back_tick(strain: Strain, *, by: Member, session: Session | None = None) -> Strain:
    """The therapist ticked *talked about* by mistake: the strain is where it would be without that tick.

    What the client said of it stays, and nothing can be taken back once it is settled, at rest, or the course is over.
    """
    check_treat(by, strain.dyad)
    strain = Strain.objects.select_for_update(no_key=True).get(pk=strain.pk)
    moves = list(strain.moves.order_by("id").values_list("move", "side"))
    before = standing(moves, side=1)
    if before == standing([*moves, ("take_back", "therapist")], side=1) or strain.state not in OPEN_STATES:
        return strain
    remove_ticks(strain.dyad, f"strain:{strain.uid}")
    strain.state = state_after(standing([*moves, ("take_back", "therapist")], side=1))
    strain.save(update_fields=["state"])
    StrainMove.objects.create(strain=strain, move="take_back", side="therapist", session=session, at=timezone.now())
    record(by, "move_strain", f"strain:{strain.pk}", ["state"])
    return strain


def remove_ticks(dyad: Dyad, topic: str, session: Session | None = None) -> int:
    """Remove the ticks of a line, on the sheet of one session or on all; a row keeps when each was made. How many."""
    rows = TalkTick.objects.select_for_update(of=("self",)).filter(session__dyad=dyad, topic=topic)
    rows = rows if session is None else rows.filter(session=session)
    facts = {"dyad": dyad, "kind": "tick", "mark": topic, "side": "therapist", "at": timezone.now()}
    ticks = list(rows)
    Undone.objects.bulk_create(Undone(session_id=row.session_id, marked_at=row.at, **facts) for row in ticks)
    TalkTick.objects.filter(pk__in=[row.pk for row in ticks]).delete()
    return len(ticks)


def answers_open(session: Session) -> None:
    """Move strains by the client's latest answers on earlier concerns, once the session is revealed and not before.

    Calling it again changes nothing. A strain of another dyad, or one settled or at rest since, is left as it is.
    """
    check_in = check_ins(session).get("client")
    for again in check_in.context.get("again", ()) if check_in else ():
        strain = Strain.objects.filter(uid=again["strain"], dyad=session.dyad).exclude(state__in=OVER).first()
        if strain is None:
            continue
        there = set(strain.moves.filter(session=session, side="client").values_list("move", flat=True))
        if again["talked"] is not None and not there & set(ON_TALKING):
            what = TALKED.get(again.get("answer") or "") or ("talk" if again["talked"] else "not_talked")
            strain = move(strain, what, "client", by=None, session=session)
        if again["stands"] in MOVE_AFTER_ASKING and not there & set(MOVE_AFTER_ASKING.values()):
            move(strain, MOVE_AFTER_ASKING[again["stands"]], "client", by=None, session=session)


def open_strains(dyad: Dyad):
    """The strains of a dyad that a check-in still asks about, oldest first."""
    return dyad.strains.filter(state__in=OPEN_STATES).order_by("session__start", "session")
