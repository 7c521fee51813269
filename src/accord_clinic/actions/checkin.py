"""Links for clients, and what both sides send: kept once, whatever the network, the reader or the back button does."""

from dataclasses import asdict
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accord_clinic import links, notices, plan
from accord_clinic.actions import alliance, reveal
from accord_clinic.actions.audit import Actor, record
from accord_clinic.instruments import instrument
from accord_clinic.models import (
    Client,
    Comment,
    Invitation,
    Member,
    PrivateLine,
    Reaction,
    Response,
    Session,
)
from accord_clinic.permissions import check_treat
from accord_clinic.submission import OpenLine, Part, Submission

LINK_LIVES = timedelta(days=14)


class AlreadyRevealed(Exception):
    """What was sent has been opened by the other side, so it stays as it was."""


@transaction.atomic
def invite(session: Session, *, by: Actor) -> str:
    """Make a link for the client's check-in on this session. Gives the token, which is never shown again."""
    if isinstance(by, Member):
        check_treat(by, session.dyad)
    token = links.new_token()
    remote = session.modality != "room"
    measures = list(session.dyad.measures.all())
    invitation = Invitation.objects.create(
        session=session,
        forms=plan.forms(session.dyad, session.number, "client", measures, remote),
        token_hash=links.digest(token),
        expires_at=timezone.now() + LINK_LIVES,
    )
    record(by, "invite", f"invitation:{invitation.pk}", ["session", "expires_at"])
    return token


@transaction.atomic
def revoke(invitation: Invitation, *, by: Actor) -> None:
    """Make a link useless from now on."""
    if isinstance(by, Member):
        check_treat(by, invitation.session.dyad)
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now())
    record(by, "revoke", f"invitation:{invitation.pk}", ["revoked_at"])


@transaction.atomic
def send(session: Session, side: str, said: Submission, *, by: Client | Member) -> bool:
    """Keep what one side sent about a session. False when exactly this page had been kept before.

    A later page with another key is a correction: new rows, the old ones kept. After the reveal a correction is
    refused (`AlreadyRevealed`), while a first answer, however late, is always taken.
    """
    session = Session.objects.select_for_update().select_related("dyad__client", "dyad__therapist").get(pk=session.pk)
    if isinstance(by, Member):
        check_treat(by, session.dyad)
    earlier = Response.objects.filter(session=session, side=side)
    if earlier.filter(submission=said.key).exists():
        return False
    if session.revealed_at and earlier.exists():
        raise AlreadyRevealed
    now = timezone.now()
    kept = [_keep(session, side, part, said, now) for part in said.parts]
    _keep_words(session, side, said, {r.instrument: r for r in kept})
    alliance.note_progress(session, side, said.progress, by=by)
    alliance.pick(session, side, said.picked, said.picked_words, by=by)
    if said.reaction and isinstance(by, Member):
        Reaction.objects.create(session=session, by=by, words=said.reaction, at=now)
    if side == "client":
        Invitation.objects.filter(session=session, sent_at=None).update(sent_at=now)
        _raise_safety(session, said)
    record(by, "send_check_in", f"session:{session.pk}", [part.instrument for part in said.parts])
    reveal.when_both_answered(session)
    return True


def _keep(session: Session, side: str, part: Part, said: Submission, now) -> Response:
    """One response row without the answers that the client keeps; those become private lines."""
    asked = instrument(part.instrument)
    shareable = {item.id for item in asked.items if item.sharing} if side == "client" else set()
    hidden = {i for i in shareable if said.sharing.get(i, "show") != "show" and part.answers.get(i) is not None}
    hidden |= {item.id for item in asked.items if item.asked_if and item.asked_if[0] in hidden and item.id in part.answers}
    response = Response.objects.create(
        session=session,
        side=side,
        instrument=part.instrument,
        version=part.version,
        form=part.form,
        language=said.language,
        wording=part.wording,
        answers={i: a for i, a in part.answers.items() if i not in hidden},
        begun_at=said.begun_at,
        sent_at=now,
        submission=said.key,
        context=_context(session, side, part, said),
    )
    for item in hidden:
        parent = asked.item(item).asked_if
        reader = said.sharing.get(item) or said.sharing[parent[0] if parent else item]
        PrivateLine.objects.create(
            client=session.dyad.client, response=response, reader=reader, item=item, value=part.answers[item]
        )
    return response


def _context(session: Session, side: str, part: Part, said: Submission) -> dict:
    """What the page says of itself; the client's word on earlier concerns, which waits here for the reveal; and lateness."""
    context: dict = dict(said.context)
    if part.instrument == plan.CHECK_IN and side == "client" and said.again:
        context["again"] = [asdict(again) for again in said.again]
    if session.revealed_at:
        context["late"] = session.revealed_by
    return context


def _keep_words(session: Session, side: str, said: Submission, responses: dict[str, Response]) -> None:
    """Free words: to the therapist as comments, all others as private lines."""
    for line in said.open_lines:
        if not line.words.strip():
            continue
        if line.reader == "therapist" or side == "therapist":
            Comment.objects.create(
                session=session, response=responses[line.instrument], side=side, item=line.item, words=line.words
            )
        else:
            _keep_private(session, responses[line.instrument], line)


def _keep_private(session: Session, response: Response, line: OpenLine) -> None:
    row = PrivateLine.objects.create(
        client=session.dyad.client, response=response, reader=line.reader, item=line.item, words=line.words
    )
    if line.reader == "outside":
        notices.tell_outside_reader(row)


def _raise_safety(session: Session, said: Submission) -> None:
    """A safety answer opens at once, to the therapist and the safety contact, whatever else stays closed."""
    for part in said.parts:
        for item in instrument(part.instrument).items:
            answer = part.answers.get(item.id)
            if item.safety is not None and isinstance(answer, int) and answer >= item.safety:
                reveal.raise_safety(session, part.instrument, item.id)
