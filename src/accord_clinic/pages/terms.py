"""The terms of one course of care, for its therapist: facts, messages, consents, corrections, cover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accord_clinic.pages.consent import Purpose, purposes
from accord_clinic.permissions import can, check_change_contact
from accord_clinic.queries import terms
from accord_clinic.records.schedule import Habit
from accord_clinic.records.terms import StandingCover
from accord_clinic.rules.care import open_until
from accord_clinic.rules.consent import age_of, asks_age, needed, terms_of
from accord_clinic.rules.schedule import habit_of
from accord_clinic.rules.silence import unanswered_in_a_row

if TYPE_CHECKING:
    from accord_clinic.models import BreakGlass, Correction, Dyad, Member


@dataclass(frozen=True, slots=True)
class TermsPage:
    """Everything that the page shows beside its forms."""

    habit: Habit
    may_change_contact: bool
    stopped: bool
    paused: int
    age: int | None
    needs_guardian: bool
    asks_age: bool
    purposes: tuple[Purpose, ...]
    waiting: tuple[Correction, ...]
    answered: tuple[Correction, ...]
    covers: tuple[StandingCover, ...]
    colleagues: tuple[Member, ...]
    glasses: tuple[BreakGlass, ...]


def terms_page(member: Member, dyad: Dyad) -> TermsPage:
    """For the dyad's own therapist; ask `own_dyad` first."""
    client, corrections = dyad.client, terms.corrections(dyad)
    usual, silent = habit_of(dyad), unanswered_in_a_row(dyad)
    return TermsPage(
        habit=usual,
        paused=silent if 0 < usual.pause_after <= silent else 0,
        may_change_contact=can(check_change_contact, member, client),
        stopped=client.messages_stopped_at is not None,
        age=age_of(client),
        needs_guardian="guardian" in needed(client),
        asks_age=asks_age(client),
        purposes=tuple(purposes(client, "en", until=open_until(dyad))),
        waiting=tuple(row for row in corrections if row.answered_at is None),
        answered=tuple(row for row in corrections if row.answered_at is not None),
        covers=terms.cover_days(dyad),
        colleagues=terms.colleagues(member),
        glasses=tuple(reversed(terms.emergencies(dyad))),
    )


def who_agrees(dyad: Dyad) -> dict[str, object]:
    """First values for a form: what was written down, or the default that holds without it."""
    written = terms_of(dyad.client)
    if written:
        names = ("consents", "guardian_learns", "by_order", "order_learns")
        return {name: getattr(written, name) for name in names}
    return {"consents": "both" if "guardian" in needed(dyad.client) else "client"}
