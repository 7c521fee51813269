"""Sessions as such: whether the client was asked, whether one may still be changed, which ones are to be opened."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import Exact
from django.utils import timezone

from accord_clinic import links
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Invitation, Notice, Response, Session, SessionChange
from accord_clinic.records.sessions import UnsentLink

RATED, ASKED, ANSWERED = "rated", "asked", "answered"
"""Why a session cannot be changed: the therapist has rated it; a link is out; it is open, with an answer in it."""
NOT_HELD = ("cancelled", "missed_by_client", "missed_by_therapist")


def is_asked() -> Q:
    """For `annotate` on sessions: whether there ever was a link, or an answer of either side."""
    links_made = Exists(Invitation.objects.filter(session=OuterRef("pk")))
    return links_made | Exists(Response.objects.filter(session=OuterRef("pk")))


WAS_ASKED = Prepared(lambda session: Session.objects.filter(is_asked(), pk=session).values_list("pk"))


def was_asked(session: Session) -> bool:
    """The same of one session."""
    return bool(WAS_ASKED.rows(session.pk))


def is_first(session: Session) -> bool:
    """Whether there was no check-in of this course before this session. What came from a file was none."""
    before = session.dyad.sessions.filter(is_asked(), start__lt=session.start).exclude(revealed_by="import")
    return not before.exists()


def overdue(now: datetime) -> QuerySet[Session]:
    """Closed sessions whose time to open has come: held ones, and any other that has an answer."""
    answered = Exists(Response.objects.filter(session=OuterRef("pk")))
    return Session.objects.filter(Q(state="held") | answered, revealed_at=None, reveal_due__lte=now)


def is_denied() -> Q:
    """For `annotate` on sessions: the client says that it did not take place, and nobody has said anything since."""
    last = SessionChange.objects.filter(session=OuterRef("pk")).order_by("-id").values("side")
    return Q(Exact(Subquery(last[:1]), "client"), state="planned")


def was_denied(session: Session) -> bool:
    """The same of one session."""
    return Session.objects.filter(is_denied(), pk=session.pk).exists()


def why_fixed(session: Session) -> str:
    """Why a session cannot be moved, cancelled or marked as missed any more; empty where it can.

    While it is closed this depends on the link and never on whether the client has answered, which nobody may learn.
    """
    if session.responses.filter(side="therapist").exists():
        return RATED
    if session.revealed_at is not None:
        return ANSWERED if session.responses.exists() else ""
    if was_denied(session) and not session.responses.exists():
        return ""
    out = session.invitations.exclude(token_hash__in=[link.token_hash for link in unsent_links(session)])
    return ASKED if out.exists() else ""


def has_open_link(session: Session) -> bool:
    """Whether there is a link that nobody has closed; whether it was used says nothing here."""
    return session.invitations.filter(revoked_at=None).exists()


def may_be_marked(session: Session, state: str) -> bool:
    """Whether a member may say so of a session: held always; all else while nobody has answered.

    While a link is out nobody may learn whether the client has. So a session that has begun can then be marked as not
    held whatever the client did; if there is an answer, it is held again once that opens (`actions.reveal`).
    """
    if state in (session.state, "held"):
        return True
    why = why_fixed(session)
    return not why or (why == ASKED and state in NOT_HELD and session.start <= timezone.now())


def unsent_links(session: Session) -> list[UnsentLink]:
    """Links about a session that no message has carried yet, and none has tried to."""
    # One that a member sends names no session: it goes out whatever became of that.
    about = Q(session=session) | Q(session=None, client=session.dyad.client_id)
    waiting = Notice.objects.filter(about, kind__in=("link", "reminder"), tries=0, sent_at=None, dropped_at=None)
    rows = [UnsentLink(pk, links.digest(link.rpartition("/")[2])) for pk, link in waiting.values_list("pk", "about")]
    if not rows:
        return []
    own = set(session.invitations.values_list("token_hash", flat=True))
    return [row for row in rows if row.token_hash in own]
