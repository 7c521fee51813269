"""A number of responses in, a practice of that size out: ten sessions a course, two voices, strains, goals, words."""

import random
from datetime import timedelta

from django.utils import timezone

from accord_clinic.models import (
    Agreement,
    Client,
    Comment,
    Dyad,
    Member,
    Practice,
    Response,
    Seal,
    Session,
    Signal,
    Strain,
    StrainMove,
    Wording,
)
from accord_clinic.questionnaires.plan import CHECK_IN
from accord_clinic.questionnaires.shelf import instrument

SESSIONS, CASELOAD, BATCH = 10, 40, 2_000
SYLLABLES = [
    "an",
    "ben",
    "cle",
    "do",
    "el",
    "fi",
    "gra",
    "hu",
    "in",
    "jo",
    "ka",
    "li",
    "mo",
    "ne",
    "or",
    "pa",
    "ri",
    "su",
    "ta",
    "ul",
]
CHOICES = {"d1": 4, "d2": 4, "m1": 4, "m2": 4, "b1": 3, "b2": 4, "b3": 4, "v1": 4}


def fill(responses: int, seed: int = 0) -> Member:
    """Fill an empty database; gives the therapist whose pages are measured, who also manages the service."""
    rng = random.Random(seed)
    dyads = max(1, responses // (2 * SESSIONS))
    Practice.objects.create(name="Large", crisis_text="In need, call 116 123.", demo=True)
    therapists = _people(max(2, -(-dyads // CASELOAD)))
    for start in range(0, dyads, BATCH):
        _batch(range(start, min(start + BATCH, dyads)), therapists, rng)
    return therapists[0]


def _people(n: int) -> list[Member]:
    rows = [
        Member(email=f"t{k}@example.org", name=f"Therapist {k}", roles=["therapist"], password="!") for k in range(n)
    ]
    rows[0].roles = ["therapist", "manager"]
    return Member.objects.bulk_create(rows)


def _batch(numbers: range, therapists: list[Member], rng: random.Random) -> None:
    now = timezone.now()
    clients = Client.objects.bulk_create(Client(name=_name(rng), email=f"c{k}@example.org", born=1990) for k in numbers)
    started = (now - timedelta(weeks=SESSIONS + 1)).date()
    dyads = Dyad.objects.bulk_create(
        Dyad(client=client, therapist=therapists[k // CASELOAD % len(therapists)], started=started)
        for k, client in zip(numbers, clients, strict=True)
    )
    sessions = Session.objects.bulk_create(_session(dyad, n, now) for dyad in dyads for n in range(1, SESSIONS + 1))
    _answers(sessions, rng, now)
    _matters(dyads, sessions, rng, now)
    _goals(dyads, now)


def _name(rng: random.Random) -> str:
    return "".join(rng.choices(SYLLABLES, k=2)).capitalize() + " " + "".join(rng.choices(SYLLABLES, k=3)).capitalize()


def _session(dyad: Dyad, number: int, now) -> Session:
    start = now - timedelta(weeks=SESSIONS + 1 - number)
    return Session(
        dyad=dyad, start=start, modality="room", state="held",
        reveal_due=start + timedelta(days=4), revealed_at=start + timedelta(days=1), revealed_by="both",
    )  # fmt: skip


def _answers(sessions: list[Session], rng: random.Random, now) -> None:
    check_in = instrument(CHECK_IN)
    words = {side: check_in.wordings["en"].hash("full", side) for side in ("client", "therapist")}
    rows = Response.objects.bulk_create(
        Response(
            session=session, side=side, instrument=CHECK_IN, version=check_in.version, form="full", language="en",
            wording=words[side], answers={i: rng.randint(1, top) for i, top in CHOICES.items()} | {"t1": 0},
            sent_at=session.start + timedelta(hours=3), submission=f"{session.uid}-{side}",
        )
        for session in sessions
        for side in words
    )  # fmt: skip
    Comment.objects.bulk_create(
        Comment(session_id=row.session_id, response=row, side=row.side, item="o2", words="A little slower, please.")
        for row in rows
        if row.side == "client" and rng.random() < 0.2
    )


def _matters(dyads: list[Dyad], sessions: list[Session], rng: random.Random, now) -> None:
    """A strain and its signal in one course of four, half of them settled."""
    chosen = [(d, sessions[k * SESSIONS + 7]) for k, d in enumerate(dyads) if rng.random() < 0.25]
    strains = Strain.objects.bulk_create(
        Strain(dyad=d, session=s, opened_by="client", opened_at=s.start, state=rng.choice(("opened", "settled")))
        for d, s in chosen
    )
    StrainMove.objects.bulk_create(
        StrainMove(strain=strain, move=move, side="client", session=strain.session, at=strain.opened_at)
        for strain in strains
        for move in (("open", "talk", "settle") if strain.state == "settled" else ("open",))
    )
    Signal.objects.bulk_create(
        Signal(
            dyad=d,
            session=s,
            kind="strain_reported",
            reported=True,
            strength=2.0,
            rule="strain_reported/1",
            raised_at=now,
        )
        for d, s in chosen
    )


def _goals(dyads: list[Dyad], now) -> None:
    goals = Agreement.objects.bulk_create(
        Agreement(dyad=d, kind="goal", proposed_by="client", made_at=now) for d in dyads for _goal in range(2)
    )
    words = Wording.objects.bulk_create(
        Wording(agreement=g, words="Sleep through", side="client", at=now) for g in goals
    )
    Seal.objects.bulk_create(Seal(wording=w, side="client", at=now) for w in words)
