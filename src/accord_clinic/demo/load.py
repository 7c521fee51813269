"""Fill an empty database with the invented practice: all courses in order of time, in one transaction, from a seed."""

from __future__ import annotations

import heapq
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accord_clinic.actions import calibration, service
from accord_clinic.demo.ana import Ana
from accord_clinic.demo.clock import Clock, story_time
from accord_clinic.demo.courses import Life, Plot, Sheet, Theme
from accord_clinic.demo.voices import DemoVoices, cast, pool
from accord_clinic.messages import notices
from accord_clinic.models import Member, Practice

SEED = 11
WORDS = Path(__file__).parents[1] / "data" / "demo.toml"
CASELOAD = 15
# One entry a place in a caseload: how many sessions were held, in how many days the next one is, at which hour.
HELD = (4, 12, 8, 1, 16, 2, 25, 6, 10, 20, 3, 14, 7, 18, 5)
NEXT_IN = (0, 1, 0, 2, 3, 0, 4, 6, 5, 0, 0, 2, 5, 1, 4)
HOURS = (9, 14, 11, 10, 13, 16, 15, 9, 10, 17, 14, 13, 11, 15, 16)
# Per therapist: the share of strains that are missed, and how often a concern is talked about.
MISSES = (0.4, 0.4, 1.0, 0.5)
TALKS = (0.7, 0.8, 0.1, 0.5)
# Places whose course has a strain; the simulated pool has its onsets, sizes, repairs and who saw it.
STRAINED = (1, 2, 4, 6, 9, 13)
ENDED = {1: "planned", 5: "by_client", 9: "agreement", 13: "by_client"}
STYLES = {(0, 4): "quiet", (2, 10): "quiet", (3, 2): "quiet", (1, 8): "silent", (2, 6): "silent"}
KEPT = {6: "raise", 12: "not_yet"}
OUTSIDE = {(0, 2): 8, (1, 0): 4, (2, 4): 16}
SAFETY = {(1, 14): 5}
# Somebody mistyped these addresses: the last link did not arrive.
MISTYPED = ((1, 7), (3, 11))
SHARED = (0, 4, 8)
MINIMUM = (7, 11)
# Their first session is still to come. The others here have just begun, and wrote before it.
NOT_MET = {(0, 3)}
JUST_BEGUN = (3,)
FORTNIGHTLY = (12, 14)
LEARNS, LATELY = timedelta(days=60), timedelta(days=6)
"""So often the practice learns from its own data; and since then check-ins were asked for by mail."""


@cache
def words() -> dict[str, Any]:
    """Everything that people in the demo say."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


@transaction.atomic
def load() -> None:
    """Make every course up to the present. When one breaks off with an error, nothing of any is kept.

    What is usual is learnt last some weeks before the end; the first sweep learns it anew, behind the pages.
    """
    now = timezone.now()
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "accord_clinic.demo.mail.Quiet"
    try:
        with story_time(now - timedelta(days=400)) as clock:
            staff = _found()
            calibration.calibrate(calibration.followed(), by=None)
            _tell((life.tell() for life in _lives(staff, now)), clock, now)
            clock.now = now
            notices.deliver(10_000)
            service.close_months()
    finally:
        settings.EMAIL_BACKEND = backend


def _tell(plots: Iterable[Iterator[datetime]], clock: Clock, until: datetime) -> None:
    """Take the steps of all courses in the order of time, each at its moment, and stop at `until`."""
    steps = [(next(life), place, life) for place, life in enumerate(plots)]
    heapq.heapify(steps)
    learnt = steps[0][0].astimezone(UTC)
    while steps and steps[0][0] <= until:
        moment, place, life = steps[0]
        clock.now = moment.astimezone(UTC)
        if clock.now - learnt >= LEARNS:
            calibration.renew()
            learnt = clock.now
        following = next(life, None)
        if following is None:
            heapq.heappop(steps)
        else:
            heapq.heapreplace(steps, (max(following, moment), place, life))


def _found() -> list[Member]:
    """The practice and those who work there; nobody has a password, since the demo's door signs in."""
    practice = Practice.objects.create(**words()["practice"], languages=["en", "de"], demo=True)
    staff = [
        Member.objects.create_user(
            f"{person['name'].lower()}@example.org", None, name=person["name"], roles=person["roles"]
        )
        for person in words()["staff"]
    ]
    practice.safety_contact = practice.outside_reader = _supervisor(staff)
    practice.save()
    return staff


def _supervisor(staff: list[Member]) -> Member:
    return next(member for member in staff if member.is_a("supervisor"))


def _lives(staff: list[Member], now: datetime) -> Iterator[Life]:
    """Ana's course and everybody else's."""
    zone = ZoneInfo(words()["practice"]["time_zone"])
    therapists = [member for member in staff if member.is_a("therapist")]
    names = iter(words()["clients"]["names"])
    for turn in range(len(therapists)):
        course = pool(SEED + turn, MISSES[turn])
        taken: set[int] = set()
        for place in range(CASELOAD):
            row = cast(course, HELD[place], place in STRAINED, taken)
            voices = DemoVoices(course, row, STYLES.get((turn, place), "usual"), SEED + turn)
            if (turn, place) == (0, 0):
                yield Ana(_anas_plot(staff, voices, now.astimezone(zone), zone))
            else:
                yield Life(_plot(next(names), turn, place, staff, voices, now.astimezone(zone).date(), zone))


def _plot(
    name: str, turn: int, place: int, staff: list[Member], voices: DemoVoices, today: date, zone: ZoneInfo
) -> Plot:
    """What the tables above say about one place in one caseload."""
    german = name in words()["clients"]["german"]
    ended = place in ENDED
    every = 14 if place in FORTNIGHTLY else 7
    rest = timedelta(days=-(10 + 9 * turn + place)) if ended else timedelta(days=NEXT_IN[place])
    about = words()["staff"][turn]
    moves = (turn, place) == (3, 9)
    held = 0 if (turn, place) in NOT_MET else HELD[place] - ended
    theme = words()["themes"][(turn + 3 * place) % len(words()["themes"])] | (words()["german"] if german else {})
    return Plot(
        name=name,
        therapist=staff[turn],
        voices=voices,
        first=today + (timedelta(days=-10) if moves else rest) - timedelta(days=every * held),
        hour=time(HOURS[place]),
        zone=zone,
        modalities=tuple(about["modalities"]),
        approach=about["approach"],
        theme=theme,
        lines=words()["lines"] | (words()["german"] if german else {}),
        seed=f"{SEED}/{turn}/{place}",
        every_days=every,
        sessions=HELD[place] if ended else 0,
        ending=ENDED.get(place, ""),
        language="de" if german else "en",
        form="minimum" if place in MINIMUM else "full",
        address_as=name.split()[0],
        shared_with=_supervisor(staff) if place in SHARED else None,
        talks=TALKS[turn],
        safety_in=SAFETY.get((turn, place), 0),
        outside_in=OUTSIDE.get((turn, place), 0),
        keeps_strain=KEPT.get(place, "show"),
        moves_to=staff[1] if moves else None,
        mailed_from=datetime.combine(today, time(), zone) - LATELY,
        mistyped=(turn, place) in MISTYPED,
        before=_before(theme, turn % 2, (turn, place) not in NOT_MET) if place in JUST_BEGUN else None,
    )


def _before(theme: Theme, client: int, met: bool = True) -> Sheet:
    """What both expect before they meet, in the n-th client's words; before they have met, the client alone wrote."""
    written = words()["before"]
    roles = f"{theme['expects']} {theme['part']}"
    sheet = {"client": {"hope": str(theme["hope"]), "roles": roles} | written["client"][client]}
    return sheet | ({"therapist": written["therapist"]} if met else {})


def _anas_plot(staff: list[Member], voices: DemoVoices, now: datetime, zone: ZoneInfo) -> Plot:
    """Ana's next session, the eleventh, is later today, or tomorrow when the day is nearly over."""
    hour, day = max(now.hour + 2, 15), now.date()
    if hour > 20:
        hour, day = 10, day + timedelta(days=1)
    theme = words()["ana"]
    return Plot(
        name=theme["name"], therapist=staff[0], voices=voices, first=day - timedelta(days=70),
        hour=time(hour), zone=zone, modalities=("room",), approach="cbt", theme=theme | {"measures": ["phq-9"]},
        lines=words()["lines"], seed=f"{SEED}/ana", address_as=theme["address_as"], shared_with=_supervisor(staff),
        before=_before(theme, 1),
    )  # fmt: skip
