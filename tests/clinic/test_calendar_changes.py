"""What a calendar changes about sessions: it plans, moves and cancels by itself, and never what has an answer."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone
from tests.clinic.people import a_dyad, a_session, answers, today

from accord_clinic.actions import care, checkin, pause, planning
from accord_clinic.imports.calendar import changing, job
from accord_clinic.imports.calendar.matching import guess, people_of
from accord_clinic.imports.calendar.reading import Appointment, CalendarReading, RefusedEvents
from accord_clinic.models import CalendarChange, CalendarSeries, Session

pytestmark = pytest.mark.django_db


def appointments(uid: str = "ana", weeks: int = 6, hour: int = 10, words: str = "Ana") -> list[Appointment]:
    """Weekly from tomorrow on."""
    day = datetime.combine(today() + timedelta(days=1), time(hour), UTC)
    days = [day + timedelta(weeks=n) for n in range(weeks)]
    return [Appointment(uid, d.strftime("%Y%m%dT%H%M%SZ"), d, 50, words) for d in days]


def read(calendar, rows, refusals=(), **more) -> changing.Changes:
    calendar.refresh_from_db()
    first, last = job.span(timezone.now())
    changes = changing.apply(calendar, CalendarReading(tuple(rows), tuple(refusals)), first, last, **more)
    type(calendar).objects.filter(pk=calendar.pk).update(read_until=last)
    return changes


def planned(dyad) -> list[datetime]:
    return list(dyad.sessions.filter(state="planned").order_by("start").values_list("start", flat=True))


@pytest.fixture
def calendar(ben):
    return job.connect(ben, "")


@pytest.fixture
def matched(calendar, dyad):
    """Six weekly sessions of Ana's that came from the calendar."""
    changing.match(calendar, "ana", dyad)
    assert read(calendar, appointments(), tell=False).new == 6
    return appointments()


def test_nothing_is_planned_before_the_owner_said_whose_it_is(calendar, dyad):
    read(calendar, appointments())
    assert not Session.objects.exists()


def test_matched_series_becomes_sessions_and_reading_again_changes_nothing(calendar, dyad, matched):
    assert planned(dyad) == [row.start for row in matched]
    changes = read(calendar, matched)
    assert (changes.new, changes.moved, changes.gone) == (0, 0, 0)
    assert not CalendarChange.objects.exists()


def test_moved_appointment_moves_its_session_and_one_click_moves_it_back_for_good(calendar, dyad, matched):
    later = replace(matched[1], start=matched[1].start + timedelta(days=1, hours=6))
    rows = [matched[0], later, *matched[2:]]
    assert read(calendar, rows).moved == 1
    assert planned(dyad)[1] == later.start
    changing.put_back(CalendarChange.objects.get())
    assert planned(dyad)[1] == matched[1].start
    assert read(calendar, rows).moved == 0
    assert planned(dyad)[1] == matched[1].start
    assert not CalendarChange.objects.filter(seen_at=None).exists()


def test_vanished_appointment_cancels_its_session_and_one_click_plans_it_again(calendar, dyad, matched):
    assert read(calendar, matched[1:]).gone == 1
    assert planned(dyad) == [row.start for row in matched[1:]]
    changing.put_back(CalendarChange.objects.get())
    assert read(calendar, matched[1:]).gone == 0
    assert len(planned(dyad)) == 6


def test_appointment_that_comes_back_plans_its_session_again(calendar, dyad, matched):
    read(calendar, matched[1:])
    assert read(calendar, matched).new == 1
    assert len(planned(dyad)) == 6


def test_what_a_member_moved_stays_until_the_calendar_changes(ben, calendar, dyad, matched):
    session = dyad.sessions.order_by("start").first()
    care.move_session(session, session.start + timedelta(hours=2), by=ben)
    read(calendar, matched)
    assert planned(dyad)[0] == matched[0].start + timedelta(hours=2)


def test_vanished_appointment_never_touches_a_session_with_an_answer_or_one_that_is_over(ben, calendar, dyad, matched):
    rated, past = dyad.sessions.order_by("start")[:2]
    checkin.send(rated, "therapist", answers("therapist"), by=ben)
    Session.objects.filter(pk=past.pk).update(start=timezone.now() - timedelta(hours=3))
    past.calendar_event.__class__.objects.filter(session=past).update(start=timezone.now() - timedelta(hours=3))
    assert read(calendar, matched[2:]).gone == 0
    assert set(dyad.sessions.values_list("state", flat=True)) == {"planned"}


def test_calendar_cannot_open_answers_sooner(ben, calendar, dyad, matched):
    """A session that the calendar moves before now, or close to it, brings no answer forward."""
    held = a_session(dyad, timezone.now() - timedelta(hours=8), "held")
    checkin.send(held, "client", answers("client"), by=dyad.client)
    held.refresh_from_db()
    soon = replace(matched[0], start=timezone.now() + timedelta(minutes=5))
    read(calendar, [soon, *matched[1:]])
    held.refresh_from_db()
    assert held.reveal_due >= timezone.now() + timedelta(hours=23)
    assert held.revealed_at is None


def test_most_of_a_calendar_gone_at_once_is_not_believed_until_the_owner_says_so(calendar, dyad, matched):
    assert read(calendar, []).held_back == 6
    assert len(planned(dyad)) == 6
    assert read(calendar, [], believe=True).gone == 6


def test_event_that_cannot_be_read_any_more_has_not_vanished(calendar, dyad, matched):
    assert read(calendar, [], refusals=[RefusedEvents("unreadable", 1, "", ("ana",))]).gone == 0
    assert len(planned(dyad)) == 6


def test_session_planned_by_hand_or_by_a_rhythm_on_that_day_is_the_same_one(ben, calendar, dyad):
    planning.set_rhythm(dyad, today() + timedelta(days=1), time(15), by=ben)
    changing.match(calendar, "ana", dyad)
    read(calendar, appointments(weeks=8), tell=False)
    assert planned(dyad) == [row.start for row in appointments(weeks=8)]


def test_series_matched_with_somebody_else_leaves_the_first_person(ben, calendar, dyad, matched):
    other = a_dyad(ben, "Bela Novak")
    changing.match(calendar, "ana", other)
    read(calendar, matched, tell=False)
    assert planned(dyad) == []
    assert len(planned(other)) == 6


def test_calendar_plans_for_its_owners_running_courses_alone(ben, eve, calendar, dyad, matched):
    care.end_course(dyad, "planned", timezone.localdate(), "", by=ben)
    later = [*matched, *appointments(weeks=7)[6:]]
    assert read(calendar, later).new == 0
    assert read(calendar, matched[1:]).gone == 0


def test_nothing_is_planned_for_who_has_died_until_it_was_a_mistake(ben, calendar, dyad, matched):
    pause.pause(dyad, "died", by=ben)
    assert read(calendar, matched).new == 0
    assert planned(dyad) == []
    pause.resume(dyad, by=ben)
    read(calendar, matched)
    assert planned(dyad) == [row.start for row in matched]


def test_new_appointment_of_a_known_series_is_told_only_where_the_calendar_was_known_before(calendar, dyad, matched):
    extra = replace(matched[0], recurrence="", uid="ana", start=matched[0].start + timedelta(days=2))
    after_the_span = job.span(timezone.now())[1] + timedelta(minutes=1)
    beyond = replace(matched[0], recurrence="20990101T000000Z", start=after_the_span)
    calendar.refresh_from_db()
    read(calendar, [*matched, extra, beyond])
    assert [change.kind for change in CalendarChange.objects.all()] == ["new"]


def test_guess_knows_an_external_number_that_is_no_time_of_the_day(ben, dyad):
    for value in ("10", "4711-2"):
        dyad.client.external_names.create(system="record", value=value)
    people = people_of(ben)
    assert guess("No. 4711-2, room 3", people).dyad == dyad.uid
    assert guess("10 o'clock", people) is None


def test_guess_knows_name_initials_and_first_name_and_never_chooses_between_two(ben, dyad):
    for name in ("Bela Novak", "Bela Huber", "Zoë Ångström", "Cem Demir"):
        a_dyad(ben, name)
    people = people_of(ben)

    def whose(words: str) -> str:
        found = guess(words, people)
        return found.called if found else ""

    assert whose("Bela Novak, 2. Sitzung") == whose("Bela N.") == whose("B.N. Therapie") == "Bela Novak"
    assert whose("zoe angstrom") == whose("ZÅ") == "Zoë Ångström"
    assert whose("Cem") == whose("session CD") == "Cem Demir"
    assert whose("Bela") == whose("Supervision") == whose("Banana") == whose("") == ""


def test_today_can_ask_about_a_likely_series_without_keeping_its_words(ben, calendar, dyad):
    rows = [*appointments(words="Ana"), *appointments("dentist", words="Dentist")]
    changing.remember_others(calendar, CalendarReading(tuple(rows), ()))
    row = CalendarSeries.objects.get()
    assert row.answered_at is None
    assert row.next_start == rows[0].start
    assert "Ana" not in str(row.__dict__)
    changing.remember_others(calendar, CalendarReading((), ()))
    assert not CalendarSeries.objects.exists()


def test_address_is_encrypted_and_goes_when_the_member_leaves(ben, dyad):
    calendar = job.connect(ben, "webcal://calendar.example.org/secret/basic.ics")
    assert "secret" not in calendar.address
    assert job.address_of(calendar).startswith("https://calendar.example.org/secret")
    type(ben).objects.filter(pk=ben.pk).update(is_active=False)
    assert job.due() == []
    assert not type(calendar).objects.exists()
