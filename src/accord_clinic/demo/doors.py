"""Who can be entered in the demo: everybody who works there, and a few clients whose phone waits for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import Http404
from django.utils.formats import date_format

from accord_clinic.actions import checkin
from accord_clinic.models import Dyad, Member, Response, Session
from accord_clinic.queries.practice import local

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
