"""A calendar made to keep the server busy, or to fill its memory: what comes from outside is read within limits."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from accord_clinic.imports.calendar import reading

pytestmark = pytest.mark.same_on_postgresql(reason="a feed is read in a process without a database")

CPU = 3.0
"""Seconds for each of them; the slowest takes about one and a half, and eight is what one bad rule alone took."""
WHOLE = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}\r\nEND:VCALENDAR\r\n"


def event(start="20200101T000000Z", more="", uid="a"):
    return f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:{start}\r\nSUMMARY:Ana\r\n{more}\r\nEND:VEVENT"


BOMBS = {
    "every second": WHOLE.format(event(more="RRULE:FREQ=SECONDLY;COUNT=2000000000")),
    "no step": WHOLE.format("\r\n".join(event(more="RRULE:FREQ=DAILY;INTERVAL=0", uid=n) for n in range(50))),
    "never": WHOLE.format(event(more="RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31")),
    "many dates": WHOLE.format(event(more="RDATE:" + ",".join(["20261205T100000Z"] * 50_000))),
    "many events": WHOLE.format("\r\n".join(event(uid=n) for n in range(7000))),
    "deep": "BEGIN:VCALENDAR\r\n" * 60_000,
    "deep events": "BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 40_000 + "END:VEVENT\r\n" * 40_000,
    "many parameters": WHOLE.format(event(more="X-A;" + ";".join(f'P{n}="a"' for n in range(20_000)) + ":x")),
    "folded": WHOLE.format(event(more="X-A:" + "x\r\n " * 200_000)),
    "zone without end": WHOLE.format(
        "BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0100\r\n"
        "TZOFFSETTO:+0200\r\nRRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" + event()
    ),
    "a path for a zone": WHOLE.format(event().replace("DTSTART:", "DTSTART;TZID=../../../etc/passwd:")),
    "the last year": WHOLE.format(event("99991231T235959Z", "RRULE:FREQ=YEARLY")),
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_calendar_keeps_the_server_busy(name):
    now, before = datetime.now(UTC), time.process_time()
    try:
        found = reading.read(BOMBS[name].encode(), "Europe/Berlin", now - timedelta(days=30), now + timedelta(days=90))
    except reading.Unreadable:
        found = None
    assert time.process_time() - before < CPU
    assert found is None or len(found.appointments) <= 500
