"""Read a calendar in a process of its own, with a limit on time and memory: no text of strangers can hold the server.

`python -m accord_clinic.imports.calendar.apart ZONE FIRST LAST` reads a calendar from its standard input and writes
one JSON object. Django is not loaded, so it starts in about .3 s.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import warnings
from dataclasses import asdict
from datetime import datetime

from accord_clinic.imports.calendar.reading import Appointment, CalendarReading, RefusedEvents, Unreadable, read

CPU_SECONDS = 20
"""The largest calendar that is taken (20,000 events) needs about 9 on a slow machine."""
MEMORY = 1 << 30


def read_apart(content: bytes, zone: str, first: datetime, last: datetime) -> CalendarReading:
    """The same as `reading.read`. Raises `Unreadable("takes_too_long")` where the limits end it."""
    command = [sys.executable, "-m", "accord_clinic.imports.calendar.apart", zone, first.isoformat(), last.isoformat()]
    try:
        ended = subprocess.run(  # noqa: S603 - our own module, and arguments that we made
            command, input=content, capture_output=True, timeout=3 * CPU_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable("takes_too_long") from error
    if ended.returncode != 0:
        raise Unreadable("takes_too_long")
    answer = json.loads(ended.stdout)
    if "unreadable" in answer:
        raise Unreadable(answer["unreadable"])
    appointments = (
        Appointment(**{**each, "start": datetime.fromisoformat(each["start"])}) for each in answer["appointments"]
    )
    refusals = (RefusedEvents(**{**each, "uids": tuple(each["uids"])}) for each in answer["refusals"])
    return CalendarReading(tuple(appointments), tuple(refusals))


def main() -> None:
    """Read standard input as the arguments say."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    zone, first, last = sys.argv[1:]
    content = sys.stdin.buffer.read()
    try:
        reading = asdict(read(content, zone, datetime.fromisoformat(first), datetime.fromisoformat(last)))
    except Unreadable as reason:
        reading = {"unreadable": str(reason)}
    json.dump(reading, sys.stdout, default=datetime.isoformat)


if __name__ == "__main__":
    main()
