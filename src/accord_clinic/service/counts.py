"""One month of the service as numbers, from rows: sessions and who answered, the client's word, endings, strains, and
how many clients wrote a line that is only counted.

Sessions count once their answers are open, so no number here says what nobody may know yet. Ratings that came from a
file were not asked for here and do not count, nor does a session without a check-in for the client. Nothing is counted
by therapist.
"""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from math import ceil
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from accord.signals import CHECK_IN
from accord.stats.repair_time import LEFT, OPEN, SETTLED
from accord_clinic.models import Dyad, PrivateLine, Response, Session, Strain, StrainMove
from accord_clinic.records.strain_workflow import ON_TALKING, UNSETTLED
from accord_clinic.rules.practice import zone
from accord_clinic.service.periods import RULE

AGES = (("2", 14), ("4", 28), ("8", 56))
"""Open strains by age: up to 2, 4 and 8 weeks, and `more`."""
LOOKS_BACK = timedelta(days=365)
WEEK = timedelta(days=7)


def count_month(first: date) -> dict[str, Any]:
    """The numbers of the month that begins on `first`, as JSON. Ten queries; strains are as they stood at its end."""
    start, end = bounds(first)
    return {
        "rule": RULE,
        "therapists": _therapists(start, end),
        "sessions": _sessions(start, end),
        "talked": _talked(start, end),
        "counted": _only_counted(start, end),
        "endings": _endings(first, end.date()),
        "open": _open_by_age(end),
        "partly": _partly_settled(end),
        "repair": _repair(end),
    }


def bounds(first: date) -> tuple[datetime, datetime]:
    """When a month begins and ends on the practice's clock."""
    return datetime.combine(first, time(), zone()), datetime.combine(following(first), time(), zone())


def following(first: date) -> date:
    """The first day of the month after."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def first_session() -> datetime | None:
    """When the first session took place that counts at all."""
    return _counting().order_by("start").values_list("start", flat=True).first()


def _counting() -> QuerySet[Session]:
    rows = Session.objects.filter(state="held", passed_over=False)
    return rows.exclude(revealed_at=None).exclude(revealed_by="import")


def _sessions(start: datetime, end: datetime) -> list[list]:
    """[modality, client answered, therapist answered, how many]."""
    check_ins = Response.objects.filter(session=OuterRef("pk"), instrument=CHECK_IN)
    rows = (
        _counting()
        .filter(start__gte=start, start__lt=end)
        .annotate(client=Exists(check_ins.filter(side="client")), therapist=Exists(check_ins.filter(side="therapist")))
    )
    grouped = rows.order_by().values_list("modality", "client", "therapist").annotate(n=Count("pk"))
    return [list(row) for row in grouped]


def _therapists(start: datetime, end: datetime) -> int:
    """How many therapists these sessions are of: with few, one of them could take own cases off what is published."""
    return _counting().filter(start__gte=start, start__lt=end).order_by().values("dyad__therapist").distinct().count()


def _talked(start: datetime, end: datetime) -> dict[str, int]:
    """How often clients said of an earlier concern that it was talked about, in part, and that it was not."""
    moves = StrainMove.objects.filter(side="client", move__in=ON_TALKING)
    of_month = moves.filter(
        Q(session__start__gte=start, session__start__lt=end) | Q(session=None, at__gte=start, at__lt=end)
    )
    rows = list(of_month.values_list("move", "session", "strain__uid"))
    in_part = _in_part({session for _move, session, _strain in rows})
    words = Counter(
        "no" if move == "not_talked" else "partly" if (session, strain) in in_part else "yes"
        for move, session, strain in rows
    )
    return {word: words[word] for word in ("yes", "partly", "no")}


def _in_part(sessions: Collection[int | None]) -> set[tuple[int, str]]:
    """Session and strain of each word that a concern was talked about in part. Before 0.2 such a move was a `talk`."""
    sent = Response.objects.filter(side="client", instrument=CHECK_IN, session__in=sessions).order_by("id")
    latest = dict(sent.values_list("session", "context"))
    return {
        (session, word["strain"])
        for session, context in latest.items()
        for word in context.get("again", ())
        if word.get("answer") == "partly"
    }


def _only_counted(start: datetime, end: datetime) -> int:
    """How many clients left a line for statistics only. People, not lines: nobody writes a number large alone.

    Of a check-in that was sent again, the last one counts. No word is read for it.
    """
    sent = Response.objects.filter(side="client", session__in=_counting().filter(start__gte=start, start__lt=end))
    rows = PrivateLine.objects.filter(reader="statistics", response__in=sent.current_ids())
    return rows.values("client").distinct().count()


def _endings(first: date, after: date) -> dict[str, int]:
    rows = Dyad.objects.filter(ended__gte=first, ended__lt=after).order_by()
    return dict(rows.values_list("ending").annotate(n=Count("pk")))


def _open_by_age(end: datetime) -> dict[str, int]:
    """Strains that were open when the month ended, by weeks since their session."""
    age = Case(
        *(When(session__start__gte=end - timedelta(days=days), then=Value(name)) for name, days in AGES),
        default=Value("more"),
    )
    return dict(_open(end).annotate(age=age).order_by().values_list("age").annotate(n=Count("pk")))


def _partly_settled(end: datetime) -> int:
    """How many of them were partly settled, by the client's last word on where they stand."""
    stands = StrainMove.objects.filter(strain=OuterRef("pk"), at__lt=end, move__in=("partly", "still_there", "reopen"))
    rows = _open(end).annotate(stands=Subquery(stands.order_by("-id").values("move")[:1]))
    return rows.filter(stands="partly").count()


def _open(end: datetime) -> QuerySet[Strain]:
    """Strains that were open when the month ended, between two people who still met."""
    last = StrainMove.objects.filter(strain=OuterRef("pk"), at__lt=end).order_by("-id").values("move")[:1]
    over = ("settle", "let_rest")
    over_later = StrainMove.objects.filter(strain=OuterRef("pk"), move__in=over, at__gte=end)
    rows = Strain.objects.filter(Q(dyad__ended=None) | Q(dyad__ended__gte=end.date()), opened_at__lt=end)
    rows = rows.filter(Q(state__in=UNSETTLED) | Exists(over_later)).annotate(last=Subquery(last))
    return rows.exclude(last__in=over)


def _repair(end: datetime) -> list[list[int]]:
    """[after, until, end, how many] in weeks for the strains of the year before: see `accord.stats.repair_time`."""
    rows = Strain.objects.filter(session__start__gte=end - LOOKS_BACK, session__start__lt=end, opened_at__lt=end)
    moves_of: dict[int, list[tuple[str, datetime]]] = {}
    moves = StrainMove.objects.filter(strain__in=rows.values("pk"), side="client", at__lt=end).order_by("id")
    for strain, move, at in moves.values_list("strain", "move", Coalesce("session__start", "at")):
        moves_of.setdefault(strain, []).append((move, at))
    strains = rows.values_list("pk", "session__start", "dyad__ended")
    kinds = Counter(_weeks_and_end(start, moves_of.get(pk, []), ended, end) for pk, start, ended in strains)
    return [[*kind, n] for kind, n in sorted(kinds.items())]


def _weeks_and_end(
    start: datetime, words: list[tuple[str, datetime]], ended: date | None, end: datetime
) -> tuple[int, int, int]:
    """Between which weeks a strain ended, and how. A settling lies between the client's last two words about it."""
    settled = next((at for move, at in words if move == "settle"), None)
    before = [at for move, at in words if move != "settle" and (settled is None or at < settled)]
    after = _week(start, max([start, *before]))
    if settled is not None:
        until = _week(start, settled)
        return min(after, until - 1), until, SETTLED
    if ended is not None and ended < end.date():
        left = max(_week(start, datetime.combine(ended, time(), zone())), after + 1)
        return left - 1, left, LEFT
    return after, after + 1, OPEN


def _week(start: datetime, moment: datetime) -> int:
    """The week, from the strain's session on, at whose end something was known: 0 is the session itself."""
    return max(0, ceil((moment - start) / WEEK))
