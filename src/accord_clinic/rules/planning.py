"""Where sessions cannot or need not be planned: closed days, pauses, sessions that somebody has touched."""

from datetime import date, datetime

from django.db.models import QuerySet

from accord_clinic.models import ClosedDays, Dyad, Pause, Session


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


def died() -> QuerySet:
    """The clients who have died, as a subquery: nothing is planned for them while their pause lasts."""
    return Pause.objects.filter(reason="died", until=None).values("client")


def pause_of(dyad: Dyad) -> Pause | None:
    """The pause in which the client of this dyad is."""
    return Pause.objects.filter(client=dyad.client_id, until=None).first()
