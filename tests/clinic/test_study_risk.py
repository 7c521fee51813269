"""How many people of a simulated practice could be found in a study file by somebody who knows when they came.

The numbers stand in `docs/explanation/privacy.md`. A test here holds them to what is measured.
"""

from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone
from tests.clinic.people import a_member

from accord.disclosure import LEAST, count_unique
from accord.tables import vocabulary
from accord_clinic.exports import study_rows
from accord_clinic.exports.study import TABLES, courses
from accord_clinic.models import Client, Consent, Dyad, Session, Study

pytestmark = pytest.mark.django_db

PAGE = (Path(__file__).parents[2] / "docs/explanation/privacy.md").read_text(encoding="utf-8")
SIZES = (62, 620)
"""A practice of eight therapists, and a service of eighty."""
MISSED, PAUSE, ENDS = 0.12, 0.06, 1 / 14
"""Weekly sessions: one in eight is missed or cancelled, one week in sixteen is a holiday, about fourteen in all."""


def simulate(people, size: int) -> None:
    """Treatments as a practice has them, with open sessions and without answers; everybody agrees to research."""
    random, now = np.random.default_rng(13), timezone.now()
    therapists = [people.ben, *(a_member(f"T{n}", "therapist") for n in range(size // 8))]
    clients = Client.objects.bulk_create(
        Client(name=f"C{n}", born=int(random.integers(1940, 2005))) for n in range(size)
    )  # fmt: skip
    Consent.objects.bulk_create(
        Consent(client=client, purpose=purpose, version="1", given_at=now)
        for client in clients
        for purpose in ("research", "studies")
    )  # fmt: skip
    started = [now - timedelta(weeks=120, days=int(random.integers(0, 400))) for _ in clients]
    dyads = Dyad.objects.bulk_create(
        Dyad(
            client=client,
            therapist=therapists[int(random.integers(len(therapists)))],
            started=start.date(),
            approach=str(random.choice(["cbt", "integrative", "psychodynamic"], p=[0.5, 0.35, 0.15])),
            modality=str(random.choice(["room", "video", "phone"], p=[0.75, 0.2, 0.05])),
            ended=(start + timedelta(weeks=60)).date(),
            ending=str(random.choice(["planned", "by_client"], p=[0.7, 0.3])),
        )
        for client, start in zip(clients, started, strict=True)
    )
    Session.objects.bulk_create(
        session for dyad, start in zip(dyads, started, strict=True) for session in _sessions(random, dyad, start)
    )


def _sessions(random, dyad, start):
    week, number = 0, min(60, 3 + int(random.geometric(ENDS)))
    for n in range(number):
        week += 1 + int(random.random() < PAUSE)
        state = "missed_by_client" if n and random.random() < MISSED else "held"
        at = start + timedelta(weeks=week)
        opened = at + timedelta(days=1) if state == "held" else None
        yield Session(
            dyad=dyad, start=at, state=state, modality="room", reveal_due=at, revealed_at=opened,
            revealed_by="both" if opened else "",
        )  # fmt: skip


def measure(people, size: int) -> dict[str, int]:
    """How many of `size` courses nobody else's is equal to, by what somebody knows."""
    simulate(people, size)
    found = courses()
    facts = {row[0]: row[1:] for row in TABLES[0].rows(found)}
    table = next(table for table in TABLES if table.name == "sessions")
    place = {column.name: n for n, column in enumerate(table.columns)}
    rows = defaultdict(list)
    for row in table.rows(found):
        rows[row[place["dyad"]]].append((row[place["block"]], row[place["state"]]))
    begun = {found.number[key]: at for key, at in found.begun.items()}
    weeks = defaultdict(list)
    for one in found.sessions.values():
        weeks[one.dyad].append((one.start - begun[one.dyad]).days // 7)
    told = [(facts[dyad], tuple(block for block, _state in rows[dyad] if block is not None)) for dyad in rows]
    assert min(Counter(told).values()) >= LEAST
    return {
        "weeks": count_unique([tuple(sorted(weeks[dyad])) for dyad in rows]),
        "facts and blocks": count_unique(told),
        "number": count_unique([sum(state == "held" for _, state in rows[dyad]) for dyad in rows]),
        "number and facts": count_unique([(facts[dyad], sum(s == "held" for _, s in rows[dyad])) for dyad in rows]),
        "order": count_unique([tuple(state for _, state in rows[dyad]) for dyad in rows]),
        "blocks told": sum(any(block is not None for block, _ in rows[dyad]) for dyad in rows),
    }


@pytest.mark.parametrize("size", SIZES)
def test_what_is_told_of_time_finds_nobody_and_the_risk_that_is_left_is_on_the_page(people, size):
    found = measure(people, size)
    assert found["facts and blocks"] == 0
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {size} |"))
    numbers = [int(cell) for cell in row.strip("| ").replace(" ", "").split("|")]
    columns = ("weeks", "facts and blocks", "number", "number and facts", "order")
    assert numbers == [size, *(found[name] for name in columns)], found


def test_codes_for_therapists_find_only_those_whose_therapist_is_known(people):
    """What is told of time and facts finds nobody in a file with codes either; within one therapist's courses it may.

    Two hundred clients came a second time, to another therapist: as many as do not stand out by that.
    """
    simulate(people, 620)
    _come_again(200)
    every = vocabulary.variables()
    study = Study(variables=[name for names in every.values() for name in names], title="S", purpose="P")
    found = courses(study)
    patterns = defaultdict(list)
    for place in (*found.sessions.values(), *found.without):
        patterns[place.dyad].append(place)
    told = {}
    for dyad, number in found.number.items():
        blocks = (study_rows.block_of(found.begun[dyad], p.start) for p in patterns[number])
        told[dyad] = found.facts[dyad], tuple(sorted(b for b in blocks if b < found.told_blocks[dyad]))
    assert min(Counter(told.values()).values()) >= LEAST
    assert min(Counter(who.course for who in found.who.values()).values()) >= LEAST
    of_therapist = defaultdict(set)
    for who in found.who.values():
        of_therapist[who.therapist].add(who.client)
    assert min(map(len, of_therapist.values())) >= 3
    assert len(of_therapist) >= 10
    within = count_unique([(found.who[dyad].therapist, told[dyad]) for dyad in told])
    of_client = defaultdict(list)
    for dyad in sorted(told, key=lambda dyad: found.who[dyad].course):
        of_client[found.who[dyad].client].append(told[dyad])
    twice = count_unique([tuple(both) for both in of_client.values() if len(both) > 1])
    assert f"| {len(told)} | 0 | {within} | {twice} |" in PAGE, (len(told), within, twice)


def _come_again(clients: int) -> None:
    random = np.random.default_rng(14)
    first = list(Dyad.objects.filter(ended__isnull=False).order_by("pk")[:clients])
    therapists = sorted({dyad.therapist_id for dyad in Dyad.objects.all()})
    again = Dyad.objects.bulk_create(
        Dyad(
            client_id=one.client_id, therapist_id=therapists[int(random.integers(len(therapists)))], ending="planned",
            started=one.ended, approach=one.approach, modality=one.modality, ended=one.ended + timedelta(weeks=30),
        )
        for one in first
    )  # fmt: skip
    now = timezone.now()
    Session.objects.bulk_create(
        session
        for dyad in again
        for session in _sessions(random, dyad, now - timedelta(weeks=60, days=int(random.integers(0, 300))))
    )


def test_the_file_names_no_week():
    assert study_rows.BLOCK.days == 28
    assert not [column.name for table in TABLES for column in table.columns if "week" in column.name]
