"""The rows of a client's own space: courses of care, private lines, who may read what, and who read it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accord_clinic import links, models
from accord_clinic.models import Client, Dyad, PrivateLine, ReadLog, Response, Session, Share, Strain, StrainMove
from accord_clinic.models.care import rank
from accord_clinic.queries.courses import compute
from accord_clinic.records.courses import dyad_record
from accord_clinic.records.own_space import OwnRows

MOST_READS = 100
UNANSWERED_FOR = timedelta(days=14)
"""As long as a link lives."""


def dyads(client: Client) -> list[Dyad]:
    """The client's courses of care, running ones first."""
    return sorted(client.dyads.select_related("therapist").order_by("-started"), key=lambda d: d.ended is not None)


def of_links(tokens: Sequence[str]) -> Client | None:
    """Whose check-in links these tokens open, when they are all one person's."""
    if not tokens:
        return None
    rows = models.Invitation.objects.filter(token_hash__in=[links.digest(token) for token in tokens])
    clients = set(rows.values_list("session__dyad__client", flat=True))
    return Client.objects.get(pk=clients.pop()) if len(clients) == 1 else None


def own_rows(dyad: Dyad) -> OwnRows:
    """All that the client answered, and of the therapist only what is open to both."""
    sessions = list(dyad.sessions.filter(state="held").ranked().order_by("number"))
    responses = list(
        Response.objects.filter(session__in=sessions)
        .filter(Q(side="client") | Q(session__revealed_at__isnull=False))
        .order_by("id")
    )
    numbered = dyad.strains.select_related("session").annotate(**{"number": rank("session")})
    strains = [s for s in numbered.order_by("session__start", "session") if s.session.revealed_at]
    moves = StrainMove.objects.filter(strain__in=strains, session__isnull=False).order_by("id")
    return OwnRows(
        sessions,
        responses,
        strains,
        list(moves.values_list("strain", "move", rank("session"))),
        compute(dyad_record(sessions, responses), ()),
    )


def unanswered(dyad: Dyad) -> list[Session]:
    """Held sessions of the last two weeks without an answer of the client. Of the therapist it tells nothing."""
    of_client, now = Exists(Response.objects.filter(session=OuterRef("pk"), side="client")), timezone.now()
    lately = dyad.sessions.filter(state="held", start__gt=now - UNANSWERED_FOR, start__lte=now)
    return list(lately.filter(~of_client).order_by("start"))


def session(client: Client, uid: str) -> Session | None:
    """A session of this client."""
    rows = Session.objects.select_related("dyad__client", "dyad__therapist")
    return rows.filter(uid=uid, dyad__client=client).first()


def continued_by(dyad: Dyad) -> Dyad | None:
    """The course that goes on with somebody else after this one."""
    return dyad.followed_by.exclude(therapist=dyad.therapist_id).select_related("therapist").first()


def private_lines(client: Client, dyad: Dyad) -> list[PrivateLine]:
    """What the client kept with the latest answers on each session of a dyad, newest first."""
    rows = PrivateLine.objects.filter(client=client).select_related("to", "response__session__dyad__therapist")
    rows = rows.filter(response__in=_latest(client), response__session__dyad=dyad)
    return list(rows.order_by("-response__session__start", "id"))


def private_line(client: Client, uid: str) -> PrivateLine | None:
    """One private line, if it is this client's and was not deleted."""
    rows = PrivateLine.objects.filter(uid=uid, client=client, response__in=_latest(client))
    return rows.select_related("response__session__dyad__client", "response__session__dyad__therapist").first()


def agreement_words(uid: str) -> tuple[str, str, tuple[str, ...]]:
    """Kind, last words and levels of a goal or a task."""
    rows = models.Wording.objects.filter(agreement__uid=uid).order_by("id")
    kind, words, levels = rows.values_list("agreement__kind", "words", "levels").last() or ("goal", "", ())
    return kind, words, tuple(levels)


def strain_start(uid: str) -> datetime | None:
    """When the session of a strain began."""
    return Strain.objects.filter(uid=uid).values_list("session__start", flat=True).first()


def _latest(client: Client):
    return Response.objects.filter(side="client", session__dyad__client=client).current_ids()


def standing_shares(dyad: Dyad) -> list[Share]:
    """The supervisors with whom it is shared now, since when."""
    return list(Share.objects.standing().filter(dyad=dyad).select_related("member").order_by("since"))


def reads(dyad: Dyad) -> list[ReadLog]:
    """Who read the client's words, newest first."""
    return list(ReadLog.objects.filter(dyad=dyad).select_related("member", "recipient").order_by("-at")[:MOST_READS])


def numbers(dyad: Dyad) -> dict[str, int]:
    """The number of each session that took place, by uid: logs name sessions by that."""
    return dict(dyad.sessions.filter(state="held").values_list("uid", rank()))
