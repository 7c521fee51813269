"""Where sessions come from: rhythms, closed days, sessions ahead that nobody has touched."""

from datetime import date, datetime

from django.db.models import QuerySet
from django.utils import timezone

from accord_clinic.models import ClosedDays, Dyad, Pause, Rhythm, Session
from accord_clinic.queries.practice import zone


def untouched(dyad: Dyad, source: str, now: datetime) -> list[Session]:
    """Planned sessions ahead from this source that were never changed, asked about, or spoken of."""
    rows = dyad.sessions.filter(
        source=source, state="planned", start__gt=now, changes=None, invitations=None, responses=None,
        progress=None, picks=None, talk_ticks=None, reactions=None,
    )  # fmt: skip
    return list(rows)


def closed_on(first: date, last: date) -> list[tuple[date, date]]:
    """Closed spans of days that touch these days."""
    return list(ClosedDays.objects.filter(last__gte=first, first__lte=last).values_list("first", "last"))


def closed_days_ahead() -> QuerySet[ClosedDays]:
    """Closed days that are not over yet."""
    return ClosedDays.objects.filter(last__gte=timezone.localdate(timezone=zone())).order_by("first")


def closed_row(uid: str) -> ClosedDays | None:
    """One of them."""
    return ClosedDays.objects.filter(uid=uid).first()


def died() -> QuerySet:
    """The clients who have died, as a subquery: nothing is planned for them while their pause lasts."""
    return Pause.objects.filter(reason="died", until=None).values("client")


def pause_of(dyad: Dyad) -> Pause | None:
    """The pause in which the client of this dyad is."""
    return Pause.objects.filter(client=dyad.client_id, until=None).first()


def rhythm_of(dyad: Dyad) -> Rhythm | None:
    """The rhythm of a dyad."""
    return Rhythm.objects.filter(dyad=dyad).first()
