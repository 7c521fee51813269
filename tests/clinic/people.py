"""The people of the tests and what they do, through the same actions that the pages use.

Ana comes to Ben; Cy supervises Ben; Dee does research; Eve is a therapist with no business here; Mo manages; Ada
keeps the practice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count

from django.utils import timezone

from accord_clinic.actions import care, checkin
from accord_clinic.models import Client, Dyad, Member, Practice, Session
from accord_clinic.questionnaires.shelf import instrument
from accord_clinic.questionnaires.submission import AnsweredPart, OpenLine, Submission
from accord_clinic.rules.practice import local

CHECK_IN = "accord-check-in"
PASSWORD = "a long enough password"
USUAL = {"d1": 3, "d2": 3, "m1": 3, "m2": 3, "b1": 0, "b2": 3, "b3": 3, "b4": 3, "t1": 0, "v1": 3}
_pages = count(1)


@dataclass(frozen=True)
class People:
    """Everybody, and the one course of care that Ana and Ben share."""

    practice: Practice
    ana: Client
    ben: Member
    cy: Member
    dee: Member
    eve: Member
    mo: Member
    ada: Member
    dyad: Dyad


def a_practice() -> People:
    """A practice in Berlin with everybody in it; Cy is its safety contact and its outside reader."""
    practice = Practice.objects.create(
        name="Practice by the Park",
        time_zone="Europe/Berlin",
        country="DE",
        languages=["en", "de"],
        crisis_text="In need, call 116 123, day and night.",
        outside_reader_role="supervisor",
        outside_reader_reply="within a week",
        outside_reader_duty="Cy must act when somebody is in danger.",
    )
    ada = a_member("Ada", "admin")
    ben, cy = a_member("Ben", "therapist"), a_member("Cy", "supervisor")
    practice.safety_contact = practice.outside_reader = cy
    practice.save()
    ana = care.register_client("Ana", by=ben, email="ana@example.org", born=1990)
    return People(
        practice, ana, ben, cy, a_member("Dee", "researcher"), a_member("Eve", "therapist"),
        a_member("Mo", "manager"), ada, a_dyad(ben, ana),
    )  # fmt: skip


def a_member(name: str, *roles: str) -> Member:
    """Somebody who works here, with a password."""
    return Member.objects.create_user(f"{name.lower()}@example.org", PASSWORD, name=name, roles=list(roles))


def a_dyad(therapist: Member, client: Client | str = "Ana", started: date | None = None, **facts) -> Dyad:
    """A course of care; `client` is one, or the name of a new one. `facts` as in `care.start_course`."""
    if isinstance(client, str):
        client = care.register_client(client, by=therapist, email=f"{client.split()[0].lower()}@example.org", born=1990)
    started = started or (timezone.now() - timedelta(days=100)).date()
    return care.start_course(client, therapist, started, by=therapist, **facts)


def today() -> date:
    """The day on the practice's clock, by which pages go: for an hour or two a day it is not that of the tests."""
    return local(timezone.now()).date()


def a_session(dyad: Dyad, start: datetime | None = None, state: str = "planned", **facts) -> Session:
    """The next session: a week after the one before; the first is 70 days ago."""
    last = dyad.sessions.order_by("-start").first()
    if start is None:
        start = last.start + timedelta(days=7) if last else timezone.now() - timedelta(days=70)
    session = care.plan_session(dyad, start, by=dyad.therapist, **facts)
    if state != "planned":
        care.mark_session(session, state, by=dyad.therapist)
    return session


def a_held_session(
    dyad: Dyad,
    start: datetime | None = None,
    *,
    client: Submission | None = None,
    therapist: Submission | None = None,
    **facts,
) -> Session:
    """A session that took place, with what each side then sent; revealed once both have."""
    session = a_session(dyad, start, "held", **facts)
    if client is not None:
        checkin.send(session, "client", client, by=dyad.client)
    if therapist is not None:
        checkin.send(session, "therapist", therapist, by=dyad.therapist)
    session.refresh_from_db()
    return session


def a_course(dyad: Dyad, sessions: int = 4) -> list[Session]:
    """Some weekly sessions that both rated as usual, all of them revealed."""
    return [a_held_session(dyad, client=answers("client"), therapist=answers("therapist")) for _ in range(sessions)]


def answers(
    side: str,
    *,
    form: str = "full",
    words: str = "",
    reader: str = "therapist",
    sharing: dict[str, str] | None = None,
    parts: tuple[AnsweredPart, ...] = (),
    key: str = "",
    **items,
) -> Submission:
    """A sent check-in. `items` replace usual answers (`t1=2`, `d1=None` for skipped); `words` say what to change."""
    said = {**USUAL, **items}
    asked = {item: said.get(item) for item in _asked(form, side) if item in said or item in USUAL}
    check_in = a_part(CHECK_IN, side, form, asked)
    lines = (OpenLine(CHECK_IN, "o2", words, reader),) if words else ()
    return Submission(
        key=key or f"page-{next(_pages)}",
        language="en",
        parts=(check_in, *parts),
        open_lines=lines,
        sharing={(CHECK_IN, item): choice for item, choice in (sharing or {}).items()},
    )


def keeping(shown: str = "Slower, please", kept: str = "Only mine") -> Submission:
    """A client's check-in that shows one line, and keeps another and the answer about a strain."""
    said = answers("client", t1=2, sharing={"t1": "not_yet"})
    return replace(said, open_lines=(OpenLine(CHECK_IN, "o2", shown), OpenLine(CHECK_IN, "o1", kept, "raise")))


def a_part(name: str, side: str, form: str, said: dict, wording: str | None = None) -> AnsweredPart:
    """What was answered in one questionnaire."""
    asked = instrument(name)
    seen = asked.wordings["en"].hash(form, side) if wording is None else wording
    return AnsweredPart(name, asked.version, form, seen, said)


def _asked(form: str, side: str) -> list[str]:
    asked = instrument(CHECK_IN)
    return [i for i in asked.forms[form] if side in asked.item(i).raters]
