"""A therapist's caseload: running and ended courses of care, and those of people whose name was searched for."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Dyad, Member, Session
from accord_clinic.models.care import rank
from accord_clinic.permissions import check_work_as_therapist, treated_by

MOST_ENDED = 30
OPEN = Session.objects.filter(dyad=OuterRef("pk"), state="held", revealed_at__isnull=False, passed_over=False)
LAST_REVEALED = Subquery(OPEN.order_by("-start", "-pk").values(n=rank())[:1])


@dataclass(frozen=True, slots=True)
class Running:
    """A running course of care with its last revealed session and the next planned one."""

    dyad: int
    uid: str
    client: str
    address_as: str
    last: int | None
    next: datetime | None


@dataclass(frozen=True, slots=True)
class Dated:
    """A course of care with its days; `ending` says how it ended."""

    uid: str
    client: str
    address_as: str
    started: date
    ended: date | None
    ending: str


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
    return rows.values_list("pk", "uid", "client__name", "client__address_as", "last", "next")


# The usual caseload, without anybody to cover for.
OWN = Prepared(
    lambda therapist, now: _running(Q(therapist=therapist), now), -271828182, datetime(1828, 4, 5, tzinfo=UTC)
)


def ended(member: Member) -> tuple[list[Dated], int]:
    """The courses that ended last, and how many more there are."""
    check_work_as_therapist(member)
    rows = Dyad.objects.filter(therapist=member, client__erased_at=None).exclude(ended=None).order_by("-ended", "-pk")
    last = [Dated(*row) for row in rows.values_list(*DATED_COLUMNS)[: MOST_ENDED + 1]]
    more = rows.count() - MOST_ENDED if len(last) > MOST_ENDED else 0
    return last[:MOST_ENDED], more


def named(member: Member, words: str) -> list[Dated]:
    """People of the own caseload whose name holds every one of these words; capitals and accents do not matter.

    Names are folded here and not in the database: the reach is one caseload, never the practice.
    """
    check_work_as_therapist(member)
    wanted = folded(words).split()
    if not wanted:
        return []
    rows = Dyad.objects.filter(treated_by(member), client__erased_at=None).order_by("client__name")
    names = ((Dated(*row), folded(f"{row[1]} {row[2]}")) for row in rows.values_list(*DATED_COLUMNS))
    return [dyad for dyad, name in names if all(part in name for part in wanted)]


def folded(text: str) -> str:
    """A text without capitals and accents, for comparing: `Zoë` and `zoe` are alike."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
