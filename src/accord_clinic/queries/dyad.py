"""The rows of one dyad for its page, each table read once; the dyad or session that an act of its therapist is about.

What is not revealed is not read, apart from the therapist's own answers. The number of queries does not grow with
sessions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from accord.records import DyadRecord, Signal
from accord.signals import CHECK_IN
from accord_clinic import models
from accord_clinic.attainment import counts, is_current, levels_since
from accord_clinic.database.prepared import Prepared
from accord_clinic.forms.care import USUAL_MINUTES
from accord_clinic.models import Comment, Dyad, Member, Progress, Session, Share, Wording
from accord_clinic.models.alliance import as_levels
from accord_clinic.models.care import current_responses, rank
from accord_clinic.permissions import dyads_visible_to, treated_by
from accord_clinic.queries.courses import ANSWERS, RESPONSE_COLUMNS, dyad_record
from accord_clinic.queries.findings import put_aside, shown_signals
from accord_clinic.queries.from_outside import named_for
from accord_clinic.queries.sessions import is_denied
from accord_clinic.queries.strains import StrainHistory, histories
from accord_clinic.queries.talk_sheet import ReadableResponse, readable

MOST_QUOTES = 4
OWN = Prepared(
    lambda uid, member: _with_people(Dyad.objects.filter(uid=uid, therapist_id=member, client__locked_at=None)),
    "no uid",
    -271828182,
)
SESSIONS = Prepared(
    lambda dyad: (
        Session.objects.filter(dyad_id=dyad)
        .ranked()
        .annotate(**{"linked_at": Min("invitations__made_at"), "denied": is_denied()})
        .order_by("start", "pk")
    )
)
# What is revealed, and beyond it what the therapist alone has answered: never the client's.
ANSWERS_AND_OWN = Prepared(
    lambda dyad: (
        models.Response.objects.filter(
            Q(session__revealed_at__isnull=False) | Q(side="therapist"), session__dyad_id=dyad
        )
        .order_by("id")
        .values_list(*RESPONSE_COLUMNS, named=True)
    )
)
COMMENTS = Prepared(
    lambda dyad: (
        Comment.objects.filter(session__dyad_id=dyad, session__revealed_at__isnull=False, side="client")
        .order_by("-session__start", "-session", "id")
        .values_list(rank("session"), "session__uid", "response", "item", "words")[: 4 * MOST_QUOTES]
    )
)
GOALS = Prepared(
    lambda dyad: (
        Wording.objects.filter(agreement__dyad_id=dyad, agreement__kind="goal", agreement__ended_at=None)
        .order_by("agreement", "id")
        .values_list("agreement", "pk", "words", "seals__side", "levels", "at")
    )
)
PROGRESS = Prepared(
    lambda dyad: (
        Progress.objects.filter(agreement__dyad_id=dyad, side="client", session__revealed_at__isnull=False)
        .order_by("id")
        .values_list("agreement", "agreement__kind", "session", "value", "at")
    )
)
SHARED = Prepared(lambda dyad: Share.objects.filter(dyad_id=dyad).values_list("member__name", "until"))


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words that a client showed, and the answer they hang on."""

    session: int
    session_uid: str
    words: str
    response: Any
    item: str


@dataclass(frozen=True, slots=True)
class Goal:
    """A running goal in its last words, the sides that sealed them, and the client's last word on how far it is.

    `levels`: what would count as each level, where the two wrote that down.
    """

    pk: int
    words: str
    sealed_by: frozenset[str]
    progress: int | None
    levels: tuple[str, ...] = ()

    @property
    def agreed(self) -> bool:
        """Agreed means: both have sealed these words."""
        return {"client", "therapist"} <= self.sealed_by


@dataclass(frozen=True, slots=True)
class Moved:
    """What the client said of one goal (0 to 10) or task (0 not, 1 partly, 2 done) in one session, by its row."""

    agreement: int
    kind: str
    session: int
    value: int


@dataclass(frozen=True, slots=True)
class DyadRows:
    """All that the page of one dyad is made from. `sides`: who has answered the check-in, by row of the session.

    `latest`: what both answered about the last session that is open to both, by side and questionnaire. `aside`: which
    of the signals this reader has put aside.
    """

    sessions: Sequence[Session]
    sides: dict[int, set[str]]
    record: DyadRecord
    signals: Sequence[Signal]
    strains: Sequence[StrainHistory]
    quotes: Sequence[Quoted]
    goals: Sequence[Goal]
    moved: Sequence[Moved]
    shared_with: Sequence[str]
    latest: Mapping[tuple[str, str], ReadableResponse]
    aside: frozenset[str]


def visible(member: Member, uid: str) -> Dyad | None:
    """The dyad, if this member may see it. Their own comes first: it is the usual one, and cheaper to find."""
    return named_for(member, own(member, uid) or _with_people(dyads_visible_to(member)).filter(uid=uid).first())


def own(member: Member, uid: str) -> Dyad | None:
    """The dyad, if this member is its therapist."""
    return OWN.first(uid, member.pk) if member.is_a("therapist") else None


def treated(member: Member, uid: str) -> Dyad | None:
    """The dyad, if this member is its therapist or covers for that therapist now."""
    if not member.is_a("therapist"):
        return None
    return _with_people(Dyad.objects.filter(treated_by(member), uid=uid, client__locked_at=None)).first()


def _with_people(dyads: QuerySet[Dyad]) -> QuerySet[Dyad]:
    return dyads.select_related("client", "therapist")


def own_session(member: Member, uid: str) -> Session | None:
    """The session, if this member is the therapist of its dyad, or covers now."""
    if not member.is_a("therapist"):
        return None
    rows = Session.objects.ranked().select_related("dyad__client", "dyad__therapist")
    return rows.filter(treated_by(member, "dyad__"), uid=uid, dyad__client__locked_at=None).first()


def usual_session(dyad: Dyad, where: ZoneInfo) -> dict[str, object]:
    """A first guess for the next session: a week after the last one, at the same time, in the same place."""
    last = dyad.sessions.order_by("-start", "-pk").first()
    start = timezone.localtime(last.start, where) + timedelta(days=7) if last else timezone.localtime(None, where)
    return {
        "day": start.date(), "time": start.time() if last else None,
        "minutes": last.minutes if last else USUAL_MINUTES, "modality": dyad.modality,
    }  # fmt: skip


def dyad_rows(dyad: Dyad, reader: Member | None = None, *, with_own_answers: bool) -> DyadRows:
    """What may be shown of a dyad; ask `visible` first. `with_own_answers`: its therapist's, also before the reveal."""
    sessions = SESSIONS.all(dyad.pk)
    responses = (ANSWERS_AND_OWN if with_own_answers else ANSWERS).rows(dyad.pk)
    sides: dict[int, set[str]] = {}
    for response in responses:
        if response.instrument == CHECK_IN:
            sides.setdefault(response.session_id, set()).add(response.side)
    signals = shown_signals([dyad.pk])
    wordings = _last_wordings(dyad)
    moved = _moved(dyad, wordings)
    return DyadRows(
        sessions=sessions,
        sides=sides,
        record=dyad_record([s for s in sessions if s.state == "held" or s.revealed_at], responses),
        signals=signals.get(dyad.pk, ()),
        strains=histories(dyad),
        quotes=_quotes(dyad, responses),
        goals=_goals(wordings, moved),
        moved=moved,
        shared_with=_shared_with(dyad),
        latest=_latest(sessions, responses),
        aside=put_aside(signals, reader).get(dyad.pk, frozenset()) if reader else frozenset(),
    )


NEVER = datetime.max.replace(tzinfo=UTC)
"""Since when the levels of a goal that has ended stand: its ratings against them are not shown any more."""


@dataclass(slots=True)
class LastWording:
    """The last words of a goal that goes on, who has sealed them, and the levels of each wording with its moment."""

    words: str
    levels: tuple[str, ...]
    so_far: list[tuple[tuple[str, ...], datetime]]
    sealed_by: set[str] = field(default_factory=set)


def _latest(sessions: Sequence[Session], responses: Sequence[Any]) -> dict[tuple[str, str], ReadableResponse]:
    last = next((s.pk for s in reversed(sessions) if s.revealed_at and s.state == "held" and not s.passed_over), None)
    rows = readable(row for row in responses if row.session_id == last)
    return {(row.side, row.instrument): row for row in rows}


def _quotes(dyad: Dyad, responses: Sequence[Any]) -> list[Quoted]:
    """The client's latest shown words, newest session first; words that were corrected since are left out."""
    current = {r.pk: r for r in current_responses(responses).values()}
    rows = (row for row in COMMENTS.rows(dyad.pk) if row[2] in current)
    return [Quoted(number, uid, words, current[pk], item) for number, uid, pk, item, words in rows][:MOST_QUOTES]


def _moved(dyad: Dyad, goals: Mapping[int, LastWording]) -> list[Moved]:
    """Of each goal and task the client's last word on each session; what was taken back is not there."""
    last: dict[tuple[int, int], Moved | None] = {}
    since = {goal: levels_since(wording.so_far) for goal, wording in goals.items()}
    for agreement, kind, session, value, at in PROGRESS.rows(dyad.pk):
        stands = value is not None and counts(value, at, since.get(agreement, NEVER))
        last[agreement, session] = Moved(agreement, kind, session, value) if stands else None
    return [moved for moved in last.values() if moved is not None]


def _last_wordings(dyad: Dyad) -> dict[int, LastWording]:
    last: dict[int, LastWording] = {}
    wording = None
    for goal, pk, words, seal, stored, at in GOALS.rows(dyad.pk):
        levels, before = as_levels(stored), last.get(goal)
        if pk != wording:
            so_far = [*(before.so_far if before else ()), (levels, at)]
            last[goal], wording = LastWording(words, levels, so_far), pk
        last[goal].sealed_by.add(seal)
    return last


def _goals(wordings: Mapping[int, LastWording], moved: Sequence[Moved]) -> list[Goal]:
    levels = {goal: last.levels for goal, last in wordings.items()}
    progress = {row.agreement: row.value for row in moved if is_current(row.value, levels.get(row.agreement, ()))}
    return [
        Goal(goal, last.words, frozenset(last.sealed_by), progress.get(goal), last.levels)
        for goal, last in wordings.items()
    ]


def _shared_with(dyad: Dyad) -> list[str]:
    now = timezone.now()
    return sorted(name for name, until in SHARED.rows(dyad.pk) if until is None or until > now)
