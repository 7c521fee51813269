"""Strains as pages show them: one with its life, in the order in which it happened."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accord_clinic.models import Member, Session, Strain
from accord_clinic.permissions import dyads_visible_to
from accord_clinic.words.sentences import Matter, Names, OpenStrain, matters


@dataclass(frozen=True)
class Step:
    """One move in a strain's life."""

    text: str
    at: datetime
    session: int | None
    step: str


def strain_for(member: Member, uid: str) -> Strain | None:
    """The strain if its dyad is visible to this member and its session is revealed (or the member's side opened it)."""
    rows = Strain.objects.filter(uid=uid, dyad__in=dyads_visible_to(member))
    return rows.select_related("dyad__client", "dyad__therapist", "session").first()


def session_for(member: Member, uid: str) -> Session | None:
    """The session if its dyad is visible to this member."""
    rows = Session.objects.filter(uid=uid, dyad__in=dyads_visible_to(member))
    return rows.select_related("dyad__client", "dyad__therapist").first()


def opening(strain: Strain, names: Names) -> Matter:
    """Heading and line of the strain's page."""
    number = strain.session.number
    if strain.state == "settled":
        title = _("The moment in session {number} is settled.").format(number=number)
        return Matter(0, number, title, _("{client} said so.").format(client=names.client), "")
    return matters((), [OpenStrain(number, strain.opened_by, strain.state)], number, names)[0]


def life(strain: Strain) -> tuple[Step, ...]:
    """All moves, oldest first, in plain words."""
    names = {"client": strain.dyad.client.called, "therapist": strain.dyad.therapist.name}
    rows = strain.moves.select_related("session").order_by("id")
    return tuple(
        Step(_said(m.move).format(name=names.get(m.side, _("A signal"))), m.at, m.session and m.session.number, m.step)
        for m in rows
    )


def _said(move: str) -> str:
    """What a move says, with the name of whoever said it."""
    return {
        "open": _("{name} said that something felt off"),
        "talk": _("{name} said that it was talked about"),
        "not_talked": _("{name} said that it was not talked about"),
        "try_repair": _("{name} tried something"),
        "think_settled": _("{name} thinks that it is settled"),
        "settle": _("{name} said that it is settled"),
        "still_there": _("{name} said that it is still there"),
        "reopen": _("{name} opened it again"),
    }[move]
