"""A check-in on paper: its code is made, and what was ticked is typed in by somebody who does not treat the client."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accord.signals import CHECK_IN
from accord_clinic import links
from accord_clinic.actions import checkin, reveal
from accord_clinic.actions.audit import record
from accord_clinic.models import Invitation, Member, Session
from accord_clinic.permissions import check_treat, check_type_in
from accord_clinic.questionnaires.submission import PAPER, Submission

LIVES = timedelta(days=28)
"""A form may lie in a bag for some weeks; what comes later is better talked about."""


@transaction.atomic
def make_form(session: Session, *, by: Member) -> tuple[Invitation, str]:
    """A form for one session: its row, and the code that is printed on it. A code opens no link."""
    check_treat(by, session.dyad)
    reveal.give_notice(session)
    code = links.new_paper_code()
    row = Invitation.objects.create(
        session=session,
        forms=[[CHECK_IN, session.dyad.form]],
        token_hash=links.paper_digest(code),
        expires_at=timezone.now() + LIVES,
    )
    record(by, "paper_form", f"invitation:{row.pk}", ["session", "expires_at"])
    return row, code


@transaction.atomic
def type_in(session: Session, ticked: Submission, *, by: Member) -> bool:
    """Store what stands on a paper form as the client's answers, marked as typed in, and note who typed."""
    check_type_in(by, session)
    stored = checkin.send(session, "client", ticked, by=session.dyad.client)
    if stored:
        record(by, "type_in", f"session:{session.pk}", [PAPER])
    return stored
