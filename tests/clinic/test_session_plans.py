"""Sessions are planned in any order, moved and put right; each time it is set anew when the answers open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from tests.clinic.people import a_held_session, a_session, answers

from accord.errors import BadInput
from accord_clinic.actions import care, checkin, reveal, schedule, signals
from accord_clinic.models import Notice, Practice, Session, SessionChange, Signal, Strain
from accord_clinic.queries.findings import shown_signals
from accord_clinic.questionnaires.submission import AskedAgain

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
"""A Monday at 13:00 in Berlin; summer time begins on 29 March."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Clock:
    def __init__(self, now):
        self.now = now


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock(NOW)
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.now)
    return clock


def opens(session):
    return Session.objects.get(pk=session.pk).reveal_due


def berlin(*when):
    return datetime(*when, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


class TestWhenItOpens:
    def test_four_days_later_where_no_session_follows(self, dyad, ben):
        session = care.plan_session(dyad, NOW + DAY, by=ben)
        assert opens(session) == NOW + DAY + 96 * HOUR

    def test_at_six_in_the_evening_on_the_day_before_the_next(self, dyad, ben):
        session = care.plan_session(dyad, NOW + DAY, by=ben)
        care.plan_session(dyad, NOW + 4 * DAY, by=ben)
        assert opens(session) == berlin(2026, 3, 12, 18)

    def test_sessions_twice_a_week_open_each_before_the_next(self, dyad, ben):
        starts = [berlin(2026, 3, day, 10) for day in (16, 19, 23, 26)]
        sessions = [care.plan_session(dyad, start, by=ben) for start in starts]
        evenings = [berlin(2026, 3, 18, 18), berlin(2026, 3, 22, 18), berlin(2026, 3, 25, 18)]
        assert [opens(session) for session in sessions] == [*evenings, starts[-1] + 96 * HOUR]

    def test_never_within_six_hours_of_its_end(self, dyad, ben):
        start = berlin(2026, 3, 16, 15)
        session = care.plan_session(dyad, start, by=ben, minutes=90)
        care.plan_session(dyad, start + DAY, by=ben)
        assert opens(session) == start + timedelta(minutes=90) + 6 * HOUR

    def test_two_sessions_on_one_day_leave_six_hours(self, dyad, ben):
        start = berlin(2026, 3, 16, 9)
        session = care.plan_session(dyad, start, by=ben)
        care.plan_session(dyad, start + 5 * HOUR, by=ben)
        assert opens(session) == start + timedelta(minutes=50) + 6 * HOUR

    @pytest.mark.parametrize(("day", "utc"), [((2026, 3, 30), 16), ((2026, 3, 29), 17), ((2026, 10, 26), 17)])
    def test_evening_is_the_practices_evening_in_summer_and_in_winter(self, dyad, ben, day, utc):
        year, month, number = day
        session = care.plan_session(dyad, berlin(year, month, number - 3, 10), by=ben)
        care.plan_session(dyad, berlin(year, month, number, 10), by=ben)
        assert opens(session) == datetime(year, month, number - 1, utc, tzinfo=UTC)

    def test_four_days_are_96_hours_over_the_change_to_summer_time(self, dyad, ben):
        start = datetime(2026, 3, 27, 10, tzinfo=ZoneInfo("Europe/Berlin"))
        session = care.plan_session(dyad, start, by=ben)
        assert opens(session) == start.astimezone(UTC) + 96 * HOUR

    @pytest.mark.parametrize("days", [2, 3])
    def test_moving_the_next_one_over_the_change_to_summer_time_opens_at_six_of_that_day(self, dyad, ben, days):
        session = care.plan_session(dyad, berlin(2026, 3, 27, 10), by=ben)
        following = care.plan_session(dyad, berlin(2026, 3, 28, 10), by=ben)
        care.move_session(following, berlin(2026, 3, 27, 10) + days * DAY, by=ben)
        assert opens(session) == berlin(2026, 3, 27 + days - 1, 18)

    def test_sessions_twice_a_week_follow_each_move_mark_and_plan(self, dyad, ben):
        first, second, third = (care.plan_session(dyad, berlin(2026, 3, day, 10), by=ben) for day in (16, 19, 23))
        care.move_session(second, berlin(2026, 3, 18, 10), by=ben)
        assert [opens(first), opens(second)] == [berlin(2026, 3, 17, 18), berlin(2026, 3, 22, 10)]
        care.mark_session(second, "cancelled", by=ben)
        assert opens(first) == berlin(2026, 3, 20, 10)
        care.mark_session(second, "missed_by_client", by=ben)
        assert opens(first) == berlin(2026, 3, 17, 18), "a missed one was planned, and the day before it had come"
        care.move_session(third, berlin(2026, 3, 17, 10), by=ben)
        assert opens(first) == berlin(2026, 3, 16, 18)

    def test_numbers_are_settings(self, dyad, ben):
        Practice.objects.update(
            reveal_after_hours=48, reveal_evening=20, reveal_not_before_hours=2, reveal_notice_hours=12
        )
        start = berlin(2026, 3, 16, 10)
        alone = care.plan_session(dyad, start, by=ben)
        assert opens(alone) == start + 48 * HOUR
        care.plan_session(dyad, start + 2 * DAY, by=ben)
        assert opens(alone) == berlin(2026, 3, 17, 20)
        past = care.plan_session(dyad, NOW - 30 * DAY, by=ben)
        assert opens(past) == NOW + 12 * HOUR

    def test_a_cancelled_session_opens_nothing_earlier(self, dyad, ben):
        session = care.plan_session(dyad, NOW + DAY, by=ben)
        following = care.plan_session(dyad, NOW + 4 * DAY, by=ben)
        care.mark_session(following, "cancelled", by=ben)
        assert opens(session) == NOW + DAY + 96 * HOUR


class TestNoticeOfADay:
    def test_a_session_planned_in_the_past_opens_in_24_hours(self, dyad, ben):
        assert opens(care.plan_session(dyad, NOW - 10 * DAY, by=ben)) == NOW + 24 * HOUR

    def test_planning_the_next_one_soon_opens_the_last_in_24_hours(self, dyad, ben, clock):
        session = a_session(dyad, NOW - HOUR, "held")
        clock.now = NOW + HOUR
        care.plan_session(dyad, NOW + 5 * HOUR, by=ben)
        assert opens(session) == clock.now + 24 * HOUR

    def test_planning_again_and_again_never_makes_it_sooner_than_the_first_time(self, dyad, ben, clock):
        session = a_session(dyad, NOW - HOUR, "held")
        for _again in range(4):
            clock.now += HOUR
            care.plan_session(dyad, clock.now + 2 * HOUR, by=ben)
        assert opens(session) == NOW + 25 * HOUR

    def test_a_clock_that_is_ahead_opens_later(self, dyad, ben, clock):
        clock.now = NOW + 3 * DAY
        session = care.plan_session(dyad, NOW - 9 * DAY, by=ben)
        clock.now = NOW
        assert opens(session) == NOW + 4 * DAY
        assert reveal.sweep() == 0

    def test_a_clock_that_is_behind_opens_nothing_within_a_day_of_the_answer(self, dyad, ben, clock):
        session = a_held_session(dyad, NOW - HOUR, client=answers("client"))
        clock.now = NOW - 3 * DAY
        care.plan_session(dyad, NOW - 2 * DAY, by=ben)
        care.plan_session(dyad, NOW + HOUR, by=ben)
        assert opens(session) == NOW + DAY

    def test_a_day_of_notice_has_24_hours_also_when_the_clocks_change(self, dyad, ben, clock):
        clock.now = berlin(2026, 3, 28, 20)
        assert opens(care.plan_session(dyad, clock.now - 9 * DAY, by=ben)) == clock.now + 24 * HOUR

    @pytest.mark.parametrize("side", ["client", "therapist"])
    def test_moving_the_next_one_after_an_answer_leaves_a_day(self, dyad, ben, clock, side):
        session = a_held_session(dyad, NOW - HOUR, **{side: answers(side)})
        following = care.plan_session(dyad, NOW + 7 * DAY, by=ben)
        before = opens(session)
        clock.now += HOUR
        care.move_session(following, NOW + 20 * DAY, by=ben)
        assert opens(session) == before, "never later, once there is an answer"
        care.move_session(following, NOW - 2 * DAY, by=ben)
        care.move_session(following, NOW + 2 * HOUR, by=ben)
        assert opens(session) == clock.now + DAY

    def test_a_clock_that_was_ahead_while_a_link_was_made_opens_nothing_within_a_day_of_it(self, dyad, ben, clock):
        session = a_session(dyad, NOW - HOUR, "held")
        clock.now = NOW + 2 * DAY
        checkin.invite(session, by=ben)
        clock.now = NOW
        care.plan_session(dyad, NOW + 3 * HOUR, by=ben)
        assert opens(session) == NOW + 3 * DAY

    def test_once_there_is_a_link_the_day_never_becomes_a_later_one(self, dyad, ben):
        session = a_session(dyad, NOW - HOUR, "held")
        following = care.plan_session(dyad, NOW + 3 * DAY, by=ben)
        checkin.invite(session, by=ben)
        named = opens(session)
        care.mark_session(following, "cancelled", by=ben)
        assert opens(session) == named
        care.plan_session(dyad, NOW + 2 * DAY, by=ben)
        assert opens(session) == berlin(2026, 3, 10, 18)

    def test_first_asked_late_leaves_a_day_to_rate(self, dyad, ben, ana, clock):
        session = a_session(dyad, NOW - HOUR, "held")
        clock.now = NOW + 10 * DAY
        reveal.sweep()
        checkin.invite(session, by=ben)
        checkin.send(session, "client", answers("client"), by=ana)
        session.refresh_from_db()
        assert (session.revealed_at, session.reveal_due) == (None, clock.now + DAY)


class TestMoving:
    @pytest.mark.parametrize("days", [-9, -1, 1, 20])
    def test_a_session_moves_both_ways(self, dyad, ben, days):
        session = a_session(dyad, NOW + 2 * DAY)
        care.move_session(session, NOW + 2 * DAY + days * DAY, by=ben, modality="phone", minutes=30)
        session.refresh_from_db()
        assert (session.start, session.modality, session.minutes) == (NOW + (2 + days) * DAY, "phone", 30)
        assert session.reveal_due >= NOW + DAY

    def test_past_another_one_and_each_opens_before_the_one_that_now_follows(self, dyad, ben):
        first, second = (a_session(dyad, NOW + day * DAY) for day in (2, 5))
        care.move_session(first, NOW + 8 * DAY, by=ben)
        assert opens(second) == berlin(2026, 3, 16, 18)
        assert opens(first) == NOW + 12 * DAY
        for session in (second, first):
            care.mark_session(session, "held", by=ben)
        assert [(s, s.number) for s in dyad.sessions.ranked().order_by("start")] == [(second, 1), (first, 2)]

    def test_a_held_session_that_moves_to_the_future_is_planned_again(self, dyad, ben):
        session = a_session(dyad, NOW - HOUR, "held")
        care.move_session(session, NOW + DAY, by=ben)
        assert session.state == "planned"

    def test_each_change_leaves_a_row_with_who_and_when(self, dyad, ben, clock):
        session = a_session(dyad, NOW + DAY)
        care.move_session(session, NOW + 2 * DAY, by=ben, minutes=45)
        clock.now = NOW + 3 * DAY
        care.mark_session(session, "missed_by_client", by=ben)
        care.mark_session(session, "held", by=ben)
        columns = ("field", "before", "after", "by", "side", "at")
        assert list(session.changes.order_by("id").values_list(*columns)) == [
            ("start", "2026-03-10T12:00+00:00", "2026-03-11T12:00+00:00", ben.pk, "member", NOW),
            ("minutes", "50", "45", ben.pk, "member", NOW),
            ("state", "planned", "missed_by_client", ben.pk, "member", NOW + 3 * DAY),
            ("state", "missed_by_client", "held", ben.pk, "member", NOW + 3 * DAY),
        ]

    def test_nothing_is_written_where_nothing_differs(self, dyad, ben):
        session = a_session(dyad, NOW + DAY)
        care.move_session(session, NOW + DAY, by=ben)
        care.mark_session(session, "planned", by=ben)
        assert not SessionChange.objects.exists()

    @pytest.mark.parametrize("minutes", [-1, 1441])
    def test_a_session_cannot_last_for_days(self, dyad, ben, minutes):
        with pytest.raises(BadInput, match="minutes"):
            care.plan_session(dyad, NOW, by=ben, minutes=minutes)


class TestAfterAnswers:
    @pytest.fixture(params=["client", "therapist"])
    def answered(self, request, dyad):
        return a_held_session(dyad, NOW - HOUR, **{request.param: answers(request.param)})

    @pytest.fixture
    def empty(self, dyad, ben, clock):
        """A session with a link, which opened with nothing in it."""
        session = a_session(dyad, NOW - HOUR, "held")
        checkin.invite(session, by=ben)
        clock.now = NOW + 5 * DAY
        reveal.sweep()
        session.refresh_from_db()
        assert session.revealed_at
        return session

    def test_what_has_an_answer_stays_once_it_is_open(self, answered, ben, clock):
        clock.now = NOW + 5 * DAY
        reveal.sweep()
        for state in ("cancelled", "missed_by_client", "missed_by_therapist", "planned"):
            with pytest.raises(BadInput):
                care.mark_session(answered, state, by=ben)
        with pytest.raises(BadInput):
            care.move_session(answered, NOW, by=ben)
        assert not SessionChange.objects.filter(at__gt=NOW).exists()

    def test_before_it_is_open_the_answer_is_the_same_whether_the_client_has_answered_or_not(self, dyad, ben, ana):
        session = a_session(dyad, NOW - HOUR, "held")
        checkin.invite(session, by=ben)
        with pytest.raises(BadInput) as silent:
            care.move_session(session, NOW + DAY, by=ben)
        checkin.send(session, "client", answers("client"), by=ana)
        with pytest.raises(BadInput) as said:
            care.move_session(session, NOW + DAY, by=ben)
        assert str(said.value) == str(silent.value)

    def test_closing_the_link_changes_nothing_about_that(self, dyad, ben):
        session = a_session(dyad, NOW - HOUR, "held")
        checkin.invite(session, by=ben)
        checkin.revoke(session, by=ben)
        with pytest.raises(BadInput):
            care.move_session(session, NOW + DAY, by=ben)

    def test_what_opened_empty_can_be_put_right_and_is_closed_again(self, empty, ben):
        care.mark_session(empty, "missed_by_client", by=ben)
        assert (empty.state, empty.revealed_at) == ("missed_by_client", None)
        assert not empty.invitations.filter(revoked_at=None).exists()

    def test_what_opened_empty_can_be_moved_and_gets_a_day_of_its_own(self, empty, ben, clock):
        care.move_session(empty, clock.now + DAY, by=ben)
        assert (empty.state, empty.revealed_at, empty.reveal_due) == ("planned", None, clock.now + 5 * DAY)

    def test_the_sweep_opens_what_has_an_answer_whatever_it_is_marked_as(self, dyad, ana, clock):
        session = a_held_session(dyad, NOW - HOUR, client=answers("client", t1=3))
        Session.objects.filter(pk=session.pk).update(state="cancelled")  # as older versions let it happen
        clock.now = NOW + 5 * DAY
        assert reveal.sweep() == 1
        assert dyad.strains.count() == 1
        session.refresh_from_db()
        assert session.state == "held"
        assert session.changes.values_list("before", "after", "side").last() == ("cancelled", "held", "clock")

    def test_a_link_that_waits_in_the_outbox_is_dropped_when_the_session_moves(self, dyad, ben, clock):
        session = a_session(dyad, NOW - 3 * HOUR, "held")
        assert schedule.due() == 1
        care.move_session(session, NOW + DAY, by=ben)
        assert not Notice.objects.exists()
        assert not session.invitations.exists()
        assert session.reveal_due == NOW + 5 * DAY
        care.mark_session(session, "held", by=ben)
        clock.now = NOW + DAY + 3 * HOUR
        assert schedule.due() == 1, "and a new one goes out after the new time"


class TestPages:
    @pytest.fixture
    def browser(self, ben, as_member):
        return as_member(ben)

    def test_a_session_is_moved_on_its_page_which_then_tells_what_was(self, browser, dyad):
        session = a_session(dyad, berlin(2026, 3, 16, 10))
        page = reverse("move_session", args=[session.uid])
        assert 'value="2026-03-16"' in browser.get(page).content.decode()
        said = {"day": "2026-03-17", "time": "11:30", "minutes": "25", "modality": "phone"}
        told = browser.post(page, said, follow=True).content.decode()
        assert "The session is moved." in told
        assert "Moved to Tue 17 Mar 2026, 11:30 (before: Mon 16 Mar 2026, 10:00)" in told
        assert "Ben, 9 Mar 2026, 13:00" in told

    def test_a_wrong_mark_is_put_right(self, browser, dyad, ben):
        session = a_session(dyad, NOW - HOUR, "missed_by_client")
        browser.post(reverse("mark_session", args=[session.uid]), {"state": "held", "from": "session"})
        page = browser.get(reverse("move_session", args=[session.uid])).content.decode()
        assert "Marked as held (before: missed by the client)" in page

    def test_where_a_link_is_out_the_page_says_why_it_cannot_be_moved(self, browser, dyad, ben):
        session = a_session(dyad, NOW - HOUR, "held")
        checkin.invite(session, by=ben)
        page = browser.get(reverse("move_session", args=[session.uid])).content.decode()
        assert "Until the answers open, you cannot see whether" in page
        assert "Move session" not in page

    def test_the_list_of_a_dyad_leads_there(self, browser, dyad):
        planned = a_session(dyad, NOW - 3 * DAY)
        rated = a_held_session(dyad, NOW - HOUR, therapist=answers("therapist"))
        page = browser.get(reverse("dyad", args=[dyad.uid])).content.decode()
        assert reverse("move_session", args=[planned.uid]) in page
        assert reverse("move_session", args=[rated.uid]) in page, "where it was can always be put right"


class TestNumbers:
    def test_a_number_counts_the_sessions_that_took_place(self, dyad, ben):
        states = ("held", "missed_by_client", "held", "cancelled", "planned")
        sessions = [a_session(dyad, NOW + day * DAY, state) for day, state in enumerate(states)]
        assert [session.number for session in dyad.sessions.ranked().order_by("start")] == [1, 2, 2, 3, 3]
        care.mark_session(sessions[1], "held", by=ben)
        assert [session.number for session in dyad.sessions.ranked().order_by("start")] == [1, 2, 3, 4, 4]

    def test_two_at_the_same_time_have_different_numbers(self, dyad):
        for _twice in range(2):
            a_session(dyad, NOW, "held")
        assert sorted(session.number for session in dyad.sessions.ranked()) == [1, 2]

    def test_another_course_of_the_same_client_counts_for_itself(self, dyad, ben, ana):
        a_session(dyad, NOW, "held")
        other = care.start_course(ana, ben, NOW.date(), by=ben)
        assert a_session(other, NOW + DAY, "held").number == 1

    def test_a_late_correction_renumbers_pages_and_changes_no_evidence(self, dyad, ben):
        missed = a_session(dyad, NOW - 30 * DAY, "missed_by_client")
        strained = a_held_session(dyad, NOW - 20 * DAY, client=answers("client", t1=3), therapist=answers("therapist"))
        again = replace(answers("client"), again=(AskedAgain(Strain.objects.get().uid, False, "still_there"),))
        a_held_session(dyad, NOW - 10 * DAY, client=again, therapist=answers("therapist"))
        kept = list(Signal.objects.order_by("pk").values())
        assert {row["evidence"].get("about_session") for row in kept if row["kind"] == "not_talked_about"} == {
            strained.uid
        }
        (before,) = (s for s in shown_signals([dyad.pk])[dyad.pk] if s.kind == "not_talked_about")
        assert (before.session, before.evidence["about_session"]) == (2, 1)
        care.mark_session(missed, "held", by=ben)
        signals.refresh(dyad)
        assert list(Signal.objects.order_by("pk").values()) == kept
        (after,) = (s for s in shown_signals([dyad.pk])[dyad.pk] if s.kind == "not_talked_about")
        assert (after.session, after.evidence["about_session"]) == (3, 2)

    def test_one_row_knows_its_number_without_a_list(self, dyad):
        sessions = [a_session(dyad, NOW + day * DAY, "held") for day in range(3)]
        assert [Session.objects.get(pk=session.pk).number for session in sessions] == [1, 2, 3]
