"""A therapist's caseload: running and ended courses of care, and those of people who were searched for."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Dyad, ExternalName, Member, Response, Session
from accord_clinic.models.care import rank
from accord_clinic.permissions import check_work_as_therapist, treated_by
from accord_clinic.records.caseload import Dated, Running, fits, folded

MOST_ENDED = 30
MOST_SILENT = 2
"""So many check-ins in a row without an answer: as the signal `silence`, of which clients are told beforehand."""
OPEN = Session.objects.filter(dyad=OuterRef("pk"), state="held", revealed_at__isnull=False, passed_over=False)
LAST_REVEALED = Subquery(OPEN.order_by("-start", "-pk").values(n=rank())[:1])

DATED_COLUMNS = ("uid", "client__name", "client__address_as", "started", "ended", "ending")


def running(member: Member) -> list[Running]:
    """Everybody this therapist works with now. One query, and one for cover."""
    check_work_as_therapist(member)
    treated, now = treated_by(member), timezone.now()
    rows = OWN.rows(member.pk, now) if treated == Q(therapist=member) else _running(treated, now)
    return [Running(*row) for row in rows]


def _running(treated: Q, now: datetime) -> QuerySet:
    planned = Q(sessions__state="planned", sessions__start__gte=now)
    rows = Dyad.objects.filter(treated, ended=None)
    rows = rows.annotate(last=LAST_REVEALED, next=Min("sessions__start", filter=planned))
    return rows.values_list("pk", "uid", "client__name", "client__address_as", "last", "next", "therapist")


# The usual caseload, without anybody to cover for.
OWN = Prepared(
    lambda therapist, now: _running(Q(therapist=therapist), now), -271828182, datetime(1828, 4, 5, tzinfo=UTC)
)


def ended(member: Member) -> tuple[list[Dated], int]:
    """The courses that ended last, and how many more there are."""
    check_work_as_therapist(member)
    rows = Dyad.objects.filter(therapist=member, client__locked_at=None).exclude(ended=None).order_by("-ended", "-pk")
    last = [Dated(*row) for row in rows.values_list(*DATED_COLUMNS)[: MOST_ENDED + 1]]
    more = rows.count() - MOST_ENDED if len(last) > MOST_ENDED else 0
    return last[:MOST_ENDED], more


def silent_twice(dyads: Collection[int] | QuerySet[Dyad]) -> set[int]:
    """The dyads in which the client has not answered the last two check-ins that are open to both.

    Closed ones count for nothing: nobody may learn from it whether there is an answer. Nor does what came from a file.
    """
    answered = Exists(Response.objects.filter(session=OuterRef("pk"), side="client"))
    place = Window(RowNumber(), partition_by=F("dyad"), order_by=[F("start").desc(), F("pk").desc()])
    opened = Session.objects.filter(dyad__in=dyads, state="held", passed_over=False).exclude(revealed_at=None)
    opened = opened.exclude(revealed_by="import")
    newest = opened.annotate(answered=answered, place=place).filter(place__lte=MOST_SILENT)
    unanswered = Counter(dyad for dyad, there in newest.values_list("dyad", "answered") if not there)
    return {dyad for dyad, n in unanswered.items() if n == MOST_SILENT}


def named(member: Member, words: str) -> list[Dated]:
    """People of the own caseload who are found by these words, as `fits` has it.

    Names are folded here and not in the database: the reach is one caseload, never the practice.
    """
    check_work_as_therapist(member)
    wanted = folded(words).split()
    if not wanted:
        return []
    rows = Dyad.objects.filter(treated_by(member), client__locked_at=None).order_by("client__name")
    columns = list(rows.values_list("client", *DATED_COLUMNS))
    numbers = external_numbers({client for client, *_more in columns})
    return [Dated(*row) for client, *row in columns if fits(wanted, row[1], row[2], numbers.get(client, ()))]


def external_numbers(clients: Collection[int]) -> Mapping[int, tuple[str, ...]]:
    """What other systems call these clients, by client. One query."""
    numbers: dict[int, tuple[str, ...]] = {}
    for client, value in ExternalName.objects.filter(client__in=clients).values_list("client", "value"):
        numbers[client] = (*numbers.get(client, ()), value)
    return numbers
