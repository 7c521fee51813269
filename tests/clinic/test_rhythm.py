"""Sessions that come by themselves: a rhythm, closed days, held unless somebody says otherwise, and the pause."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_session

from accord.errors import BadInput
from accord_clinic.actions import care, pause, planning, schedule
from accord_clinic.messages import notices
from accord_clinic.models import Notice, Pause, Practice, Session

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


def starts(dyad) -> list[datetime]:
    return [s.start.astimezone(BERLIN) for s in dyad.sessions.exclude(state="cancelled").order_by("start")]


@pytest.fixture
def weekly(ben, dyad):
    """Every week from tomorrow on at ten."""
    first = timezone.localdate(timezone=BERLIN) + timedelta(days=1)
    planning.set_rhythm(dyad, first, time(10), by=ben)
    return first


def test_weekly_rhythm_plans_eight_weeks_ahead(dyad, weekly):
    assert [s.date() for s in starts(dyad)] == [weekly + timedelta(weeks=n) for n in range(8)]


def test_clock_time_stays_across_summer_time(ben, dyad, monkeypatch):
    october = datetime(2026, 10, 12, 8, tzinfo=BERLIN)
    monkeypatch.setattr(timezone, "now", lambda: october)
    planning.set_rhythm(dyad, date(2026, 10, 13), time(10), by=ben)
    assert {s.time() for s in starts(dyad)} == {time(10)}
    assert len({s.utcoffset() for s in starts(dyad)}) == 2


def test_sweep_plans_no_day_twice_and_a_cancelled_one_stays_cancelled(ben, dyad, weekly):
    second = dyad.sessions.order_by("start")[1]
    care.mark_session(second, "cancelled", by=ben)
    assert planning.plan_rhythms() == 0
    assert planning.plan_rhythms(timezone.now() + timedelta(weeks=1)) == 1
    assert len(starts(dyad)) == 8


def test_second_week_rhythm_and_last_day(ben, dyad):
    first = timezone.localdate(timezone=BERLIN) + timedelta(days=1)
    planning.set_rhythm(dyad, first, time(9, 30), by=ben, every=2, until=first + timedelta(days=30))
    assert [s.date() for s in starts(dyad)] == [first + timedelta(weeks=n) for n in (0, 2, 4)]


def test_no_session_on_closed_days_until_they_are_open_again(ada, ben, dyad, weekly):
    closed_from, closed_to = weekly + timedelta(weeks=2), weekly + timedelta(weeks=3)
    assert planning.close("Christmas", closed_from, closed_to, by=ada) == 2
    assert len(starts(dyad)) == 6
    row = planning.ClosedDays.objects.get()
    planning.open_again(row, by=ada)
    assert len(starts(dyad)) == 8


def test_changed_rhythm_replaces_only_what_nobody_touched(ben, dyad, weekly):
    moved = dyad.sessions.order_by("start").first()
    care.move_session(moved, moved.start + timedelta(hours=3), by=ben)
    planning.set_rhythm(dyad, weekly + timedelta(days=1), time(15), by=ben)
    times = [s.time() for s in starts(dyad)]
    assert times[0] == time(13)
    assert set(times[1:]) == {time(15)}


def test_ended_rhythm_takes_its_sessions_ahead_along(ben, dyad, weekly):
    planning.end_rhythm(dyad, by=ben)
    assert starts(dyad) == []


@pytest.mark.parametrize("wrong", [{"every": 0}, {"every": 53}, {"minutes": 0}, {"first": date(2036, 1, 1)}])
def test_impossible_rhythm_is_refused(ben, dyad, wrong):
    facts = {"first": timezone.localdate() + timedelta(days=1), "at": time(10)} | wrong
    with pytest.raises(BadInput):
        planning.set_rhythm(dyad, by=ben, **facts)


def test_planned_session_counts_as_held_two_hours_after_its_end_and_the_link_goes_out(dyad):
    Practice.objects.update(held_by_itself_since=timezone.now() - timedelta(days=1), quiet_from=0, quiet_until=0)
    now = timezone.now()
    session = a_session(dyad, now - timedelta(minutes=50 + 119))
    assert planning.assume_held(now) == 0
    assert planning.assume_held(now + timedelta(minutes=2)) == 1
    session.refresh_from_db()
    assert session.state == "held"
    assert session.changes.get().side == "clock"
    assert schedule.due(now + timedelta(minutes=2)) == 1


def test_nothing_is_assumed_where_the_practice_does_not_want_it_or_of_before(dyad):
    session = a_session(dyad, timezone.now() - timedelta(hours=5))
    assert planning.assume_held() == 0  # the practice chose it after the session
    Practice.objects.update(held_by_itself_since=None)
    assert planning.assume_held() == 0
    session.refresh_from_db()
    assert session.state == "planned"


def test_session_that_the_client_says_did_not_take_place_is_not_assumed_held_again(ana, dyad):
    Practice.objects.update(held_by_itself_since=timezone.now() - timedelta(days=1))
    session = a_session(dyad, timezone.now() - timedelta(hours=5))
    assert planning.assume_held() == 1
    session.refresh_from_db()
    care.deny_session(session, by=ana)
    assert planning.assume_held() == 0


def test_pause_stops_what_goes_out_by_itself_and_what_waits(ben, dyad):
    Practice.objects.update(held_by_itself_since=timezone.now() - timedelta(days=1), quiet_from=0, quiet_until=0)
    a_session(dyad, timezone.now() - timedelta(hours=30), state="held")
    assert schedule.due() == 1
    pause.pause(dyad, "hospital", by=ben)
    a_session(dyad, timezone.now() - timedelta(hours=5))
    assert planning.assume_held() == schedule.due() == 0
    notices.deliver()
    assert mail.outbox == []
    assert Notice.objects.exclude(dropped_at=None).count() == 1


def test_link_that_was_claimed_before_the_pause_is_not_sent(ben, dyad):
    Practice.objects.update(quiet_from=0, quiet_until=0)
    a_session(dyad, timezone.now() - timedelta(hours=30), state="held")
    schedule.due()
    pause.pause(dyad, "died", by=ben)
    Notice.objects.update(dropped_at=None, about="https://example.org/c/x")  # as a worker holds it at this moment
    notices.deliver()
    assert mail.outbox == []


def test_a_death_is_no_pause_and_can_be_entered_by_mistake(ben, dyad, as_member):
    browser, page = as_member(ben), reverse("dyad", args=[dyad.uid])
    assert "The client has died" in browser.get(page).content.decode()
    browser.post(reverse("pause", args=[dyad.uid]), {"what": "died"})
    after = browser.get(page).content.decode()
    assert "Ana has died" in after
    assert "Paused since" not in after
    assert "This was entered by mistake" in after


def test_who_died_keeps_no_session_ahead_and_is_not_asked_about_again(ben, dyad, weekly):
    row = pause.pause(dyad, "died", by=ben)
    assert row.ask_again_at is None
    assert starts(dyad) == []
    assert planning.plan_rhythms(timezone.now() + timedelta(weeks=2)) == 0
    pause.resume(dyad, by=ben)
    assert len(starts(dyad)) == 8, "it was a mistake"


def test_pause_goes_on_or_ends(ben, dyad):
    row = pause.pause(dyad, "ill", by=ben)
    pause.still_paused(dyad, by=ben)
    later = row.ask_again_at
    row.refresh_from_db()
    assert row.ask_again_at >= later
    pause.resume(dyad, by=ben)
    assert not Pause.objects.filter(client=dyad.client, until=None)
    assert not Session.objects.exists()


def test_stranger_cannot_pause_or_plan(eve, dyad):
    for act in (
        lambda: pause.pause(dyad, "ill", by=eve),
        lambda: pause.resume(dyad, by=eve),
        lambda: planning.set_rhythm(dyad, timezone.localdate(), time(10), by=eve),
        lambda: planning.end_rhythm(dyad, by=eve),
        lambda: planning.close("Away", timezone.localdate(), timezone.localdate(), by=eve),
    ):
        with pytest.raises(Exception, match="This|Only"):
            act()
