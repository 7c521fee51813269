"""The rows behind a talk sheet: what both may see of one revealed session, for a member or for the client."""

from __future__ import annotations

from collections.abc import Iterable

from accord_clinic.models import Agreement, Pick, Session, StrainMove
from accord_clinic.models.care import rank
from accord_clinic.queries.agreements import shown
from accord_clinic.queries.treatment_plan import review_due
from accord_clinic.questionnaires.readable import readable
from accord_clinic.records.picks import picked_words
from accord_clinic.records.talk_sheet import AnswerRows, SheetRows


def sheet_rows(session: Session) -> SheetRows:
    """Everything on the sheet of a session; ask `revealed_session` first. A fixed number of queries."""
    rows, dyad = answer_rows(session), session.dyad
    goals = [goal for goal in shown(dyad) if goal.changed_since(session.start) or goal.waits]
    more = goals, review_due(session), _picks(session)
    return SheetRows(rows.responses, rows.comments, rows.ticks, rows.strains, rows.missed, *more)


def answer_rows(session: Session) -> AnswerRows:
    """The answers alone; ask `revealed_session` first. Five queries."""
    responses = {(r.side, r.instrument): r for r in readable(session.responses.order_by("id"))}
    current = {r.pk for r in responses.values()}
    return AnswerRows(
        responses=responses,
        comments=[c for c in session.comments.order_by("id") if c.response_id in current],
        ticks=frozenset(session.talk_ticks.values_list("topic", flat=True)),
        strains=list(
            session.dyad.strains.annotate(**{"number": rank("session")}).order_by("session__start", "session")
        ),
        missed=frozenset(
            StrainMove.objects.filter(strain__dyad=session.dyad_id, move="not_noticed").values_list(
                "strain__session", flat=True
            )
        ),
    )


def _picks(session: Session) -> dict[str, tuple[str, ...]]:
    rows = Pick.objects.filter(session=session).select_related("agreement").order_by("at", "id")
    return picked_words(session.pk, rows, _last_words({p.agreement_id for p in rows if p.agreement_id}))


def _last_words(agreements: Iterable[int]) -> dict[int, str]:
    if not agreements:
        return {}
    rows = Agreement.objects.filter(pk__in=agreements).order_by("wordings__id").values_list("pk", "wordings__words")
    return {pk: words for pk, words in rows if words}
