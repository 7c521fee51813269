"""Strains as pages show them: the history of one in words, and all of a dyad as lines and as strokes on the course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext as _

from accord_clinic.charts import StrainSpan
from accord_clinic.charts.types import Opener
from accord_clinic.pages.dyad_types import StrainLine
from accord_clinic.pages.findings import reading
from accord_clinic.pages.pictures import span
from accord_clinic.queries.strains import moves, open_strain
from accord_clinic.records.findings import SignalsAndStrains
from accord_clinic.records.strains import StrainHistory, is_open
from accord_clinic.words.sentences import Finding, Names
from accord_clinic.words.strains import strain_state

if TYPE_CHECKING:
    from accord_clinic.models import Session, Strain


@dataclass(frozen=True)
class Step:
    """One move in a strain's history."""

    text: str
    at: datetime
    session: int | None
    step: str


def opening(strain: Strain, names: Names) -> Finding:
    """Heading and line of the strain's page."""
    number = strain.number
    if strain.state == "settled":
        title = _("What felt off in session {number} is resolved.").format(number=number)
        return Finding(0, number, title, _("{client} said so.").format(client=names.client), "")
    if strain.state == "at_rest":
        title = _("{client} wants to leave what felt off in session {number} as it is.").format(
            client=names.client, number=number
        )
        return Finding(0, number, title, _("The check-in does not ask about it any more."), "")
    return reading(SignalsAndStrains((), (open_strain(strain),)), number, names).findings[0]


def steps(strain: Strain) -> tuple[Step, ...]:
    """All moves, oldest first, in plain words."""
    names = {"client": strain.dyad.client.called, "therapist": strain.dyad.therapist.name}
    return tuple(
        Step(
            _sentence(move.move).format(name=names.get(move.side, _("A signal"))),
            move.at,
            None if move.session_id is None else move.number,
            move.step,
        )
        for move in moves(strain)
    )


def _sentence(move: str) -> str:
    """What a move says, with a gap for the name of whoever made it."""
    return {
        "open": _("{name} said that something felt off"),
        "talk": _("{name} said that it was talked about"),
        "take_back": _("{name} took back that it was talked about"),
        "talk_in_part": _("{name} said that it was talked about in part"),
        "not_talked": _("{name} said that it was not talked about"),
        "not_noticed": _("{name} did not notice it"),
        "try_repair": _("{name} tried something"),
        "think_settled": _("{name} thinks that it is resolved"),
        "settle": _("{name} said that it is resolved"),
        "partly": _("{name} said that it is partly resolved"),
        "still_there": _("{name} said that it is not resolved"),
        "let_rest": _("{name} wants to leave it as it is"),
        "end_course": _("Treatment ended and it was still open"),
        "reopen": _("{name} opened it again"),
    }[move]


def strain_line(strain: StrainHistory, names: Names) -> StrainLine:
    """One strain in the list on the dyad's page."""
    opener = {
        "client": names.client,
        "therapist": _("you") if names.you else names.therapist,
        "signal": _("a signal"),
    }[strain.facts.opened_by]
    title = _("What felt off in session {number}, noted by {who}").format(number=strain.facts.session, who=opener)
    return StrainLine(strain.uid, title, strain_state(strain.facts.state), is_open(strain.facts.state))


def strain_span(strain: StrainHistory, sessions: Sequence[Session]) -> StrainSpan:
    """One strain in session numbers; a move made between sessions counts for the session before it."""
    opened = strain.facts.session
    numbered = [
        (move, number or max((s.number for s in sessions if s.start <= at), default=opened))
        for move, number, at, _side in strain.moves
    ]
    talked = next((number for move, number in numbered if move in ("talk", "talk_in_part", "try_repair")), None)
    settled = numbered[-1][1] if strain.facts.state == "settled" else None
    return span(opened, talked, settled, cast(Opener, strain.facts.opened_by))
