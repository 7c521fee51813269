"""Links for clients, and answers of both sides: each page is stored once, even if it is sent again."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import cast

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accord.errors import BadInput
from accord.signals import CHECK_IN
from accord_clinic import links
from accord_clinic.actions import agreements, reveal
from accord_clinic.actions.audit import Actor, record
from accord_clinic.database.prepared import Prepared
from accord_clinic.messages import notices
from accord_clinic.models import (
    Client,
    Comment,
    Invitation,
    KeptRating,
    Member,
    Notice,
    Practice,
    PrivateLine,
    Reaction,
    Response,
    Session,
)
from accord_clinic.permissions import check_be_client, check_treat
from accord_clinic.queries import checkin as client_queries
from accord_clinic.questionnaires import plan
from accord_clinic.questionnaires.safety import safety_answers
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.questionnaires.submission import AnsweredPart, OpenLine, Submission
from accord_clinic.rules.planning import pause_of
from accord_clinic.rules.practice import often
from accord_clinic.rules.sessions import is_first, unsent_links, was_denied
from accord_clinic.rules.who_is_asked import measures_asked

LINK_LIVES = timedelta(days=14)
ONE_LINK_IN = timedelta(minutes=10)
# Only this row, and not its key: other people's rows may go on pointing at the same member.
_LOCKED = Session.objects.select_for_update(of=("self",), no_key=True).select_related("dyad__client", "dyad__therapist")
LOCKED = Prepared(lambda session: _LOCKED.filter(pk=session))
EARLIER = Prepared(
    lambda session: Response.objects.filter(session_id=session).values_list("side", "submission", "instrument")
)


class AlreadyRevealed(Exception):
    """The session is revealed, so these answers can no longer be changed."""


@transaction.atomic
def invite(session: Session, *, by: Actor, mailed: bool = False) -> str:
    """Make a link for the client's check-in on this session and return its token, which is never shown again.

    `mailed`: it goes to the client's known contact, and nobody who works here sees it.
    """
    if isinstance(by, Member):
        check_treat(by, session.dyad)
    reveal.give_notice(session)
    token = links.new_token()
    remote = session.modality != "room"
    dyad = session.dyad
    measures = measures_asked(dyad.measures.all(), dyad.client)
    first = dyad.under_way and is_first(session)
    invitation = Invitation.objects.create(
        session=session,
        forms=plan.forms(dyad, session.number, often(dyad), "client", measures, remote, first),
        token_hash=links.digest(token),
        expires_at=timezone.now() + LINK_LIVES,
        mailed=mailed,
    )
    record(by, "invite", f"invitation:{invitation.pk}", ["session", "expires_at"])
    return token


@transaction.atomic
def mail_link(session: Session, address: Callable[[str], str], *, by: Member) -> None:
    """Make a link and send it to the client's known contact. `address` puts the token into a URL."""
    client = session.dyad.client
    if not (client.email or client.phone):
        raise BadInput("There is no address. Show the link and hand it over, or add an address first.")
    if client.messages_stopped_at:
        raise BadInput("This person wants no messages. Show the link and hand it over instead.")
    if pause_of(session.dyad):
        raise BadInput("Messages to this person are paused. End the pause first, or show the link and hand it over.")
    notices.tell("link", address(invite(session, by=by, mailed=True)), client=client)


@transaction.atomic
def revoke(session: Session, *, by: Member) -> None:
    """Close every link to the check-in on a session; a message that waits with one is not sent.

    Nothing tells whether one of them was used.
    """
    check_treat(by, session.dyad)
    now, waiting = timezone.now(), [link.notice for link in unsent_links(session)]
    Notice.objects.filter(pk__in=waiting).update(dropped_at=now, about="")
    session.invitations.filter(revoked_at=None).update(revoked_at=now)
    record(by, "revoke", f"session:{session.pk}", ["revoked_at"])


@transaction.atomic
def send(session: Session, side: str, submission: Submission, *, by: Client | Member) -> bool:
    """Store what one side sent about a session. False when exactly this page was stored before.

    A later page with another key is a correction: new rows, the old ones kept. After the reveal a correction is
    refused (`AlreadyRevealed`), while a first answer, however late, is always taken.
    """
    session = LOCKED.first(session.pk)
    if side == "client":
        check_be_client(by, session.dyad.client)
    else:
        check_treat(cast(Member, by), session.dyad)
    earlier = EARLIER.rows(session.pk)
    if (side, submission.key) in {(voice, key) for voice, key, _name in earlier}:
        return False
    again = side in {voice for voice, _key, _name in earlier}
    if session.revealed_at and again:
        raise AlreadyRevealed
    now = timezone.now()
    _keep(session, side, submission, now)
    # Beside an earlier concern a page asks neither: what was answered before it came up stays.
    asks_around = side == "therapist" or not again or not client_queries.concerns(session)
    asked_again = _asked_again(session) if again and side == "client" and asks_around else ()
    agreements.note_progress(session, side, submission.progress, by=by, asked_again=asked_again)
    if asks_around or submission.picked or submission.picked_words:
        agreements.pick(session, side, submission.picked, submission.picked_words, by=by, again=again)
    if submission.reaction and isinstance(by, Member):
        Reaction.objects.create(session=session, by=by, words=submission.reaction, at=now)
    if side == "client":
        Invitation.objects.filter(session=session, sent_at=None).update(sent_at=now)
        _raise_safety(session, submission)
    record(by, "send_check_in", f"session:{session.pk}", [part.instrument for part in submission.parts])
    sent = {(voice, name) for voice, _key, name in earlier} | {(side, part.instrument) for part in submission.parts}
    reveal.when_both_answered(session, {voice for voice, name in sent if name == CHECK_IN})
    return True


@transaction.atomic
def send_new_link(invitation: Invitation, address: Callable[[str], str]) -> None:
    """Send a fresh link to the known contact of whoever had this one. `address` makes a token a whole address.

    The link is for the same check-in, or, where that is done, for the last session without an answer. Asking again
    within a few minutes sends nothing new, so that an old link cannot flood anybody's inbox.
    """
    session, client = invitation.session, invitation.session.dyad.client
    if Notice.objects.filter(kind="link", client=client, made_at__gt=timezone.now() - ONE_LINK_IN).exists():
        return
    answered = Q(pk__in=Response.objects.filter(side="client").values("session"))
    over = session.state not in ("planned", "held") or was_denied(session)
    if over or session.revealed_at and Session.objects.filter(answered, pk=session.pk).exists():
        unanswered = session.dyad.sessions.filter(~answered, state="held").order_by("-start", "-pk").first()
        if unanswered is None:
            return
        session = unanswered
    notices.tell("link", address(invite(session, by=client, mailed=True)), client=client)


def _asked_again(session: Session) -> list[str]:
    """Goals and tasks that a correction of this check-in asks about: what has ended since is not among them."""
    rows = client_queries.agreements(session)
    return [uid for uid, *_rest in plan.asks_how_far(session.number, often(session.dyad), rows)]


def _keep(session: Session, side: str, submission: Submission, now: datetime) -> None:
    """Rows for all that was said. What is kept goes to tables of its own and is in no response and no comment."""
    kept_back = {part.instrument: _kept_back(part, submission) for part in submission.parts}
    rows = Response.objects.bulk_create(
        _response(session, side, part, submission, kept_back[part.instrument], now) for part in submission.parts
    )
    responses = {row.instrument: row for row in rows}
    answered = {(p.instrument, item): p.answers[item] for p in submission.parts for item in kept_back[p.instrument]}
    lines = [line for line in submission.open_lines if line.words.strip()]
    if side == "client":
        _keep_private(session.dyad.client, submission, kept_back, answered, lines, responses)
        lines = [line for line in lines if line.reader == "therapist"]
    else:
        hidden = [line for line in lines if (line.instrument, line.item) in submission.sharing]
        lines = [line for line in lines if line not in hidden]
        answered |= {(line.instrument, line.item): line.words for line in hidden}
        answered |= {(plan.CHECK_IN, name): value for name, value in submission.around.items()}
        KeptRating.objects.bulk_create(
            KeptRating(response=responses[name], item=item, value=value) for (name, item), value in answered.items()
        )
    Comment.objects.bulk_create(
        Comment(session=session, response=responses[line.instrument], side=side, item=line.item, words=line.words)
        for line in lines
    )


def _keep_private(
    client: Client,
    submission: Submission,
    kept_back: Mapping[str, Mapping[str, str]],
    answered: Mapping[tuple[str, str], object],
    lines: Iterable[OpenLine],
    responses: Mapping[str, Response],
) -> None:
    """A client's answers that are kept, and the words for anybody but the therapist, as private lines."""
    private = [
        PrivateLine(client=client, response=responses[name], reader=kept_back[name][item], item=item, value=value)
        for (name, item), value in answered.items()
    ]
    private += [
        PrivateLine(client=client, response=responses[plan.CHECK_IN], reader="raise", item=name, value=value)
        for name, value in submission.around.items()
    ]
    private += [
        PrivateLine(
            client=client, response=responses[line.instrument], reader=line.reader, item=line.item, words=line.words
        )
        for line in lines
        if line.reader != "therapist"
    ]
    if any(line.reader == "outside" for line in private):
        named = Practice.objects.select_related("outside_reader").get().outside_reader
        for line in private:
            line.to = named if line.reader == "outside" else None
    for row in PrivateLine.objects.bulk_create(private):
        if row.reader == "outside":
            notices.tell_outside_reader(row)


def _kept_back(part: AnsweredPart, submission: Submission) -> dict[str, str]:
    """Items whose answers are kept, each with what was chosen; what hangs on one goes with it. Safety is exempt."""
    asked = shelf().answered(part.instrument, part.version)
    kept_back: dict[str, str] = {}
    for item in asked.items if asked else ():
        if item.safety is not None or part.answers.get(item.id) is None:
            continue
        choice = submission.sharing.get((part.instrument, item.id), "show")
        if choice == "show" and item.asked_if:
            choice = kept_back.get(item.asked_if[0], "show")
        if choice != "show":
            kept_back[item.id] = choice
    return kept_back


def _response(
    session: Session, side: str, part: AnsweredPart, submission: Submission, kept_back: Mapping[str, str], now: datetime
) -> Response:
    return Response(
        session=session,
        side=side,
        instrument=part.instrument,
        version=part.version,
        form=part.form,
        language=part.language or submission.language,
        wording=part.wording,
        answers={i: a for i, a in part.answers.items() if a is not None and i not in kept_back},
        begun_at=submission.begun_at,
        sent_at=now,
        submission=submission.key,
        context=_context(session, side, part, submission),
    )


def _context(session: Session, side: str, part: AnsweredPart, submission: Submission) -> dict:
    """What the page says of itself; the word on earlier concerns, which waits here for the reveal; lateness."""
    context: dict = dict(submission.context)
    if part.instrument == CHECK_IN and side == "client" and submission.again:
        context["again"] = [asdict(again) for again in submission.again]
    if session.revealed_at:
        context["late"] = session.revealed_by
    return context


def _raise_safety(session: Session, submission: Submission) -> None:
    """A safety answer opens at once, to the therapist and the safety contact, whatever else stays closed."""
    for questionnaire, item in safety_answers(submission.parts):
        reveal.raise_safety(session, questionnaire, item)
