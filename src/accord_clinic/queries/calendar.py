"""A member's calendar, what it changed lately, and whose its events are."""

from django.db.models import Exists, F, OuterRef, QuerySet

from accord_clinic.database.prepared import Prepared
from accord_clinic.models import CalendarChange, CalendarSeries, ConnectedCalendar, Member


def calendar_of(member: Member) -> ConnectedCalendar | None:
    """The calendar of this member; nobody else's."""
    rows = ConnectedCalendar.objects.filter(member=member, record=None, member__is_active=True)
    return rows.select_related("member").first()


def _with_news(member: int) -> QuerySet[ConnectedCalendar]:
    unseen = CalendarChange.objects.filter(event__series__calendar__member=OuterRef("member"), seen_at=None)
    open_series = CalendarSeries.objects.filter(calendar=OuterRef("pk"), answered_at=None)
    rows = ConnectedCalendar.objects.filter(member_id=member).order_by(F("record").asc(nulls_first=True))
    return rows.annotate(has_news=Exists(unseen), has_unmatched=Exists(open_series))


WITH_NEWS = Prepared(_with_news)


def calendar_today(member: Member) -> ConnectedCalendar | None:
    """The same with what Today asks first: whether there is anything to tell (`has_news`, `has_unmatched`).

    Who has connected none may have one of a care record.
    """
    return WITH_NEWS.first(member.pk)


def news(member: Member) -> QuerySet[CalendarChange]:
    """What this member's calendar, or a care record, changed and the member has not seen, the first first."""
    rows = CalendarChange.objects.filter(event__series__calendar__member=member, seen_at=None)
    calendar = "event__series__calendar"
    rows = rows.select_related(f"{calendar}__member", f"{calendar}__record", "event__session__dyad__client")
    return rows.order_by("at", "pk")


def change_of(member: Member, uid: str) -> CalendarChange | None:
    """One of them, if it is this member's."""
    return news(member).filter(uid=uid).first()


def unmatched(member: Member) -> QuerySet[CalendarSeries]:
    """Events that may be a client's, of whom the member has not said whose they are."""
    rows = CalendarSeries.objects.filter(calendar__member=member, answered_at=None)
    return rows.order_by("next_start")


def matched(calendar: ConnectedCalendar) -> QuerySet[CalendarSeries]:
    """Events that are a client's, by name."""
    rows = calendar.series.exclude(dyad=None).select_related("dyad__client")
    return rows.order_by("dyad__client__name", "pk")
