"""A therapist's caseload: running and ended courses of care, and those of people who were searched for."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Dyad, ExternalName, Member, Session
from accord_clinic.models.care import rank
from accord_clinic.permissions import check_work_as_therapist, treated_by
from accord_clinic.records.caseload import Dated, Running, by_client, fits, folded

MOST_ENDED = 30
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
    return by_client(ExternalName.objects.filter(client__in=clients).values_list("client", "value"))
