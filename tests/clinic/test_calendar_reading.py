"""Reading calendars of strangers: every file gives appointments or a reason, none an error, and none takes long."""

import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
import recurring_ical_events

from accord_clinic.imports.calendar.apart import read_apart
from accord_clinic.imports.calendar.reading import CalendarReading, Unreadable, read

pytestmark = pytest.mark.same_on_postgresql(reason="it reads texts, and no database")
FIRST, LAST = datetime(2026, 11, 30, tzinfo=UTC), datetime(2027, 1, 25, tzinfo=UTC)
CORPUS = [
    file
    for package in (icalendar, recurring_ical_events)
    for file in sorted(Path(package.__file__).parent.rglob("*.ics"))
]
"""What two libraries test themselves with: broken zones, rules that never end, files that fuzzing found."""


def calendar(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n{body}END:VCALENDAR\r\n".encode()


def event(uid: str = "a", start: str = "20261201T100000Z", *more: str) -> str:
    return "\r\n".join([f"UID:{uid}", f"DTSTART:{start}", "DURATION:PT50M", "SUMMARY:Ana K.", *more])


def starts(reading: CalendarReading) -> list[str]:
    return [each.start.strftime("%d.%m. %H:%M") for each in reading.appointments]


def reading(*events: str) -> CalendarReading:
    return read(calendar(*events), "Europe/Berlin", FIRST, LAST)


def test_corpus_is_there():
    assert len(CORPUS) > 250


@pytest.mark.filterwarnings("ignore")
def test_every_file_of_the_corpus_gives_appointments_or_a_reason():
    outcomes = {"appointments": 0, "refused": 0, "unreadable": 0, "nothing to say": 0}
    for file in CORPUS:
        try:
            result = read(file.read_bytes(), "Europe/Berlin", datetime(1990, 1, 1, tzinfo=UTC), LAST)
        except Unreadable:
            outcomes["unreadable"] += 1
            continue
        outcomes["appointments" if result.appointments else "refused" if result.refusals else "nothing to say"] += 1
        if not result.appointments and not result.refusals:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                calendars = icalendar.Calendar.from_ical(file.read_bytes(), multiple=True)
            events = [event for part in calendars for event in part.walk("VEVENT")]
            assert all(str(e.get("STATUS", "")) == "CANCELLED" or _year(e) < 1990 for e in events), file.name
    assert outcomes["appointments"] > 100, outcomes
    assert outcomes["unreadable"] < 80, outcomes


def _year(each) -> int:
    return each["DTSTART"].dt.year


def test_weekly_event_has_a_start_each_week_and_its_exceptions():
    weekly = event("a", "20261001T100000Z", "RRULE:FREQ=WEEKLY", "EXDATE:20261210T100000Z")
    moved = event("a", "20261218T130000Z", "RECURRENCE-ID:20261217T100000Z")
    assert starts(reading(weekly, moved))[:4] == ["03.12. 10:00", "18.12. 13:00", "24.12. 10:00", "31.12. 10:00"]


def test_moved_occurrence_keeps_its_name():
    before = reading(event("a", "20261001T100000Z", "RRULE:FREQ=WEEKLY"))
    after = reading(
        event("a", "20261001T100000Z", "RRULE:FREQ=WEEKLY"),
        event("a", "20261204T150000Z", "RECURRENCE-ID:20261203T100000Z"),
    )
    names = [{each.recurrence: each.start for each in each_reading.appointments} for each_reading in (before, after)]
    assert names[0].keys() == names[1].keys()
    assert {name for name in names[0] if names[0][name] != names[1][name]} == {"20261203T100000Z"}


def test_occurrences_moved_from_one_on_keep_names_of_their_own():
    weekly = event("a", "20261001T100000Z", "RRULE:FREQ=WEEKLY;UNTIL=20270301T000000Z")
    from_then_on = event("a", "20261211T120000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261210T100000Z")
    names = [each.recurrence for each in reading(weekly, from_then_on).appointments]
    assert len(names) == len(set(names)) == 8


def test_single_event_keeps_its_name_when_it_moves():
    (one,) = reading(event("a", "20261201T100000Z")).appointments
    (other,) = reading(event("a", "20261202T100000Z")).appointments
    assert (one.uid, one.recurrence) == (other.uid, other.recurrence) == ("a", "")


def test_time_without_a_zone_is_on_the_practices_clock_across_summer_time():
    found = read(
        calendar(event("a", "20260901T100000", "RRULE:FREQ=WEEKLY")),
        "Europe/Berlin", datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC),
    )  # fmt: skip
    assert starts(found) == ["20.10. 08:00", "27.10. 09:00"]


def test_whole_days_cancelled_and_nameless_events_are_no_sessions():
    found = reading(
        "UID:day\r\nDTSTART;VALUE=DATE:20261224\r\nSUMMARY:Christmas",
        event("off", "20261202T100000Z", "STATUS:CANCELLED"),
        event("", "20261203T100000Z"),
    )
    assert found.appointments == ()
    assert {r.why for r in found.refusals} == {"whole_days", "no_uid"}


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("FREQ=SECONDLY", "too_often"),
        ("FREQ=MINUTELY;INTERVAL=15", "too_often"),
        ("FREQ=HOURLY", "too_often"),
        ("FREQ=DAILY;BYSECOND=1,2,3", "too_often"),
        ("FREQ=WEEKLY;BYHOUR=1,2,3,4,5,6,7,8,9", "too_often"),
        ("FREQ=NEVER", "unreadable"),
        ("FREQ=DAILY;INTERVAL=0", "unreadable"),
    ],
)
def test_rule_that_makes_sessions_every_moment_is_refused_before_it_is_expanded(rule, why):
    found = reading(event("bad", "20100101T100000Z", f"RRULE:{rule}"), event("good"))
    assert starts(found) == ["01.12. 10:00"]
    assert [(r.why, r.count) for r in found.refusals] == [(why, 1)]


def test_rule_from_long_ago_and_events_with_thousands_of_dates_are_refused():
    dates = ",".join(f"{1990 + n // 300}{1 + n // 28 % 12:02}{1 + n % 28:02}T100000Z" for n in range(2000))
    old = event("old", "00010101T100000Z", "RRULE:FREQ=DAILY")
    found = reading(old, event("many", "20261201T100000Z", f"RDATE:{dates}"))
    assert {r.why for r in found.refusals} == {"too_old", "too_many_dates"}


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 100, b"<html>sign in</html>", b"BEGIN:VCALENDAR\r\n" * 3000, "BEGIN:VEVENT".encode("utf-16")],
)
def test_what_is_no_calendar_is_said_to_be_none(content):
    with pytest.raises(Unreadable, match="not_a_calendar"):
        read(content, "Europe/Berlin", FIRST, LAST)


def test_too_large_and_too_full_calendars_are_refused():
    with pytest.raises(Unreadable, match="too_large"):
        read(b"x" * 5_000_001, "Europe/Berlin", FIRST, LAST)
    with pytest.raises(Unreadable, match="too_many_appointments"):
        reading(*(event(str(n), f"202612{1 + n % 28:02}T{8 + n % 10:02}0000Z", "RRULE:FREQ=DAILY") for n in range(60)))


def test_reading_apart_gives_the_same_and_ends_what_takes_too_long(monkeypatch):
    content = calendar(event(), event("", "20261203T100000Z"))
    assert read_apart(content, "Europe/Berlin", FIRST, LAST) == read(content, "Europe/Berlin", FIRST, LAST)
    with pytest.raises(Unreadable, match="not_a_calendar"):
        read_apart(b"x", "Europe/Berlin", FIRST, LAST)
    monkeypatch.setattr("accord_clinic.imports.calendar.apart.CPU_SECONDS", 0.5)
    never = (event(str(n), "20100101T100000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30") for n in range(5))
    with pytest.raises(Unreadable, match="takes_too_long"):
        read_apart(calendar(*never), "Europe/Berlin", FIRST, LAST)


def test_words_and_times_of_an_appointment():
    (only,) = reading(event("a", "20261201T100000Z", "DESCRIPTION:secret")).appointments
    assert (only.words, only.minutes) == ("Ana K.", 50)
    assert LAST - only.start > timedelta(weeks=7)
