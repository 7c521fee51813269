"""The rows behind a talk sheet: what both may see of one revealed session, for a member or for the client."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accord.scoring import possible
from accord_clinic.models import Agreement, Client, Comment, Member, Pick, Response, Session, Strain
from accord_clinic.models.alliance import current_picks
from accord_clinic.models.care import current_responses
from accord_clinic.permissions import dyads_visible_to
from accord_clinic.queries.agreements import Shown, shown
from accord_clinic.queries.courses import record_of
from accord_clinic.questionnaires.shelf import shelf


@dataclass(frozen=True, slots=True)
class SheetRows:
    """Of one session the latest response by side and instrument with its comments; of its dyad strains and goals.

    `picks`: what each side said matters most now, in the last words of each goal.
    """

    responses: dict[tuple[str, str], Response]
    comments: Sequence[Comment]
    ticks: frozenset[str]
    strains: Sequence[Strain]
    goals: Sequence[Shown]
    picks: dict[str, tuple[str, ...]]


def revealed_session(viewer: Member | Client, uid: str) -> Session | None:
    """The session if it is revealed and this person may see it; `None` alike for all other cases."""
    return _revealed(viewer).filter(uid=uid).first()


def last_revealed(viewer: Member | Client, dyad_uid: str) -> Session | None:
    """The latest revealed session of a dyad after which there was a check-in, if this person may see it."""
    return _revealed(viewer).filter(dyad__uid=dyad_uid, passed_over=False).order_by("-number").first()


def _revealed(viewer: Member | Client):
    rows = Session.objects.select_related("dyad__client", "dyad__therapist").exclude(revealed_at=None)
    if isinstance(viewer, Member):
        return rows.filter(dyad__in=dyads_visible_to(viewer))
    return rows.filter(dyad__client=viewer)


def sheet_rows(session: Session) -> SheetRows:
    """Everything on the sheet of a session; ask `revealed_session` first. A fixed number of queries."""
    dyad = session.dyad
    latest = current_responses(session.responses.order_by("id")).values()
    responses = {(row.side, row.instrument): _readable(row) for row in latest}
    current = {r.pk for r in responses.values()}
    return SheetRows(
        responses=responses,
        comments=[c for c in session.comments.order_by("id") if c.response_id in current],
        ticks=frozenset(session.talk_ticks.values_list("topic", flat=True)),
        strains=list(dyad.strains.select_related("session").order_by("session__number")),
        goals=[goal for goal in shown(dyad) if goal.changed_since(session.start) or goal.waits],
        picks=_picks(session),
    )


def _readable(row: Response) -> Response:
    """With the answers that can still be said: a practice may have changed its own questionnaire since."""
    instrument = shelf().answered(row.instrument, row.version)
    if instrument:
        row.answers = possible(record_of(row, 0).answers, instrument, row.form)
    return row


def _picks(session: Session) -> dict[str, tuple[str, ...]]:
    rows = Pick.objects.filter(session=session).select_related("agreement").order_by("at", "id")
    words = _last_words({p.agreement_id for p in rows if p.agreement_id})
    picks = current_picks(rows)
    return {
        side: tuple(words[p.agreement_id] if p.agreement_id else p.words for p in picks.get((session.pk, side), ()))
        for side in ("client", "therapist")
    }


def _last_words(agreements: Iterable[int]) -> dict[int, str]:
    if not agreements:
        return {}
    rows = Agreement.objects.filter(pk__in=agreements).order_by("wordings__id").values_list("pk", "wordings__words")
    return {pk: words for pk, words in rows if words}
