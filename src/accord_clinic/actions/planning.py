"""Sessions that come by themselves: a rhythm, closed days, sessions that count as held until somebody says otherwise.

A new source of sessions plans with `care.plan_session` and takes back with `take_back`, as the rhythm does.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions import care, reveal
from accord_clinic.actions.audit import Actor, record
from accord_clinic.models import ClosedDays, Dyad, Member, Pause, Practice, Rhythm, Session, codes
from accord_clinic.models.habit import habit
from accord_clinic.permissions import check_keep_practice, check_treat
from accord_clinic.rules.planning import closed_on, died, untouched
from accord_clinic.rules.practice import zone
from accord_clinic.rules.sessions import was_denied

AHEAD = timedelta(weeks=8)
"""So far ahead sessions are made. Longer shows weeks that will change; shorter hides the holidays."""
MOST_WEEKS = 8
LONGEST_CLOSED = 120
"""Days. A practice that closes for longer has ended; a wrong year is more likely."""
LOOKS_BACK = timedelta(days=7)


@transaction.atomic
def set_rhythm(
    dyad: Dyad, first: date, at: time, *, by: Actor, every: int = 1, minutes: int = care.USUAL_MINUTES,
    modality: str = "", until: date | None = None,
) -> Rhythm:  # fmt: skip
    """Meet every so many weeks from `first` on. Sessions of an earlier rhythm that nobody has touched go."""
    if isinstance(by, Member):
        check_treat(by, dyad)
    if dyad.ended:
        raise BadInput("This course of care has ended. Open a new one first.")
    if not 1 <= every <= MOST_WEEKS:
        raise BadInput(f"Choose 1 to {MOST_WEEKS} weeks between sessions.")
    if until and until < first:
        raise BadInput("The last session is before the first. Check both days.")
    care.check_minutes(minutes)
    modality = modality or dyad.modality
    codes.check(Rhythm, modality=modality)
    today = timezone.localdate(timezone=zone())
    if not today - timedelta(days=31) <= first <= today + timedelta(days=366):
        raise BadInput("The first session is more than a year ahead, or more than a month ago. Check the year.")
    take_back(dyad, "rhythm")
    facts = {
        "first": first, "at": at, "every": every, "minutes": minutes, "modality": modality, "until": until,
        "planned_until": first - timedelta(days=1),
    }  # fmt: skip
    rhythm, _made = Rhythm.objects.update_or_create(dyad=dyad, defaults=facts)
    record(by, "set_rhythm", f"dyad:{dyad.pk}", facts)
    _plan(rhythm, timezone.now())
    return rhythm


@transaction.atomic
def end_rhythm(dyad: Dyad, *, by: Actor) -> None:
    """No more sessions come by themselves; those ahead that nobody has touched go."""
    if isinstance(by, Member):
        check_treat(by, dyad)
    if Rhythm.objects.filter(dyad=dyad).delete()[0]:
        take_back(dyad, "rhythm")
        record(by, "end_rhythm", f"dyad:{dyad.pk}", ["rhythm"])


def take_back(dyad: Dyad, source: str, days: tuple[date, date] | None = None) -> int:
    """Remove the sessions ahead that came from `source` and that nobody has touched; how many."""
    rows = untouched(dyad, source, timezone.now())
    if days:
        where = zone()
        rows = [row for row in rows if days[0] <= timezone.localdate(row.start, where) <= days[1]]
    for row in rows:
        record(None, "take_back_session", f"session:{row.pk}", ["session"])
    Session.objects.filter(pk__in=[row.pk for row in rows]).delete()
    if rows:
        reveal.set_dues(dyad)
    return len(rows)


def plan_rhythms(now: datetime | None = None) -> int:
    """Make the sessions that every running rhythm has ahead. Returns how many are new. Safe to repeat."""
    now = now or timezone.now()
    last = timezone.localdate(now + AHEAD, zone())
    rows = Rhythm.objects.filter(planned_until__lt=last, dyad__ended=None, dyad__client__locked_at=None)
    rows = rows.exclude(dyad__client__in=died())
    planned = 0
    for pk in rows.values_list("pk", flat=True):
        with transaction.atomic():
            rhythm = Rhythm.objects.select_for_update(of=("self",)).select_related("dyad__client").get(pk=pk)
            planned += _plan(rhythm, now)
    return planned


def _plan(rhythm: Rhythm, now: datetime) -> int:
    where = zone()
    last = timezone.localdate(now + AHEAD, where)
    begin = max(rhythm.planned_until + timedelta(days=1), timezone.localdate(now, where))
    taken = {
        timezone.localdate(start, where)
        for start in rhythm.dyad.sessions.filter(start__gte=now - timedelta(days=1)).values_list("start", flat=True)
    }
    closed = closed_on(begin, last)
    days = [
        day for day in _days(rhythm, begin, last)
        if day not in taken and not any(a <= day <= b for a, b in closed)
    ]  # fmt: skip
    starts = [datetime.combine(day, rhythm.at, where) for day in days]
    for start in starts:
        care.plan_session(
            rhythm.dyad, start, by=None, modality=rhythm.modality, minutes=rhythm.minutes, source="rhythm"
        )
    Rhythm.objects.filter(pk=rhythm.pk).update(planned_until=last)
    return len(starts)


def _days(rhythm: Rhythm, begin: date, last: date) -> Iterable[date]:
    """The days of a rhythm within a span. Counted in days, so that summer time moves none; the clock time stays."""
    step = timedelta(weeks=rhythm.every)
    end = min(last, rhythm.until) if rhythm.until else last
    day = rhythm.first + max(0, -(-(begin - rhythm.first).days // step.days)) * step
    while day <= end:
        yield day
        day += step


@transaction.atomic
def close(name: str, first: date, last: date, *, by: Member) -> int:
    """Close the practice on these days. Sessions of rhythms on them go; returns how many."""
    check_keep_practice(by)
    if not name.strip():
        raise BadInput("Say what these days are, for example: Christmas.")
    if last < first or (last - first).days > LONGEST_CLOSED:
        raise BadInput(f"The last day comes after the first, by {LONGEST_CLOSED} days at most. Check the year.")
    row = ClosedDays.objects.create(name=name.strip()[:60], first=first, last=last)
    record(by, "close_practice", f"closed_days:{row.pk}", ["first", "last"])
    dyads = Dyad.objects.filter(rhythm__isnull=False, ended=None)
    return sum(take_back(dyad, "rhythm", (first, last)) for dyad in dyads)


@transaction.atomic
def open_again(row: ClosedDays, *, by: Member) -> None:
    """The practice is open on these days after all: rhythms plan them again."""
    check_keep_practice(by)
    record(by, "open_practice", f"closed_days:{row.pk}", ["first", "last"])
    Rhythm.objects.filter(planned_until__gte=row.first).update(planned_until=row.first - timedelta(days=1))
    row.delete()
    plan_rhythms()


def assume_held(now: datetime | None = None) -> int:
    """Mark planned sessions as held whose end has passed, where the practice has it so. Returns how many.

    As long after the end as a link waits, so that somebody can say otherwise before anything goes out. Nothing is
    assumed of a client who is paused or says that it did not take place, and nothing of before the practice chose so.
    """
    now = now or timezone.now()
    practice = Practice.objects.first()
    if practice is None or practice.held_by_itself_since is None:
        return 0
    since = max(now - LOOKS_BACK, practice.held_by_itself_since)
    paused = Pause.objects.filter(client=OuterRef("dyad__client"), until=None)
    rows = Session.objects.filter(
        ~Exists(paused), state="planned", start__gt=since - timedelta(days=1), start__lt=now,
        dyad__ended=None, dyad__client__locked_at=None,
    ).select_related("dyad__client", "dyad__schedule")  # fmt: skip
    held = 0
    for session in rows.order_by("start"):
        waits = timedelta(minutes=habit(practice, session.dyad).link_after_minutes)
        if session.end > since and session.end + waits <= now and not was_denied(session):
            care.mark_session(session, "held", by=None)
            held += 1
    return held
