"""What there is to do in the practice this week, as counts: for the manager as numbers, for the admin with names.

Counts are about work and never about what somebody answered, so none is kept back. Of a check-in nothing counts before
its session is open to both: until then nobody may learn whether the client answered.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accord.signals import CHECK_IN
from accord_clinic.messages.notices import MOST_TRIES
from accord_clinic.models import (
    CalendarSeries,
    Client,
    ConnectedCalendar,
    Dyad,
    Member,
    Notice,
    Pause,
    Response,
    Session,
)
from accord_clinic.permissions import check_keep_practice, check_see_service
from accord_clinic.records.work import NamedWork, Work
from accord_clinic.rules.consent import clients_who_consent
from accord_clinic.rules.schedule import TELLS_OF_NOBODY
from accord_clinic.rules.silence import silent_twice

WEEK, LOOKS_BACK = timedelta(days=7), timedelta(days=28)
LATE = timedelta(days=2)
FEWEST_THERAPISTS = 3
"""With two, one who also manages would see what the other owes."""
LINKS = ("link", "reminder")


def work(member: Member) -> Work:
    """Everything that is to be done, whatever week the practice is in. The number of queries does not grow."""
    check_see_service(member)
    now, running = timezone.now(), _running()
    therapists = len([m for m in Member.objects.filter(is_active=True) if m.is_a("therapist")])
    links = Notice.objects.filter(kind="link", dropped_at=None, made_at__gte=now - WEEK)
    failing = ConnectedCalendar.objects.exclude(failed_since=None).order_by("failed_since")
    since = list(failing.values_list("failed_since", flat=True))
    return Work(
        therapists=therapists,
        clients=running.values("client").distinct().count(),
        held=Session.objects.filter(state="held", start__gte=now - WEEK, start__lt=now).count(),
        links_sent=links.filter(tries__gt=0).count(),
        links_arrived=links.exclude(sent_at=None).count(),
        links_failed=_failed().count(),
        silent=running.filter(pk__in=silent_twice(running)).values("client").distinct().count(),
        owed=_owed(now).count() if therapists >= FEWEST_THERAPISTS else None,
        without_consent=_without_consent().count(),
        without_session=_without_session(running, now).count(),
        unmatched=CalendarSeries.objects.filter(answered_at=None).count(),
        calendars_failing=len(since),
        failing_since=since[0] if since else None,
    )


def named(member: Member) -> NamedWork:
    """For the admin, who keeps names and addresses in order."""
    check_keep_practice(member)
    rows = _running().filter(client__in=_without_consent()).order_by("therapist__name", "client__name")
    people = rows.values_list("client__name", "client__address_as", "therapist__name")
    failing = ConnectedCalendar.objects.exclude(failed_since=None).order_by("failed_since")
    return NamedWork(
        tuple((address_as or name, therapist) for name, address_as, therapist in people),
        tuple((name, since) for name, since in failing.values_list("member__name", "failed_since") if since),
    )


def _running() -> QuerySet[Dyad]:
    return Dyad.objects.filter(ended=None, client__locked_at=None)


def _failed() -> QuerySet[Notice]:
    """Links that did not arrive: an address to correct, and nothing about an answer."""
    rows = Notice.objects.filter(TELLS_OF_NOBODY, kind__in=LINKS, sent_at=None, dropped_at=None, tries__gt=0)
    return rows.exclude(error="", tries__lt=MOST_TRIES)


def _owed(now: datetime) -> QuerySet[Session]:
    rated = Response.objects.filter(session=OuterRef("pk"), side="therapist", instrument=CHECK_IN)
    rows = Session.objects.filter(
        ~Exists(rated), dyad__in=_running(), state="held", passed_over=False, start__gte=now - LOOKS_BACK,
        start__lt=now - LATE, invitations__isnull=False,
    )  # fmt: skip
    return rows.exclude(revealed_by="import").distinct()


def _without_consent() -> QuerySet[Client]:
    """Clients of running courses for whom nobody here knows that all agree who have to, since a session opened.

    An agreement after the last one that opened would tell that the client has begun the next check-in.
    """
    opened = Session.objects.filter(dyad__client=OuterRef("pk"), passed_over=False).exclude(revealed_at=None)
    rows = Client.objects.filter(Exists(_running().filter(client=OuterRef("pk"))), Exists(opened))
    return rows.exclude(pk__in=clients_who_consent("care", as_known=True).values("pk"))


def _without_session(running: QuerySet[Dyad], now: datetime) -> QuerySet[Dyad]:
    """Running courses with nothing planned and nothing held for four weeks, unless the client is away."""
    met = Session.objects.filter(
        Q(state="planned", start__gte=now) | Q(state="held", start__gte=now - LOOKS_BACK), dyad=OuterRef("pk")
    )
    paused = Pause.objects.filter(client=OuterRef("client"), until=None)
    return running.filter(~Exists(met), ~Exists(paused))
