"""Who can be entered in the demo: everybody who works there, and a few clients whose phone waits for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.formats import date_format

from accord_clinic.actions import checkin, members
from accord_clinic.models import Dyad, Member, Practice, Response, Session, Signal, Strain
from accord_clinic.records.strain_workflow import OPEN_STATES
from accord_clinic.rules.practice import local
from accord_clinic.rules.safety import open_notices

PHONES = 4
HEADLINE = "ana@example.org"


@dataclass(frozen=True)
class Staff:
    """Somebody who works there."""

    uid: str
    name: str
    roles: tuple[str, ...]
    people: int


@dataclass(frozen=True)
class Phone:
    """A client who has not answered yet: the session, and who else is in it."""

    uid: str
    client: str
    therapist: str
    day: str
    language: str


@dataclass(frozen=True)
class DemoSession:
    """A session that shows something, and as whom to look at it."""

    therapist_uid: str
    therapist: str
    client: str
    session: str


def staff() -> tuple[list[Staff], list[Staff]]:
    """Those of the invented practice, and those who came with an import."""
    caseloads: dict[int, int] = {}
    for therapist in Dyad.objects.filter(ended=None).values_list("therapist", flat=True):
        caseloads[therapist] = caseloads.get(therapist, 0) + 1
    members = [
        (m.email.endswith("@imported.invalid"), Staff(m.uid, m.name, tuple(m.roles), caseloads.get(m.pk, 0)))
        for m in Member.objects.filter(is_active=True).order_by("pk")
    ]
    return [person for came, person in members if not came], [person for came, person in members if came]


def phones() -> list[Phone]:
    """The last sessions on which a client has said nothing yet."""
    return [
        Phone(s.uid, s.dyad.client.called, s.dyad.therapist.name, _day(s.start), s.dyad.client.language)
        for s in _unanswered().select_related("dyad__client", "dyad__therapist").order_by("-start")[:PHONES]
    ]


def safety_notice() -> DemoSession | None:
    """A safety answer of the last days that nobody has looked after, as its therapist meets it."""
    signal = open_notices(Q()).select_related("session", "dyad__client", "dyad__therapist").first()
    return _shown(signal.session) if signal else None


def marked_course() -> DemoSession | None:
    """The newest sheet with an inferred mark and nothing that somebody said: there the two settings differ."""
    other = Signal.objects.filter(Q(reported=True) | Q(withheld=True), session=OuterRef("session"))
    unsettled = Strain.objects.filter(dyad=OuterRef("dyad"), state__in=OPEN_STATES)
    marks = Signal.objects.filter(~Exists(other), ~Exists(unsettled), reported=False, dyad__ended=None)
    signal = marks.select_related("session", "dyad__client", "dyad__therapist").order_by("-session__start").first()
    return _shown(signal.session) if signal else None


def marks_choose_cards() -> bool:
    """Which of the two settings holds in the demo now."""
    return Practice.objects.get().inferred_at is not None


def switch_marks() -> None:
    """Change to the other setting, as the admin of the invented practice would."""
    admin = next(m for m in Member.objects.filter(is_active=True).order_by("pk") if m.is_a("admin"))
    members.let_marks_choose_cards(Practice.objects.get(), not marks_choose_cards(), True, by=admin)


def _shown(session: Session) -> DemoSession:
    dyad = session.dyad
    return DemoSession(dyad.therapist.uid, dyad.therapist.name, dyad.client.called, session.uid)


def member(uid: str) -> Member:
    """The row behind a door; `Http404` when there is none."""
    row = Member.objects.filter(uid=uid, is_active=True).first()
    if row is None:
        raise Http404
    return row


def phone_link(uid: str) -> str:
    """A fresh link's token for the check-in of one of `phones`."""
    session = _unanswered().select_related("dyad__therapist").filter(uid=uid).first()
    if session is None:
        raise Http404
    return checkin.invite(session, by=session.dyad.therapist)


def _day(moment: datetime) -> str:
    return date_format(local(moment), "l, j F")


def _unanswered() -> QuerySet[Session]:
    answered = Response.objects.filter(side="client").values("session")
    return Session.objects.filter(state="held", dyad__ended=None).exclude(pk__in=answered)
